//! The head of a cache file: magic, length, checksum, and a description in JSON.

use std::{
    fs::File,
    io::{Read as _, Write},
    ops::Range,
    path::Path,
};

use dreamlane_core::{EnvSpec, Error, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Changes with the layout, so that older caches are built anew.
const MAGIC: &[u8; 8] = b"DLFRAME1";
/// Magic, length and checksum.
const FIXED_BYTES: usize = 8 + 8 + 32;
const MAX_JSON_BYTES: u64 = 1 << 30;
/// Frames begin on a page.
const PAGE: usize = 4096;

/// What a cache holds, and of which data it was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) fingerprint: String,
    pub(super) spec: EnvSpec,
    pub(super) lengths: Vec<usize>,
    pub(super) tasks: Vec<String>,
    pub(super) terminated: Vec<bool>,
    /// Bytes of this description; known once it is written.
    #[serde(skip)]
    json_bytes: usize,
}

impl Header {
    /// The description of a data set whose episodes are still to be read.
    pub(super) fn new(fingerprint: String, spec: &EnvSpec) -> Self {
        let (lengths, tasks, terminated) = Default::default();
        Self { fingerprint, spec: spec.clone(), lengths, tasks, terminated, json_bytes: 0 }
    }

    /// Where the frames begin. Only after [`Header::read`] or [`Header::to_bytes`].
    pub(super) fn first_byte(&self) -> usize {
        (FIXED_BYTES + self.json_bytes).next_multiple_of(PAGE)
    }

    /// Reads and verifies the head of a file.
    pub(super) fn read(file: &mut File, path: &Path) -> Result<Self> {
        let mut fixed = [0; FIXED_BYTES];
        file.read_exact(&mut fixed).map_err(Error::io(path))?;
        let (magic, rest) = fixed.split_at(8);
        let (len, checksum) = rest.split_at(8);
        if magic != MAGIC {
            return Err(Error::broken(path, "not a frame cache of this version"));
        }
        let len = u64::from_le_bytes(std::array::from_fn(|idx| len[idx]));
        if len > MAX_JSON_BYTES {
            return Err(Error::broken(path, format!("header of {len} bytes")));
        }
        let mut json = Vec::new();
        file.take(len).read_to_end(&mut json).map_err(Error::io(path))?;
        if Sha256::digest(&json)[..] != *checksum {
            return Err(Error::broken(path, "header does not match its checksum"));
        }
        let mut header: Self = serde_json::from_slice(&json).map_err(|error| Error::broken(path, error))?;
        let (tasks, ends, episodes) = (header.tasks.len(), header.terminated.len(), header.lengths.len());
        if tasks != episodes || ends != episodes {
            return Err(Error::broken(path, format!("{episodes} episodes, {tasks} tasks, {ends} endings")));
        }
        header.json_bytes = json.len();
        Ok(header)
    }

    /// Writes the head, up to where the frames begin.
    pub(super) fn write(&mut self, out: &mut impl Write, path: &Path) -> Result<()> {
        let json = serde_json::to_vec(self).map_err(|error| Error::broken(path, error))?;
        self.json_bytes = json.len();
        let mut head = Vec::with_capacity(self.first_byte());
        head.extend_from_slice(MAGIC);
        head.extend_from_slice(&(json.len() as u64).to_le_bytes());
        head.extend_from_slice(&Sha256::digest(&json));
        head.extend_from_slice(&json);
        head.resize(self.first_byte(), 0);
        out.write_all(&head).map_err(Error::io(path))
    }
}

/// Where things lie in a cache file, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// Per camera, all frames.
    pub(super) cameras: Vec<Range<usize>>,
    pub(super) actions: Range<usize>,
    pub(super) state: Range<usize>,
    pub(super) rewards: Range<usize>,
    pub(super) end: usize,
}

impl Layout {
    /// The layout behind a head that ends at `first_byte`; nothing where it cannot be addressed.
    pub(super) fn of(spec: &EnvSpec, lengths: &[usize], first_byte: usize) -> Option<Self> {
        let frames = lengths.iter().try_fold(0usize, |sum, &len| sum.checked_add(len))?;
        let mut end = first_byte;
        let mut place = |each: Option<usize>| -> Option<Range<usize>> {
            let start = end;
            end = start.checked_add(each?.checked_mul(frames)?)?;
            Some(start..end)
        };
        let picture = |height: usize, width: usize| height.checked_mul(width)?.checked_mul(3);
        let cameras = spec
            .cameras
            .iter()
            .map(|camera| place(picture(camera.height, camera.width)))
            .collect::<Option<Vec<_>>>()?;
        let actions = place(spec.action.width().checked_mul(4))?;
        let state = place(spec.state.len().checked_mul(4))?;
        let rewards = place(Some(if spec.rewards { 4 } else { 0 }))?;
        Some(Self { cameras, actions, state, rewards, end })
    }
}
