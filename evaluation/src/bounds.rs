//! How large an error may be before a dreamed step counts as wrong.

use serde::{Deserialize, Serialize};

/// Bounds of errors, in the units of their names. They are conventions, so every report that uses them states them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// Of a picture's mean squared error, full scale 1.
    pub picture_mse: f64,
    /// Of the own speed.
    pub speed_mps: f64,
    /// Of the own place across the road: half a car's width.
    pub lateral_m: f64,
    /// Of the places of others, forwards.
    pub others_forward_m: f64,
    /// Least share of right presences.
    pub presence_accuracy: f64,
    /// Of rewards, as a share of their standard deviation.
    pub reward_share: f64,
}

impl Bounds {
    /// A picture at 20 dB, 2 m/s, 1 m, two cars' lengths, nine presences in ten, half of the rewards' deviation.
    #[must_use]
    pub fn usual() -> Self {
        Self {
            picture_mse: 0.01,
            speed_mps: 2.0,
            lateral_m: 1.0,
            others_forward_m: 10.0,
            presence_accuracy: 0.9,
            reward_share: 0.5,
        }
    }

    /// All of them, for a reader.
    pub(crate) fn told(&self) -> String {
        format!(
            "own speed within {} m/s, own place across within {} m, others within {} m forwards, {} of presences right, \
             rewards within {} of their standard deviation, pictures within a mean squared error of {}",
            self.speed_mps,
            self.lateral_m,
            self.others_forward_m,
            self.presence_accuracy,
            self.reward_share,
            self.picture_mse
        )
    }
}
