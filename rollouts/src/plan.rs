//! What a rollout is asked to do, and what it says while and after doing it.

use std::ops::Range;

use dreamlane_core::{Fault, Seed};

/// The episodes to play.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Ids of the episodes; they need not begin at 0, so a run can be continued.
    pub episodes: Range<u64>,
    /// The seed of the run. Episode `id` owns `run_seed.split(id)`: the environment gets its child 0,
    /// the policy at step `t` gets child `t` of its child 1.
    pub run_seed: Seed,
    /// What the episodes are about, in words; written into each.
    pub task: String,
    /// Most actions of an episode. One that gets there is cut by the clock.
    pub max_steps: Option<usize>,
}

/// How far a rollout is.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// Episodes that are over.
    pub episodes_done: u64,
    /// Episodes asked for.
    pub episodes: u64,
    /// Lane steps so far: one batched step of 64 running lanes counts 64.
    pub steps: u64,
    /// Lanes that are playing now.
    pub lanes_running: usize,
    /// Lane steps per second of wall time, over the whole rollout.
    pub env_steps_per_sec: f64,
}

/// An episode that broke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpisodeFault {
    /// Its id.
    pub episode: u64,
    /// Actions taken before the last one, which broke it; 0 also where it broke at its beginning.
    pub step: usize,
    /// What broke.
    pub fault: Fault,
}

/// What a rollout came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Episodes that are over, broken ones included.
    pub episodes: u64,
    /// Lane steps taken.
    pub steps: u64,
    /// Episodes that broke, by id. They are recorded up to the last good observation;
    /// one that broke at its beginning has none and is not recorded.
    pub faults: Vec<EpisodeFault>,
    /// Lane steps per second of wall time.
    pub env_steps_per_sec: f64,
}
