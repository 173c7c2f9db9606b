//! A seat: what its driver asks for, after delay and rate limits, tick by tick.

use std::collections::VecDeque;

use dreamlane_core::ActionSpace;
use dreamlane_traffic::{
    driver::keeping::slip_to_point,
    flow::{Driver, Fleet, Traffic, Variant},
};
use serde::{Deserialize, Serialize};

use super::{
    Scenario,
    actions::{
        ActionKind, FULL_ACCELERATION_MPS2, FULL_SLIP, WAYPOINT_SECS, WIDEST, pedals_for, pedals_mps2,
        slip_of,
    },
    task::Ending,
};

/// An action row, padded with zeros.
pub(super) type Row = [f32; WIDEST];

/// Gain of the speed control behind meta actions and waypoints: highway-env's 1 / 0.6 s.
const SPEED_PER_SEC: f64 = 1.0 / 0.6;
/// What `faster` and `slower` change, and the fastest target.
const SPEED_STEP_MPS: f64 = 5.0;
const FASTEST_MPS: f64 = 40.0;
/// Slowest and fastest target of highway-env's driver (`MDPVehicle`).
const HIGHWAY_ENV_MPS: [f64; 2] = [20.0, 30.0];
/// How far ahead in time waypoints are steered at.
const PURSUIT_SECS: f64 = 0.7;

/// One participant that is driven from outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Seat {
    /// Actions that do not act yet, the next one first; none where the seat drove itself.
    waiting: VecDeque<Option<Row>>,
    /// Speed that meta actions hold.
    target_mps: f64,
    /// Where the seat was when waypoints were given, and the waypoints, in the map.
    way_m: [[f64; 2]; 5],
    given_secs: f64,
    /// The acceleration and the slip asked for at the last tick, for the rate limits.
    asked: [f64; 2],
    /// How its task ended, if it did.
    pub(super) ending: Option<Ending>,
    /// Reward of the last step.
    pub(super) reward: f32,
    /// What it did in the last step, as an action: what it was given, or the like of what it did by itself.
    pub(super) did: Row,
}

impl Seat {
    /// A seat whose participant drives at this speed.
    pub(super) fn new(scenario: &Scenario, speed_mps: f64) -> Self {
        Self {
            waiting: std::iter::repeat_n(None, scenario.delay_steps).collect(),
            target_mps: (speed_mps / SPEED_STEP_MPS).round() * SPEED_STEP_MPS,
            way_m: [[0.0; 2]; 5],
            given_secs: 0.0,
            asked: [0.0; 2],
            ending: None,
            reward: 0.0,
            did: [0.0; WIDEST],
        }
    }

    /// What the seat does begins anew with a step: what it was given, or what its ticks add up to.
    pub(super) fn begin_step(&mut self, given: Option<Row>) {
        self.did = given.unwrap_or([0.0; WIDEST]);
    }

    /// Adds what a seat that drives itself did in a tick.
    pub(super) fn notice(&mut self, kind: ActionKind, fleet: &Fleet, idx: usize) {
        let (acceleration_mps2, sin_slip) = (fleet.acceleration_mps2[idx], fleet.sin_slip[idx]);
        let (speed_mps, length_m) = (fleet.speed_mps[idx], fleet.length_m[idx]);
        let steering = (sin_slip / slip_of(1.0, speed_mps, length_m)).clamp(-1.0, 1.0);
        let mut add = |place: usize, value: f64| self.did[place] += value as f32;
        match kind {
            ActionKind::Continuous => {
                add(0, (acceleration_mps2 / FULL_ACCELERATION_MPS2).clamp(-1.0, 1.0));
                add(1, steering);
            }
            ActionKind::Pedals => {
                let [throttle, brake] = pedals_for(acceleration_mps2, speed_mps);
                add(0, throttle);
                add(1, brake);
                add(2, steering);
            }
            ActionKind::Curvature => {
                add(0, acceleration_mps2.clamp(-8.0, 5.0));
                add(1, (sin_slip / (0.5 * length_m)).clamp(-0.2, 0.2));
            }
            // No choice and no four points say what rules did.
            ActionKind::Meta | ActionKind::Waypoints => {}
        }
    }

    /// Whether a seat from elsewhere can be one of this scenario.
    pub(super) fn is_sound(&self, scenario: &Scenario, space: &ActionSpace) -> bool {
        let numbers = self.asked.iter().chain(self.way_m.iter().flatten());
        let rows = self.waiting.iter().flatten();
        let width = space.width();
        self.waiting.len() == scenario.delay_steps
            && rows.clone().all(|row| space.contains(&row[..width]))
            && numbers.chain([&self.target_mps, &self.given_secs]).all(|x| x.is_finite() && x.abs() < 1e9)
            && self.did.iter().chain([&self.reward]).all(|x| x.is_finite())
    }

    /// Takes the action of a step and answers with the one that acts in it. What is done once per step is done here.
    pub(super) fn take(
        &mut self,
        scenario: &Scenario,
        row: Option<Row>,
        traffic: &mut Traffic,
        idx: usize,
    ) -> Option<Row> {
        self.waiting.push_back(row);
        let row = self.waiting.pop_front().flatten()?;
        match scenario.actions {
            ActionKind::Meta => self.choose(scenario.variant, row, traffic, idx),
            ActionKind::Waypoints => {
                let fleet = traffic.fleet();
                let (sin, cos) = (fleet.sin[idx], fleet.cos[idx]);
                self.way_m = std::array::from_fn(|point| {
                    let along = |axis: usize| {
                        point.checked_sub(1).map_or(0.0, |point| f64::from(row[2 * point + axis]))
                    };
                    let (ahead_m, left_m) = (along(0), along(1));
                    [
                        fleet.x_m[idx] + ahead_m * cos - left_m * sin,
                        fleet.y_m[idx] + ahead_m * sin + left_m * cos,
                    ]
                });
                self.given_secs = traffic.secs();
            }
            ActionKind::Continuous | ActionKind::Pedals | ActionKind::Curvature => {}
        }
        Some(row)
    }

    /// A meta action: the target lane or the target speed moves on.
    fn choose(&mut self, variant: Variant, row: Row, traffic: &mut Traffic, idx: usize) {
        let target = traffic.fleet().target[idx];
        let lane = traffic.stage().network.lane(target);
        match row.iter().position(|&x| x == 1.0) {
            Some(0) => traffic.set_target(idx, lane.left.unwrap_or(target)),
            Some(2) => traffic.set_target(idx, lane.right.unwrap_or(target)),
            Some(3) => self.target_mps = self.next_mps(variant, traffic.fleet().speed_mps[idx], 1.0),
            Some(4) => self.target_mps = self.next_mps(variant, traffic.fleet().speed_mps[idx], -1.0),
            _ => {}
        }
    }

    /// The target speed one step faster or slower. highway-env's driver goes by the speed it has, among 20, 25 and 30.
    fn next_mps(&self, variant: Variant, speed_mps: f64, steps: f64) -> f64 {
        match variant {
            Variant::Textbook => (self.target_mps + steps * SPEED_STEP_MPS).clamp(0.0, FASTEST_MPS),
            Variant::HighwayEnv => {
                let [slowest, fastest] = HIGHWAY_ENV_MPS;
                let nearest = ((speed_mps - slowest) / SPEED_STEP_MPS).round() * SPEED_STEP_MPS + slowest;
                (nearest.clamp(slowest, fastest) + steps * SPEED_STEP_MPS).clamp(slowest, fastest)
            }
        }
    }

    /// Sets the driver of a participant for the coming tick.
    pub(super) fn drive(
        &mut self,
        scenario: &Scenario,
        row: Option<Row>,
        traffic: &mut Traffic,
        idx: usize,
        secs: f64,
    ) {
        let Some(row) = row.filter(|_| self.ending.is_none()) else {
            // Where the rules leave it is where the limits go on from.
            self.asked = [traffic.fleet().acceleration_mps2[idx], traffic.fleet().sin_slip[idx]];
            traffic.set_driver(idx, Driver::Rule);
            return;
        };
        let fleet = traffic.fleet();
        let (speed_mps, length_m) = (fleet.speed_mps[idx], fleet.length_m[idx]);
        let value = |place: usize| f64::from(row[place]);
        let [acceleration_mps2, sin_slip] = match scenario.actions {
            ActionKind::Continuous => {
                [value(0) * FULL_ACCELERATION_MPS2, slip_of(value(1), speed_mps, length_m)]
            }
            ActionKind::Pedals => {
                [pedals_mps2(value(0), value(1), speed_mps), slip_of(value(2), speed_mps, length_m)]
            }
            ActionKind::Curvature => [value(0), (0.5 * length_m * value(1)).clamp(-0.99, 0.99)],
            ActionKind::Waypoints => self.pursue(traffic, idx),
            ActionKind::Meta => {
                let wanted_mps2 = match scenario.variant {
                    Variant::Textbook => towards_mps2(self.target_mps, speed_mps),
                    Variant::HighwayEnv => SPEED_PER_SEC * (self.target_mps - speed_mps),
                };
                let acceleration_mps2 = self.limited_mps2(scenario, wanted_mps2, secs);
                traffic.set_driver(idx, Driver::Constant { acceleration_mps2 });
                return;
            }
        };
        let acceleration_mps2 = self.limited_mps2(scenario, acceleration_mps2, secs);
        let mut sin_slip = sin_slip;
        if scenario.steering_radps > 0.0 {
            // Half of a small steering angle is the slip angle.
            let most = 0.5 * scenario.steering_radps * secs;
            sin_slip = sin_slip.clamp(self.asked[1] - most, self.asked[1] + most);
        }
        self.asked[1] = sin_slip;
        traffic.set_driver(idx, Driver::Outside { acceleration_mps2, sin_slip });
    }

    fn limited_mps2(&mut self, scenario: &Scenario, wanted_mps2: f64, secs: f64) -> f64 {
        let mut acceleration_mps2 = wanted_mps2;
        if scenario.jerk_mps3 > 0.0 {
            let most = scenario.jerk_mps3 * secs;
            acceleration_mps2 = wanted_mps2.clamp(self.asked[0] - most, self.asked[0] + most);
        }
        self.asked[0] = acceleration_mps2;
        acceleration_mps2
    }

    /// Steers at the waypoints at the speed that they ask for.
    fn pursue(&self, traffic: &Traffic, idx: usize) -> [f64; 2] {
        let fleet = traffic.fleet();
        let since_secs = traffic.secs() - self.given_secs;
        let aim = self.waypoint(since_secs + PURSUIT_SECS);
        let (dx, dy) = (aim[0] - fleet.x_m[idx], aim[1] - fleet.y_m[idx]);
        let ahead_m = dx * fleet.cos[idx] + dy * fleet.sin[idx];
        let left_m = dy * fleet.cos[idx] - dx * fleet.sin[idx];
        let [from, to] = [self.waypoint(since_secs), self.waypoint(since_secs + WAYPOINT_SECS)];
        let wanted_mps = (to[0] - from[0]).hypot(to[1] - from[1]) / WAYPOINT_SECS;
        let slip = slip_to_point(ahead_m, left_m, fleet.length_m[idx]).clamp(-FULL_SLIP, FULL_SLIP);
        [towards_mps2(wanted_mps, fleet.speed_mps[idx]), slip]
    }

    /// The way of the waypoints at a time after they were given, straight between them.
    fn waypoint(&self, secs: f64) -> [f64; 2] {
        let place = (secs / WAYPOINT_SECS).clamp(0.0, 4.0);
        let from = place.floor().min(3.0);
        let share = place - from;
        let [a, b] = [self.way_m[from as usize], self.way_m[from as usize + 1]];
        [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])]
    }
}

fn towards_mps2(wanted_mps: f64, speed_mps: f64) -> f64 {
    (SPEED_PER_SEC * (wanted_mps - speed_mps)).clamp(-8.0, FULL_ACCELERATION_MPS2)
}
