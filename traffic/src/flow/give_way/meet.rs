//! Whether two would be in a shared stretch at the same time, and who of them goes first.
//!
//! Equals go by who is there first, those who stand by who has stood longer, the lower id where that is equal, so
//! that of two exactly one yields.

use super::{Bodies, CREEPS_MPS, CREPT_M, Leg, SLIM_M, View, tight::is_long};
use crate::{
    flow::advance::STANDS_MPS,
    road::{Conflict, Control, LaneIdx, signal::Light},
};

/// Nobody looks for those who cross further up their lanes than this.
const CROSSING_M: f64 = 90.0;
/// Lanes before the shared one along which those who cross are looked for.
const MOST_LANES_BACK: usize = 3;
/// Who has stood this long makes agreements with others who stand.
const AGREED_SECS: f64 = 3.0;
/// People on foot who stand for this long are not waited for until they step on.
const HELD_UP_SECS: f64 = 20.0;
/// The margin between oneself and others shrinks over this time of waiting, to this.
const PATIENCE_SECS: f64 = 45.0;
const LEAST_MARGIN_SECS: f64 = -1.5;
/// Who is slower than this within a stretch may stay in it.
const LINGERS_MPS: f64 = 0.5;
/// Braking of who lets someone merge.
const CLOSING_MPS2: f64 = 2.0;
/// The share of a driver's acceleration that can be reckoned with: it fades near the wanted speed.
pub(in crate::flow) const RECKONED: f64 = 0.7;
/// A person on foot who is this near to the end of a stretch is out of the way.
const ASIDE_M: f64 = 0.5;

/// When a body enters and leaves a stretch, counted from now.
#[derive(Clone, Copy, Debug)]
struct Passage {
    enters_secs: f64,
    leaves_secs: f64,
}

/// Someone on the way to a shared stretch.
#[derive(Clone, Copy, Debug)]
struct Comer {
    who: usize,
    /// Along the shared lane, negative before its start.
    place_m: f64,
    /// Whether it is on the shared lane.
    has_begun: bool,
}

/// What a participant asks about a stretch.
#[derive(Clone, Copy)]
struct Question<'a> {
    leg: Leg,
    /// Whether both lanes end in the same one: then one follows the other as soon as that one is in the stretch.
    merges: bool,
    /// Whether it is on the lane already, and yields only to those who are on theirs, too.
    has_entered: bool,
    conflict: &'a Conflict,
    bodies: Bodies,
}

impl View<'_> {
    /// Whether someone is in the stretch on the other lane and will be when the participant gets there.
    pub(super) fn is_occupied(&self, leg: Leg, conflict: &Conflict, bodies: Bodies) -> bool {
        let idx = leg.idx;
        let list = self.order.on(conflict.with);
        if list.is_empty() {
            return false;
        }
        let (slim_m, aside_m) = if self.is_on_foot(conflict.with) { (SLIM_M, ASIDE_M) } else { (0.0, 0.0) };
        list.iter().any(|entry| {
            let who = entry.who as usize;
            let half_m = 0.5 * self.fleet.length_m[who];
            let crept_m = if self.fleet.speed_mps[who] < CREEPS_MPS { CREPT_M } else { 0.0 };
            who != idx
                && entry.s_m + half_m > conflict.there_m[0] + slim_m + crept_m
                && entry.s_m - half_m < conflict.there_m[1] - slim_m - aside_m
                && self.matters(bodies, idx, who)
                && (self.fleet.speed_mps[who] < LINGERS_MPS || {
                    let mine = self.passage(idx, leg.lane, conflict.here_m, leg.s_m);
                    let theirs = self.passage(who, conflict.with, conflict.there_m, entry.s_m);
                    theirs.leaves_secs + 0.3 > mine.enters_secs
                })
        })
    }

    /// Whether the bodies of two meet in a stretch of such bodies.
    fn matters(&self, bodies: Bodies, idx: usize, who: usize) -> bool {
        bodies == Bodies::All || is_long(self.fleet.length_m[idx]) || is_long(self.fleet.length_m[who])
    }

    /// Whether someone who goes first would be in the shared stretch at the same time.
    pub(super) fn someone_comes(&self, leg: Leg, conflict: &Conflict, bodies: Bodies) -> bool {
        let merges = self.merges(leg.lane, conflict.with);
        let has_entered = bodies == Bodies::Long && leg.line_m <= -super::OVER_LINE_M;
        self.comes_along(Question { leg, merges, has_entered, conflict, bodies }, conflict.with, 0.0, 0)
    }

    /// The same for those on one lane, whose start is `before_m` before that of the shared one, and on the lanes that
    /// lead to it.
    fn comes_along(&self, asked: Question, lane: LaneIdx, before_m: f64, step: usize) -> bool {
        let Question { leg, conflict, bodies, .. } = asked;
        // In a queue nobody comes but the first.
        let list = self.order.on(lane);
        let stands = |who: usize| self.fleet.speed_mps[who] < STANDS_MPS && self.fleet.lane[who] == lane;
        let head = list.iter().rposition(|entry| stands(entry.who as usize)).unwrap_or(0);
        let comes = list[head..].iter().any(|entry| {
            let who = entry.who as usize;
            let place_m = entry.s_m - before_m;
            who != leg.idx
                && self.matters(bodies, leg.idx, who)
                && (self.fleet.lane[who] == lane || self.fleet.target[who] == lane)
                && place_m + 0.5 * self.fleet.length_m[who] <= conflict.there_m[0] + SLIM_M + CREPT_M
                && conflict.there_m[0] - place_m <= CROSSING_M
                && self.is_bound_for(who, lane, conflict.with, step)
                && !self.is_held_by_light(conflict.with, step)
                && self.goes_first(asked, Comer { who, place_m, has_begun: step == 0 })
        });
        if comes {
            return true;
        }
        step < MOST_LANES_BACK
            && self.stage.network.lane(lane).before.iter().any(|&before| {
                let before_m = before_m + self.stage.facts(before).length_m;
                before_m <= CROSSING_M + conflict.there_m[0] + self.stage.facts(before).length_m
                    && self.comes_along(asked, before, before_m, step + 1)
            })
    }

    fn is_held_by_light(&self, lane: LaneIdx, step: usize) -> bool {
        let Control::Signal(group) = self.stage.network.lane(lane).sketch.control else { return false };
        let light = self.stage.network.signal().map(|signal| signal.light(group, self.secs));
        step > 0 && light == Some(Light::Red)
    }

    /// Whether someone on a lane `step` before the shared one is going to drive onto it.
    fn is_bound_for(&self, who: usize, lane: LaneIdx, shared: LaneIdx, step: usize) -> bool {
        let mut lane = lane;
        for _ in 0..step {
            match self.next(who, lane) {
                Some(next) => lane = next,
                None => return false,
            }
        }
        lane == shared
    }

    fn goes_first(&self, asked: Question, comer: Comer) -> bool {
        let Question { leg: Leg { idx, lane, s_m, .. }, merges, conflict, .. } = asked;
        let Comer { who, place_m, has_begun } = comer;
        let here_m = if merges { [conflict.here_m[0]; 2] } else { conflict.here_m };
        let mine = self.passage(idx, lane, here_m, s_m);
        let there_m = if merges { [conflict.there_m[0]; 2] } else { conflict.there_m };
        let theirs = self.passage(who, conflict.with, there_m, place_m);
        let closing_secs = if merges { self.closing_secs(asked, who) } else { 0.0 };
        let on_foot = self.is_on_foot(conflict.with);
        // Who has waited for long makes those who come slow down, but no people on foot.
        let waited = (self.fleet.stands_secs[idx] / PATIENCE_SECS).min(1.0);
        let least_secs = if on_foot { 0.3 } else { LEAST_MARGIN_SECS };
        let margin_secs = self.temper(idx).margin_secs;
        let margin_secs = margin_secs + waited * (least_secs - margin_secs).min(0.0);
        let meet = theirs.enters_secs < mine.leaves_secs + margin_secs + closing_secs
            && theirs.leaves_secs + 0.5 * margin_secs.max(0.0) > mine.enters_secs;
        if !meet {
            return false;
        }
        let moves = self.fleet.speed_mps[who] > STANDS_MPS;
        let half_m = 0.5 * self.fleet.length_m[who];
        let is_far_in =
            asked.bodies == Bodies::All && self.is_far_in(who, self.is_on_foot(lane), conflict.there_m[0]);
        // Who is on the shared lane comes whatever the signs say, unless it waits for this stretch on that lane.
        let may_wait = !conflict.yields && is_far_in && !merges;
        let is_over_line = place_m + half_m > super::OVER_LINE_M;
        let committed = (has_begun || is_over_line) && !may_wait;
        let stood = [idx, who].map(|one| self.fleet.stands_secs[one]);
        let stays = !moves && self.fleet.acceleration_mps2[who] <= 0.0;
        let agree = stays && stood.iter().all(|&secs| secs > AGREED_SECS);
        // Who has been standing on foot for so long is held up by someone else.
        if on_foot && stays && stood[1] > HELD_UP_SECS {
            return false;
        }
        let both_stop = [lane, conflict.with]
            .iter()
            .all(|&lane| self.stage.network.lane(lane).sketch.control == Control::Stop);
        // Of two who are to merge, and of long bodies, the one that has to yield still does within the crossing.
        let yields_inside = conflict.is_yielded_to && !both_stop && (merges || asked.bodies == Bodies::Long);
        if committed && !yields_inside && !asked.has_entered {
            return true;
        }
        if conflict.is_yielded_to {
            // Nobody steps in front of a car that cannot stop any more where it would have to.
            let from_m = if is_far_in || committed { conflict.there_m[0] } else { 0.0 };
            return self.is_too_late(who, from_m - place_m - half_m);
        }
        if asked.has_entered {
            return committed && conflict.yields && !both_stop;
        }
        if both_stop {
            return self.stopped_first(idx, lane, who, conflict.with, moves);
        }
        // Two who stand agree: who has stood longer goes first, whatever the signs say.
        if agree {
            return (stood[1], self.fleet.id[idx]) > (stood[0], self.fleet.id[who]);
        }
        if conflict.yields {
            return true;
        }
        // Equals: who is there first, as both reckon it.
        let (a, b) = (mine.enters_secs, theirs.enters_secs);
        b < a || (b == a && self.fleet.id[who] < self.fleet.id[idx])
    }

    /// How much longer the way of someone is until it has slowed down to who merges before it.
    fn closing_secs(&self, asked: Question, who: usize) -> f64 {
        let Question { leg: Leg { idx, lane, s_m, .. }, conflict, .. } = asked;
        let way_m = (conflict.here_m[0] - s_m).max(0.0);
        let gained = 2.0 * RECKONED * self.temper(idx).idm.acceleration_mps2 * way_m;
        let merging_mps = (self.fleet.speed_mps[idx].powi(2) + gained).sqrt().min(self.cap_mps(idx, lane));
        let theirs_mps = self.fleet.speed_mps[who].max(0.5 * self.cap_mps(who, conflict.with));
        (theirs_mps - merging_mps).max(0.0) / (2.0 * CLOSING_MPS2)
    }

    /// Between two stop signs who came to a stand first goes first.
    fn stopped_first(&self, idx: usize, lane: LaneIdx, who: usize, theirs: LaneIdx, moves: bool) -> bool {
        if self.fleet.stopped_at[who] != theirs {
            // It has yet to stop.
            return false;
        }
        if moves || self.fleet.stopped_at[idx] != lane {
            return true;
        }
        let stood = [idx, who].map(|one| self.fleet.stands_secs[one]);
        (stood[1], self.fleet.id[idx]) > (stood[0], self.fleet.id[who])
    }

    /// The earliest time at which a participant enters a stretch of a lane, and the latest at which it leaves it, if
    /// nobody holds it up. `s_m` is its place along that lane, negative before its start.
    fn passage(&self, idx: usize, lane: LaneIdx, [from_m, to_m]: [f64; 2], s_m: f64) -> Passage {
        let half_m = 0.5 * self.fleet.length_m[idx];
        let gain_mps2 = self.temper(idx).idm.acceleration_mps2;
        let desired_mps = self.desired_mps(idx, self.fleet.lane[idx]).max(1.0);
        // A bend ahead holds up whoever turns into it.
        let slow_mps = desired_mps.min(self.cap_mps(idx, lane)).max(1.0);
        let speed_mps = self.fleet.speed_mps[idx].max(0.0);
        Passage {
            enters_secs: time_secs((from_m - s_m - half_m).max(0.0), speed_mps, gain_mps2, desired_mps),
            leaves_secs: time_secs(
                (to_m - s_m + half_m).max(0.0),
                speed_mps.min(slow_mps),
                RECKONED * gain_mps2,
                slow_mps,
            ),
        }
    }
}

/// How long a way takes that is begun at a speed and driven with an acceleration up to another.
pub(in crate::flow) fn time_secs(
    way_m: f64,
    speed_mps: f64,
    acceleration_mps2: f64,
    desired_mps: f64,
) -> f64 {
    if speed_mps >= desired_mps {
        return way_m / speed_mps.max(0.1);
    }
    let gaining_m = (desired_mps * desired_mps - speed_mps * speed_mps) / (2.0 * acceleration_mps2);
    if way_m <= gaining_m {
        ((speed_mps * speed_mps + 2.0 * acceleration_mps2 * way_m).sqrt() - speed_mps) / acceleration_mps2
    } else {
        (desired_mps - speed_mps) / acceleration_mps2 + (way_m - gaining_m) / desired_mps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_follow_from_uniform_acceleration() {
        assert!((time_secs(50.0, 10.0, 1.0, 10.0) - 5.0).abs() < 1e-12);
        assert!((time_secs(8.0, 0.0, 1.0, 10.0) - 4.0).abs() < 1e-12);
        // 50 m to reach 10 m/s in 10 s, then 20 m at it.
        assert!((time_secs(70.0, 0.0, 1.0, 10.0) - 12.0).abs() < 1e-12);
    }
}
