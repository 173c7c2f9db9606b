//! The task: how driving ends, and what it earns.
//!
//! On a road the reward is that of `highway-v0` in highway-env 1.12.1, with speeds as shares of the lane's limit:
//! its 20 to 30 m/s are two thirds of the limit of 30 m/s to all of it. In a car park it is nearness to the bay.

use dreamlane_traffic::{
    flow::{NOWHERE, Traffic},
    participant::bicycle::wrap,
    road::Users,
};
use serde::{Deserialize, Serialize};

use super::scenario::Aim;

/// Share of the limit from which faster is better.
const SLOW_SHARE: f64 = 2.0 / 3.0;
const COLLISION_WEIGHT: f64 = -1.0;
const RIGHT_LANE_WEIGHT: f64 = 0.1;
const SPEED_WEIGHT: f64 = 0.4;
/// Who stands this near to the end of its bay is parked.
const PARKED_M: f64 = 2.5;
const STANDS_MPS: f64 = 0.3;
/// Turned from its bay by less than this.
const ALONG_RAD: f64 = 0.35;
/// Over this distance nearness to the bay falls to a third.
const NEAR_M: f64 = 20.0;

/// How the task of a seat ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ending {
    /// It touched another.
    Collision,
    /// Its middle left the road.
    OffRoad,
    /// It is where it was bound for.
    Arrived,
    /// It left the network somewhere else.
    Elsewhere,
}

/// Whether and how the task of a seat ends here.
#[must_use]
pub fn ending(traffic: &Traffic, idx: usize, aim: Aim) -> Option<Ending> {
    if traffic.fleet().crashed[idx] {
        return Some(Ending::Collision);
    }
    if aim == Aim::Park {
        if is_parked(traffic, idx) {
            return Some(Ending::Arrived);
        }
    } else if traffic.has_left(idx) {
        return Some(if traffic.has_arrived(idx) { Ending::Arrived } else { Ending::Elsewhere });
    }
    if is_on_road(traffic, idx) { None } else { Some(Ending::OffRoad) }
}

fn is_on_road(traffic: &Traffic, idx: usize) -> bool {
    let fleet = traffic.fleet();
    let network = &traffic.stage().network;
    // A pavement is a road to people on foot alone.
    let open = |users: Users| users == fleet.kind[idx].users() || users != Users::Walkers;
    let own = &network.lane(fleet.lane[idx]).sketch;
    let within = open(own.users)
        && fleet.d_m[idx].abs() <= 0.5 * own.width_m
        && (0.0..=own.curve.length_m()).contains(&fleet.s_m[idx]);
    within || traffic.locate(idx).is_some_and(|place| open(network.lane(place.lane).sketch.users))
}

/// From the seat to the end of the bay that it is bound for; none without one.
fn to_bay_m(traffic: &Traffic, idx: usize) -> Option<f64> {
    let (fleet, network) = (traffic.fleet(), &traffic.stage().network);
    let destination = fleet.destination[idx];
    let &bay = (destination != NOWHERE).then(|| network.exit_lanes(usize::from(destination)).first())??;
    let end = network.lane(bay).sketch.curve.end();
    Some((end.x_m - fleet.x_m[idx]).hypot(end.y_m - fleet.y_m[idx]))
}

/// A body stands within its bay, along it, with its front near the end.
fn is_parked(traffic: &Traffic, idx: usize) -> bool {
    let (fleet, network) = (traffic.fleet(), &traffic.stage().network);
    let destination = fleet.destination[idx];
    if destination == NOWHERE || fleet.speed_mps[idx].abs() >= STANDS_MPS {
        return false;
    }
    network.exit_lanes(usize::from(destination)).iter().any(|&bay| {
        let sketch = &network.lane(bay).sketch;
        let (s_m, d_m) = sketch.curve.project(fleet.x_m[idx], fleet.y_m[idx]);
        let left_m = sketch.curve.length_m() - s_m - 0.5 * fleet.length_m[idx];
        let turn_rad = wrap(fleet.heading_rad[idx] - sketch.curve.heading_rad(s_m));
        left_m < PARKED_M
            && d_m.abs() + 0.5 * fleet.width_m[idx] <= 0.5 * sketch.width_m
            && turn_rad.abs() < ALONG_RAD
    })
}

/// Reward in [0, 1]. On a road: -1 for a collision, up to 0.1 for the right lane, up to 0.4 for speed along the lane
/// over two thirds of the limit, mapped linearly from [-1, 0.5] to [0, 1]; 0 off the road, 1 on arrival.
/// In a car park: up to 0.5 for nearness to the bay, 1 in it, 0 for a collision.
#[must_use]
pub fn reward(traffic: &mut Traffic, idx: usize, aim: Aim, ending: Option<Ending>) -> f32 {
    match ending {
        Some(Ending::OffRoad) => return 0.0,
        Some(Ending::Arrived) => return 1.0,
        _ => {}
    }
    let collision = f64::from(u8::from(ending == Some(Ending::Collision)));
    if aim == Aim::Park {
        let near = to_bay_m(traffic, idx).map_or(0.0, |to_m| 0.5 * (-to_m / NEAR_M).exp());
        return (near * (1.0 - collision)) as f32;
    }
    let (right, left) = lanes_beside(traffic, idx);
    let rightness = if right + left == 0 { 1.0 } else { f64::from(left) / f64::from(right + left) };
    let own = traffic.fleet().lane[idx];
    let limit_mps = traffic.stage().network.lane(own).sketch.limit_mps;
    let view = traffic.view();
    let frame = view.frame(idx, own);
    let fleet = view.fleet();
    let along_mps = fleet.speed_mps[idx] * (fleet.cos[idx] * frame.cos + fleet.sin[idx] * frame.sin);
    let slow_mps = SLOW_SHARE * limit_mps;
    let speed = ((along_mps - slow_mps) / (limit_mps - slow_mps)).clamp(0.0, 1.0);
    let sum = COLLISION_WEIGHT * collision + RIGHT_LANE_WEIGHT * rightness + SPEED_WEIGHT * speed;
    let (worst, best) = (COLLISION_WEIGHT, RIGHT_LANE_WEIGHT + SPEED_WEIGHT);
    ((sum - worst) / (best - worst)) as f32
}

/// How many lanes lie to the right and to the left of a participant's.
#[must_use]
pub(super) fn lanes_beside(traffic: &Traffic, idx: usize) -> (u32, u32) {
    let network = &traffic.stage().network;
    let count = |side: fn(&dreamlane_traffic::road::Lane) -> Option<dreamlane_traffic::road::LaneIdx>| {
        let mut lane = traffic.fleet().lane[idx];
        let mut count = 0;
        while let Some(next) = side(network.lane(lane)).filter(|_| count < 16) {
            (lane, count) = (next, count + 1);
        }
        count
    };
    (count(|lane| lane.right), count(|lane| lane.left))
}
