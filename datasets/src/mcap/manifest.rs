//! `dreamlane.json` of a folder: what it holds and how far it is complete. It is replaced last.

use std::{
    fs,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

use dreamlane_core::{EnvSpec, Error, Provenance, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{NAME, VERSION};
use crate::{durable, fits};

/// Its name in the folder.
pub(super) const FILE: &str = "dreamlane.json";
/// Larger files are not a description of a data set.
const MAX_BYTES: u64 = 256 << 20;

/// The content of `dreamlane.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// `mcap`, so that descriptions of other formats are not taken for ours.
    pub(super) format: String,
    pub(super) version: u32,
    pub(super) spec: EnvSpec,
    pub(super) provenance: Provenance,
    pub(super) episodes: Vec<Kept>,
}

/// An episode whose file is whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) id: u64,
    /// Observations.
    pub(super) length: usize,
    /// Bytes of its file.
    pub(super) bytes: u64,
    /// Of its file, in hexadecimal digits.
    pub(super) sha256: String,
}

impl Manifest {
    /// Of a data set that has no episodes yet.
    pub(super) fn new(spec: &EnvSpec, provenance: &Provenance) -> Self {
        let (spec, provenance) = (spec.clone(), provenance.clone());
        Self { format: NAME.to_owned(), version: VERSION, spec, provenance, episodes: Vec::new() }
    }

    /// Reads it; `Incompatible` where there is none or it is of another format.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let path = root.join(FILE);
        let incompatible =
            |reason: String| Error::Incompatible { format: NAME, reason, path: root.to_path_buf() };
        if !path.is_file() {
            return Err(incompatible(format!("no {FILE}")));
        }
        let mut text = Vec::new();
        let file = fs::File::open(&path).map_err(Error::io(&path))?;
        file.take(MAX_BYTES + 1).read_to_end(&mut text).map_err(Error::io(&path))?;
        if text.len() as u64 > MAX_BYTES {
            return Err(Error::broken(&path, format!("larger than {MAX_BYTES} bytes")));
        }
        let value: serde_json::Value =
            serde_json::from_slice(&text).map_err(|error| Error::broken(&path, error))?;
        let format = value.get("format").and_then(|format| format.as_str());
        if format != Some(NAME) {
            return Err(incompatible(format!("expected format {NAME}, found {}", format.unwrap_or("none"))));
        }
        let version = value.get("version").and_then(serde_json::Value::as_u64);
        if version != Some(u64::from(VERSION)) {
            return Err(Error::mismatch(&path, "version", VERSION, format!("{version:?}")));
        }
        let manifest: Self = serde_json::from_value(value).map_err(|error| Error::broken(&path, error))?;
        fits::check_spec(&manifest.spec).map_err(|error| Error::broken(&path, error))?;
        Ok(manifest)
    }

    /// Replaces it.
    pub(super) fn write(&self, root: &Path) -> Result<()> {
        let path = root.join(FILE);
        let text = serde_json::to_vec_pretty(self).map_err(|error| Error::broken(&path, error))?;
        durable::replace(&path, |file| file.write_all(&text).map_err(Error::io(&path)))
    }

    /// Reads the file of an episode and checks that it is the one that was written.
    pub(super) fn read_file(&self, root: &Path, episode_idx: usize) -> Result<Vec<u8>> {
        let path = episode_file(root, episode_idx);
        let Some(kept) = self.episodes.get(episode_idx) else {
            let message = format!("expected an episode below {}, found {episode_idx}", self.episodes.len());
            return Err(Error::Invalid(message));
        };
        let file = fs::File::open(&path).map_err(Error::io(&path))?;
        let found = file.metadata().map_err(Error::io(&path))?.len();
        if found != kept.bytes {
            return Err(Error::broken(&path, format!("expected {} bytes, found {found}", kept.bytes)));
        }
        // What is read is no more than what is there, whatever the description says.
        let mut bytes = Vec::new();
        file.take(found).read_to_end(&mut bytes).map_err(Error::io(&path))?;
        let found = sha256(&bytes);
        if found != kept.sha256 {
            return Err(Error::broken(&path, format!("expected SHA-256 {}, found {found}", kept.sha256)));
        }
        Ok(bytes)
    }
}

/// The file of an episode.
pub(super) fn episode_file(root: &Path, episode_idx: usize) -> PathBuf {
    root.join(format!("episode-{episode_idx:06}.mcap"))
}

/// The position of the episode whose file has this name.
pub(super) fn episode_of_file(name: &str) -> Option<usize> {
    let episode_idx = name.strip_prefix("episode-")?.strip_suffix(".mcap")?.parse().ok()?;
    (name == format!("episode-{episode_idx:06}.mcap")).then_some(episode_idx)
}

/// The fingerprint of bytes, in hexadecimal digits.
pub(super) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
