//! Run folders: `run.toml`, `log.jsonl`, `tensorboard/`, `checkpoints/`; how they begin and how they go on.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use dreamlane_core::{Error, Learner, Metrics, Result, TRAINING_STATE};
use dreamlane_datasets::durable;
use sha2::{Digest as _, Sha256};

use crate::{
    Facts, Plan,
    card::card,
    checkpoints::{Checkpoints, LAST},
    log::Log,
    standing::Standing,
    tensorboard::EventFile,
};

/// The file in a run folder that says what was asked for. A folder that has it is a run.
pub const RECORD: &str = "run.toml";
const CARD: &str = "README.md";
const CONFIG: &str = "config.toml";
/// Longer records are not read.
const LONGEST_RECORD: u64 = 1 << 20;

/// The folder of one training run, open for one process.
pub struct RunFolder {
    path: PathBuf,
    /// Held while this process writes to the run.
    _lock: fs::File,
    log: Log,
    events: EventFile,
    checkpoints: Checkpoints,
    pub(crate) standing: Standing,
    facts: Facts,
    /// The step of the newest checkpoint.
    pub(crate) saved: Option<usize>,
}

impl RunFolder {
    /// What was asked for when the run began; none where nothing has begun.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn record(path: &Path) -> Result<Option<String>> {
        let path = path.join(RECORD);
        match fs::metadata(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io(&path)(error)),
            Ok(about) if about.len() > LONGEST_RECORD => {
                let reason = format!("expected at most {LONGEST_RECORD} bytes, found {}", about.len());
                Err(Error::broken(&path, reason))
            }
            Ok(_) => fs::read_to_string(&path).map(Some).map_err(Error::io(&path)),
        }
    }

    /// Whether a run has a checkpoint to go on from, which is all that its learner needs.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn has_checkpoint(path: &Path) -> Result<bool> {
        Ok(Checkpoints::of(path).newest()?.is_some())
    }

    /// Begins a run in a folder that is empty or does not exist yet; `record` says what was asked for.
    ///
    /// # Errors
    /// When the folder holds something, or cannot be made.
    pub fn create(path: &Path, record: &str, facts: Facts) -> Result<Self> {
        fs::create_dir_all(path).map_err(Error::io(path))?;
        for entry in fs::read_dir(path).map_err(Error::io(path))? {
            let name = entry.map_err(Error::io(path))?.file_name();
            // A process that was killed while it began leaves no more than this.
            if name != format!(".{RECORD}.tmp").as_str() {
                return Err(Error::Incompatible {
                    format: "new run",
                    reason: "expected an empty folder or none, found files in it; choose another --out"
                        .into(),
                    path: path.to_path_buf(),
                });
            }
        }
        let place = path.join(RECORD);
        durable::replace(&place, |file| file.write_all(record.as_bytes()).map_err(Error::io(&place)))?;
        Self::open(path, facts, None)
    }

    /// Goes on with a run: puts the learner, which stands where the run began, to the newest checkpoint,
    /// and removes from the folder what was written after it. Without a checkpoint the run starts again.
    ///
    /// # Errors
    /// When there is no run, another process writes to it, or its checkpoint is broken or does not fit the learner.
    pub fn resume(path: &Path, facts: Facts, learner: &mut dyn Learner) -> Result<Self> {
        Self::open(path, facts, Some(learner))
    }

    fn open(path: &Path, facts: Facts, resumed: Option<&mut dyn Learner>) -> Result<Self> {
        let lock = lock(&path.join(RECORD))?;
        let checkpoints = Checkpoints::open(path)?;
        let (mut standing, mut saved) = (Standing::default(), None);
        if let Some(learner) = resumed
            && let Some((step, folder)) = checkpoints.newest()?
        {
            learner.load_state(&folder, step)?;
            standing = Standing::read(&folder.join(TRAINING_STATE))?;
            // A process that was killed may not have come to this.
            checkpoints.point(step, standing.best.as_ref().map(|best| best.step))?;
            saved = Some(step);
        }
        let step = saved.unwrap_or(0);
        let log = Log::open(path, step)?;
        let events = EventFile::begin(path, step, log.seconds)?;
        Ok(Self { path: path.to_path_buf(), _lock: lock, log, events, checkpoints, standing, facts, saved })
    }

    /// Where the newest checkpoint lies, or will lie.
    #[must_use]
    pub fn last_checkpoint(&self) -> PathBuf {
        self.checkpoints.path(LAST)
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Seconds that earlier processes spent on the run.
    pub(crate) fn seconds(&self) -> f64 {
        self.log.seconds
    }

    /// Adds numbers under `kind` to the log and to the events.
    pub(crate) fn write(&mut self, step: usize, seconds: f64, kind: &str, metrics: &Metrics) -> Result<()> {
        self.log.write(step, seconds, kind, metrics)?;
        self.events.write(step, seconds, kind, metrics)
    }

    /// How fast it goes, for the charts alone.
    pub(crate) fn write_rate(&mut self, step: usize, seconds: f64, rate: f64) -> Result<()> {
        self.events.write(step, seconds, "charts", &Metrics::from([("SPS", rate)]))
    }

    /// Makes the checkpoint of a step, points `last` and `best` to what they name now, and removes old ones.
    pub(crate) fn save(&mut self, learner: &dyn Learner, step: usize, plan: &Plan) -> Result<()> {
        self.log.sync()?;
        self.checkpoints.write(step, |folder| {
            learner.save(folder)?;
            learner.save_state(folder)?;
            self.standing.write(&folder.join(TRAINING_STATE), step)?;
            let digest = digest(&folder.join(CONFIG));
            let text = card(&self.facts, &learner.about(), &digest, [step, plan.steps], &self.standing);
            let path = folder.join(CARD);
            fs::write(&path, text).map_err(Error::io(&path))
        })?;
        self.checkpoints.point(step, self.best())?;
        self.saved = Some(step);
        self.prune(plan)
    }

    /// Removes old checkpoints, which a process that was killed may not have come to.
    pub(crate) fn prune(&self, plan: &Plan) -> Result<()> {
        self.checkpoints.prune(self.best(), plan.keep, |step| plan.saves_at(step))
    }

    fn best(&self) -> Option<usize> {
        self.standing.best.as_ref().map(|best| best.step)
    }
}

/// Two processes in one run would spoil it.
fn lock(path: &Path) -> Result<fs::File> {
    let file = fs::File::open(path).map_err(Error::io(path))?;
    // Elsewhere a lock would keep readers away too.
    if cfg!(unix) && matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock)) {
        return Err(Error::mismatch(
            path,
            "run to go on with",
            "one that stands still",
            "another process at it",
        ));
    }
    Ok(file)
}

/// The first 16 hexadecimal digits of a file's SHA-256; empty where there is no such file.
fn digest(path: &Path) -> String {
    let hash = fs::read(path).map(Sha256::digest);
    hash.map_or_else(
        |_| String::new(),
        |hash| hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect(),
    )
}
