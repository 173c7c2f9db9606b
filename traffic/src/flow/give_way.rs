//! The way ahead across the ends of lanes: signals, stop signs, and who goes first where lanes cross or merge.
//!
//! Everyone reckons with the times at which it and the others would enter and leave the stretch that two lanes
//! share. Who has to yield stands before the lane that leads there as long as those times, with a margin, overlap.
//! Equals go by who is there first, the lower id where that is equal, so that of two exactly one yields.

use super::{
    advance::STANDS_MPS,
    drive::{approach_mps, bend_mps},
    fleet::NOWHERE,
    look::{AHEAD_M, Neighbour, Outlook, View},
};
use crate::{
    driver::Leader,
    road::{Conflict, Control, LaneIdx, Users, signal::Light},
};

/// Nobody looks for those who cross further up their lanes than this.
const CROSSING_M: f64 = 90.0;
/// Lanes before the shared one along which those who cross are looked for.
const MOST_LANES_BACK: usize = 3;
/// A stop sign is obeyed by standing within this of its line.
const AT_SIGN_M: f64 = 3.0;
/// Who waits at the end of a lane leaves itself room to pull out.
const BEFORE_END_M: f64 = 10.0;
/// Braking beyond which a yellow light, or one who appears late, is passed.
const LATE_BRAKING_MPS2: f64 = 4.0;
/// Who has stood this long makes agreements with others who stand.
const AGREED_SECS: f64 = 3.0;
/// Bodies on ways that part from one lane are looked at as far as this from where they part.
const PARTING_M: f64 = 16.0;
/// Shared stretches further along a lane than this are waited for on it: there is room for a car before them.
const WAIT_WITHIN_M: f64 = 14.0;
/// Room behind a queue that one needs to leave a crossing.
const ROOM_AFTER_M: f64 = 2.0;

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

impl View<'_> {
    /// Leader, line and speed that the way ahead asks for, and the stop sign that was obeyed just now.
    pub(super) fn way_ahead(&self, idx: usize) -> (Outlook, Option<LaneIdx>) {
        let (fleet, network) = (self.fleet, &self.stage.network);
        let mut lane = fleet.lane[idx];
        let half_m = 0.5 * fleet.length_m[idx];
        let mut out = Outlook { leader: None, stop_m: f64::INFINITY, cap_mps: f64::INFINITY };
        let mut obeyed = None;
        let s_m = fleet.s_m[idx];
        if let Some(entry) = self.order.ahead(idx) {
            let ahead = self.neighbour(entry, lane, entry.s_m - s_m);
            out.leader = Some(self.leader(idx, &ahead));
        }
        self.inside(idx, lane, s_m, &mut out);
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
                }
                break;
            };
            let line_m = left_m - half_m;
            let sketch = &network.lane(next).sketch;
            if line_m > -half_m {
                match sketch.control {
                    Control::None => {}
                    Control::Stop if fleet.stopped_at[idx] == next => {}
                    Control::Stop => {
                        if line_m < AT_SIGN_M && fleet.speed_mps[idx] < STANDS_MPS {
                            obeyed = Some(next);
                        } else {
                            out.stop_m = out.stop_m.min(line_m);
                        }
                    }
                    Control::Signal(group) => {
                        if self.must_stop_at_light(idx, group, line_m) {
                            out.stop_m = out.stop_m.min(line_m);
                        }
                    }
                }
                if self.must_wait(idx, next, left_m, &mut out) {
                    out.stop_m = out.stop_m.min(line_m);
                }
            }
            let cap_mps = self.cap_mps(idx, next);
            out.cap_mps = out.cap_mps.min(approach_mps(cap_mps, line_m));
            if out.leader.is_none()
                && let Some(entry) = self.order.on(next).iter().find(|entry| entry.who as usize != idx)
            {
                let ahead = self.neighbour(entry, next, left_m + entry.s_m);
                out.leader = Some(self.leader(idx, &ahead));
            }
            self.follow_parting(idx, lane, next, left_m, &mut out);
            if out.stop_m.is_finite() {
                break;
            }
            left_m += self.stage.facts(next).length_m;
            lane = next;
        }
        (out, obeyed)
    }

    /// Whether a participant may drive off the end of a lane.
    fn is_destination(&self, idx: usize, lane: LaneIdx) -> bool {
        let destination = self.fleet.destination[idx];
        if destination == NOWHERE {
            return self.stage.facts(lane).is_exit;
        }
        self.stage.network.exit_lanes(usize::from(destination)).contains(&lane)
    }

    /// The speed that a lane allows a driver.
    fn cap_mps(&self, idx: usize, lane: LaneIdx) -> f64 {
        let (facts, temper) = (self.stage.facts(lane), self.temper(idx));
        let limit_mps = facts.limit_mps * temper.limit_share;
        if facts.bend_per_m > 1e-9 { limit_mps.min(bend_mps(temper, facts.bend_per_m)) } else { limit_mps }
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

    /// What the stretches ask for that the own lane shares with others, ahead of the body.
    fn inside(&self, idx: usize, lane: LaneIdx, s_m: f64, out: &mut Outlook) {
        let half_m = 0.5 * self.fleet.length_m[idx];
        for conflict in &self.stage.network.lane(lane).conflicts {
            if conflict.here_m[1] < s_m - half_m {
                continue;
            }
            if self.merges(lane, conflict.with) {
                self.follow_into_merge(idx, lane, conflict, s_m, out);
                continue;
            }
            let way_m = conflict.here_m[0] - s_m - half_m;
            if way_m <= 0.0 || self.is_over(idx, conflict.with) {
                continue;
            }
            let comes = || {
                self.is_far_in(idx, conflict)
                    && !self.is_too_late(idx, way_m)
                    && self.someone_comes(idx, lane, conflict, s_m)
            };
            if self.is_occupied(idx, lane, conflict, s_m)
                || self.would_stand_on(idx, conflict, way_m, out.leader)
                || comes()
            {
                out.stop_m = out.stop_m.min(way_m);
            }
        }
    }

    /// Whether a shared stretch is so far along a lane that one may wait for it there, after the lane was entered.
    fn is_far_in(&self, idx: usize, conflict: &Conflict) -> bool {
        let room_m =
            if self.is_on_foot(conflict.with) { self.fleet.length_m[idx] + 1.5 } else { WAIT_WITHIN_M };
        conflict.here_m[0] > room_m
    }

    fn is_on_foot(&self, lane: LaneIdx) -> bool {
        self.stage.network.lane(lane).sketch.users == Users::Walkers
    }

    /// Whether a queue would make a participant stand on a crossing that it has not reached yet.
    fn would_stand_on(&self, idx: usize, conflict: &Conflict, way_m: f64, leader: Option<Leader>) -> bool {
        let across_m = conflict.here_m[1] - conflict.here_m[0];
        let needed_m = way_m + across_m + self.fleet.length_m[idx] + 1.0;
        self.is_on_foot(conflict.with)
            && leader.is_some_and(|leader| leader.speed_mps < 1.5 && leader.gap_m < needed_m)
    }

    /// Whether only harder braking than anyone expects would stop a participant after a way.
    fn is_too_late(&self, idx: usize, way_m: f64) -> bool {
        let speed_mps = self.fleet.speed_mps[idx];
        speed_mps * speed_mps > 2.0 * LATE_BRAKING_MPS2 * way_m.max(0.0) && speed_mps > 1.0
    }

    /// Whether two lanes end in the same one.
    fn merges(&self, lane: LaneIdx, other: LaneIdx) -> bool {
        let network = &self.stage.network;
        network.lane(lane).next.iter().any(|next| network.lane(other).next.contains(next))
    }

    /// Takes who is nearer to the end of a lane that merges with the own one for a leader.
    fn follow_into_merge(&self, idx: usize, lane: LaneIdx, conflict: &Conflict, s_m: f64, out: &mut Outlook) {
        let mine_m = self.stage.facts(lane).length_m - s_m;
        let other_m = self.stage.facts(conflict.with).length_m;
        let nearer = self.order.on(conflict.with).iter().find(|entry| {
            let half_m = 0.5 * self.fleet.length_m[entry.who as usize];
            let left_m = other_m - entry.s_m;
            entry.who as usize != idx
                && entry.s_m + half_m > conflict.there_m[0]
                && (left_m < mine_m || (left_m == mine_m && (entry.who as usize) < idx))
        });
        let Some(entry) = nearer else { return };
        let ahead = Neighbour {
            ahead_m: mine_m - (other_m - entry.s_m),
            ..self.neighbour(entry, conflict.with, 0.0)
        };
        let leader = self.leader(idx, &ahead);
        if out.leader.is_none_or(|leading| leader.gap_m < leading.gap_m) {
            out.leader = Some(leader);
        }
    }

    /// Takes who drives another way out of the same lane for a leader, as long as its rear is in the way.
    /// `left_m` is from the participant's middle to where the ways part.
    fn follow_parting(&self, idx: usize, from: LaneIdx, lane: LaneIdx, left_m: f64, out: &mut Outlook) {
        let (fleet, network) = (self.fleet, &self.stage.network);
        let others = &network.lane(from).next;
        if others.len() < 2 {
            return;
        }
        let curve = &network.lane(lane).sketch.curve;
        for &other in others.iter().filter(|&&other| other != lane) {
            for entry in self.order.on(other) {
                let who = entry.who as usize;
                let half_m = 0.5 * fleet.length_m[who];
                let rear_m = entry.s_m - half_m;
                if rear_m > PARTING_M {
                    break;
                }
                let [x_m, y_m] =
                    [fleet.x_m[who] - half_m * fleet.cos[who], fleet.y_m[who] - half_m * fleet.sin[who]];
                let (along_m, across_m) = curve.project_near(x_m, y_m, rear_m.max(0.0));
                let reach_m = 0.5 * (fleet.width_m[who] + fleet.width_m[idx]) + 0.3;
                let gap_m = left_m + along_m - 0.5 * fleet.length_m[idx];
                // Who is beside or behind does not lead.
                let leads = who != idx && across_m.abs() < reach_m && gap_m > -0.5 * fleet.length_m[idx];
                if leads
                    && left_m + along_m + half_m > 0.0
                    && out.leader.is_none_or(|leader| gap_m < leader.gap_m)
                {
                    out.leader = Some(Leader { gap_m, speed_mps: fleet.speed_mps[who] });
                }
            }
        }
    }

    /// Whether someone is in the stretch on the other lane and will be when the participant gets there.
    /// `s_m` is its place along its own lane, negative before its start.
    fn is_occupied(&self, idx: usize, lane: LaneIdx, conflict: &Conflict, s_m: f64) -> bool {
        let mine = self.passage(idx, lane, conflict.here_m, s_m);
        self.order.on(conflict.with).iter().any(|entry| {
            let who = entry.who as usize;
            let half_m = 0.5 * self.fleet.length_m[who];
            who != idx
                && entry.s_m + half_m > conflict.there_m[0]
                && entry.s_m - half_m < conflict.there_m[1]
                && self.passage(who, conflict.with, conflict.there_m, entry.s_m).leaves_secs + 0.3
                    > mine.enters_secs
        })
    }

    /// Whether a participant has to stand before a lane whose start is `left_m` ahead of its middle.
    fn must_wait(&self, idx: usize, lane: LaneIdx, left_m: f64, out: &mut Outlook) -> bool {
        let conflicts = &self.stage.network.lane(lane).conflicts;
        if conflicts.is_empty() {
            return false;
        }
        let (fleet, s_m) = (self.fleet, -left_m);
        let too_late = self.is_too_late(idx, left_m - 0.5 * fleet.length_m[idx]);
        let mut wait = false;
        for conflict in conflicts {
            if self.is_over(idx, conflict.with) {
                continue;
            }
            if self.merges(lane, conflict.with) {
                self.follow_into_merge(idx, lane, conflict, s_m, out);
            } else if self.is_far_in(idx, conflict) {
                continue;
            } else if self.is_occupied(idx, lane, conflict, s_m) {
                wait = true;
            }
            if !too_late && self.someone_comes(idx, lane, conflict, s_m) {
                wait = true;
            }
        }
        wait || (!too_late && !self.has_room_after(idx, lane))
    }

    /// Whether the front of a participant is over ground that its own lane shares with another already.
    fn is_over(&self, idx: usize, with: LaneIdx) -> bool {
        let front_m = self.fleet.s_m[idx] + 0.5 * self.fleet.length_m[idx];
        let conflicts = &self.stage.network.lane(self.fleet.lane[idx]).conflicts;
        conflicts.iter().any(|conflict| conflict.with == with && conflict.here_m[0] < front_m)
    }

    /// Whether someone who goes first would be in the shared stretch at the same time.
    fn someone_comes(&self, idx: usize, lane: LaneIdx, conflict: &Conflict, s_m: f64) -> bool {
        let mine = self.passage(idx, lane, conflict.here_m, s_m);
        self.comes_along(idx, mine, conflict, conflict.with, 0.0, 0)
    }

    /// The same for those on one lane, whose start is `before_m` before that of the shared one, and on the lanes that
    /// lead to it.
    fn comes_along(
        &self,
        idx: usize,
        mine: Passage,
        conflict: &Conflict,
        lane: LaneIdx,
        before_m: f64,
        step: usize,
    ) -> bool {
        // In a queue nobody comes but the first.
        let list = self.order.on(lane);
        let stands = |who: usize| self.fleet.speed_mps[who] < STANDS_MPS && self.fleet.lane[who] == lane;
        let head = list.iter().rposition(|entry| stands(entry.who as usize)).unwrap_or(0);
        let comes = list[head..].iter().any(|entry| {
            let who = entry.who as usize;
            let place_m = entry.s_m - before_m;
            who != idx
                && (self.fleet.lane[who] == lane || self.fleet.target[who] == lane)
                && place_m + 0.5 * self.fleet.length_m[who] <= conflict.there_m[0]
                && conflict.there_m[0] - place_m <= CROSSING_M
                && self.is_bound_for(who, lane, conflict.with, step)
                && !self.is_held_by_light(conflict.with, step)
                && { self.goes_first(idx, mine, conflict, Comer { who, place_m, has_begun: step == 0 }) }
        });
        if comes {
            return true;
        }
        step < MOST_LANES_BACK
            && self.stage.network.lane(lane).before.iter().any(|&before| {
                let before_m = before_m + self.stage.facts(before).length_m;
                before_m <= CROSSING_M + conflict.there_m[0] + self.stage.facts(before).length_m
                    && self.comes_along(idx, mine, conflict, before, before_m, step + 1)
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

    fn goes_first(&self, idx: usize, mine: Passage, conflict: &Conflict, comer: Comer) -> bool {
        let Comer { who, place_m, has_begun } = comer;
        let theirs = self.passage(who, conflict.with, conflict.there_m, place_m);
        let margin_secs = self.temper(idx).margin_secs;
        let meet = theirs.enters_secs < mine.leaves_secs + margin_secs
            && theirs.leaves_secs + 0.5 * margin_secs > mine.enters_secs;
        if !meet {
            return false;
        }
        let way_m = conflict.there_m[0] - place_m - 0.5 * self.fleet.length_m[who];
        // Who is on the shared lane comes whatever the signs say, unless it waits for this stretch on that lane.
        let may_wait = conflict.is_yielded_to
            && conflict.there_m[0] > WAIT_WITHIN_M
            && conflict.there_m[1] < self.stage.facts(conflict.with).length_m - 0.5;
        let committed = has_begun && !may_wait;
        if committed && self.fleet.speed_mps[who] > STANDS_MPS {
            return true;
        }
        if conflict.is_yielded_to {
            // Nobody steps in front of a car that cannot stop.
            return self.is_too_late(who, way_m);
        }
        // Two who stand agree: who has stood longer goes first, whatever the signs say.
        let stood = [idx, who].map(|one| self.fleet.stands_secs[one]);
        if stood.iter().all(|&secs| secs > AGREED_SECS) {
            return (stood[1], self.fleet.id[idx]) > (stood[0], self.fleet.id[who]);
        }
        if conflict.yields || committed {
            return true;
        }
        // Equals: who is there first, as both reckon it.
        let (a, b) = (mine.enters_secs, theirs.enters_secs);
        b < a || (b == a && self.fleet.id[who] < self.fleet.id[idx])
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
        let after = |way_m: f64, speed_mps: f64, desired_mps: f64| {
            time_secs(way_m.max(0.0), speed_mps, gain_mps2, desired_mps)
        };
        Passage {
            enters_secs: after(from_m - s_m - half_m, speed_mps, desired_mps),
            leaves_secs: after(to_m - s_m + half_m, speed_mps.min(slow_mps), slow_mps),
        }
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

    /// Leaders on the way ahead are enough for those who ask without a driver's view.
    #[must_use]
    pub fn outlook(&self, idx: usize) -> Outlook {
        self.way_ahead(idx).0
    }
}

/// How long a way takes that is begun at a speed and driven with an acceleration up to another.
fn time_secs(way_m: f64, speed_mps: f64, acceleration_mps2: f64, desired_mps: f64) -> f64 {
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
