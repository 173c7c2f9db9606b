//! The Intelligent Driver Model: how a car follows another.
//!
//! Treiber, Hennecke, Helbing 2000, <https://arxiv.org/abs/cond-mat/0002177>, in the textbook form: gaps are
//! bumper to bumper and the dynamic part of the wanted gap is never negative.

use serde::{Deserialize, Serialize};

/// A gap below this counts as this, in metres: a gap that is already gone asks for the hardest braking.
const LEAST_GAP_M: f64 = 0.01;

/// How a driver follows: the parameters of the Intelligent Driver Model, apart from the desired speed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Idm {
    /// Time headway.
    pub headway_secs: f64,
    /// Gap at a standstill.
    pub standstill_gap_m: f64,
    /// Largest acceleration, positive.
    pub acceleration_mps2: f64,
    /// Comfortable braking, positive.
    pub braking_mps2: f64,
    /// How sharply acceleration fades near the desired speed; 4 is the usual value and the cheap one.
    pub exponent: f64,
    /// Hardest braking, the limit of a dry road, positive.
    pub hardest_braking_mps2: f64,
}

/// The car ahead.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Leader {
    /// Its rear bumper minus our front bumper.
    pub gap_m: f64,
    /// Its speed along the road.
    pub speed_mps: f64,
}

impl Idm {
    /// The parameters of Kesting, Treiber, Helbing 2010, <https://arxiv.org/abs/0912.3613>, table 1.
    #[must_use]
    pub fn kesting_2010() -> Self {
        Self {
            headway_secs: 1.5,
            standstill_gap_m: 2.0,
            acceleration_mps2: 1.4,
            braking_mps2: 2.0,
            exponent: 4.0,
            hardest_braking_mps2: 9.0,
        }
    }

    /// Acceleration in m/s² of a car at `speed_mps` that wants `desired_mps`, which must be positive.
    #[inline]
    #[must_use]
    pub fn acceleration(&self, speed_mps: f64, desired_mps: f64, leader: Option<Leader>) -> f64 {
        let interaction = match leader {
            Some(leader) => {
                let share = self.wanted_gap_m(speed_mps, leader.speed_mps) / leader.gap_m.max(LEAST_GAP_M);
                share * share
            }
            None => 0.0,
        };
        let room = 1.0 - self.fading(speed_mps, desired_mps) - interaction;
        (self.acceleration_mps2 * room).max(-self.hardest_braking_mps2)
    }

    /// The gap at which a car keeps `speed_mps` behind an equally fast one.
    ///
    /// It is infinite at the desired speed; no gap lets a car keep a higher speed, and the answer there is
    /// NaN.
    #[must_use]
    pub fn equilibrium_gap_m(&self, speed_mps: f64, desired_mps: f64) -> f64 {
        let static_gap_m = self.standstill_gap_m + speed_mps * self.headway_secs;
        static_gap_m / (1.0 - self.fading(speed_mps, desired_mps)).sqrt()
    }

    /// The speed that a car keeps at `gap_m` behind an equally fast one: the inverse of
    /// [`Self::equilibrium_gap_m`].
    ///
    /// It is zero where the gap is not wider than the one at a standstill.
    #[must_use]
    pub fn equilibrium_speed_mps(&self, gap_m: f64, desired_mps: f64) -> f64 {
        if gap_m <= self.standstill_gap_m {
            return 0.0;
        }
        // The equilibrium gap grows with speed, so halving always finds it; 64 halvings use up the digits of
        // f64.
        let (mut slower_mps, mut faster_mps) = (0.0, desired_mps);
        for _ in 0..64 {
            let middle_mps = 0.5 * (slower_mps + faster_mps);
            if self.equilibrium_gap_m(middle_mps, desired_mps) < gap_m {
                slower_mps = middle_mps;
            } else {
                faster_mps = middle_mps;
            }
        }
        0.5 * (slower_mps + faster_mps)
    }

    /// The gap that a driver wants behind a leader: the static part and a dynamic one that is never negative.
    #[inline]
    fn wanted_gap_m(&self, speed_mps: f64, leader_mps: f64) -> f64 {
        let closing_mps = speed_mps - leader_mps;
        let gentle_mps2 = 2.0 * (self.acceleration_mps2 * self.braking_mps2).sqrt();
        let dynamic_m = speed_mps * (self.headway_secs + closing_mps / gentle_mps2);
        self.standstill_gap_m + dynamic_m.max(0.0)
    }

    /// The share of acceleration that is gone at this speed on a free road: 0 at a standstill, 1 at the
    /// desired speed.
    #[inline]
    fn fading(&self, speed_mps: f64, desired_mps: f64) -> f64 {
        // A car that rolls backwards accelerates like a standing one: a power of a negative number may be
        // NaN.
        let ratio = (speed_mps / desired_mps).max(0.0);
        if self.exponent == 4.0 {
            let square = ratio * ratio;
            square * square
        } else {
            ratio.powf(self.exponent)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_follower_settles_at_the_equilibrium_gap() {
        let idm = Idm::kesting_2010();
        let (leader_mps, desired_mps, dt) = (20.0, 30.0, 0.05);
        let (mut gap_m, mut speed_mps) = (60.0, 25.0);
        for _ in 0..20_000 {
            let leader = Leader { gap_m, speed_mps: leader_mps };
            let next = (speed_mps + dt * idm.acceleration(speed_mps, desired_mps, Some(leader))).max(0.0);
            gap_m += dt * (leader_mps - 0.5 * (speed_mps + next));
            speed_mps = next;
        }
        let expected = idm.equilibrium_gap_m(leader_mps, desired_mps);
        assert!((gap_m - expected).abs() < 1e-6, "gap {gap_m}, expected {expected}");
        assert!((speed_mps - leader_mps).abs() < 1e-9, "speed {speed_mps}");
    }

    #[test]
    fn a_free_car_neither_gains_nor_loses_at_its_desired_speed() {
        assert_eq!(Idm::kesting_2010().acceleration(30.0, 30.0, None), 0.0);
    }

    #[test]
    fn a_leader_that_pulls_away_does_not_make_the_follower_brake() {
        let leader = Leader { gap_m: 10.0, speed_mps: 40.0 };
        assert!(Idm::kesting_2010().acceleration(10.0, 30.0, Some(leader)) > 0.0);
    }

    #[test]
    fn a_worked_example_agrees_with_the_formula_by_hand() {
        // s* = 2 + 10 * 1.5 + 10 * 2 / (2 sqrt(2.8)) = 22.97614, a (1 - (1/2)^4 - (s* / 20)^2) = -0.53516.
        let leader = Leader { gap_m: 20.0, speed_mps: 8.0 };
        let found = Idm::kesting_2010().acceleration(10.0, 20.0, Some(leader));
        assert!((found + 0.535_161).abs() < 1e-5, "found {found}");
    }

    #[test]
    fn a_gap_that_is_gone_asks_for_the_hardest_braking() {
        let idm = Idm::kesting_2010();
        for gap_m in [0.0, -3.0, f64::NAN] {
            let leader = Leader { gap_m, speed_mps: 10.0 };
            assert_eq!(idm.acceleration(10.0, 30.0, Some(leader)), -9.0, "gap {gap_m}");
        }
    }

    #[test]
    fn a_car_that_rolls_backwards_recovers_with_any_exponent() {
        for exponent in [4.0, 2.5] {
            let idm = Idm { exponent, ..Idm::kesting_2010() };
            assert_eq!(idm.acceleration(-1.0, 30.0, None), 1.4, "exponent {exponent}");
        }
    }

    #[test]
    fn no_speed_is_kept_at_the_gap_of_a_standstill() {
        assert_eq!(Idm::kesting_2010().equilibrium_speed_mps(2.0, 30.0), 0.0);
        assert_eq!(Idm::kesting_2010().equilibrium_speed_mps(0.5, 30.0), 0.0);
    }

    proptest! {
        #[test]
        fn a_car_at_its_equilibrium_speed_does_not_accelerate(
            gap_m in 2.1..200.0, desired_mps in 5.0..40.0, exponent in prop_oneof![Just(4.0), 0.5..10.0],
        ) {
            let idm = Idm { exponent, ..Idm::kesting_2010() };
            let speed_mps = idm.equilibrium_speed_mps(gap_m, desired_mps);
            let found = idm.acceleration(speed_mps, desired_mps, Some(Leader { gap_m, speed_mps }));
            prop_assert!(speed_mps > 0.0 && speed_mps < desired_mps, "speed {speed_mps}");
            prop_assert!(found.abs() < 1e-9, "acceleration {found}");
        }

        #[test]
        fn the_cheap_fourth_power_is_the_fourth_power(speed_mps in 0.0..50.0, desired_mps in 5.0..40.0) {
            let cheap = Idm::kesting_2010().acceleration(speed_mps, desired_mps, None);
            let plain = (1.4 * (1.0 - (speed_mps / desired_mps).powf(4.0))).max(-9.0);
            prop_assert!((cheap - plain).abs() < 1e-11, "cheap {cheap}, plain {plain}");
        }

        #[test]
        fn acceleration_stays_within_its_limits(
            speed_mps in 0.0..60.0, desired_mps in 1.0..40.0, gap_m in -5.0..300.0, leader_mps in 0.0..60.0,
        ) {
            let leader = Leader { gap_m, speed_mps: leader_mps };
            let found = Idm::kesting_2010().acceleration(speed_mps, desired_mps, Some(leader));
            prop_assert!((-9.0..=1.4).contains(&found), "acceleration {found}");
        }
    }
}
