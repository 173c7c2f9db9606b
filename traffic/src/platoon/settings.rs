//! What a calibration minimises, where it searches and how long.

use serde::{Deserialize, Serialize};

use super::{PlatoonError, Tally};

/// The range of each parameter, `[low, high]` in the units of [`Idm`](crate::driver::Idm).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// Desired speed.
    pub desired_mps: [f64; 2],
    /// Time gap.
    pub headway_secs: [f64; 2],
    /// Gap in a standing queue.
    pub standstill_gap_m: [f64; 2],
    /// Greatest acceleration.
    pub acceleration_mps2: [f64; 2],
    /// Comfortable deceleration.
    pub braking_mps2: [f64; 2],
}

impl Bounds {
    /// What a human driver of a car on a motorway may have: the speed limit there is 29 m/s (65 mph).
    pub fn motorway() -> Self {
        Self {
            desired_mps: [10.0, 40.0],
            headway_secs: [0.3, 3.0],
            standstill_gap_m: [0.5, 6.0],
            acceleration_mps2: [0.3, 4.0],
            braking_mps2: [0.5, 6.0],
        }
    }

    /// The ranges in the order in which candidates hold the parameters.
    pub(crate) fn box_of_search(&self) -> [[f64; 2]; 5] {
        let Self { desired_mps, headway_secs, standstill_gap_m, acceleration_mps2, braking_mps2 } = *self;
        [desired_mps, headway_secs, standstill_gap_m, acceleration_mps2, braking_mps2]
    }

    /// Names of the parameters within a hundredth of their range from a side.
    pub(crate) fn at_sides(&self, candidate: &[f64; 5]) -> Vec<String> {
        let names = ["desired_mps", "headway_secs", "standstill_gap_m", "acceleration_mps2", "braking_mps2"];
        let parameters = names.iter().zip(candidate.iter().zip(self.box_of_search()));
        let at_side = parameters
            .filter(|(_, (value, [low, high]))| (*value - low).min(high - *value) < 0.01 * (high - low));
        at_side.map(|(name, _)| (*name).to_owned()).collect()
    }
}

/// What calibration minimises; collisions cost extra in either case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Goal {
    /// The squared error of the gap over the squared recorded gap: what RMSPE reports.
    Relative,
    /// The squared error of the gap over the recorded gap, which gives small gaps less weight.
    Mixed,
}

impl Goal {
    /// The error of one pair of cars. Each row that touches the leader weighs as much as an error of the whole gap.
    pub(crate) fn cost(self, tally: &Tally) -> f64 {
        let rows = tally.rows.max(1) as f64;
        let error = match self {
            Self::Relative => tally.relative_squares / rows,
            Self::Mixed => tally.mixed_squares_m / tally.gaps_m.max(f64::MIN_POSITIVE),
        };
        error + tally.touching_rows as f64 / rows
    }
}

/// How to calibrate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Seed of the search and of the bootstrap.
    pub seed: u64,
    /// Length of all vehicles, in metres, at least 0.
    pub length_m: f64,
    /// What to minimise.
    pub goal: Goal,
    /// Where to search.
    pub bounds: Bounds,
    /// Candidates of a generation, at least 4.
    pub population: usize,
    /// Generations of the search at most.
    pub generations: usize,
    /// Draws of the bootstrap, at least 1.
    pub resamples: usize,
}

impl Settings {
    /// Enough effort that other seeds find the same parameters; cars of 4.5 m, a common sedan.
    pub fn thorough(seed: u64) -> Self {
        Self {
            seed,
            length_m: 4.5,
            goal: Goal::Relative,
            bounds: Bounds::motorway(),
            population: 48,
            generations: 200,
            resamples: 2000,
        }
    }

    pub(crate) fn check(&self) -> Result<(), PlatoonError> {
        let wrong = |name, expected, found| Err(PlatoonError::Setting { name, expected, found });
        if !(0.0..=100.0).contains(&self.length_m) {
            return wrong("length_m", "0 to 100 m", self.length_m);
        }
        if !(4..=100_000).contains(&self.population) {
            return wrong("population", "4 to 100,000", self.population as f64);
        }
        if self.resamples == 0 {
            return wrong("resamples", "1 or more", 0.0);
        }
        for [low, high] in self.bounds.box_of_search() {
            if !(low > 0.0 && low <= high && high.is_finite()) {
                return wrong("bounds", "0 < low <= high < infinity", low);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collision_costs_more_than_its_error() {
        let clear =
            Tally { rows: 10, relative_squares: 2.0, mixed_squares_m: 4.0, gaps_m: 40.0, ..Tally::default() };
        let touching = Tally { touching_rows: 5, ..clear };
        for (goal, error) in [(Goal::Relative, 0.2), (Goal::Mixed, 0.1)] {
            assert!((goal.cost(&clear) - error).abs() < 1e-12);
            assert!((goal.cost(&touching) - error - 0.5).abs() < 1e-12);
        }
    }

    #[test]
    fn only_parameters_at_a_side_are_named() {
        let bounds = Bounds::motorway();
        assert_eq!(bounds.at_sides(&[20.0, 0.3, 2.0, 1.0, 6.0]), ["headway_secs", "braking_mps2"]);
        assert!(bounds.at_sides(&[20.0, 1.0, 2.0, 1.0, 2.0]).is_empty());
    }
}
