//! Lane changes of the textbook variant: MOBIL, with what the way to the destination asks for on top.

use super::{
    Traffic,
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
/// Over this way before a lane has to be left, the wish to leave it grows.
const URGENT_M: f64 = 200.0;
/// How much the wish to leave a lane in time is worth, far from its end and at it.
const DUTY_MPS2: [f64; 2] = [0.5, 12.0];
/// A driver who must leave its lane makes others brake as hard as this, at its end.
const URGENT_BRAKING_MPS2: f64 = 6.0;
/// Speed above the leader's that makes overtaking against the traffic worth it.
const FASTER_MPS: f64 = 3.0;
/// Time left when oncoming traffic is reached, after one is back.
const ONCOMING_MARGIN_SECS: f64 = 3.0;

/// Looks at the lanes beside when it is time to, and takes the better one.
pub(super) fn decide(traffic: &mut Traffic, idx: usize) {
    let (own, target) = (traffic.fleet.lane[idx], traffic.fleet.target[idx]);
    if target != own {
        let view = traffic.seen();
        if view.is_blocked(idx, target) {
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

impl Traffic {
    pub(super) fn seen(&self) -> View<'_> {
        View { stage: &self.stage, fleet: &self.fleet, order: &self.order, secs: self.secs }
    }
}

impl View<'_> {
    /// Whether someone is in the way on the lane that a change leads to.
    fn is_blocked(&self, idx: usize, to: LaneIdx) -> bool {
        self.around(idx, to).iter().flatten().any(|other| self.gap_m(idx, other) < 0.0)
    }

    /// From bumper to bumper.
    fn gap_m(&self, idx: usize, other: &Neighbour) -> f64 {
        other.ahead_m.abs() - 0.5 * (self.fleet.length_m[idx] + self.fleet.length_m[other.who])
    }

    /// What a change is worth in m/s² above what makes it worth it; not positive where it must not be.
    /// `side` is 1 to the left, -1 to the right.
    fn worth(&self, idx: usize, to: LaneIdx, side: i8) -> f64 {
        let (own, temper) = (self.fleet.lane[idx], self.temper(idx));
        if self.is_lost(idx, own, to) || self.is_joined(to) {
            return f64::NEG_INFINITY;
        }
        let duty_mps2 = self.duty_mps2(idx, own, to, side);
        if self.fleet.speed_mps[idx] < LEAST_SPEED_MPS && duty_mps2 <= 0.0 {
            return f64::NEG_INFINITY;
        }
        let old = self.around(idx, own);
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

    /// Whether someone is on a lane that merges with or crosses this one.
    fn is_joined(&self, lane: LaneIdx) -> bool {
        let conflicts = &self.stage.network.lane(lane).conflicts;
        conflicts.iter().any(|conflict| !self.order.on(conflict.with).is_empty())
    }

    /// Whether the leader can be passed before oncoming traffic is there.
    fn may_overtake(&self, idx: usize, to: LaneIdx, oncoming: LaneIdx, leader: Option<Neighbour>) -> bool {
        let Some(leader) = leader.filter(|leader| leader.ahead_m < 80.0) else { return false };
        let fleet = self.fleet;
        let desired_mps = self.desired_mps(idx, to);
        let gain_mps = desired_mps - leader.speed_mps;
        // Nobody overtakes while being overtaken, or a queue whose head is far.
        let queue = self.order.around(fleet.lane[leader.who], fleet.s_m[leader.who] + 0.1, leader.who)[0];
        let room = queue.is_none_or(|next| next.s_m - fleet.s_m[leader.who] > 40.0);
        if gain_mps < FASTER_MPS || !room {
            return false;
        }
        let way_m = leader.ahead_m + fleet.length_m[leader.who] + fleet.length_m[idx] + 15.0;
        // Half of the gain on average, since it starts at the leader's speed.
        let overtaking_secs = way_m / (0.5 * gain_mps).max(1.0);
        let here = self.frame(idx, oncoming);
        let left_m = self.stage.facts(to).length_m - fleet.s_m[idx];
        if left_m < overtaking_secs * desired_mps {
            return false;
        }
        let list = self.order.on(oncoming);
        let nearest = list[..list.partition_point(|entry| entry.s_m < here.s_m)]
            .iter()
            .rev()
            .find(|entry| entry.who as usize != idx && fleet.lane[entry.who as usize] == oncoming);
        let limit_mps = self.stage.facts(oncoming).limit_mps;
        // Who is not there yet may come in at the start of the lane.
        let (way_m, speed_mps) = nearest.map_or((here.s_m + 50.0, limit_mps), |entry| {
            (here.s_m - entry.s_m, fleet.speed_mps[entry.who as usize].max(0.5 * limit_mps))
        });
        way_m > (overtaking_secs + ONCOMING_MARGIN_SECS) * (speed_mps + desired_mps)
    }
}
