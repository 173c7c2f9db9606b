//! Writes episodes so that each is durable when `write` returns, and the description never runs ahead.

use std::{
    fs,
    path::{Path, PathBuf},
};

use dreamlane_core::{EnvSpec, Episode, EpisodeSink, Error, Provenance, Result};

use super::{
    columns,
    entry::{self, Entry},
    manifest::{self, Manifest, Spaces, data_folder},
    repair::repair,
    spaces::check_spec,
    table,
};
use crate::{
    durable::{self, Claim},
    fits::{check_episode, check_same, recorded},
    remains,
};

/// A data set that is being written.
#[derive(Debug)]
pub(super) struct Writer {
    root: PathBuf,
    manifest: Manifest,
    spaces: Spaces,
    last_id: Option<u64>,
    /// Keeps other writers away.
    _claim: Claim,
}

impl Writer {
    /// Begins a data set in a folder that does not exist or is empty.
    pub(super) fn create(root: &Path, spec: &EnvSpec, provenance: &Provenance) -> Result<Self> {
        check_spec(spec)?;
        if root.exists() && fs::read_dir(root).map_err(Error::io(root))?.next().is_some() {
            return Err(Error::mismatch(root, "folder of a new data set", "an empty folder", "files"));
        }
        let (spec, root) = (recorded(spec), root.to_path_buf());
        durable::make_folder(&data_folder(&root))?;
        let claim = Claim::of(&root)?;
        let spaces = Spaces::of(&spec);
        let manifest = Manifest::new(spec, provenance.clone());
        manifest.write(&root, &spaces)?;
        Ok(Self { root, manifest, spaces, last_id: None, _claim: claim })
    }

    /// Goes on with a data set of the same spec and provenance, or begins it.
    pub(super) fn resume(root: &Path, spec: &EnvSpec, provenance: &Provenance) -> Result<Self> {
        if !root.exists() || remains::clear(root)?.is_some() {
            return Self::create(root, spec, provenance);
        }
        check_spec(spec)?;
        let claim = Claim::of(root)?;
        repair(root)?;
        let mut manifest = Manifest::read(root)?;
        let (spec, found, path) = (recorded(spec), &manifest.dreamlane, manifest::path(root));
        check_same(&path, (&found.spec, &found.provenance), (&spec, provenance))?;
        let entries = entry::read_all(root, &manifest)?;
        manifest.data_bytes = entries.iter().map(|entry| entry.dreamlane.bytes).sum();
        let last_id = entries.last().map(|entry| entry.dreamlane.id);
        Ok(Self { root: root.to_path_buf(), spaces: Spaces::of(&spec), manifest, last_id, _claim: claim })
    }

    /// Writes the folder of an episode beside its place and moves it there.
    fn place(&self, episode_idx: usize, episode: &Episode) -> Result<Entry> {
        let data = data_folder(&self.root);
        let (place, fresh) =
            (entry::folder(&self.root, episode_idx), data.join(format!(".{episode_idx}.writing")));
        // Of a write that failed before it was registered.
        for stale in [&fresh, &place] {
            if stale.exists() {
                fs::remove_dir_all(stale).map_err(Error::io(stale))?;
            }
        }
        let written = self.fill(&fresh, episode_idx, episode).and_then(|entry| {
            durable::place_folder(&fresh, &place)?;
            Ok(entry)
        });
        if written.is_err() {
            // The cause matters more than what is left to tidy.
            let _ = fs::remove_dir_all(&fresh);
        }
        written
    }

    fn fill(&self, folder: &Path, episode_idx: usize, episode: &Episode) -> Result<Entry> {
        let path = entry::table(folder);
        let batch = columns::table(&self.manifest.dreamlane.spec, episode)
            .map_err(|reason| Error::Invalid(format!("episode {}: {reason}", episode.id)))?;
        table::write(&path, &batch)?;
        let entry = Entry::of(episode_idx, episode, &path)?;
        entry.write(folder)?;
        Ok(entry)
    }
}

impl EpisodeSink for Writer {
    fn last_id(&self) -> Option<u64> {
        self.last_id
    }

    fn write(&mut self, episode: &Episode) -> Result<()> {
        check_episode(&self.manifest.dreamlane.spec, episode)?;
        let mut manifest = self.manifest.clone();
        let entry = self.place(manifest.total_episodes, episode)?;
        manifest.total_episodes += 1;
        manifest.total_steps += entry.total_steps;
        manifest.data_bytes += entry.dreamlane.bytes;
        manifest.write(&self.root, &self.spaces)?;
        self.manifest = manifest;
        self.last_id = Some(episode.id);
        Ok(())
    }

    /// Every episode is registered already.
    fn finish(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}
