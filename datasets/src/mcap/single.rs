//! Writes single files: all episodes one after another on one axis of time; whole when `finish` returns, absent before.

use std::{
    fs::{self, File},
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
};

use dreamlane_core::{EnvSpec, Episode, EpisodeSink, Error, Provenance, Repair, Result};

use super::{NAME, source::Single, stream::Stream};
use crate::{durable, fits};

/// A file that is being written beside its place.
pub(super) struct Writer {
    path: PathBuf,
    temporary: PathBuf,
    spec: EnvSpec,
    /// Gone once it is finished.
    stream: Option<Stream<BufWriter<File>>>,
}

impl Writer {
    /// Begins a file where there is none.
    pub(super) fn create(path: &Path, spec: &EnvSpec, provenance: &Provenance) -> Result<Self> {
        fits::check_spec(spec)?;
        let spec = fits::recorded(spec);
        if path.exists() {
            return Err(Error::mismatch(path, "file of a new data set", "nothing there", "a file or folder"));
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        fs::create_dir_all(folder).map_err(Error::io(folder))?;
        let temporary = durable::temporary(path);
        let file = File::create(&temporary).map_err(Error::io(&temporary))?;
        let stream = Stream::begin(BufWriter::with_capacity(1 << 20, file), &spec, provenance, path)?;
        Ok(Self { path: path.to_path_buf(), temporary, spec, stream: Some(stream) })
    }
}

impl EpisodeSink for Writer {
    fn last_id(&self) -> Option<u64> {
        self.stream.as_ref().and_then(Stream::last).map(|entry| entry.id)
    }

    fn write(&mut self, episode: &Episode) -> Result<()> {
        fits::check_episode(&self.spec, episode)?;
        match &mut self.stream {
            Some(stream) => stream.episode(episode),
            None => Err(Error::Invalid(format!("{} is finished already", self.path.display()))),
        }
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        let Some(stream) = self.stream.take() else { return Ok(()) };
        let mut output = stream.finish()?;
        output.flush().map_err(Error::io(&self.temporary))?;
        output.get_ref().sync_all().map_err(Error::io(&self.temporary))?;
        fs::rename(&self.temporary, &self.path).map_err(Error::io(&self.path))?;
        durable::sync_folder(self.path.parent().unwrap_or(Path::new("")))
    }
}

impl Drop for Writer {
    /// What was not finished is not kept; after a rename there is nothing to remove.
    fn drop(&mut self) {
        drop(self.stream.take());
        let _ = fs::remove_file(&self.temporary);
    }
}

/// Removes what an interrupted writer left beside the file; the file itself is whole or absent.
pub(super) fn repair(path: &Path) -> Result<Repair> {
    let temporary = durable::temporary(path);
    let mut done = Vec::new();
    if temporary.exists() {
        fs::remove_file(&temporary).map_err(Error::io(&temporary))?;
        let name = temporary.file_name().unwrap_or_default().to_string_lossy();
        done.push(format!("removed {name}, a file that was never finished"));
    }
    if path.is_file() {
        let source = Single::open(path)?;
        return Ok(Repair { episodes: dreamlane_core::EpisodeSource::lengths(&source).len(), done });
    }
    if done.is_empty() {
        let reason = "nothing there".to_owned();
        return Err(Error::Incompatible { format: NAME, reason, path: path.to_path_buf() });
    }
    Ok(Repair { episodes: 0, done })
}
