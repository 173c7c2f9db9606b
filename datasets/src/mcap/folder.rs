//! Writes folders: a file per episode, durable when `write` returns, and the manifest last.

use std::{
    fs,
    io::{Cursor, Write as _},
    path::{Path, PathBuf},
};

use dreamlane_core::{EnvSpec, Episode, EpisodeSink, Error, Provenance, Repair, Result};

use super::{
    manifest::{FILE, Kept, Manifest, episode_file, episode_of_file, sha256},
    stream::Stream,
};
use crate::{
    durable::{self, Claim},
    fits,
};

/// A folder that is being written.
#[derive(Debug)]
pub(super) struct Writer {
    root: PathBuf,
    manifest: Manifest,
    spec: EnvSpec,
    /// Keeps other writers away.
    _claim: Claim,
}

impl Writer {
    /// Begins a data set in a folder that does not exist or is empty.
    pub(super) fn create(root: &Path, spec: &EnvSpec, provenance: &Provenance) -> Result<Self> {
        fits::check_spec(spec)?;
        let spec = fits::recorded(spec);
        durable::make_folder(root)?;
        let claim = Claim::of(root)?;
        if !names(root)?.is_empty() {
            return Err(Error::mismatch(root, "folder of a new data set", "an empty folder", "files"));
        }
        let manifest = Manifest::new(&spec, provenance);
        manifest.write(root)?;
        Ok(Self { root: root.to_path_buf(), manifest, spec, _claim: claim })
    }

    /// Goes on after the last whole episode.
    pub(super) fn resume(root: &Path, spec: &EnvSpec, provenance: &Provenance) -> Result<Self> {
        let only_begun = !root.exists() || {
            let names = names(root)?;
            names.iter().all(|name| *name == durable::temporary_name(FILE))
        };
        if only_begun {
            let _ = fs::remove_file(root.join(durable::temporary_name(FILE)));
            return Self::create(root, spec, provenance);
        }
        fits::check_spec(spec)?;
        let spec = fits::recorded(spec);
        let claim = Claim::of(root)?;
        repair(root)?;
        let manifest = Manifest::read(root)?;
        fits::check_same(root, (&manifest.spec, &manifest.provenance), (&spec, provenance))?;
        // The caller's spec, whose numbers were not read from text, so that files are those of one go.
        let manifest = Manifest { spec: spec.clone(), ..manifest };
        Ok(Self { root: root.to_path_buf(), manifest, spec, _claim: claim })
    }
}

impl EpisodeSink for Writer {
    fn last_id(&self) -> Option<u64> {
        self.manifest.episodes.last().map(|kept| kept.id)
    }

    fn write(&mut self, episode: &Episode) -> Result<()> {
        fits::check_episode(&self.spec, episode)?;
        let path = episode_file(&self.root, self.manifest.episodes.len());
        let mut stream =
            Stream::begin(Cursor::new(Vec::new()), &self.spec, &self.manifest.provenance, &path)?;
        stream.episode(episode)?;
        let bytes = stream.finish()?.into_inner();
        durable::replace(&path, |file| file.write_all(&bytes).map_err(Error::io(&path)))?;
        self.manifest.episodes.push(Kept {
            id: episode.id,
            length: episode.steps.len(),
            bytes: bytes.len() as u64,
            sha256: sha256(&bytes),
        });
        let written = self.manifest.write(&self.root);
        if written.is_err() {
            self.manifest.episodes.pop();
        }
        written
    }

    /// There is nothing left to do: every episode is registered already.
    fn finish(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}

/// Removes what an interrupted writer left, and cuts the data set before the first episode whose file is gone.
pub(super) fn repair(root: &Path) -> Result<Repair> {
    let mut done = Vec::new();
    let found = names(root)?;
    if found.iter().any(|name| *name == durable::temporary_name(FILE))
        && !found.iter().any(|name| name == FILE)
    {
        remove(root, &durable::temporary_name(FILE), &mut done, "a description that was never finished")?;
        return Ok(Repair { episodes: 0, done });
    }
    let mut manifest = Manifest::read(root)?;
    let registered = manifest.episodes.len();
    let missing = (0..registered).find(|&episode_idx| !episode_file(root, episode_idx).exists());
    let whole = missing.unwrap_or(registered);
    for episode_idx in 0..whole {
        manifest.read_file(root, episode_idx)?;
    }
    if whole < registered {
        manifest.episodes.truncate(whole);
        manifest.write(root)?;
        let what = episode_file(root, whole);
        let name = what.file_name().unwrap_or_default().to_string_lossy();
        done.push(format!("cut the data set from {registered} to {whole} episodes, because {name} is gone"));
    }
    for name in &found {
        if name.starts_with('.') && name.ends_with(".tmp") {
            remove(root, name, &mut done, "a file that was never finished")?;
        } else if episode_of_file(name).is_some_and(|episode_idx| episode_idx >= whole) {
            remove(root, name, &mut done, "an episode that was never registered")?;
        }
    }
    if !done.is_empty() {
        durable::sync_folder(root)?;
    }
    Ok(Repair { episodes: whole, done })
}

fn remove(root: &Path, name: &str, done: &mut Vec<String>, what: &str) -> Result<()> {
    let path = root.join(name);
    fs::remove_file(&path).map_err(Error::io(&path))?;
    done.push(format!("removed {name}, {what}"));
    Ok(())
}

/// The names in a folder, in order.
fn names(root: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(root).map_err(Error::io(root))?;
    let name = |entry: std::io::Result<fs::DirEntry>| {
        Ok(entry.map_err(Error::io(root))?.file_name().to_string_lossy().into_owned())
    };
    let mut names = entries.map(name).collect::<Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}
