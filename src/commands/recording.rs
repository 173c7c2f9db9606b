//! Where a rollout records to: a new data set, or one that is gone on with.

use std::{fs, path::Path};

use dreamlane::core::{EnvSpec, Episode, EpisodeSink, Error, Format, Provenance, Result};

/// A new data set; nothing is written before there is an episode, so that a world that fails leaves nothing behind.
///
/// # Errors
/// When something is there already.
pub(crate) fn create(
    format: &'static dyn Format,
    path: &Path,
    spec: &EnvSpec,
    provenance: &Provenance,
) -> Result<Box<dyn EpisodeSink>> {
    check_folder(format, path)?;
    if !is_vacant(path)? {
        let found = "files; `--resume` goes on with a recording";
        return Err(Error::mismatch(path, "folder of a new data set", "an empty folder", found));
    }
    let (spec, provenance) = (spec.clone(), provenance.clone());
    Ok(Box::new(Later { format, path: path.to_path_buf(), spec, provenance, begun: None }))
}

/// The data set that the same command began, or a new one where there is none yet.
///
/// # Errors
/// When what is there was begun by another command, or cannot be read or written.
pub(crate) fn resume(
    format: &'static dyn Format,
    path: &Path,
    spec: &EnvSpec,
    provenance: &Provenance,
) -> Result<Box<dyn EpisodeSink>> {
    check_folder(format, path)?;
    if is_vacant(path)? {
        return create(format, path, spec, provenance);
    }
    format.resume(path, spec, provenance)
}

/// Whether a data set is there that can be gone on with.
pub(crate) fn is_begun(path: &Path) -> bool {
    !is_vacant(path).unwrap_or(true)
}

/// A path that names a single file is for exports: a rollout grows by whole episodes, which a folder can.
fn check_folder(format: &dyn Format, path: &Path) -> Result<()> {
    let name = format.name();
    if path.extension().is_some_and(|extension| extension == name) {
        return Err(Error::Invalid(format!(
            "--out {}: a rollout records into a folder; `dreamlane export DIR --format {name} --out FILE` makes a \
             single file of it",
            path.display()
        )));
    }
    Ok(())
}

fn is_vacant(path: &Path) -> Result<bool> {
    if !path.exists() {
        return Ok(true);
    }
    if !path.is_dir() {
        return Ok(false);
    }
    Ok(fs::read_dir(path).map_err(Error::io(path))?.next().is_none())
}

/// A data set that begins with its first episode.
struct Later {
    format: &'static dyn Format,
    path: std::path::PathBuf,
    spec: EnvSpec,
    provenance: Provenance,
    begun: Option<Box<dyn EpisodeSink>>,
}

impl EpisodeSink for Later {
    fn last_id(&self) -> Option<u64> {
        self.begun.as_ref().and_then(|sink| sink.last_id())
    }

    fn write(&mut self, episode: &Episode) -> Result<()> {
        let sink = match &mut self.begun {
            Some(sink) => sink,
            None => self.begun.insert(self.format.create(&self.path, &self.spec, &self.provenance)?),
        };
        sink.write(episode)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.begun.map_or(Ok(()), |sink| sink.finish())
    }
}
