//! All figures of an evaluation, as written to JSON.

use serde::{Deserialize, Serialize};

use crate::{ActionGap, DriftReport, HorizonScore, HorizonSharpness, SteeringResponses};

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
    /// What a reader should know, such as why something is absent.
    pub notes: Vec<String>,
}
