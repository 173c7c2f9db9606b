//! The rules of highway-env 1.12.1 (`vehicle/behavior.py`, `controller.py`, `kinematics.py`, `road/road.py`), to its
//! last quirk, for roads without junctions: gaps from middle to middle, a wanted gap that is squared even where it
//! is negative, everyone's accelerations by the numbers of who asks, explicit Euler with the position first.
//!
//! Its y axis points right. Here y points left, which mirrors steering and nothing else.

use super::{
    Stage, Traffic,
    advance::rotate,
    fleet::{Driver, Fleet},
    look::{self, View},
};
use crate::{
    driver::keeping::{PURSUIT_SECS, not_zero, slip_like_highway_env},
    road::LaneIdx,
};

/// A body counts on a lane up to this far outside it.
const MARGIN_M: f64 = 1.0;
/// And up to this far beyond its ends.
const BEYOND_M: f64 = 5.0;
const LEAST_SPEED_MPS: f64 = 1.0;
const TOP_SPEED_MPS: f64 = 40.0;

/// The lanes beside the own that a participant counts as being on.
pub(super) fn reaches(stage: &Stage, fleet: &Fleet, idx: usize, enter: &mut dyn FnMut(LaneIdx, f64)) {
    let lane = stage.network.lane(fleet.lane[idx]);
    for to in [lane.left, lane.right].into_iter().flatten() {
        let facts = stage.facts(to);
        // Lanes lie side by side, so those whose near edge is out of reach need no projection.
        if fleet.d_m[idx].abs() + MARGIN_M < stage.facts(fleet.lane[idx]).half_width_m {
            return;
        }
        let frame = look::frame(stage, fleet, idx, to);
        if frame.d_m.abs() <= facts.half_width_m + MARGIN_M
            && frame.s_m >= -BEYOND_M
            && frame.s_m < facts.length_m + BEYOND_M
        {
            enter(to, frame.s_m);
        }
    }
}

/// All act, in order of index: who acts later sees the lanes that those before it chose.
pub(super) fn decide(traffic: &mut Traffic, secs: f64) {
    for idx in 0..traffic.fleet.len() {
        if traffic.fleet.crashed[idx] {
            traffic.fleet.sin_slip[idx] = 0.0;
            traffic.fleet.acceleration_mps2[idx] = -traffic.fleet.speed_mps[idx];
            continue;
        }
        match traffic.fleet.driver[idx] {
            Driver::Outside { acceleration_mps2, sin_slip } => {
                traffic.fleet.acceleration_mps2[idx] = acceleration_mps2;
                traffic.fleet.sin_slip[idx] = sin_slip;
            }
            Driver::Constant { acceleration_mps2 } => {
                traffic.fleet.acceleration_mps2[idx] = acceleration_mps2;
                steer(traffic, idx);
            }
            Driver::Rule | Driver::Waypoints { .. } | Driver::Log { .. } => by_rule(traffic, idx),
        }
        let speed_mps = traffic.fleet.speed_mps[idx];
        let acceleration_mps2 = &mut traffic.fleet.acceleration_mps2[idx];
        if speed_mps > TOP_SPEED_MPS {
            *acceleration_mps2 = acceleration_mps2.min(TOP_SPEED_MPS - speed_mps);
        } else if speed_mps < -TOP_SPEED_MPS {
            *acceleration_mps2 = acceleration_mps2.max(-TOP_SPEED_MPS - speed_mps);
        }
    }
    // A share of a second is as good as any to those who wait for their next look.
    traffic.fleet.timer_secs.iter_mut().for_each(|timer_secs| *timer_secs += secs);
}

fn by_rule(traffic: &mut Traffic, idx: usize) {
    follow_road(traffic, idx);
    if traffic.fleet.changes_lanes[idx] {
        change_lane(traffic, idx);
    }
    steer(traffic, idx);
    let view = traffic.seen();
    let (own, target) = (view.fleet.lane[idx], view.fleet.target[idx]);
    let ahead = view.order.ahead(idx).map(|entry| entry.who as usize);
    let mut acceleration_mps2 = view.idm_mps2(idx, idx, ahead);
    if own != target {
        let [ahead, _] = view.pair(idx, target);
        acceleration_mps2 = acceleration_mps2.min(view.idm_mps2(idx, idx, ahead));
    }
    let limit_mps2 = view.temper(idx).idm.hardest_braking_mps2;
    traffic.fleet.acceleration_mps2[idx] = acceleration_mps2.clamp(-limit_mps2, limit_mps2);
}

/// At the end of a lane the next one becomes the target.
fn follow_road(traffic: &mut Traffic, idx: usize) {
    let target = traffic.fleet.target[idx];
    let length_m = traffic.stage.facts(target).length_m;
    // The end is far for nearly everyone at nearly all times.
    if traffic.fleet.s_m[idx] < length_m - 4.0 * BEYOND_M && traffic.fleet.lane[idx] == target {
        return;
    }
    if look::frame(&traffic.stage, &traffic.fleet, idx, target).s_m > length_m - 0.5 * BEYOND_M
        && let Some(next) = look::next(&traffic.stage, &traffic.fleet, idx, target)
    {
        traffic.fleet.target[idx] = next;
    }
}

fn change_lane(traffic: &mut Traffic, idx: usize) {
    let (own, target) = (traffic.fleet.lane[idx], traffic.fleet.target[idx]);
    if own != target {
        let lane = traffic.stage.network.lane(own);
        if lane.left == Some(target) || lane.right == Some(target) {
            let view = traffic.seen();
            if view.someone_else_changes_to(idx, target) {
                traffic.fleet.target[idx] = own;
            }
        }
        return;
    }
    let view = traffic.seen();
    if traffic.fleet.timer_secs[idx] <= view.temper(idx).mobil.period_secs {
        return;
    }
    let lane = traffic.stage.network.lane(own);
    // Left first, then right, and the later of two that pass wins.
    let mut chosen = own;
    for to in [lane.left, lane.right].into_iter().flatten() {
        let reachable = {
            let (frame, facts) = (view.frame(idx, to), traffic.stage.facts(to));
            frame.d_m.abs() <= 4.0 * facts.half_width_m
                && frame.s_m >= 0.0
                && frame.s_m < facts.length_m + BEYOND_M
        };
        if reachable && view.fleet.speed_mps[idx].abs() >= LEAST_SPEED_MPS && view.recommends(idx, to) {
            chosen = to;
        }
    }
    traffic.fleet.timer_secs[idx] = 0.0;
    traffic.fleet.target[idx] = chosen;
}

fn steer(traffic: &mut Traffic, idx: usize) {
    let fleet = &mut traffic.fleet;
    let target = fleet.target[idx];
    let frame = look::frame(&traffic.stage, fleet, idx, target);
    let speed_mps = fleet.speed_mps[idx];
    let curve = &traffic.stage.network.lane(target).sketch.curve;
    let ahead_rad = curve.heading_rad(frame.s_m + speed_mps * PURSUIT_SECS);
    fleet.sin_slip[idx] =
        slip_like_highway_env(frame.d_m, fleet.heading_rad[idx], ahead_rad, speed_mps, fleet.length_m[idx]);
}

impl View<'_> {
    /// Who is next ahead and behind on a lane, without a look beyond its ends.
    fn pair(&self, idx: usize, lane: LaneIdx) -> [Option<usize>; 2] {
        let s_m = if lane == self.fleet.lane[idx] { self.fleet.s_m[idx] } else { self.frame(idx, lane).s_m };
        self.order.around(lane, s_m, idx).map(|entry| entry.map(|entry| entry.who as usize))
    }

    /// The acceleration of `who` behind `front`, by the numbers of `asker`.
    #[inline]
    fn idm_mps2(&self, asker: usize, who: usize, front: Option<usize>) -> f64 {
        let fleet = self.fleet;
        let idm = &self.temper(asker).idm;
        let limit_mps = self.stage.facts(fleet.lane[who]).limit_mps;
        let desired_mps = not_zero(fleet.desired_mps[who].clamp(0.0, limit_mps)).abs();
        let exponent = if fleet.exponent[asker].is_nan() { idm.exponent } else { fleet.exponent[asker] };
        let share = fleet.speed_mps[who].max(0.0) / desired_mps;
        let mut acceleration_mps2 = idm.acceleration_mps2 * (1.0 - power(share, exponent));
        if let Some(front) = front {
            let apart_m = self.apart_m(who, front);
            let ratio = self.wanted_m(asker, who, front) / not_zero(apart_m);
            acceleration_mps2 -= idm.acceleration_mps2 * ratio * ratio;
        }
        acceleration_mps2
    }

    /// From the middle of one to the middle of another, along the lane of the first.
    #[inline]
    fn apart_m(&self, who: usize, front: usize) -> f64 {
        let fleet = self.fleet;
        let lane = fleet.lane[who];
        let front_m = if fleet.lane[front] == lane { fleet.s_m[front] } else { self.frame(front, lane).s_m };
        front_m - fleet.s_m[who]
    }

    #[inline]
    fn wanted_m(&self, asker: usize, who: usize, front: usize) -> f64 {
        let fleet = self.fleet;
        let idm = &self.temper(asker).idm;
        let ahead_mps =
            fleet.speed_mps[front] * (fleet.cos[front] * fleet.cos[who] + fleet.sin[front] * fleet.sin[who]);
        let speed_mps = fleet.speed_mps[who];
        let closing_mps = speed_mps - ahead_mps;
        idm.standstill_gap_m
            + speed_mps * idm.headway_secs
            + speed_mps * closing_mps / (2.0 * (idm.acceleration_mps2 * idm.braking_mps2).sqrt())
    }

    /// Whether another is already changing into the same lane, close ahead.
    fn someone_else_changes_to(&self, idx: usize, target: LaneIdx) -> bool {
        let fleet = self.fleet;
        (0..fleet.len()).any(|other| {
            if other == idx || fleet.target[other] != target || fleet.lane[other] == target {
                return false;
            }
            let apart_m = self.apart_m(idx, other);
            apart_m > 0.0 && apart_m < self.wanted_m(idx, idx, other)
        })
    }

    /// MOBIL.
    fn recommends(&self, idx: usize, to: LaneIdx) -> bool {
        let mobil = &self.temper(idx).mobil;
        let [new_ahead, new_behind] = self.pair(idx, to);
        let of =
            |who: Option<usize>, front: Option<usize>| who.map_or(0.0, |who| self.idm_mps2(idx, who, front));
        let new_behind_then = of(new_behind, Some(idx));
        if new_behind_then < -mobil.safe_braking_mps2 {
            return false;
        }
        let [old_ahead, old_behind] = self.pair(idx, self.fleet.lane[idx]);
        let mut gain_mps2 = of(Some(idx), new_ahead) - of(Some(idx), old_ahead);
        if mobil.politeness != 0.0 {
            let others = new_behind_then - of(new_behind, new_ahead) + of(old_behind, old_ahead)
                - of(old_behind, Some(idx));
            gain_mps2 += mobil.politeness * others;
        }
        gain_mps2 >= mobil.threshold_mps2
    }
}

#[inline]
fn power(base: f64, exponent: f64) -> f64 {
    if exponent == 4.0 {
        let square = base * base;
        square * square
    } else {
        base.powf(exponent)
    }
}

/// All move: the position by the speed and heading before the tick, then the heading, then the speed.
pub(super) fn advance(traffic: &mut Traffic, secs: f64) {
    let Traffic { stage, fleet, .. } = traffic;
    for idx in 0..fleet.len() {
        let (speed_mps, sin_slip) = (fleet.speed_mps[idx], fleet.sin_slip[idx]);
        let (sin, cos) = (fleet.sin[idx], fleet.cos[idx]);
        if sin_slip == 0.0 {
            fleet.x_m[idx] += speed_mps * cos * secs;
            fleet.y_m[idx] += speed_mps * sin * secs;
        } else {
            let cos_slip = (1.0 - sin_slip * sin_slip).sqrt();
            fleet.x_m[idx] += speed_mps * (cos * cos_slip - sin * sin_slip) * secs;
            fleet.y_m[idx] += speed_mps * (sin * cos_slip + cos * sin_slip) * secs;
            rotate(fleet, idx, speed_mps * sin_slip / (0.5 * fleet.length_m[idx]) * secs);
        }
        fleet.speed_mps[idx] += fleet.acceleration_mps2[idx] * secs;
        settle(stage, fleet, idx);
    }
}

/// The lane whose middle, direction and ends are nearest, the leftmost where they tie.
#[inline]
fn settle(stage: &Stage, fleet: &mut Fleet, idx: usize) {
    let own = fleet.lane[idx];
    let frame = look::frame(stage, fleet, idx, own);
    (fleet.s_m[idx], fleet.d_m[idx]) = (frame.s_m, frame.d_m);
    let facts = stage.facts(own);
    // Nothing is nearer than the own lane for who is well within it.
    if frame.d_m.abs() < 0.9 * facts.half_width_m && frame.s_m >= 0.0 && frame.s_m < facts.length_m {
        return;
    }
    let lane = stage.network.lane(own);
    let beyond = if frame.s_m >= facts.length_m { lane.next.as_slice() } else { &[] };
    let candidates = lane.left.into_iter().chain([own]).chain(lane.right).chain(beyond.iter().copied());
    let mut nearest = (f64::INFINITY, own, frame.s_m, frame.d_m);
    for lane in candidates {
        let frame = look::frame(stage, fleet, idx, lane);
        let length_m = stage.facts(lane).length_m;
        let turn = crate::participant::bicycle::wrap(fleet.heading_rad[idx] - frame.sin.atan2(frame.cos));
        let off_m = frame.d_m.abs() + (frame.s_m - length_m).max(0.0) + (-frame.s_m).max(0.0) + turn.abs();
        if off_m < nearest.0 {
            nearest = (off_m, lane, frame.s_m, frame.d_m);
        }
    }
    (_, fleet.lane[idx], fleet.s_m[idx], fleet.d_m[idx]) = nearest;
}
