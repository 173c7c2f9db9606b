//! Lane changes of the textbook variant: MOBIL, with what the way to the destination asks for on top.

use super::{
    Traffic,
    advance::STANDS_MPS,
    give_way::meet::{RECKONED, time_secs},
    look::{Neighbour, View},
};
use crate::{
    driver::{Leader, mobil::Prospect},
    road::LaneIdx,
};

/// Nobody changes lanes slower than this of their own free will.
const LEAST_SPEED_MPS: f64 = 1.0;
/// Least room, bumper to bumper, ahead and behind on the new lane.
const LEAST_GAP_M: f64 = 1.0;
/// Who stands pulls out of its lane only with this much room ahead.
const PULL_OUT_M: f64 = 5.0;
/// Who stands this long after it chose another lane, and is within its own, gives up for now.
const HELD_UP_SECS: f64 = 1.0;
/// Over this way before a lane has to be left, the wish to leave it grows.
const URGENT_M: f64 = 200.0;
/// How much the wish to leave a lane in time is worth, far from its end and at it.
const DUTY_MPS2: [f64; 2] = [0.5, 12.0];
/// A driver who must leave its lane makes others brake as hard as this, at its end.
const URGENT_BRAKING_MPS2: f64 = 6.0;
/// How long a change takes at most.
const CHANGE_SECS: f64 = 4.0;
/// Lanes along which those who join are looked for.
const MOST_LANES: usize = 4;
/// Whoever would have to brake harder than this at the end of a lane comes over it.
const COMES_OVER_MPS2: f64 = 2.5;
/// Speed above the leader's that makes overtaking against the traffic worth it.
const FASTER_MPS: f64 = 3.0;
/// Time left when oncoming traffic is reached, after one is back.
const ONCOMING_MARGIN_SECS: f64 = 3.0;
/// Nobody overtakes a leader further ahead than this.
const FOLLOWS_M: f64 = 80.0;
/// Room ahead of the leader that one needs to come back to.
const ROOM_BETWEEN_M: f64 = 70.0;
/// How far ahead of whom it overtook someone comes back.
const CUT_IN_M: f64 = 15.0;
/// The share of the limit that the fastest drive at.
const FASTEST_SHARE: f64 = 1.15;
/// Lanes along which those who come are looked for.
const MOST_ONCOMING_LANES: usize = 8;

/// Looks at the lanes beside when it is time to, and takes the better one.
pub(super) fn decide(traffic: &mut Traffic, idx: usize) {
    let (own, target) = (traffic.fleet.lane[idx], traffic.fleet.target[idx]);
    if target != own {
        let view = traffic.seen();
        if view.is_blocked(idx, target) || view.is_held_up(idx) {
            traffic.fleet.target[idx] = own;
        }
        return;
    }
    if !traffic.fleet.changes_lanes[idx] {
        return;
    }
    let lane = traffic.stage.network.lane(own);
    if lane.left.is_none() && lane.right.is_none() {
        return;
    }
    let view = traffic.seen();
    if traffic.fleet.timer_secs[idx] < view.temper(idx).mobil.period_secs {
        return;
    }
    let best = [lane.left.map(|to| (to, 1)), lane.right.map(|to| (to, -1))]
        .into_iter()
        .flatten()
        .map(|(to, side)| (view.worth(idx, to, side), to))
        .filter(|(worth, _)| *worth > 0.0)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    traffic.fleet.timer_secs[idx] = 0.0;
    if let Some((_, to)) = best {
        traffic.fleet.target[idx] = to;
    }
}

impl View<'_> {
    /// Whether someone is in the way on the lane that a change leads to.
    fn is_blocked(&self, idx: usize, to: LaneIdx) -> bool {
        self.around(idx, to).iter().flatten().any(|other| self.gap_m(idx, other) < 0.0)
    }

    /// Whether someone who wants to change lanes stands within its own one: it would only be in the way on the other.
    fn is_held_up(&self, idx: usize) -> bool {
        let fleet = self.fleet;
        let reach_m = fleet.d_m[idx].abs() + 0.5 * fleet.width_m[idx];
        // Since it chose the other lane, at which its timer began anew.
        fleet.timer_secs[idx] > HELD_UP_SECS
            && fleet.speed_mps[idx] < STANDS_MPS
            && reach_m < self.stage.facts(fleet.lane[idx]).half_width_m
    }

    /// From bumper to bumper.
    fn gap_m(&self, idx: usize, other: &Neighbour) -> f64 {
        other.ahead_m.abs() - 0.5 * (self.fleet.length_m[idx] + self.fleet.length_m[other.who])
    }

    /// What a change is worth in m/s² above what makes it worth it; not positive where it must not be.
    /// `side` is 1 to the left, -1 to the right.
    fn worth(&self, idx: usize, to: LaneIdx, side: i8) -> f64 {
        let (own, temper) = (self.fleet.lane[idx], self.temper(idx));
        if self.is_lost(idx, own, to) || self.is_joined(idx, to) || self.is_joined(idx, own) {
            return f64::NEG_INFINITY;
        }
        let duty_mps2 = self.duty_mps2(idx, own, to, side);
        if self.fleet.speed_mps[idx] < LEAST_SPEED_MPS && duty_mps2 <= 0.0 {
            return f64::NEG_INFINITY;
        }
        let old = self.around(idx, own);
        let is_pinned = |ahead: &Neighbour| self.gap_m(idx, ahead) < PULL_OUT_M;
        if self.fleet.speed_mps[idx] < LEAST_SPEED_MPS && old[0].as_ref().is_some_and(is_pinned) {
            return f64::NEG_INFINITY;
        }
        let new = self.around(idx, to);
        if new.iter().flatten().any(|other| self.gap_m(idx, other) < LEAST_GAP_M) {
            return f64::NEG_INFINITY;
        }
        let prospect = self.prospect(idx, own, to, old, new);
        let urgency = (duty_mps2 / DUTY_MPS2[1]).clamp(0.0, 1.0);
        let mobil = temper.mobil;
        let safe_mps2 =
            mobil.safe_braking_mps2 + urgency * (URGENT_BRAKING_MPS2 - mobil.safe_braking_mps2).max(0.0);
        let braking_mps2 = prospect.new_follower_mps2[1].min(prospect.own_mps2[1]);
        if braking_mps2 < -safe_mps2 {
            return f64::NEG_INFINITY;
        }
        let keep_right_mps2 = -f64::from(side) * mobil.keep_right_mps2;
        let against = self.stage.network.lane(to).against;
        if let Some(oncoming) = against {
            return if self.may_overtake(idx, to, oncoming, old[0]) { 1.0 } else { f64::NEG_INFINITY };
        }
        mobil.incentive_mps2(&prospect) + keep_right_mps2 + duty_mps2
    }

    /// Accelerations now and after a change.
    fn prospect(
        &self,
        idx: usize,
        own: LaneIdx,
        to: LaneIdx,
        [old_ahead, old_behind]: [Option<Neighbour>; 2],
        [new_ahead, new_behind]: [Option<Neighbour>; 2],
    ) -> Prospect {
        let mine = |lane: LaneIdx, ahead: Option<Neighbour>| {
            let desired_mps = self.desired_mps(idx, lane).max(0.1);
            let leader = ahead.map(|ahead| self.leader(idx, &ahead));
            self.temper(idx).idm.acceleration(self.fleet.speed_mps[idx], desired_mps, leader)
        };
        Prospect {
            own_mps2: [mine(own, old_ahead), mine(to, new_ahead)],
            new_follower_mps2: self.follower_mps2(idx, new_behind, new_ahead, false),
            old_follower_mps2: self.follower_mps2(idx, old_behind, old_ahead, true),
        }
    }

    /// Accelerations of a follower without the driver and with it between it and its leader; the other way round
    /// where the driver is there now.
    fn follower_mps2(
        &self,
        idx: usize,
        behind: Option<Neighbour>,
        ahead: Option<Neighbour>,
        leaves: bool,
    ) -> [f64; 2] {
        // Oncoming traffic follows nobody here.
        let Some(behind) = behind.filter(|behind| behind.speed_mps >= 0.0) else { return [0.0; 2] };
        let who = behind.who;
        let desired_mps = self.desired_mps(who, self.fleet.lane[who]).max(0.1);
        let follow = |leader: Option<Leader>| {
            self.temper(who).idm.acceleration(self.fleet.speed_mps[who], desired_mps, leader)
        };
        let driver = Leader { gap_m: self.gap_m(idx, &behind), speed_mps: self.fleet.speed_mps[idx] };
        let beyond = ahead.map(|ahead| {
            let between = Neighbour { ahead_m: ahead.ahead_m - behind.ahead_m, ..ahead };
            self.leader(who, &between)
        });
        let (with, without) = (follow(Some(driver)), follow(beyond));
        if leaves { [with, without] } else { [without, with] }
    }

    /// What the way to the destination asks for: positive for a change that leads to it, negative for one away.
    fn duty_mps2(&self, idx: usize, own: LaneIdx, to: LaneIdx, side: i8) -> f64 {
        let destination = self.fleet.destination[idx];
        let network = &self.stage.network;
        // Without a destination a lane that ends nowhere has to be left, to whichever side.
        let sideways = if network.lane(own).against.is_some() {
            -1
        } else if destination != super::NOWHERE {
            network.guide(usize::from(destination), own).sideways
        } else if self.is_dead_end(own) && !self.is_dead_end(to) {
            side
        } else {
            0
        };
        let left_m = (self.stage.facts(own).length_m - self.fleet.s_m[idx]).max(0.0);
        let worth = |changes: i8| {
            let way_m = URGENT_M * f64::from(changes.unsigned_abs());
            DUTY_MPS2[0] + (DUTY_MPS2[1] - DUTY_MPS2[0]) * (1.0 - left_m / way_m).clamp(0.0, 1.0)
        };
        if sideways.signum() == side {
            return worth(sideways);
        }
        let after = if destination != super::NOWHERE {
            network.guide(usize::from(destination), to).sideways
        } else {
            i8::from(self.is_dead_end(to) && !self.is_dead_end(own))
        };
        if sideways != 0 || after != 0 {
            -worth(sideways.unsigned_abs().max(after.unsigned_abs()) as i8)
        } else {
            0.0
        }
    }

    fn is_dead_end(&self, lane: LaneIdx) -> bool {
        self.stage.facts(lane).is_dead_end
    }

    /// Whether a lane does not lead to the destination, by no change of lane either, where the own one does.
    fn is_lost(&self, idx: usize, own: LaneIdx, to: LaneIdx) -> bool {
        let destination = self.fleet.destination[idx];
        if destination == super::NOWHERE || self.stage.network.lane(to).against.is_some() {
            return false;
        }
        let leads = |lane| self.stage.network.guide(usize::from(destination), lane).remaining_m.is_finite();
        leads(own) && !leads(to)
    }

    /// Whether someone is on a lane that merges with or crosses a lane, or its next ones as far as a change takes, or
    /// cannot stop before it any more.
    fn is_joined(&self, idx: usize, lane: LaneIdx) -> bool {
        let network = &self.stage.network;
        let way_m = CHANGE_SECS * self.fleet.speed_mps[idx] + self.fleet.length_m[idx];
        let mut left_m = self.stage.facts(lane).length_m - self.fleet.s_m[idx];
        let mut lane = lane;
        for _ in 0..MOST_LANES {
            let joined = |with: LaneIdx| {
                !self.order.on(with).is_empty()
                    || network.lane(with).before.iter().any(|&before| self.is_coming_over(before))
            };
            let is_joined =
                |lane: LaneIdx| network.lane(lane).conflicts.iter().any(|conflict| joined(conflict.with));
            if is_joined(lane) {
                return true;
            }
            if left_m > way_m {
                return false;
            }
            // The change may end on another way out of the lane than was planned.
            if network.lane(lane).next.iter().any(|&next| is_joined(next)) {
                return true;
            }
            let Some(next) = self.next(idx, lane) else { return false };
            lane = next;
            left_m += self.stage.facts(lane).length_m;
        }
        false
    }

    /// Whether the first on a lane will not stop at its end.
    fn is_coming_over(&self, lane: LaneIdx) -> bool {
        self.order.on(lane).last().is_some_and(|entry| {
            let (who, speed_mps) = (entry.who as usize, self.fleet.speed_mps[entry.who as usize]);
            let way_m = self.stage.facts(lane).length_m - entry.s_m - 0.5 * self.fleet.length_m[who];
            speed_mps * speed_mps > 2.0 * COMES_OVER_MPS2 * way_m.max(0.0)
        })
    }

    /// Whether the leader can be passed before oncoming traffic is there and before the lane ends.
    fn may_overtake(&self, idx: usize, to: LaneIdx, oncoming: LaneIdx, leader: Option<Neighbour>) -> bool {
        let follows = |leader: &Neighbour| leader.ahead_m < FOLLOWS_M && leader.speed_mps >= 0.0;
        let Some(leader) = leader.filter(follows) else { return false };
        let fleet = self.fleet;
        let gain_mps = self.desired_mps(idx, to) - leader.speed_mps;
        // Nobody overtakes someone who overtakes, or a queue whose head is far.
        let [queue, _] = self.around(leader.who, fleet.lane[leader.who]);
        let has_room = queue.is_none_or(|next| next.ahead_m > ROOM_BETWEEN_M && next.speed_mps >= 0.0);
        if gain_mps < FASTER_MPS || !has_room || fleet.target[leader.who] != fleet.lane[idx] {
            return false;
        }
        let way_m = leader.ahead_m + fleet.length_m[leader.who] + fleet.length_m[idx] + CUT_IN_M;
        let closing_mps = (fleet.speed_mps[idx] - leader.speed_mps).max(0.0);
        let gaining_mps2 = RECKONED * self.temper(idx).idm.acceleration_mps2;
        let overtaking_secs = time_secs(way_m, closing_mps, gaining_mps2, gain_mps);
        let travelled_m = way_m + leader.speed_mps * overtaking_secs;
        let left_m = self.stage.facts(to).length_m - fleet.s_m[idx];
        let limit_mps = self.stage.facts(oncoming).limit_mps * FASTEST_SHARE;
        let needed_m = travelled_m + (overtaking_secs + ONCOMING_MARGIN_SECS) * limit_mps;
        left_m > travelled_m + CUT_IN_M && self.is_clear_of_oncoming(idx, oncoming, needed_m)
    }

    /// Whether nobody comes along a lane within a distance ahead, nor may come in at its far end.
    fn is_clear_of_oncoming(&self, idx: usize, oncoming: LaneIdx, needed_m: f64) -> bool {
        let network = &self.stage.network;
        let here_m = self.frame(idx, oncoming).s_m;
        let (mut lane, mut past_m) = (oncoming, here_m);
        for _ in 0..MOST_ONCOMING_LANES {
            // Those on the lane, and those who overtake beside it.
            let beside = network.lane(lane).left;
            for (from, entry) in [Some(lane), beside]
                .into_iter()
                .flatten()
                .flat_map(|from| self.order.on(from).iter().map(move |entry| (from, entry)))
            {
                let who = entry.who as usize;
                let away_m = past_m - entry.s_m;
                let comes = self.fleet.lane[who] == from || self.fleet.target[who] == from;
                if who != idx && comes && away_m > 0.0 && away_m < needed_m {
                    return false;
                }
            }
            if past_m > needed_m {
                return true;
            }
            let Some(&before) = network.lane(lane).before.first() else { return false };
            lane = before;
            past_m += self.stage.facts(lane).length_m;
        }
        false
    }
}
