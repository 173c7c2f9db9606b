//! The Intelligent Driver Model: how a car follows another.
//!
//! Treiber, Hennecke, Helbing 2000, <https://arxiv.org/abs/cond-mat/0002177>, in the textbook form: gaps are bumper
//! to bumper and the dynamic part of the wanted gap is never negative.

/// How a driver follows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Idm {
    /// Time headway.
    pub headway_secs: f64,
    /// Gap at a standstill.
    pub standstill_gap_m: f64,
    /// Largest acceleration.
    pub acceleration_mps2: f64,
    /// Comfortable braking.
    pub braking_mps2: f64,
    /// How sharply acceleration fades near the desired speed.
    pub exponent: i32,
    /// Hardest braking, the limit of a dry road.
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
            exponent: 4,
            hardest_braking_mps2: 9.0,
        }
    }

    /// Acceleration of a car at `speed_mps` that wants `desired_mps`.
    #[must_use]
    pub fn acceleration(&self, speed_mps: f64, desired_mps: f64, leader: Option<Leader>) -> f64 {
        let free = 1.0 - (speed_mps / desired_mps).powi(self.exponent);
        let interaction = leader.map_or(0.0, |leader| {
            let closing_mps = speed_mps - leader.speed_mps;
            let dynamic = speed_mps * self.headway_secs
                + speed_mps * closing_mps / (2.0 * (self.acceleration_mps2 * self.braking_mps2).sqrt());
            let wanted_m = self.standstill_gap_m + dynamic.max(0.0);
            // A gap that is already gone asks for the hardest braking, not for a division by zero.
            (wanted_m / leader.gap_m.max(0.01)).powi(2)
        });
        (self.acceleration_mps2 * (free - interaction)).max(-self.hardest_braking_mps2)
    }

    /// The gap at which a car keeps `speed_mps` behind an equally fast one.
    #[must_use]
    pub fn equilibrium_gap_m(&self, speed_mps: f64, desired_mps: f64) -> f64 {
        (self.standstill_gap_m + speed_mps * self.headway_secs)
            / (1.0 - (speed_mps / desired_mps).powi(self.exponent)).sqrt()
    }
}

#[cfg(test)]
mod tests {
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
}
