//! The way ahead across the ends of lanes: signals, stop signs, and who goes first where lanes cross or merge.
//!
//! Everyone reckons with the times at which it and the others would enter and leave the stretch that two lanes
//! share. Who has to yield stands before the lane that leads there as long as those times, with a margin, overlap.
//! Equals go by who is there first, the lower id where that is equal, so that of two exactly one yields.

use super::{
    drive::{approach_mps, bend_mps},
    fleet::NOWHERE,
    look::{AHEAD_M, Neighbour, Outlook, View},
};
use crate::road::{Conflict, Control, LaneIdx, signal::Light};

/// Nobody looks for those who cross further up their lanes than this.
const CROSSING_M: f64 = 90.0;
/// Lanes before the shared one along which those who cross are looked for.
const MOST_LANES_BACK: usize = 3;
/// A stop sign is obeyed by standing within this of its line.
const AT_SIGN_M: f64 = 3.0;
/// Below this a body stands.
const STANDS_MPS: f64 = 0.2;
/// Braking beyond which a yellow light, or one who appears late, is passed.
const LATE_BRAKING_MPS2: f64 = 4.0;
/// Room behind a queue that one needs to leave a crossing.
const ROOM_AFTER_M: f64 = 2.0;

/// When a body enters and leaves a stretch, counted from now.
#[derive(Clone, Copy, Debug)]
struct Passage {
    enters_secs: f64,
    leaves_secs: f64,
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
        // From the middle of the body to the end of the lane.
        let mut left_m = self.stage.facts(lane).length_m - s_m;
        while left_m < AHEAD_M {
            let Some(next) = self.next(idx, lane) else {
                if !self.stage.facts(lane).is_exit {
                    out.stop_m = out.stop_m.min(left_m - half_m);
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
            if out.stop_m.is_finite() {
                break;
            }
            left_m += self.stage.facts(next).length_m;
            lane = next;
        }
        (out, obeyed)
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

    /// What stands or drives in the stretches that the own lane shares with others, ahead of the body.
    fn inside(&self, idx: usize, lane: LaneIdx, s_m: f64, out: &mut Outlook) {
        let half_m = 0.5 * self.fleet.length_m[idx];
        for conflict in &self.stage.network.lane(lane).conflicts {
            if conflict.here_m[1] < s_m - half_m {
                continue;
            }
            if self.merges(lane, conflict.with) {
                self.follow_into_merge(idx, lane, conflict, s_m, out);
            } else if conflict.here_m[0] > s_m + half_m && self.is_occupied(idx, conflict, s_m) {
                out.stop_m = out.stop_m.min(conflict.here_m[0] - s_m - half_m);
            }
        }
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

    /// Whether someone is in the stretch on the other lane and will be when the participant gets there.
    /// `s_m` is its place along its own lane, negative before its start.
    fn is_occupied(&self, idx: usize, conflict: &Conflict, s_m: f64) -> bool {
        let mine = self.passage(idx, conflict.here_m, s_m);
        self.order.on(conflict.with).iter().any(|entry| {
            let who = entry.who as usize;
            let half_m = 0.5 * self.fleet.length_m[who];
            who != idx
                && entry.s_m + half_m > conflict.there_m[0]
                && entry.s_m - half_m < conflict.there_m[1]
                && self.passage(who, conflict.there_m, entry.s_m).leaves_secs + 0.3 > mine.enters_secs
        })
    }

    /// Whether a participant has to stand before a lane whose start is `left_m` ahead of its middle.
    fn must_wait(&self, idx: usize, lane: LaneIdx, left_m: f64, out: &mut Outlook) -> bool {
        let conflicts = &self.stage.network.lane(lane).conflicts;
        if conflicts.is_empty() {
            return false;
        }
        let (fleet, s_m) = (self.fleet, -left_m);
        let speed_mps = fleet.speed_mps[idx];
        let line_m = left_m - 0.5 * fleet.length_m[idx];
        let too_late = speed_mps * speed_mps > 2.0 * LATE_BRAKING_MPS2 * line_m.max(0.0) && speed_mps > 1.0;
        let mut wait = false;
        for conflict in conflicts {
            if self.merges(lane, conflict.with) {
                self.follow_into_merge(idx, lane, conflict, s_m, out);
            } else if self.is_occupied(idx, conflict, s_m) {
                wait = true;
            }
            if !conflict.is_yielded_to && !too_late && self.someone_comes(idx, conflict, s_m) {
                wait = true;
            }
        }
        wait || (!too_late && !self.has_room_after(idx, lane))
    }

    /// Whether someone who goes first would be in the shared stretch at the same time.
    fn someone_comes(&self, idx: usize, conflict: &Conflict, s_m: f64) -> bool {
        let mine = self.passage(idx, conflict.here_m, s_m);
        let mut lane = conflict.with;
        let mut before_m = 0.0;
        for step in 0..=MOST_LANES_BACK {
            for entry in self.order.on(lane) {
                let who = entry.who as usize;
                let place_m = entry.s_m - before_m;
                if who == idx
                    || self.fleet.lane[who] != lane
                    || place_m + 0.5 * self.fleet.length_m[who] > conflict.there_m[0]
                    || conflict.there_m[0] - place_m > CROSSING_M
                    || !self.is_bound_for(who, lane, conflict.with, step)
                    || self.is_held_by_light(conflict.with, step)
                {
                    continue;
                }
                let theirs = self.passage(who, conflict.there_m, place_m);
                if self.goes_first(idx, mine, who, theirs, conflict, step == 0) {
                    return true;
                }
            }
            // Ways that merge before the shared lane are looked along by their first.
            let Some(&before) = self.stage.network.lane(lane).before.first() else { break };
            before_m += self.stage.facts(before).length_m;
            lane = before;
            if before_m > CROSSING_M + conflict.there_m[0] {
                break;
            }
        }
        false
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

    fn goes_first(
        &self,
        idx: usize,
        mine: Passage,
        who: usize,
        theirs: Passage,
        conflict: &Conflict,
        has_begun: bool,
    ) -> bool {
        let margin_secs = self.temper(idx).margin_secs;
        let meet = theirs.enters_secs < mine.leaves_secs + margin_secs
            && theirs.leaves_secs + 0.5 * margin_secs > mine.enters_secs;
        if conflict.yields || has_begun {
            return meet;
        }
        // Equals: who is there first, as both reckon it.
        let (a, b) = (mine.enters_secs, theirs.enters_secs);
        meet && (b < a || (b == a && self.fleet.id[who] < self.fleet.id[idx]))
    }

    /// When a participant at `s_m` enters and leaves a stretch, if it goes on as it may.
    fn passage(&self, idx: usize, [from_m, to_m]: [f64; 2], s_m: f64) -> Passage {
        let half_m = 0.5 * self.fleet.length_m[idx];
        let temper = self.temper(idx);
        let desired_mps = self.desired_mps(idx, self.fleet.lane[idx]).max(1.0);
        let speed_mps = self.fleet.speed_mps[idx].max(0.0);
        let after =
            |way_m: f64| time_secs(way_m.max(0.0), speed_mps, temper.idm.acceleration_mps2, desired_mps);
        Passage { enters_secs: after(from_m - s_m - half_m), leaves_secs: after(to_m - s_m + half_m) }
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
