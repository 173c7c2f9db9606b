//! The way ahead across the ends of lanes: signals, stop signs, and who goes first where lanes cross or merge.
//!
//! Everyone reckons with the times at which it and the others would enter and leave the stretch that two lanes
//! share. Who has to yield stands before the lane that leads there, or before the stretch where there is room
//! for it, as long as those times, with a margin, overlap.

mod lead;
pub(super) mod meet;
pub(super) mod tight;

use super::{
    advance::STANDS_MPS,
    drive::approach_mps,
    fleet::NOWHERE,
    look::{AHEAD_M, Outlook, View},
};
use crate::{
    driver::Leader,
    participant::Kind,
    road::{Conflict, Control, LaneIdx, Users, signal::Light},
};

/// A stop sign is obeyed by standing within this of its line.
const AT_SIGN_M: f64 = 3.0;
/// Who waits at the end of a lane leaves itself room to pull out.
const BEFORE_END_M: f64 = 10.0;
/// Room between a bumper and the end of a bay.
const BEFORE_KERB_M: f64 = 0.5;
/// Braking beyond which a yellow light, or one who appears late, is passed.
const LATE_BRAKING_MPS2: f64 = 4.0;
/// A line that is overrun by this is still kept.
const OVERRUN_M: f64 = 0.3;
/// Bodies on ways that part from one lane are looked at as far as this from where they part.
const PARTING_M: f64 = 16.0;
/// Shared stretches further along a lane than this are waited for on it: there is room for a car before them.
const WAIT_WITHIN_M: f64 = 14.0;
/// Who is over a line by less than this still waits at it.
const OVER_LINE_M: f64 = 0.4;
/// Who is slower than this and in a stretch by less than this has not begun to pass it.
const CREEPS_MPS: f64 = 1.0;
const CREPT_M: f64 = 0.4;
/// Room behind a queue that one needs to leave a crossing.
const ROOM_AFTER_M: f64 = 2.0;
/// Stretches are this much shorter for people on foot, who are slim: so there is room for one between two lanes.
const SLIM_M: f64 = 0.4;
/// Nobody looks at crossings that it could come to a stand before by braking as gently as this.
const GENTLE_MPS2: f64 = 1.0;

/// A lane on the way of a participant, as it looks at it.
#[derive(Clone, Copy, Debug)]
struct Leg {
    idx: usize,
    lane: LaneIdx,
    /// Its middle along that lane, negative before its start.
    s_m: f64,
    /// From its front bumper to the start of the lane.
    line_m: f64,
}

impl View<'_> {
    /// Leader, line and speed that the way ahead asks for, and the stop sign that was obeyed just now.
    pub(super) fn way_ahead(&self, idx: usize) -> (Outlook, Option<LaneIdx>) {
        let (fleet, network) = (self.fleet, &self.stage.network);
        let mut lane = fleet.lane[idx];
        let half_m = 0.5 * fleet.length_m[idx];
        let mut out = Outlook { leader: None, stop_m: f64::INFINITY, cap_mps: f64::INFINITY };
        let mut obeyed = None;
        let s_m = fleet.s_m[idx];
        let mut has_leader = false;
        if let Some(entry) = self.order.ahead(idx) {
            let ahead = self.neighbour(entry, lane, entry.s_m - s_m);
            out.leader = Some(self.leader(idx, &ahead));
            has_leader = true;
        }
        self.heed(Leg { idx, lane, s_m, line_m: -s_m - half_m }, &mut out);
        if s_m < PARTING_M {
            for &before in &network.lane(lane).before {
                self.follow_parting(idx, before, lane, -s_m, &mut out);
            }
        }
        // From the middle of the body to the end of the lane.
        let mut left_m = self.stage.facts(lane).length_m - s_m;
        while left_m < AHEAD_M {
            let Some(next) = self.next(idx, lane) else {
                // Who is on its way to the lane beside may use what is left of this one, and the taper after it.
                let leaves = lane == fleet.lane[idx] && fleet.target[idx] != lane;
                if !self.is_destination(idx, lane) && !leaves {
                    out.stop_m = out.stop_m.min(left_m - half_m - BEFORE_END_M);
                } else if self.stage.rules.stands_at_end {
                    out.stop_m = out.stop_m.min(left_m - half_m - BEFORE_KERB_M);
                }
                break;
            };
            let line_m = left_m - half_m;
            if line_m > -half_m {
                obeyed = obeyed.or(self.obey(idx, next, line_m, &mut out));
            }
            let cap_mps = self.cap_mps(idx, next);
            out.cap_mps = out.cap_mps.min(approach_mps(cap_mps, line_m));
            if !has_leader
                && let Some(entry) = self.order.on(next).iter().find(|entry| entry.who as usize != idx)
            {
                let ahead = self.neighbour(entry, next, left_m + entry.s_m);
                self.take_leader(idx, self.leader(idx, &ahead), &mut out);
                has_leader = true;
            }
            self.heed(Leg { idx, lane: next, s_m: -left_m, line_m }, &mut out);
            self.follow_parting(idx, lane, next, left_m, &mut out);
            if out.stop_m.is_finite() {
                break;
            }
            left_m += self.stage.facts(next).length_m;
            lane = next;
        }
        (out, obeyed)
    }

    /// What stands at the start of a lane; answers with the lane where its stop sign was obeyed just now.
    fn obey(&self, idx: usize, lane: LaneIdx, line_m: f64, out: &mut Outlook) -> Option<LaneIdx> {
        let must_stop = match self.stage.network.lane(lane).sketch.control {
            Control::None => false,
            Control::Stop if self.fleet.stopped_at[idx] == lane => false,
            Control::Stop if line_m < AT_SIGN_M && self.fleet.speed_mps[idx] < STANDS_MPS => {
                return Some(lane);
            }
            Control::Stop => true,
            Control::Signal(group) => self.must_stop_at_light(idx, group, line_m),
        };
        if must_stop {
            out.stop_m = out.stop_m.min(line_m);
        }
        None
    }

    /// Whether a participant may drive off the end of a lane.
    fn is_destination(&self, idx: usize, lane: LaneIdx) -> bool {
        let destination = self.fleet.destination[idx];
        if destination == NOWHERE {
            return self.stage.facts(lane).is_exit;
        }
        self.stage.network.exit_lanes(usize::from(destination)).contains(&lane)
    }

    fn must_stop_at_light(&self, idx: usize, group: u8, line_m: f64) -> bool {
        let Some(signal) = self.stage.network.signal() else { return false };
        let speed_mps = self.fleet.speed_mps[idx];
        match signal.light(group, self.secs) {
            Light::Green => false,
            Light::Yellow => speed_mps * speed_mps <= 2.0 * LATE_BRAKING_MPS2 * line_m.max(0.0),
            // Who is over the line already clears the crossing.
            Light::Red => line_m > -0.5,
        }
    }

    /// What the stretches ask for that a lane on the way shares with others.
    fn heed(&self, leg: Leg, out: &mut Outlook) {
        let Leg { idx, lane, line_m, .. } = leg;
        let conflicts = &self.stage.network.lane(lane).conflicts;
        let tight = &self.stage.tight[lane.0 as usize];
        if conflicts.is_empty() && tight.is_empty() {
            return;
        }
        let speed_mps = self.fleet.speed_mps[idx];
        let horizon_m = 8.0 + speed_mps + speed_mps * speed_mps / (2.0 * GENTLE_MPS2);
        if line_m > horizon_m {
            return;
        }
        let is_walker = self.fleet.kind[idx] == Kind::Pedestrian;
        let front_m = leg.s_m + 0.5 * self.fleet.length_m[idx];
        // Crossings beside one another are one for whoever waits before them.
        let mut feet_m = [f64::NEG_INFINITY; 2];
        for conflict in conflicts {
            let mut from_m = conflict.here_m[0];
            if self.is_on_foot(conflict.with) {
                if conflict.here_m[0] > feet_m[1] {
                    feet_m = conflict.here_m;
                }
                feet_m[1] = feet_m[1].max(conflict.here_m[1]);
                if feet_m[0] > front_m {
                    from_m = feet_m[0];
                }
            } else if is_walker && conflicts[0].here_m[0] + SLIM_M + CREPT_M > front_m {
                // Who walks looks both ways before the first step onto the road.
                from_m = conflicts[0].here_m[0];
            }
            self.heed_stretch(leg, conflict, from_m, Bodies::All, horizon_m, out);
        }
        for conflict in tight {
            self.heed_stretch(leg, conflict, conflict.here_m[0], Bodies::Long, horizon_m, out);
        }
        let waits_at_line = line_m > -OVER_LINE_M;
        if waits_at_line && !self.is_too_late(idx, line_m) && !self.has_room_after(idx, lane) {
            out.stop_m = out.stop_m.min(line_m);
        }
    }

    /// What one shared stretch asks for. Who has to wait for it waits before `from_m`.
    fn heed_stretch(
        &self,
        leg: Leg,
        conflict: &Conflict,
        from_m: f64,
        bodies: Bodies,
        horizon_m: f64,
        out: &mut Outlook,
    ) {
        let Leg { idx, lane, s_m, line_m } = leg;
        let half_m = 0.5 * self.fleet.length_m[idx];
        let front_m = s_m + half_m;
        let slim_m = if self.fleet.kind[idx] == Kind::Pedestrian { SLIM_M } else { 0.0 };
        let (way_m, waits_at_line) = (from_m + slim_m - front_m, line_m > -OVER_LINE_M);
        if conflict.here_m[1] < s_m - half_m {
            return;
        }
        if self.merges(lane, conflict.with) {
            self.follow_into_merge(idx, lane, conflict, s_m, out);
            if waits_at_line
                && !self.is_over(idx, conflict.with)
                && !self.is_too_late(idx, line_m)
                && self.someone_comes(leg, conflict, bodies)
            {
                out.stop_m = out.stop_m.min(line_m);
            }
            return;
        }
        // Who creeps over the edge of a stretch waits there still.
        let is_in = way_m <= if self.fleet.speed_mps[idx] < CREEPS_MPS { -CREPT_M } else { 0.0 };
        if is_in || self.is_over(idx, conflict.with) {
            return;
        }
        let is_far_in = bodies == Bodies::All && self.is_far_in(idx, self.is_on_foot(conflict.with), from_m);
        let at_m = if is_far_in || !waits_at_line { way_m } else { line_m };
        if at_m > horizon_m {
            return;
        }
        let may_yield =
            (is_far_in || waits_at_line || bodies == Bodies::Long) && !self.is_too_late(idx, at_m);
        if self.is_occupied(leg, conflict, bodies)
            || self.would_stand_on(idx, conflict, way_m, out.leader)
            || (may_yield && self.someone_comes(leg, conflict, bodies))
        {
            out.stop_m = out.stop_m.min(at_m);
        }
    }

    /// Whether a stretch that begins `from_m` along a lane is so far along it that one may wait for it there,
    /// after the lane was entered.
    fn is_far_in(&self, idx: usize, is_other_on_foot: bool, from_m: f64) -> bool {
        let length_m = self.fleet.length_m[idx];
        from_m
            > if self.fleet.kind[idx] == Kind::Pedestrian {
                1.5
            } else if is_other_on_foot {
                length_m + 1.5
            } else {
                WAIT_WITHIN_M.max(length_m + 6.0)
            }
    }

    fn is_on_foot(&self, lane: LaneIdx) -> bool {
        self.stage.network.lane(lane).sketch.users == Users::Walkers
    }

    /// Whether a queue would make a participant stand on a crossing that it has not reached yet.
    fn would_stand_on(&self, idx: usize, conflict: &Conflict, way_m: f64, leader: Option<Leader>) -> bool {
        let across_m = conflict.here_m[1] - conflict.here_m[0];
        let needed_m = way_m + across_m + self.fleet.length_m[idx] + 1.0;
        (self.is_on_foot(conflict.with) || self.fleet.kind[idx] == Kind::Pedestrian)
            && leader.is_some_and(|leader| leader.speed_mps < 1.5 && leader.gap_m < needed_m)
    }

    /// Whether only harder braking than anyone expects would stop a participant after a way.
    fn is_too_late(&self, idx: usize, way_m: f64) -> bool {
        let speed_mps = self.fleet.speed_mps[idx];
        speed_mps * speed_mps > 2.0 * LATE_BRAKING_MPS2 * (way_m.max(0.0) + OVERRUN_M) && speed_mps > 1.0
    }

    /// Whether the front of a participant is over ground that its own lane shares with another already.
    fn is_over(&self, idx: usize, with: LaneIdx) -> bool {
        let front_m = self.fleet.s_m[idx] + 0.5 * self.fleet.length_m[idx];
        let conflicts = &self.stage.network.lane(self.fleet.lane[idx]).conflicts;
        conflicts.iter().any(|conflict| conflict.with == with && conflict.here_m[0] + CREPT_M < front_m)
    }

    /// Whether the lane behind a crossing has room for one more, so that nobody waits within it.
    fn has_room_after(&self, idx: usize, lane: LaneIdx) -> bool {
        if self.fleet.destination[idx] == NOWHERE && self.stage.network.exits().is_empty() {
            return true;
        }
        let Some(after) = self.next(idx, lane) else { return true };
        let Some(last) = self.order.on(after).iter().find(|entry| entry.who as usize != idx) else {
            return true;
        };
        let who = last.who as usize;
        let rear_m = last.s_m - 0.5 * self.fleet.length_m[who];
        self.fleet.speed_mps[who] > 1.5 || rear_m > self.fleet.length_m[idx] + ROOM_AFTER_M
    }

    /// The way ahead alone, for those who drive by other rules.
    #[must_use]
    pub fn outlook(&self, idx: usize) -> Outlook {
        self.way_ahead(idx).0
    }
}

/// Whose bodies reach into a stretch that two lanes share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bodies {
    /// Everyone's.
    All,
    /// Only those that swing out in bends: it matters where one of the two is long.
    Long,
}
