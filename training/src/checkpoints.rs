//! `checkpoints/`: one folder per step, `last` and `best` beside them, old ones removed.
//!
//! Every name of digits is a whole checkpoint at any moment: folders are filled under a name with a dot, synced and
//! renamed; what is removed is renamed first. Only the newest has what resuming needs, and it loses that
//! only after a newer one is durable.

use std::{
    fs,
    path::{Path, PathBuf},
};

use dreamlane_core::{Error, Result, TRAINING_STATE};
use dreamlane_datasets::durable::sync_folder;

use crate::links;

pub(crate) const LAST: &str = "last";
pub(crate) const BEST: &str = "best";

pub(crate) struct Checkpoints {
    folder: PathBuf,
}

impl Checkpoints {
    /// Those of a run, to look at; there may be none yet.
    pub(crate) fn of(run: &Path) -> Self {
        Self { folder: run.join("checkpoints") }
    }

    /// Those of a run, to add to. What an interrupted process left half-done is removed.
    pub(crate) fn open(run: &Path) -> Result<Self> {
        let checkpoints = Self::of(run);
        fs::create_dir_all(&checkpoints.folder).map_err(Error::io(&checkpoints.folder))?;
        for name in checkpoints.names()?.iter().filter(|name| name.starts_with('.')) {
            remove(&checkpoints.folder.join(name))?;
        }
        Ok(checkpoints)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The newest checkpoint that a run can go on from.
    pub(crate) fn newest(&self) -> Result<Option<(usize, PathBuf)>> {
        let newest = self.steps()?.into_iter().rev().map(|step| (step, self.path(&name(step))));
        Ok(newest.into_iter().find(|(_, folder)| folder.join(TRAINING_STATE).is_dir()))
    }

    /// Puts the checkpoint of a step in its place once `fill` has written it to the path it is given.
    pub(crate) fn write(&self, step: usize, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
        let partial = self.path(&format!(".{}.partial", name(step)));
        remove(&partial)?;
        let written = fill(&partial).and_then(|()| sync_all(&partial));
        if written.is_err() {
            // The cause matters more than what is left to tidy.
            let _ = remove(&partial);
        }
        written?;
        let place = self.path(&name(step));
        self.discard(&place)?;
        fs::rename(&partial, &place).map_err(Error::io(&place))?;
        sync_folder(&self.folder)
    }

    /// Points `last` and `best` to steps.
    pub(crate) fn point(&self, last: usize, best: Option<usize>) -> Result<()> {
        links::point(&self.path(LAST), &name(last))?;
        match best {
            Some(best) => links::point(&self.path(BEST), &name(best)),
            None => links::remove(&self.path(BEST)),
        }
    }

    /// Removes what is neither the best nor among the newest `keep` of those that `is_kept`, and the
    /// training state of all but the newest.
    pub(crate) fn prune(
        &self,
        best: Option<usize>,
        keep: usize,
        is_kept: impl Fn(usize) -> bool,
    ) -> Result<()> {
        let steps = self.steps()?;
        let Some(&newest) = steps.last() else { return Ok(()) };
        let mut kept =
            steps.iter().rev().copied().filter(|&step| is_kept(step)).take(keep).collect::<Vec<_>>();
        kept.extend(best);
        kept.push(newest);
        for step in steps {
            let folder = self.path(&name(step));
            if !kept.contains(&step) {
                self.discard(&folder)?;
            } else if step != newest {
                self.discard(&folder.join(TRAINING_STATE))?;
            }
        }
        Ok(())
    }

    /// Removes a folder, if it is there, so that none of it is seen half-removed.
    fn discard(&self, folder: &Path) -> Result<()> {
        let waste = self.path(".removing");
        match fs::rename(folder, &waste) {
            Ok(()) => remove(&waste),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(Error::io(folder)(error)),
        }
    }

    /// In order.
    fn steps(&self) -> Result<Vec<usize>> {
        let names = self.names()?;
        let digits = |name: &&String| name.bytes().all(|byte| byte.is_ascii_digit());
        let mut steps = names.iter().filter(digits).filter_map(|name| name.parse().ok()).collect::<Vec<_>>();
        steps.sort_unstable();
        Ok(steps)
    }

    fn names(&self) -> Result<Vec<String>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(Error::io(&self.folder))?,
        };
        let names = entries.map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()));
        names.collect::<std::io::Result<_>>().map_err(Error::io(&self.folder))
    }
}

/// The folder of a step.
fn name(step: usize) -> String {
    format!("{step:06}")
}

/// Removes a file, a link or a folder with all that is in it, if it is there.
fn remove(path: &Path) -> Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(about) if about.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io(path)(error)),
        _ => Ok(()),
    }
}

/// Makes a folder and all that is in it last.
fn sync_all(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(Error::io(folder))? {
        let path = entry.map_err(Error::io(folder))?.path();
        match path.is_dir() {
            true => sync_all(&path)?,
            false => fs::File::open(&path).and_then(|file| file.sync_all()).map_err(Error::io(&path))?,
        }
    }
    sync_folder(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(folder: &Path) -> Result<()> {
        fs::create_dir_all(folder.join(TRAINING_STATE)).unwrap();
        fs::write(folder.join("weights"), "1").unwrap();
        Ok(())
    }

    fn states(checkpoints: &Checkpoints) -> Vec<(usize, bool)> {
        let steps = checkpoints.steps().unwrap().into_iter();
        steps.map(|step| (step, checkpoints.path(&name(step)).join(TRAINING_STATE).exists())).collect()
    }

    #[test]
    fn the_newest_and_the_best_are_kept_and_the_newest_can_be_gone_on_from() {
        let run = tempfile::tempdir().unwrap();
        let checkpoints = Checkpoints::open(run.path()).unwrap();
        assert_eq!(checkpoints.newest().unwrap(), None);
        for step in [1, 10, 20, 30, 35, 40] {
            checkpoints.write(step, fill).unwrap();
            checkpoints.point(step, Some(10)).unwrap();
            checkpoints.prune(Some(10), 2, |step| step.is_multiple_of(10)).unwrap();
            assert_eq!(checkpoints.newest().unwrap().unwrap().0, step);
        }
        assert_eq!(states(&checkpoints), [(10, false), (30, false), (40, true)]);
        assert!(checkpoints.path(BEST).join("weights").is_file(), "a link that leads somewhere");
        let names = checkpoints.names().unwrap();
        assert_eq!(names.len(), 5, "nothing but checkpoints and links: {names:?}");
    }

    #[test]
    fn what_was_left_half_done_is_removed_and_what_was_whole_stays() {
        let run = tempfile::tempdir().unwrap();
        let checkpoints = Checkpoints::open(run.path()).unwrap();
        checkpoints.write(7, fill).unwrap();
        fill(&checkpoints.path(".000008.partial")).unwrap();
        fill(&checkpoints.path(".removing")).unwrap();
        fs::write(checkpoints.path(".last.tmp"), "").unwrap();
        let checkpoints = Checkpoints::open(run.path()).unwrap();
        assert_eq!(checkpoints.names().unwrap(), ["000007"]);
        let failed = checkpoints.write(8, |folder| {
            fill(folder)?;
            Err(Error::Stopped)
        });
        assert!(failed.is_err());
        assert_eq!(checkpoints.names().unwrap(), ["000007"]);
    }
}
