//! One driver of a platoon: the numbers that a calibration looks for, and what they make of a gap.

use serde::{Deserialize, Serialize};

use crate::driver::{Idm, Leader};

/// A driver who follows by the Intelligent Driver Model, with the speed that it would like.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Follower {
    /// v₀: the speed on an empty road.
    pub desired_mps: f64,
    /// T: the time gap kept to the car ahead.
    pub headway_secs: f64,
    /// s₀: the bumper-to-bumper gap in a standing queue.
    pub standstill_gap_m: f64,
    /// a: the greatest acceleration.
    pub acceleration_mps2: f64,
    /// b: the comfortable braking, a positive number.
    pub braking_mps2: f64,
    /// δ: how late the acceleration fades on the way to the desired speed.
    pub exponent: f64,
    /// The braking that is never exceeded, a positive number.
    pub hardest_braking_mps2: f64,
}

impl Follower {
    /// The numbers that Kesting, Treiber and Helbing 2010 give for a car on a motorway.
    #[must_use]
    pub fn textbook() -> Self {
        let idm = Idm::kesting_2010();
        Self {
            desired_mps: 120.0 / 3.6,
            headway_secs: idm.headway_secs,
            standstill_gap_m: idm.standstill_gap_m,
            acceleration_mps2: idm.acceleration_mps2,
            braking_mps2: idm.braking_mps2,
            exponent: idm.exponent,
            hardest_braking_mps2: idm.hardest_braking_mps2,
        }
    }

    /// How it follows, without the speed that it would like.
    #[must_use]
    pub fn idm(&self) -> Idm {
        Idm {
            headway_secs: self.headway_secs,
            standstill_gap_m: self.standstill_gap_m,
            acceleration_mps2: self.acceleration_mps2,
            braking_mps2: self.braking_mps2,
            exponent: self.exponent,
            hardest_braking_mps2: self.hardest_braking_mps2,
        }
    }

    /// Acceleration in m/s² at a bumper-to-bumper `gap_m` behind a leader at `leader_mps`.
    #[must_use]
    pub fn acceleration_mps2(&self, gap_m: f64, speed_mps: f64, leader_mps: f64) -> f64 {
        let leader = Leader { gap_m, speed_mps: leader_mps };
        self.idm().acceleration(speed_mps, self.desired_mps, Some(leader))
    }

    /// The gap at which it keeps `speed_mps` behind a leader of the same speed.
    #[must_use]
    pub fn equilibrium_gap_m(&self, speed_mps: f64) -> f64 {
        self.idm().equilibrium_gap_m(speed_mps, self.desired_mps)
    }
}
