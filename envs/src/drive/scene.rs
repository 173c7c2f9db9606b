//! One episode of the highway: ego, traffic, and what a step does to them.

use dreamlane_core::{Body, BodyKind, Seed};
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use super::{
    config::HighwayConfig,
    idm::{Idm, Leader},
    road::Road,
    task::{self, Ending},
    traffic::{Traffic, in_corridor},
    vehicle::{Control, LENGTH_M, MAX_ACCELERATION_MPS2, Vehicle, WIDTH_M},
};

/// Steps per second of simulated time.
pub const STEPS_PER_SECOND: u32 = 10;
/// Height of every vehicle, for whoever wants a box.
const HEIGHT_M: f32 = 1.5;
/// Physics ticks in a step.
const TICKS: usize = 3;

/// One episode in motion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scene {
    /// The road.
    pub road: Road,
    /// The car that acts.
    pub ego: Vehicle,
    /// The cars around it.
    pub traffic: Traffic,
    /// What the ego drives at when it drives itself.
    pub desired_mps: f64,
    /// Names the textures and the roadside of this episode.
    pub scenery: u32,
}

impl Scene {
    /// The beginning that a seed names.
    #[must_use]
    pub fn begin(config: &HighwayConfig, seed: Seed) -> Self {
        let road = config.road;
        let mut rng = seed.split(0).rng();
        let ego = Vehicle {
            x_m: 0.0,
            y_m: road.centre_m(rng.random_range(0..road.lanes)),
            heading_rad: 0.0,
            speed_mps: rng.random_range(20.0..28.0),
        };
        Self {
            road,
            ego,
            traffic: Traffic::begin(config, &ego, seed.split(1)),
            desired_mps: rng.random_range(24.0..30.0),
            scenery: rng.random(),
        }
    }

    /// Everyone as the words of `core` tell it, the ego first.
    #[must_use]
    pub fn told(&self) -> dreamlane_core::Scene {
        let body = |id, place_m: [f64; 2], heading_rad: f64, speed_mps: f64| Body {
            id,
            kind: BodyKind::Car,
            place_m: place_m.map(|metres| metres as f32),
            heading_rad: heading_rad as f32,
            speed_mps: speed_mps as f32,
            size_m: [LENGTH_M as f32, WIDTH_M as f32, HEIGHT_M],
        };
        let ego = body(0, [self.ego.x_m, self.ego.y_m], self.ego.heading_rad, self.ego.speed_mps);
        let others =
            self.traffic.cars(self.road).map(|(y_m, car)| body(car.look, [car.x_m, y_m], 0.0, car.speed_mps));
        dreamlane_core::Scene { bodies: std::iter::once(ego).chain(others).collect() }
    }

    /// One step under a command in [-1, 1] each, acceleration and steering; without one the ego drives itself.
    pub fn step(&mut self, command: Option<[f32; 2]>) -> Option<Ending> {
        let secs = 1.0 / (f64::from(STEPS_PER_SECOND) * TICKS as f64);
        for _ in 0..TICKS {
            let control = match command {
                Some(command) => self.commanded(command),
                None => self.self_driven(),
            };
            self.traffic.advance(self.road, &self.ego, secs);
            self.ego.advance(control, secs);
            let others = self.traffic.cars(self.road).map(|(y_m, car)| Vehicle {
                x_m: car.x_m,
                y_m,
                heading_rad: 0.0,
                speed_mps: car.speed_mps,
            });
            let ending = task::ending(self.road, &self.ego, others);
            if ending.is_some() {
                return ending;
            }
        }
        self.traffic.recycle(self.road, &self.ego);
        None
    }

    fn commanded(&self, [acceleration, steering]: [f32; 2]) -> Control {
        Control {
            acceleration_mps2: f64::from(acceleration) * MAX_ACCELERATION_MPS2,
            steering_rad: f64::from(steering) * self.ego.steering_limit_rad(),
        }
    }

    fn self_driven(&self) -> Control {
        let lane_idx = self.road.nearest_lane(self.ego.y_m);
        let leader = (0..self.road.lanes)
            .filter(|&lane_idx| in_corridor(self.road, lane_idx, &self.ego))
            .filter_map(|lane_idx| self.traffic.lane(lane_idx).rfind(|car| car.x_m > self.ego.x_m))
            .map(|car| Leader { gap_m: car.x_m - self.ego.x_m - LENGTH_M, speed_mps: car.speed_mps })
            .min_by(|a, b| a.gap_m.total_cmp(&b.gap_m));
        let wanted_mps2 = Idm::kesting_2010().acceleration(self.ego.speed_mps, self.desired_mps, leader);
        Control {
            acceleration_mps2: wanted_mps2.clamp(-MAX_ACCELERATION_MPS2, MAX_ACCELERATION_MPS2),
            steering_rad: self.ego.lane_keeping_rad(self.road.centre_m(lane_idx)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cars_that_follow_by_idm_never_collide() {
        for number in 0..20 {
            let mut scene = Scene::begin(&HighwayConfig::standard(), Seed::new(number));
            for step in 0..3000 {
                assert_eq!(scene.step(None), None, "seed {number}, step {step}");
                for lane_idx in 0..scene.road.lanes {
                    let cars: Vec<_> = scene.traffic.lane(lane_idx).collect();
                    for pair in cars.windows(2) {
                        let gap_m = pair[0].x_m - pair[1].x_m - LENGTH_M;
                        assert!(gap_m > 0.0, "seed {number}, step {step}, lane {lane_idx}: gap {gap_m}");
                    }
                }
            }
        }
    }

    #[test]
    fn traffic_stays_as_dense_around_a_fast_a_slow_and_a_standing_ego() {
        for acceleration in [1.0, -0.05, -1.0] {
            let mut scene = Scene::begin(&HighwayConfig::standard(), Seed::new(5));
            let before = scene.traffic.cars(scene.road).count();
            for _ in 0..2000 {
                // A collision does not stop the physics, so density can be watched for long.
                let _ = scene.step(Some([acceleration, 0.0]));
            }
            let near = |reach_m: f64| {
                let x_m = scene.ego.x_m;
                scene.traffic.cars(scene.road).filter(|(_, car)| (car.x_m - x_m).abs() < reach_m).count()
            };
            assert_eq!(scene.traffic.cars(scene.road).count(), before, "acceleration {acceleration}");
            assert!(near(400.0) * 10 >= before * 9, "{} of {before} cars near", near(400.0));
        }
    }
}
