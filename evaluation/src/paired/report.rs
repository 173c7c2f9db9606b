//! What a comparison with the truth says, as it is written to a file.

use serde::{Deserialize, Serialize};

use super::{FollowingScore, ForkScore, OthersScore, PairedScore, StateScore, TrustStep, TrustedHorizon};
use crate::Interval;

/// All figures of one world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairedWorld {
    /// The world's registered name.
    pub name: String,
    /// Pictures under the driver's own actions.
    pub prediction: Vec<PairedScore>,
    /// The state vector under the driver's own actions; empty where the world shows none, as is `others`.
    pub state: Vec<StateScore>,
    /// Dreams of two action sequences told apart.
    pub following: Vec<FollowingScore>,
    /// Other cars when only the ego's action changes.
    pub others: Vec<OthersScore>,
    /// Forks of long dreams; empty where none were asked for.
    pub forks: Vec<ForkScore>,
    /// Trust beside the true error.
    pub trust: Vec<TrustedHorizon>,
    /// The same, every step.
    pub trust_steps: Vec<TrustStep>,
}

/// A world held against its truth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairedReport {
    /// The truth's name, options included.
    pub truth: String,
    /// Steps per second of both.
    pub steps_per_second: u32,
    /// Episodes, each with one beginning of a dream.
    pub episodes: usize,
    /// Episodes that were over before a dream could begin, so others were taken.
    pub ended_early: usize,
    /// Frames that dreams begin from.
    pub context: usize,
    /// How hard is braked, accelerated and steered, as a part of the way to the action's bound.
    pub push: f32,
    /// What intervals are drawn over.
    pub resampling: String,
    /// The world that is judged.
    pub judged: PairedWorld,
    /// The one beside it.
    pub against: Option<PairedWorld>,
    /// The truth itself under the actions of another episode.
    pub truth_wrong: Vec<PairedScore>,
    /// The context's last frame.
    pub still: Vec<PairedScore>,
    /// Forks of the truth from where dreams begin.
    pub truth_forks: Option<ForkScore>,
    /// The judged world's confusion about the speed of cars ahead divided by that of the other, by steps from 1;
    /// empty where there is no other.
    pub confusion_ratio: Vec<Option<Interval>>,
    /// What was not judged, and why.
    pub notes: Vec<String>,
}
