//! Reads what [`Writer`](super::writer::Writer) wrote, byte for byte.

use std::{
    fs,
    path::{Path, PathBuf},
};

use dreamlane_core::{CameraSpec, EnvSpec, Episode, EpisodeSource, Error, Provenance, Result};
use sha2::{Digest as _, Sha256};

use super::{
    entry::{self, Entry},
    manifest::{self, Manifest},
    rows, table,
};

/// An opened data set.
#[derive(Debug)]
pub(super) struct Reader {
    root: PathBuf,
    manifest: Manifest,
    entries: Vec<Entry>,
    lengths: Vec<usize>,
}

impl Reader {
    /// Opens the data set under `root`.
    pub(super) fn open(root: &Path) -> Result<Self> {
        let manifest = Manifest::read(root)?;
        let entries = entry::read_all(root, &manifest)?;
        let lengths = entries.iter().map(|entry| entry.dreamlane.observations).collect();
        Ok(Self { root: root.to_path_buf(), manifest, entries, lengths })
    }
}

impl EpisodeSource for Reader {
    fn spec(&self) -> &EnvSpec {
        &self.manifest.dreamlane.spec
    }

    fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    fn provenance(&self) -> Option<&Provenance> {
        Some(&self.manifest.dreamlane.provenance)
    }

    fn read(&self, episode_idx: usize) -> Result<Episode> {
        let entry = self.entries.get(episode_idx).ok_or_else(|| {
            let found = format!("below {}", self.entries.len());
            Error::mismatch(&self.root, "episode index", found, episode_idx)
        })?;
        let folder = entry::folder(&self.root, episode_idx);
        entry.check_table(&folder)?;
        let (path, spec, ours) = (entry::table(&folder), self.spec(), &entry.dreamlane);
        let pictures: usize = spec.cameras.iter().map(CameraSpec::frame_len).sum();
        let row_bytes = pictures + 4 * (spec.state.len() + spec.action.width());
        let mut steps = Vec::new();
        for batch in table::read(&path, entry::rows(ours.observations), row_bytes)? {
            let last = (ours.observations - 1).saturating_sub(steps.len());
            let more = rows::steps(spec, &batch, last)
                .map_err(|reason| Error::broken(&path, format!("episode {episode_idx}: {reason}")))?;
            steps.extend(more);
        }
        if steps.len() < ours.observations {
            return Err(Error::mismatch(&path, "rows", ours.observations, steps.len()));
        }
        // One observation alone stands there twice.
        steps.truncate(ours.observations);
        Ok(Episode {
            id: ours.id,
            task: ours.task.clone(),
            beginning: ours.beginning.clone(),
            steps,
            terminated: ours.terminated,
            truncated: ours.truncated,
        })
    }

    /// Of all descriptions, which hold the fingerprint of each table.
    fn fingerprint(&self) -> Result<String> {
        let mut hash = Sha256::new();
        let paths = (0..self.entries.len()).map(|idx| entry::folder(&self.root, idx).join("metadata.json"));
        for path in std::iter::once(manifest::path(&self.root)).chain(paths) {
            let bytes = fs::read(&path).map_err(Error::io(&path))?;
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        }
        Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}
