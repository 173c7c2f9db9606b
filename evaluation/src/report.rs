//! All figures of an evaluation, as written to JSON.

use serde::{Deserialize, Serialize};

use crate::{
    ActionGap, DriftReport, FollowingReport, HorizonScore, HorizonSharpness, OutcomeReport, RewardScore,
    StateReport, SteeringResponses, TrustReport, UsableReport, ValidityReport,
};

/// The scores of one world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorldScores {
    /// Its name.
    pub name: String,
    /// Per horizon, ascending.
    pub horizons: Vec<HorizonScore>,
}

/// How a world heeds its actions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControlReport {
    /// Name of the action value that steers.
    pub steering: String,
    /// Per horizon, ascending.
    pub gaps: Vec<ActionGap>,
    /// Lag and correlation of the image shift, recorded and under imposed steering.
    pub responses: SteeringResponses,
}

/// The whole evaluation of a world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorldReport {
    /// Steps per second of the world.
    pub steps_per_second: u32,
    /// Recorded stretches that were dreamed from.
    pub cases: usize,
    /// Unbroken runs that they come from.
    pub runs: usize,
    /// What was drawn with replacement for the intervals.
    pub resampling: String,
    /// Dreams behind each mean.
    pub dreams: usize,
    /// The world that was judged.
    pub judged: WorldScores,
    /// The worlds beside it.
    pub opponents: Vec<WorldScores>,
    /// Per horizon, ascending.
    pub sharpness: Vec<HorizonSharpness>,
    /// Absent where no action value steers.
    pub control: Option<ControlReport>,
    /// How far long dreams drift from the recording; absent where it was not measured.
    #[serde(default)]
    pub drift: Option<DriftReport>,
    /// How far dreams lead over the worlds beside it; like all below, absent in reports of old.
    #[serde(default)]
    pub usable: Option<UsableReport>,
    /// How often the true actions win over wrong ones.
    #[serde(default)]
    pub following: Option<FollowingReport>,
    /// Errors of the predicted state vector; absent where the world predicts none.
    #[serde(default)]
    pub state: Option<StateReport>,
    /// Rewards per horizon of the dreams, ascending; empty where there are none.
    #[serde(default)]
    pub rewards: Vec<RewardScore>,
    /// Rewards and endings over all starts of the recording; absent where they were not judged.
    #[serde(default)]
    pub outcomes: Option<OutcomeReport>,
    /// Trust against true errors; absent where the world trusts all its steps alike.
    #[serde(default)]
    pub trust: Option<TrustReport>,
    /// How far dreams stay within stated bounds; absent where nothing that is predicted has one.
    #[serde(default)]
    pub validity: Option<ValidityReport>,
    /// What a reader should know, such as why something is absent.
    pub notes: Vec<String>,
}
