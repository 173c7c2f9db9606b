//! Motion of the textbook variant: everyone moves on by their acceleration and curvature, and finds its lane anew.

use super::{
    Stage, Traffic,
    fleet::{Driver, Fleet},
    look,
};
use crate::road::{LaneIdx, Users};

pub(super) const GRAVITY_MPS2: f64 = 9.81;
/// Below this a body stands.
pub(super) const STANDS_MPS: f64 = 0.2;
/// Above this a body that stood is under way.
const UNDER_WAY_MPS: f64 = 1.5;
/// Pieces shorter than what is driven in a tick may be passed whole.
const MOST_PIECES: usize = 4;

/// Moves everyone on for `secs`.
pub(super) fn all(traffic: &mut Traffic, secs: f64) {
    let then_secs = traffic.secs + secs;
    let Traffic { stage, fleet, .. } = traffic;
    for idx in 0..fleet.len() {
        match fleet.driver[idx] {
            Driver::Log { track } if !fleet.crashed[idx] => {
                follow_record(stage, fleet, idx, track as usize, then_secs, secs);
            }
            driver => {
                let lowest_mps =
                    if matches!(driver, Driver::Outside { .. }) { -stage.rules.reverse_mps } else { 0.0 };
                advance(fleet, idx, stage.rules.friction * GRAVITY_MPS2, lowest_mps, secs);
            }
        }
        fleet.timer_secs[idx] += secs;
        // Who pulls out has waited until it is under way: else it would lose its turn by starting.
        let under_way_mps = UNDER_WAY_MPS.min(0.5 * fleet.desired_mps[idx]);
        let under_way_mps = if fleet.stands_secs[idx] > 0.0 { under_way_mps } else { STANDS_MPS };
        let stands = fleet.speed_mps[idx].abs() < under_way_mps;
        fleet.stands_secs[idx] = if stands { fleet.stands_secs[idx] + secs } else { 0.0 };
        settle(stage, fleet, idx);
    }
}

/// Moves one along the circle of its wheels, as far as the tyres hold.
fn advance(fleet: &mut Fleet, idx: usize, grip_mps2: f64, lowest_mps: f64, secs: f64) {
    let speed_mps = fleet.speed_mps[idx];
    let wanted_mps2 = fleet.acceleration_mps2[idx].clamp(-grip_mps2, grip_mps2);
    let top_mps = fleet.kind[idx].top_speed_mps();
    let next_mps = (speed_mps + wanted_mps2 * secs).clamp(lowest_mps, top_mps.max(speed_mps));
    fleet.acceleration_mps2[idx] = (next_mps - speed_mps) / secs;
    fleet.speed_mps[idx] = next_mps;
    let way_m = 0.5 * (speed_mps + next_mps) * secs;
    if fleet.sin_slip[idx] == 0.0 {
        fleet.x_m[idx] += way_m * fleet.cos[idx];
        fleet.y_m[idx] += way_m * fleet.sin[idx];
        return;
    }
    let limit = held_slip(fleet, idx, speed_mps.max(next_mps), wanted_mps2, grip_mps2);
    fleet.sin_slip[idx] = fleet.sin_slip[idx].clamp(-limit, limit);
    turn(fleet, idx, way_m);
}

/// Sine of the largest slip angle at which the tyres hold, beside what acceleration takes of their grip.
#[inline]
fn held_slip(fleet: &Fleet, idx: usize, speed_mps: f64, acceleration_mps2: f64, grip_mps2: f64) -> f64 {
    let across_mps2 = (grip_mps2 * grip_mps2 - acceleration_mps2 * acceleration_mps2).max(0.0).sqrt();
    let limit = fleet.kind[idx].slip_limit();
    if speed_mps * speed_mps * limit <= 0.5 * fleet.length_m[idx] * across_mps2 {
        limit
    } else {
        0.5 * fleet.length_m[idx] * across_mps2 / (speed_mps * speed_mps)
    }
}

/// Drives `way_m` along the circle of the wheels: `Bicycle::travel`, with the heading's sine and cosine turned
/// instead of computed, since turns within a tick are small.
#[inline]
fn turn(fleet: &mut Fleet, idx: usize, way_m: f64) {
    let sin_slip = fleet.sin_slip[idx];
    let cos_slip = (1.0 - sin_slip * sin_slip).sqrt();
    let half_rad = way_m * sin_slip / fleet.length_m[idx];
    let (sin_half, cos_half) = sin_cos(half_rad);
    let sinc = if half_rad.abs() < 1e-9 { 1.0 } else { sin_half / half_rad };
    let (sin, cos) = (fleet.sin[idx], fleet.cos[idx]);
    let (sin_mid, cos_mid) = (sin * cos_half + cos * sin_half, cos * cos_half - sin * sin_half);
    fleet.x_m[idx] += way_m * sinc * (cos_mid * cos_slip - sin_mid * sin_slip);
    fleet.y_m[idx] += way_m * sinc * (sin_mid * cos_slip + cos_mid * sin_slip);
    rotate(fleet, idx, 2.0 * half_rad);
}

/// Turns the heading by an angle, and its sine and cosine with it.
#[inline]
pub(super) fn rotate(fleet: &mut Fleet, idx: usize, turn_rad: f64) {
    let (sin_turn, cos_turn) = sin_cos(turn_rad);
    let (sin, cos) = (fleet.sin[idx], fleet.cos[idx]);
    let (sin, cos) = (sin * cos_turn + cos * sin_turn, cos * cos_turn - sin * sin_turn);
    // One step of Newton's method keeps the pair on the unit circle.
    let scale = 1.5 - 0.5 * (sin * sin + cos * cos);
    (fleet.sin[idx], fleet.cos[idx]) = (sin * scale, cos * scale);
    fleet.heading_rad[idx] = crate::participant::bicycle::wrap(fleet.heading_rad[idx] + turn_rad);
}

#[inline]
fn sin_cos(x: f64) -> (f64, f64) {
    if x.abs() < 0.04 { small_sin_cos(x) } else { x.sin_cos() }
}

/// Sine and cosine of an angle below 0.04, to the last digit.
#[inline]
fn small_sin_cos(x: f64) -> (f64, f64) {
    let x2 = x * x;
    let sin = x * (1.0 - x2 / 6.0 * (1.0 - x2 / 20.0 * (1.0 - x2 / 42.0 * (1.0 - x2 / 72.0))));
    let cos = 1.0 - x2 / 2.0 * (1.0 - x2 / 12.0 * (1.0 - x2 / 30.0 * (1.0 - x2 / 56.0)));
    (sin, cos)
}

/// Moves one to where its record says, by the inverse of the bicycle.
fn follow_record(stage: &Stage, fleet: &mut Fleet, idx: usize, track: usize, then_secs: f64, secs: f64) {
    let Some(moment) = stage.tracks.get(track).and_then(|track| track.at(then_secs)) else { return };
    let mut body = fleet.bicycle(idx);
    match body.way_to(moment.place_m, fleet.length_m[idx]) {
        Some((way_m, slip_rad)) => {
            body.travel(way_m, slip_rad.sin_cos(), fleet.length_m[idx]);
            fleet.sin_slip[idx] = slip_rad.sin();
        }
        // A record may jump sideways further than wheels can follow.
        None => fleet.sin_slip[idx] = 0.0,
    }
    (fleet.x_m[idx], fleet.y_m[idx]) = (moment.place_m[0], moment.place_m[1]);
    fleet.acceleration_mps2[idx] = (moment.speed_mps - fleet.speed_mps[idx]) / secs;
    fleet.speed_mps[idx] = moment.speed_mps;
    fleet.turn_to(idx, body.heading_rad);
}

/// Finds the lane that one is in now: its own, the next where it passed the end, or one beside.
#[inline]
pub(super) fn settle(stage: &Stage, fleet: &mut Fleet, idx: usize) {
    let frame = look::frame(stage, fleet, idx, fleet.lane[idx]);
    (fleet.s_m[idx], fleet.d_m[idx]) = (frame.s_m, frame.d_m);
    let facts = stage.facts(fleet.lane[idx]);
    if frame.s_m > facts.length_m || frame.s_m < 0.0 {
        pass_end(stage, fleet, idx);
    }
    if fleet.d_m[idx].abs() > stage.facts(fleet.lane[idx]).half_width_m {
        cross_edge(stage, fleet, idx);
    }
}

/// Goes on to the lane that follows, or back to one that leads here.
fn pass_end(stage: &Stage, fleet: &mut Fleet, idx: usize) {
    for _ in 0..MOST_PIECES {
        let own = fleet.lane[idx];
        let lane = stage.network.lane(own);
        let length_m = stage.facts(own).length_m;
        let to = if fleet.s_m[idx] > length_m {
            let planned = look::next(stage, fleet, idx, own);
            let by_rule = matches!(fleet.driver[idx], Driver::Rule | Driver::Constant { .. });
            planned
                .filter(|_| by_rule || lane.next.len() == 1)
                .or_else(|| nearest(stage, fleet, idx, &lane.next))
        } else if fleet.s_m[idx] < 0.0 {
            nearest(stage, fleet, idx, &lane.before)
        } else {
            return;
        };
        let Some(to) = to else { return };
        // The place on the next piece is near its start, far from the place on this one.
        let (target, forwards) = (fleet.target[idx], fleet.s_m[idx] > length_m);
        fleet.s_m[idx] = if forwards { 0.0 } else { stage.facts(to).length_m };
        let side = stage.network.lane(to);
        fleet.target[idx] = match target {
            target if lane.left == Some(target) => side.left.unwrap_or(to),
            target if lane.right == Some(target) => side.right.unwrap_or(to),
            _ => to,
        };
        fleet.lane[idx] = to;
        let frame = look::frame(stage, fleet, idx, to);
        (fleet.s_m[idx], fleet.d_m[idx]) = (frame.s_m, frame.d_m);
    }
}

/// The lane whose middle is nearest.
fn nearest(stage: &Stage, fleet: &Fleet, idx: usize, lanes: &[LaneIdx]) -> Option<LaneIdx> {
    let off_m = |lane: LaneIdx| {
        let (_, d_m) = stage.network.lane(lane).sketch.curve.project(fleet.x_m[idx], fleet.y_m[idx]);
        d_m.abs()
    };
    lanes.iter().copied().min_by(|&a, &b| off_m(a).total_cmp(&off_m(b)))
}

/// Pavements are for people on foot alone.
fn is_open(stage: &Stage, fleet: &Fleet, idx: usize, lane: LaneIdx) -> bool {
    let users = stage.network.lane(lane).sketch.users;
    users != Users::Walkers || fleet.kind[idx].users() == Users::Walkers
}

/// Goes over to the lane beside, where there is one; else the body is off its lane and stays counted to it.
fn cross_edge(stage: &Stage, fleet: &mut Fleet, idx: usize) {
    let own = fleet.lane[idx];
    let lane = stage.network.lane(own);
    let side = if fleet.d_m[idx] > 0.0 { lane.left } else { lane.right };
    let to = match side {
        Some(side) => side,
        // Lanes that one may not change to are there all the same for whoever drives onto them.
        None => match stage.network.locate_towards(fleet.x_m[idx], fleet.y_m[idx], fleet.heading_rad[idx]) {
            Some(place) if place.lane != own && is_open(stage, fleet, idx, place.lane) => place.lane,
            _ => return,
        },
    };
    let curve = &stage.network.lane(to).sketch.curve;
    let (s_m, d_m) = curve.project(fleet.x_m[idx], fleet.y_m[idx]);
    if d_m.abs() > stage.facts(to).half_width_m {
        return;
    }
    if fleet.target[idx] == own {
        fleet.target[idx] = to;
    }
    (fleet.lane[idx], fleet.s_m[idx], fleet.d_m[idx]) = (to, s_m, d_m);
}
