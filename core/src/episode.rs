//! Episodes as they are recorded, and the formats that keep them.

use std::path::Path;

use crate::{EnvSpec, Provenance, Result, Scene, Truncation};

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
    /// Who was where, where the spec says that the env tells.
    pub scene: Option<Scene>,
}

/// The whole life of a lane. Its last step is the final observation, after which nothing was done.
#[derive(Clone, Debug, PartialEq)]
pub struct Episode {
    /// The number that, with the run seed, names it.
    pub id: u64,
    /// What it is about, in words.
    pub task: String,
    /// Where it began, such as the recording and frame of a dream's context; empty where the id says it all.
    pub beginning: String,
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

    /// Where it comes from; none where it was written by others or does not say.
    fn provenance(&self) -> Option<&Provenance>;

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
    /// The id of the last durable episode, if there is one: where a rollout that was interrupted goes on after.
    fn last_id(&self) -> Option<u64>;

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

/// What a repair found and did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    /// Whole episodes that the data set now has.
    pub episodes: usize,
    /// What was changed, in words, one line each; empty where all was well.
    pub done: Vec<String>,
}

/// A way to keep episodes on disk.
pub trait Format: Sync {
    /// The name users write.
    fn name(&self) -> &'static str;

    /// Opens a data set. Of one whose writer was interrupted, the whole episodes.
    ///
    /// # Errors
    /// [`Error::Incompatible`](crate::Error::Incompatible) when it is not of this format, others when it is broken.
    fn open(&self, path: &Path) -> Result<Box<dyn EpisodeSource>>;

    /// Begins a data set at a path that does not exist yet or is an empty folder.
    ///
    /// # Errors
    /// When the path is in use or cannot be written.
    fn create(&self, path: &Path, spec: &EnvSpec, provenance: &Provenance) -> Result<Box<dyn EpisodeSink>>;

    /// Goes on with a data set that [`create`](Self::create) began with the same spec and provenance, repaired first
    /// where its writer was interrupted; begins it where there is nothing yet.
    /// Files come out as if it had been written in one go.
    ///
    /// # Errors
    /// When spec or provenance differ (the message says in what), or it cannot be read or written.
    fn resume(&self, path: &Path, spec: &EnvSpec, provenance: &Provenance) -> Result<Box<dyn EpisodeSink>>;

    /// Puts right what an interrupted writer left: afterwards the data set holds its whole episodes and nothing else.
    /// Doing it again changes nothing.
    ///
    /// # Errors
    /// [`Error::Incompatible`](crate::Error::Incompatible) when it is not of this format, others when a file that
    /// was whole once is damaged, or the folder cannot be written.
    fn repair(&self, path: &Path) -> Result<Repair>;
}
