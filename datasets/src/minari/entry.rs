//! `data/<i>/metadata.json`: an episode's own description, with the fingerprint of its table.

use std::{
    fs,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

use dreamlane_core::{EnvSpec, Episode, Error, Result, Truncation};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::manifest::{Manifest, data_folder, read_json};
use crate::{Checked, durable};

/// The table of an episode.
const TABLE: &str = "part-0.parquet";
/// Larger files are not a description of an episode.
const MAX_BYTES: u64 = 1 << 20;
/// Bytes of an episode in memory; one that claims more is not believed.
const MAX_EPISODE_BYTES: usize = 4 << 30;

/// The whole file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Position in the set, as Minari counts.
    pub(super) id: usize,
    /// Actions.
    pub(super) total_steps: usize,
    /// Our own key.
    pub(super) dreamlane: Ours,
}

/// What Minari has no keys for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ours {
    pub(super) id: u64,
    pub(super) task: String,
    pub(super) beginning: String,
    pub(super) observations: usize,
    pub(super) terminated: bool,
    pub(super) truncated: Option<Truncation>,
    /// Of the table.
    pub(super) bytes: u64,
    /// Of the table, in hexadecimal.
    pub(super) sha256: String,
}

impl Entry {
    /// The description of an episode whose table is written already.
    pub(super) fn of(episode_idx: usize, episode: &Episode, table: &Path) -> Result<Self> {
        let (bytes, sha256) = digest(table)?;
        let observations = episode.steps.len();
        Ok(Self {
            id: episode_idx,
            total_steps: rows(observations) - 1,
            dreamlane: Ours {
                id: episode.id,
                task: episode.task.clone(),
                beginning: episode.beginning.clone(),
                observations,
                terminated: episode.terminated,
                truncated: episode.truncated,
                bytes,
                sha256,
            },
        })
    }

    /// Writes it into the folder of its episode.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        let path = folder.join("metadata.json");
        let text = serde_json::to_vec(self).map_err(|error| Error::broken(&path, error))?;
        if text.len() as u64 > MAX_BYTES {
            let found = text.len();
            return Err(Error::mismatch(
                &path,
                "bytes of task and beginning",
                format!("below {MAX_BYTES}"),
                found,
            ));
        }
        durable::replace(&path, |file| file.write_all(&text).map_err(Error::io(&path)))
    }

    /// Checks that the table is the one that was written.
    pub(super) fn check_table(&self, folder: &Path) -> Result<()> {
        let path = table(folder);
        self.check_size(folder)?;
        let (_, found) = digest(&path)?;
        match found == self.dreamlane.sha256 {
            true => Ok(()),
            false => Err(Error::broken(&path, "its bytes are not those that were written")),
        }
    }

    /// Checks that the table is as long as the one that was written, which costs nothing.
    pub(super) fn check_size(&self, folder: &Path) -> Result<()> {
        let path = table(folder);
        let (wanted, found) = (self.dreamlane.bytes, fs::metadata(&path).map_err(Error::io(&path))?.len());
        match found == wanted {
            true => Ok(()),
            false => Err(Error::broken(&path, format!("expected {wanted} bytes, found {found}"))),
        }
    }
}

/// The descriptions of all episodes, checked against the set's own.
pub(super) fn read_all(root: &Path, manifest: &Manifest) -> Result<Vec<Entry>> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut steps = 0usize;
    for episode_idx in 0..manifest.total_episodes {
        let path = folder(root, episode_idx).join("metadata.json");
        let entry: Entry = read_json(&path, MAX_BYTES)?;
        let observations = entry.dreamlane.observations;
        check_size(&manifest.dreamlane.spec, observations).map_err(|reason| Error::broken(&path, reason))?;
        if entry.id != episode_idx {
            return Err(Error::mismatch(&path, "episode", episode_idx, entry.id));
        }
        if entry.total_steps != rows(observations) - 1 {
            return Err(Error::mismatch(&path, "total_steps", rows(observations) - 1, entry.total_steps));
        }
        steps = steps.saturating_add(entry.total_steps);
        entries.push(entry);
    }
    if steps != manifest.total_steps {
        return Err(Error::mismatch(super::manifest::path(root), "total_steps", steps, manifest.total_steps));
    }
    Ok(entries)
}

/// Whether an episode of so many observations can be kept.
pub(super) fn check_size(spec: &EnvSpec, observations: usize) -> Checked<()> {
    let pictures: usize = spec.cameras.iter().map(dreamlane_core::CameraSpec::frame_len).sum();
    let row = pictures + 4 * (spec.state.len() + spec.action.width());
    match observations.checked_mul(row) {
        _ if observations == 0 => Err("expected at least one observation, found none".to_owned()),
        Some(bytes) if bytes <= MAX_EPISODE_BYTES => Ok(()),
        _ => Err(format!("{observations} observations of {row} bytes, at most {MAX_EPISODE_BYTES} in all")),
    }
}

/// Rows of the table of so many observations: Minari cannot load one without an action.
pub(super) fn rows(observations: usize) -> usize {
    observations.max(2)
}

/// The folder of an episode.
pub(super) fn folder(root: &Path, episode_idx: usize) -> PathBuf {
    data_folder(root).join(episode_idx.to_string())
}

/// The table in the folder of an episode.
pub(super) fn table(folder: &Path) -> PathBuf {
    folder.join(TABLE)
}

/// Length and SHA-256 of a file.
fn digest(path: &Path) -> Result<(u64, String)> {
    let mut file = fs::File::open(path).map_err(Error::io(path))?;
    let (mut hash, mut bytes, mut part) = (Sha256::new(), 0, vec![0; 1 << 16]);
    loop {
        let read = file.read(&mut part).map_err(Error::io(path))?;
        if read == 0 {
            break;
        }
        hash.update(&part[..read]);
        bytes += read as u64;
    }
    Ok((bytes, hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()))
}
