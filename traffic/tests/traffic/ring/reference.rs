//! Cars on a ring road by the plainest means: the oracle of faster simulators.

use dreamlane_traffic::driver::{Idm, Leader};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::measures::{Tick, gaps_m};

/// Length of the cars of the experiment and of all rings that do not say otherwise, metres.
pub(crate) const CAR_M: f64 = 4.5;

/// A ring road with equal drivers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ring {
    /// How all of them follow.
    pub(crate) idm: Idm,
    /// The speed that all of them want.
    pub(crate) desired_mps: f64,
    /// Number of cars.
    pub(crate) n_cars: usize,
    /// Length of the ring.
    pub(crate) ring_m: f64,
    /// Length of every car.
    pub(crate) car_m: f64,
}

impl Ring {
    /// The speed at which all cars go evenly.
    pub(crate) fn equilibrium_mps(&self) -> f64 {
        self.idm.equilibrium_speed_mps(self.ring_m / self.n_cars as f64 - self.car_m, self.desired_mps)
    }

    /// Even flow with each car displaced along the road and set off in speed, as given by its index.
    pub(crate) fn disturbed(&self, mut disturbance: impl FnMut(usize) -> [f64; 2]) -> Tick {
        let speed_mps = self.equilibrium_mps();
        let spacing_m = self.ring_m / self.n_cars as f64;
        let (positions_m, speeds_mps) = (0..self.n_cars)
            .map(|car| {
                let [by_m, by_mps] = disturbance(car);
                (spacing_m * car as f64 + by_m, speed_mps + by_mps)
            })
            .unzip();
        Tick { positions_m, speeds_mps }
    }

    /// Advances all cars at once by `step_secs`; `noise` adds to each acceleration, in m/s².
    ///
    /// The update is the ballistic one: speed first, never below zero, then position by the mean of both
    /// speeds.
    pub(crate) fn advance(&self, tick: &mut Tick, step_secs: f64, mut noise: impl FnMut() -> f64) {
        let gaps: Vec<f64> = gaps_m(tick, self.ring_m, self.car_m).collect();
        let before_mps = tick.speeds_mps.clone();
        for car in 0..self.n_cars {
            let speed_mps = before_mps[car];
            let leader = Leader { gap_m: gaps[car], speed_mps: before_mps[(car + 1) % self.n_cars] };
            let acceleration = self.idm.acceleration(speed_mps, self.desired_mps, Some(leader)) + noise();
            let next_mps = (speed_mps + step_secs * acceleration).max(0.0);
            let position_m = tick.positions_m[car] + 0.5 * (speed_mps + next_mps) * step_secs;
            tick.positions_m[car] = position_m.rem_euclid(self.ring_m);
            tick.speeds_mps[car] = next_mps;
        }
    }
}

/// A draw from the standard normal distribution, by Box and Muller.
pub(crate) fn normal(random: &mut ChaCha8Rng) -> f64 {
    let radius = (-2.0 * (1.0 - random.random::<f64>()).ln()).sqrt();
    radius * (std::f64::consts::TAU * random.random::<f64>()).cos()
}
