//! When a driver changes lanes: MOBIL, "minimizing overall braking induced by lane changes".
//!
//! Kesting, Treiber, Helbing 2007, "General lane-changing model MOBIL for car-following models",
//! <https://doi.org/10.3141/1999-10>: change if nobody has to brake harder than is safe for it, and if what the
//! driver gains, with what others gain weighed by politeness, is above a threshold.

use serde::{Deserialize, Serialize};

/// How a driver decides on a lane change.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mobil {
    /// How much the gain of the two followers counts, 0 to 1.
    pub politeness: f64,
    /// The least gain that is worth a change.
    pub threshold_mps2: f64,
    /// What a change may make the new follower brake.
    pub safe_braking_mps2: f64,
    /// How much better than the other side the right-hand lane has to be; negative drives on the left.
    pub keep_right_mps2: f64,
    /// Seconds between two looks at the lanes beside.
    pub period_secs: f64,
}

/// Accelerations now and after a change, of the driver and of the followers on both lanes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prospect {
    /// The driver's, now and then.
    pub own_mps2: [f64; 2],
    /// The follower's on the new lane, now and then.
    pub new_follower_mps2: [f64; 2],
    /// The follower's on the old lane, now and then.
    pub old_follower_mps2: [f64; 2],
}

impl Mobil {
    /// The values of Kesting et al. 2007, section 4, without a rule to keep right.
    #[must_use]
    pub fn kesting_2007() -> Self {
        Self {
            politeness: 0.2,
            threshold_mps2: 0.1,
            safe_braking_mps2: 4.0,
            keep_right_mps2: 0.0,
            period_secs: 1.0,
        }
    }

    /// What a change gains over its threshold, in m/s²: worth it when positive.
    #[must_use]
    #[inline]
    pub fn incentive_mps2(&self, prospect: &Prospect) -> f64 {
        let gain = |[now, then]: [f64; 2]| then - now;
        let others = gain(prospect.new_follower_mps2) + gain(prospect.old_follower_mps2);
        gain(prospect.own_mps2) + self.politeness * others - self.threshold_mps2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn politeness_weighs_what_others_lose() {
        let prospect =
            Prospect { own_mps2: [0.0, 1.0], new_follower_mps2: [0.5, -1.5], old_follower_mps2: [-0.5, 0.0] };
        let selfish = Mobil { politeness: 0.0, threshold_mps2: 0.2, ..Mobil::kesting_2007() };
        let fair = Mobil { politeness: 1.0, ..selfish };
        assert!((selfish.incentive_mps2(&prospect) - 0.8).abs() < 1e-12);
        assert!((fair.incentive_mps2(&prospect) - (0.8 - 2.0 + 0.5)).abs() < 1e-12);
    }
}
