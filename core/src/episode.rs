//! Episodes as they are recorded, and the formats that keep them.

use std::path::Path;

use crate::{EnvSpec, Result, Truncation};

/// One tick of an episode: what was seen, what was done, and what followed.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Per camera, RGB bytes `[channel, height, width]`.
    pub images: Vec<Vec<u8>>,
    /// `[feature]`.
    pub state: Vec<f32>,
    /// `[width]`: the action taken here. The last observation of an episode has none: zeros.
    pub action: Vec<f32>,
    /// The reward that followed; 0 on the last observation and where there are no rewards.
    pub reward: f32,
    /// Trust in this observation.
    pub trust: f32,
}

/// The whole life of a lane. Its last step is the final observation, after which nothing was done.
#[derive(Clone, Debug, PartialEq)]
pub struct Episode {
    /// The number that, with the run seed, names it.
    pub id: u64,
    /// What it is about, in words.
    pub task: String,
    /// Observations in order; one more than there were actions.
    pub steps: Vec<Step>,
    /// Whether the task ended with the last observation.
    pub terminated: bool,
    /// Whether and why the episode was cut at the last observation.
    pub truncated: Option<Truncation>,
}

/// A data set that can be read.
pub trait EpisodeSource: Send + Sync {
    /// Cameras, state, actions, rate. `lanes` is 1.
    fn spec(&self) -> &EnvSpec;

    /// Observations of each episode, in order.
    fn lengths(&self) -> &[usize];

    /// Reads one episode whole.
    ///
    /// # Errors
    /// When it is missing or broken.
    fn read(&self, episode_idx: usize) -> Result<Episode>;

    /// A text that changes when the data changes; caches made from the data keep it and compare.
    /// Sources whose content can change under one spec and the same lengths say more than this.
    ///
    /// # Errors
    /// When the data cannot be read.
    fn fingerprint(&self) -> Result<String> {
        Ok(format!("{:?} {:?}", self.spec(), self.lengths()))
    }
}

/// A data set that is being written. An episode is durable once `write` returns.
pub trait EpisodeSink: Send {
    /// Adds an episode.
    ///
    /// # Errors
    /// When it does not fit the spec or cannot be written.
    fn write(&mut self, episode: &Episode) -> Result<()>;

    /// Completes the data set.
    ///
    /// # Errors
    /// When it cannot be written.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// A way to keep episodes on disk.
pub trait Format: Sync {
    /// The name users write.
    fn name(&self) -> &'static str;

    /// Opens a data set.
    ///
    /// # Errors
    /// [`Error::Incompatible`](crate::Error::Incompatible) when it is not of this format, others when it is broken.
    fn open(&self, path: &Path) -> Result<Box<dyn EpisodeSource>>;

    /// Begins a data set in a folder that does not exist yet or is empty.
    ///
    /// # Errors
    /// When the folder is in use or cannot be written.
    fn create(&self, path: &Path, spec: &EnvSpec) -> Result<Box<dyn EpisodeSink>>;
}
