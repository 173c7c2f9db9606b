//! Reads recordings: folders with a file per episode, and single files.

use std::{
    fs::File,
    io::{BufReader, Cursor},
    path::{Path, PathBuf},
};

use dreamlane_core::{EnvSpec, Episode, EpisodeSource, Error, Provenance, Result};

use super::{
    index::{Index, Input},
    manifest::{Manifest, episode_file, sha256},
};

/// A folder.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
    manifest: Manifest,
    lengths: Vec<usize>,
}

impl Folder {
    pub(super) fn open(root: &Path) -> Result<Self> {
        let manifest = Manifest::read(root)?;
        let lengths = manifest.episodes.iter().map(|kept| kept.length).collect();
        Ok(Self { root: root.to_path_buf(), manifest, lengths })
    }
}

impl EpisodeSource for Folder {
    fn spec(&self) -> &EnvSpec {
        &self.manifest.spec
    }

    fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    fn provenance(&self) -> Option<&Provenance> {
        Some(&self.manifest.provenance)
    }

    fn read(&self, episode_idx: usize) -> Result<Episode> {
        let bytes = self.manifest.read_file(&self.root, episode_idx)?;
        let kept = &self.manifest.episodes[episode_idx];
        let path = episode_file(&self.root, episode_idx);
        let mut input = Input::new(Cursor::new(bytes), &path)?;
        let index = Index::read(&mut input)?;
        let expected = vec![(kept.id, kept.length)];
        let found: Vec<_> = index.entries.iter().map(|entry| (entry.id, entry.length)).collect();
        if found != expected {
            let (expected, found) = (format!("{expected:?}"), format!("{found:?}"));
            return Err(Error::mismatch(&path, "episodes by id and length", expected, found));
        }
        if index.spec != self.manifest.spec {
            let [expected, found] = [&self.manifest.spec, &index.spec].map(|spec| format!("{spec:?}"));
            return Err(Error::mismatch(&path, "spec", expected, found));
        }
        index.episode(&mut input, 0)
    }

    /// Changes with every byte of every episode's file.
    fn fingerprint(&self) -> Result<String> {
        let text = serde_json::to_vec(&self.manifest).map_err(|error| Error::broken(&self.root, error))?;
        Ok(format!("mcap {}", sha256(&text)))
    }
}

/// A single file.
#[derive(Debug)]
pub(super) struct Single {
    path: PathBuf,
    index: Index,
    lengths: Vec<usize>,
}

impl Single {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let index = Index::read(&mut input(path)?)?;
        let lengths = index.lengths();
        Ok(Self { path: path.to_path_buf(), index, lengths })
    }
}

impl EpisodeSource for Single {
    fn spec(&self) -> &EnvSpec {
        &self.index.spec
    }

    fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    fn provenance(&self) -> Option<&Provenance> {
        Some(&self.index.provenance)
    }

    fn read(&self, episode_idx: usize) -> Result<Episode> {
        self.index.episode(&mut input(&self.path)?, episode_idx)
    }

    fn fingerprint(&self) -> Result<String> {
        let Index { spec, entries, checksum, .. } = &self.index;
        Ok(format!("mcap {} {checksum:08x}", sha256(format!("{spec:?} {entries:?}").as_bytes())))
    }
}

/// Every episode of a recording that is held in memory.
///
/// # Errors
/// [`Error::Incompatible`] when it is no MCAP of ours, others when it is broken.
pub fn read_bytes(bytes: &[u8]) -> Result<Vec<Episode>> {
    let mut input = Input::new(Cursor::new(bytes), Path::new("memory"))?;
    let index = Index::read(&mut input)?;
    (0..index.entries.len()).map(|episode_idx| index.episode(&mut input, episode_idx)).collect()
}

fn input(path: &Path) -> Result<Input<'_, BufReader<File>>> {
    let file = File::open(path).map_err(Error::io(path))?;
    Input::new(BufReader::new(file), path)
}
