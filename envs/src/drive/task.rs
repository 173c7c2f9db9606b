//! The task: drive fast, keep right, hit nothing, stay on the road. The reward of `highway-v0` in highway-env 1.12.1.

use super::{
    road::Road,
    vehicle::{Vehicle, wrap},
};

/// Speeds between which faster is better.
const REWARDED_MPS: [f64; 2] = [20.0, 30.0];
const COLLISION_WEIGHT: f64 = -1.0;
const RIGHT_LANE_WEIGHT: f64 = 0.1;
const SPEED_WEIGHT: f64 = 0.4;

/// How the task ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The ego touched another car.
    Collision,
    /// The middle of the ego left the road.
    OffRoad,
}

/// Whether and how the task ends here.
#[must_use]
pub fn ending(road: Road, ego: &Vehicle, mut others: impl Iterator<Item = Vehicle>) -> Option<Ending> {
    if others.any(|other| ego.touches(&other)) {
        Some(Ending::Collision)
    } else if road.contains(ego.y_m) {
        None
    } else {
        Some(Ending::OffRoad)
    }
}

/// Reward in [0, 1]: -1 for a collision, up to 0.1 for the right lane, up to 0.4 for forward speed over 20 to
/// 30 m/s, mapped linearly from [-1, 0.5] to [0, 1]; 0 off the road.
#[must_use]
pub fn reward(road: Road, ego: &Vehicle, ending: Option<Ending>) -> f32 {
    if ending == Some(Ending::OffRoad) {
        return 0.0;
    }
    let collision = f64::from(u8::from(ending == Some(Ending::Collision)));
    let rightness = match road.lanes {
        1 => 1.0,
        lanes => 1.0 - road.nearest_lane(ego.y_m) as f64 / (lanes - 1) as f64,
    };
    let [slow, fast] = REWARDED_MPS;
    let speed = ((ego.speed_mps * wrap(ego.heading_rad).cos() - slow) / (fast - slow)).clamp(0.0, 1.0);
    let sum = COLLISION_WEIGHT * collision + RIGHT_LANE_WEIGHT * rightness + SPEED_WEIGHT * speed;
    let (worst, best) = (COLLISION_WEIGHT, RIGHT_LANE_WEIGHT + SPEED_WEIGHT);
    ((sum - worst) / (best - worst)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reward_is_that_of_highway_env() {
        let road = Road { lanes: 4 };
        let check = |y_m, speed_mps, ending, expected: f32| {
            let ego = Vehicle { x_m: 0.0, y_m, heading_rad: 0.0, speed_mps };
            let found = reward(road, &ego, ending);
            assert!((found - expected).abs() < 1e-6, "found {found}, expected {expected}");
        };
        check(2.0, 30.0, None, 1.0);
        check(14.0, 20.0, None, 1.0 / 1.5);
        check(14.0, 25.0, None, 1.2 / 1.5);
        check(14.0, 10.0, Some(Ending::Collision), 0.0);
        check(2.0, 30.0, Some(Ending::OffRoad), 0.0);
    }
}
