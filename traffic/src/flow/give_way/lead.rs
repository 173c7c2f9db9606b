//! Leaders on other lanes: those on ways that merge with the own one, and on ways that part from it.

use super::{PARTING_M, View};
use crate::{
    driver::Leader,
    flow::look::{Neighbour, Outlook},
    road::{Conflict, LaneIdx},
};

impl View<'_> {
    /// Takes another leader where it asks for more than the present one.
    pub(super) fn take_leader(&self, idx: usize, leader: Leader, out: &mut Outlook) {
        let asks_mps2 = |leader: Leader| {
            let (speed_mps, desired_mps) = (self.fleet.speed_mps[idx], self.fleet.desired_mps[idx].max(0.1));
            self.temper(idx).idm.acceleration(speed_mps, desired_mps, Some(leader))
        };
        let asks_less = |leading: Leader| {
            let (new, old) = (asks_mps2(leader), asks_mps2(leading));
            new < old || (new == old && leader.gap_m < leading.gap_m)
        };
        if out.leader.is_none_or(asks_less) {
            out.leader = Some(leader);
        }
    }

    /// Whether two lanes end in the same one.
    pub(super) fn merges(&self, lane: LaneIdx, other: LaneIdx) -> bool {
        let network = &self.stage.network;
        network.lane(lane).next.iter().any(|next| network.lane(other).next.contains(next))
    }

    /// Takes who is nearer to the end of a lane that merges with the own one for a leader.
    pub(super) fn follow_into_merge(
        &self,
        idx: usize,
        lane: LaneIdx,
        conflict: &Conflict,
        s_m: f64,
        out: &mut Outlook,
    ) {
        let mine_m = self.stage.facts(lane).length_m - s_m;
        let other_m = self.stage.facts(conflict.with).length_m;
        let nearer = self.order.on(conflict.with).iter().find(|entry| {
            let left_m = other_m - entry.s_m;
            entry.who as usize != idx && (left_m < mine_m || (left_m == mine_m && (entry.who as usize) < idx))
        });
        let Some(entry) = nearer else { return };
        let ahead = Neighbour {
            ahead_m: mine_m - (other_m - entry.s_m),
            ..self.neighbour(entry, conflict.with, 0.0)
        };
        let leader = self.leader(idx, &ahead);
        self.take_leader(idx, leader, out);
    }

    /// Takes who drives another way out of the same lane for a leader, as long as its rear is in the way.
    /// `left_m` is from the participant's middle to where the ways part.
    pub(super) fn follow_parting(
        &self,
        idx: usize,
        from: LaneIdx,
        lane: LaneIdx,
        left_m: f64,
        out: &mut Outlook,
    ) {
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
                if leads && left_m + along_m + half_m > 0.0 {
                    self.take_leader(idx, Leader { gap_m, speed_mps: fleet.speed_mps[who] }, out);
                }
            }
        }
    }
}
