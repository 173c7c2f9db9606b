//! What a probe found, as written to JSON.

use serde::{Deserialize, Serialize};

use crate::Interval;

/// How well an action can be read off validation frames at each lag: R2 of the action taken before the last frame,
/// and of those up to four frames earlier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadAction {
    /// Its name.
    pub name: String,
    /// The lag in frames at which it shows best.
    pub lag: usize,
    /// R2 at lags 0 to 4.
    pub by_lag: Vec<f64>,
}

/// How well a number of the state can be read off validation frames.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Validated {
    /// Its name without the unit.
    pub name: String,
    /// Its unit.
    pub unit: String,
    /// Of numbers.
    pub r2: Option<f64>,
    /// Of numbers, in the unit.
    pub rmse: Option<f64>,
    /// Of presence.
    pub auroc: Option<f64>,
}

/// One figure of several origins. One is absent where it is not defined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beside {
    /// What the context's last frame recorded, taken for now.
    pub held: Option<Interval>,
    /// The probe on recorded frames: its own floor.
    pub recorded: Option<Interval>,
    /// The probe on recorded frames that went through the world's codec.
    pub coded: Option<Interval>,
    /// The probe on dreamed frames.
    pub dreamed: Option<Interval>,
}

/// Inverse dynamics of one action at one horizon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionScore {
    /// Its name.
    pub name: String,
    /// R2 of the action at its lag.
    pub r2: Beside,
    /// R2 on dreamed frames as a share of that on recorded ones; absent where that is below 0.1.
    pub of_recorded: Option<Interval>,
}

/// Errors of one number of the state at one horizon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberScore {
    /// Its name without the unit.
    pub name: String,
    /// Its unit.
    pub unit: String,
    /// Cases in which it was asked for.
    pub cases: usize,
    /// Root of the mean squared error, in the unit.
    pub rmse: Beside,
    /// The error on dreamed frames as a share of that of holding the context's last value.
    pub of_held: Option<Interval>,
    /// The same, where the probe tells only the change since the context's last frame, whose value is known: what the
    /// probe gets wrong in all frames of a stretch cancels.
    pub anchored: Beside,
    /// The anchored error on dreamed frames as a share of that of holding the value.
    pub anchored_of_held: Option<Interval>,
}

/// Whether a thing is seen at one horizon, and where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PresenceScore {
    /// Its name.
    pub name: String,
    /// The share of cases in which it is there.
    pub base_rate: f64,
    /// Share of right answers.
    pub accuracy: Beside,
    /// The chance that a case with it is given a higher chance than one without.
    pub auroc: Beside,
    /// Its numbers, where it is there.
    pub numbers: Vec<NumberScore>,
}

/// All figures at one horizon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProbeHorizon {
    /// Steps after the context's last frame.
    pub horizon: usize,
    /// Per action.
    pub actions: Vec<ActionScore>,
    /// Numbers that are always there, such as the own speed.
    pub numbers: Vec<NumberScore>,
    /// Things that may be there, such as the car ahead.
    pub things: Vec<PresenceScore>,
}

/// What a probe reads off a world's dreams.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProbeReport {
    /// Frames per second.
    pub steps_per_second: u32,
    /// Recorded stretches that were dreamed from.
    pub cases: usize,
    /// Unbroken runs that they come from.
    pub runs: usize,
    /// What was drawn with replacement for the intervals.
    pub resampling: String,
    /// Frames that the probe looks at.
    pub frames: usize,
    /// Its weights.
    pub weights: usize,
    /// How actions show in recorded frames.
    pub actions: Vec<ReadAction>,
    /// How well the state can be read off recorded frames.
    pub validation: Vec<Validated>,
    /// Per horizon, ascending.
    pub horizons: Vec<ProbeHorizon>,
}
