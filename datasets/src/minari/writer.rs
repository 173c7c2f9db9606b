//! Writes episodes so that each is durable when `write` returns, and the description never runs ahead.

use std::{
    fs,
    path::{Path, PathBuf},
};

use dreamlane_core::{EnvSpec, Episode, EpisodeSink, Error, Provenance, Result};
use serde_json::Value;

use super::{
    columns,
    entry::{self, Entry},
    manifest::{self, Manifest, Spaces, data_folder},
    repair::repair,
    spaces::check_spec,
    table,
};
use crate::{Checked, durable, remains};

/// A data set that is being written.
#[derive(Debug)]
pub(super) struct Writer {
    root: PathBuf,
    manifest: Manifest,
    spaces: Spaces,
    last_id: Option<u64>,
}

impl Writer {
    /// Begins a data set in a folder that does not exist or is empty.
    pub(super) fn create(root: &Path, spec: &EnvSpec, provenance: &Provenance) -> Result<Self> {
        check_spec(spec)?;
        if root.exists() && fs::read_dir(root).map_err(Error::io(root))?.next().is_some() {
            return Err(Error::mismatch(root, "folder of a new data set", "an empty folder", "files"));
        }
        let (spec, root) = (of_one_lane(spec), root.to_path_buf());
        fs::create_dir_all(data_folder(&root)).map_err(Error::io(&root))?;
        durable::sync_folder(&root)?;
        let spaces = Spaces::of(&spec);
        let manifest = Manifest::new(spec, provenance.clone());
        manifest.write(&root, &spaces)?;
        Ok(Self { root, manifest, spaces, last_id: None })
    }

    /// Goes on with a data set of the same spec and provenance, or begins it.
    pub(super) fn resume(root: &Path, spec: &EnvSpec, provenance: &Provenance) -> Result<Self> {
        if !root.exists() || remains::clear(root)?.is_some() {
            return Self::create(root, spec, provenance);
        }
        check_spec(spec)?;
        repair(root)?;
        let mut manifest = Manifest::read(root)?;
        let (spec, found, path) = (of_one_lane(spec), &manifest.dreamlane, manifest::path(root));
        if let Some((what, ours, theirs)) = difference(&spec, &found.spec) {
            return Err(Error::mismatch(path, format!("{what} of the data set to go on with"), ours, theirs));
        }
        if let Some((what, ours, theirs)) = provenance.difference(&found.provenance) {
            return Err(Error::mismatch(path, format!("{what} of the data set to go on with"), ours, theirs));
        }
        let entries = entry::read_all(root, &manifest)?;
        manifest.data_bytes = entries.iter().map(|entry| entry.dreamlane.bytes).sum();
        let last_id = entries.last().map(|entry| entry.dreamlane.id);
        Ok(Self { root: root.to_path_buf(), spaces: Spaces::of(&spec), manifest, last_id })
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
            fs::rename(&fresh, &place).map_err(Error::io(&place))?;
            Ok(entry)
        });
        if written.is_err() {
            // The cause matters more than what is left to tidy.
            let _ = fs::remove_dir_all(&fresh);
        }
        let entry = written?;
        durable::sync_folder(&data)?;
        Ok(entry)
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
        check_episode(&self.manifest.dreamlane.spec, episode)
            .map_err(|reason| Error::Invalid(format!("episode {}: {reason}", episode.id)))?;
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

/// What is recorded is one lane's life, whatever ran beside it.
fn of_one_lane(spec: &EnvSpec) -> EnvSpec {
    EnvSpec { lanes: 1, ..spec.clone() }
}

/// The first part in which two specs differ: its name, ours and theirs.
fn difference(ours: &EnvSpec, theirs: &EnvSpec) -> Option<(String, Value, Value)> {
    let parts = |spec| match serde_json::to_value(spec) {
        Ok(Value::Object(parts)) => parts,
        _ => serde_json::Map::new(),
    };
    let theirs = parts(theirs);
    let differs = |(name, ours): (String, Value)| {
        let theirs = theirs.get(&name).cloned().unwrap_or_default();
        (ours != theirs).then_some((name, ours, theirs))
    };
    parts(ours).into_iter().find_map(differs)
}

fn check_episode(spec: &EnvSpec, episode: &Episode) -> Checked<()> {
    entry::check_size(spec, episode.steps.len())?;
    let expected: Vec<usize> = spec.cameras.iter().map(dreamlane_core::CameraSpec::frame_len).collect();
    for (row, step) in episode.steps.iter().enumerate() {
        let found: Vec<usize> = step.images.iter().map(Vec::len).collect();
        if found != expected {
            return Err(format!("step {row}: expected pictures of {expected:?} bytes, found {found:?}"));
        }
        let (expected, found) =
            ((spec.state.len(), spec.action.width()), (step.state.len(), step.action.len()));
        if found != expected {
            return Err(format!("step {row}: expected (state, action) widths {expected:?}, found {found:?}"));
        }
        if step.scene.is_some() && !spec.scenes {
            return Err(format!("step {row}: expected no scene, since the spec tells of none, found one"));
        }
    }
    Ok(())
}
