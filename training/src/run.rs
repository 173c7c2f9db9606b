//! Run folders: `log.jsonl` and `checkpoints/last`.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use dreamlane_core::{Error, Metrics, Result};
use serde_json::{Map, Value};

/// The folder of one training run.
pub struct RunFolder {
    path: PathBuf,
    log: fs::File,
}

impl RunFolder {
    /// Begins a run in a folder that is empty or does not exist yet.
    ///
    /// # Errors
    /// When the folder holds something, or cannot be made.
    pub fn create(path: &Path) -> Result<Self> {
        fs::create_dir_all(path).map_err(Error::io(path))?;
        if fs::read_dir(path).map_err(Error::io(path))?.next().is_some() {
            return Err(Error::Incompatible {
                format: "new run",
                reason: "expected an empty folder or none, found files in it; choose another --out".into(),
                path: path.to_path_buf(),
            });
        }
        let log_path = path.join("log.jsonl");
        let log = fs::File::create(&log_path).map_err(Error::io(&log_path))?;
        Ok(Self { path: path.to_path_buf(), log })
    }

    /// Where the newest checkpoint lies, or will lie.
    #[must_use]
    pub fn last_checkpoint(&self) -> PathBuf {
        self.path.join("checkpoints/last")
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes `checkpoints/`, which the first checkpoint needs.
    pub(crate) fn prepare_checkpoints(&self) -> Result<()> {
        let folder = self.path.join("checkpoints");
        fs::create_dir_all(&folder).map_err(Error::io(&folder))
    }

    /// Adds a line to the log: the step, the seconds since the start, and the numbers, under `kind`.
    pub(crate) fn write(&mut self, step: usize, seconds: f64, kind: &str, metrics: &Metrics) -> Result<()> {
        let numbers = metrics.iter().map(|(&name, &number)| (name.to_owned(), Value::from(number)));
        let line = Map::from_iter([
            ("step".to_owned(), Value::from(step)),
            ("seconds".to_owned(), Value::from((seconds * 10.0).round() / 10.0)),
            (kind.to_owned(), Value::Object(numbers.collect())),
        ]);
        let path = self.path.join("log.jsonl");
        writeln!(self.log, "{}", Value::Object(line)).map_err(Error::io(path))
    }
}
