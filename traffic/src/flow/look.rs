//! What a participant sees of the others: who is ahead and behind on any lane, across the ends of lanes too.

use super::{
    Stage,
    fleet::{Fleet, NOWHERE},
    order::{Entry, Order},
};
use crate::{
    driver::Leader,
    road::{Lane, LaneIdx, Network, curve::Abreast},
};

/// Nobody further ahead than this matters.
pub(super) const AHEAD_M: f64 = 150.0;
/// Nobody further behind than this matters.
pub(super) const BEHIND_M: f64 = 100.0;
/// Whose rear is this far along another way is clear of the own one.
const CLEAR_M: f64 = 5.0;
/// More lanes than this in succession are not looked along, so that a ring of short pieces ends the walk.
const MOST_LANES: usize = 24;

/// Someone nearby.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    /// Their index.
    pub who: usize,
    /// From middle to middle along the road: positive ahead.
    pub ahead_m: f64,
    /// Their speed along the lane on which they were found; negative for oncoming traffic.
    pub speed_mps: f64,
}

/// What the way ahead asks of a driver.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outlook {
    /// Who is next ahead, if anyone is near.
    pub leader: Option<Leader>,
    /// How far the front bumper may go before it has to stand; infinite where nothing asks it to.
    pub stop_m: f64,
    /// What bends and limits ahead allow now.
    pub cap_mps: f64,
}

/// Everyone at one moment.
#[derive(Clone, Copy)]
pub struct View<'a> {
    pub(super) stage: &'a Stage,
    pub(super) fleet: &'a Fleet,
    pub(super) order: &'a Order,
    pub(super) secs: f64,
}

impl View<'_> {
    /// Everyone, by column.
    #[must_use]
    pub fn fleet(&self) -> &Fleet {
        self.fleet
    }

    /// The roads.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.stage.network
    }

    /// A lane of the network.
    #[must_use]
    pub fn lane(&self, idx: LaneIdx) -> &Lane {
        self.stage.network.lane(idx)
    }

    /// Where a participant is along a lane near it, and how that lane runs there.
    #[must_use]
    #[inline]
    pub fn frame(&self, idx: usize, lane: LaneIdx) -> Abreast {
        frame(self.stage, self.fleet, idx, lane)
    }

    /// The lane on which a participant goes on after this one; `None` at the end of its way.
    #[must_use]
    #[inline]
    pub fn next(&self, idx: usize, lane: LaneIdx) -> Option<LaneIdx> {
        next(self.stage, self.fleet, idx, lane)
    }

    /// The nearest ahead and the nearest behind a participant on a lane, as if it were there, beyond the lane's
    /// ends along its way and along the ways that lead to it.
    #[must_use]
    pub fn around(&self, idx: usize, lane: LaneIdx) -> [Option<Neighbour>; 2] {
        let s_m = if lane == self.fleet.lane[idx] { self.fleet.s_m[idx] } else { self.frame(idx, lane).s_m };
        let [ahead, behind] = self.order.around(lane, s_m, idx);
        let here = |entry: &Entry| self.neighbour(entry, lane, entry.s_m - s_m);
        [
            ahead.map(here).or_else(|| self.beyond(idx, lane, s_m)),
            behind.map(here).or_else(|| self.upstream(idx, lane, s_m)),
        ]
    }

    /// The first on the lanes that follow.
    pub(super) fn beyond(&self, idx: usize, lane: LaneIdx, s_m: f64) -> Option<Neighbour> {
        let mut left_m = self.stage.facts(lane).length_m - s_m;
        let mut lane = lane;
        for _ in 0..MOST_LANES {
            if left_m > AHEAD_M {
                return None;
            }
            let from = lane;
            let next = self.next(idx, from);
            if let Some(found) = self.parting(idx, from, next, left_m) {
                return Some(found);
            }
            lane = next?;
            if let Some(entry) = self.order.on(lane).iter().find(|entry| entry.who as usize != idx) {
                return Some(self.neighbour(entry, lane, left_m + entry.s_m));
            }
            left_m += self.stage.facts(lane).length_m;
        }
        None
    }

    /// Who is about to leave the end of a lane, `left_m` ahead, by another way than the `planned` one, and is not
    /// clear of it yet.
    fn parting(&self, idx: usize, lane: LaneIdx, planned: Option<LaneIdx>, left_m: f64) -> Option<Neighbour> {
        let ways = &self.stage.network.lane(lane).next;
        if ways.len() < 2 {
            return None;
        }
        let first = |way: LaneIdx| self.order.on(way).iter().find(|entry| entry.who as usize != idx);
        let ahead = planned.and_then(first).map_or(f64::INFINITY, |entry| entry.s_m);
        let others = ways.iter().filter(|&&way| Some(way) != planned);
        others
            .filter_map(|&way| first(way).map(|entry| (entry, way)))
            .filter(|(entry, _)| entry.s_m - 0.5 * self.fleet.length_m[entry.who as usize] < CLEAR_M)
            .filter(|(entry, _)| entry.s_m < ahead)
            .min_by(|a, b| a.0.s_m.total_cmp(&b.0.s_m))
            .map(|(entry, way)| self.neighbour(entry, way, left_m + entry.s_m))
    }

    /// The nearest on the lanes that lead here.
    fn upstream(&self, idx: usize, lane: LaneIdx, s_m: f64) -> Option<Neighbour> {
        let mut nearest: Option<Neighbour> = None;
        for &before in &self.stage.network.lane(lane).before {
            let (mut from, mut behind_m) = (before, s_m);
            for _ in 0..MOST_LANES {
                if behind_m > BEHIND_M {
                    break;
                }
                behind_m += self.stage.facts(from).length_m;
                let last = self.order.on(from).iter().rev().find(|entry| entry.who as usize != idx);
                if let Some(entry) = last {
                    let found = self.neighbour(entry, from, entry.s_m - behind_m);
                    if nearest.is_none_or(|nearest| found.ahead_m > nearest.ahead_m) {
                        nearest = Some(found);
                    }
                    break;
                }
                // Further up only the first way in is looked along.
                let Some(&before) = self.stage.network.lane(from).before.first() else { break };
                from = before;
            }
        }
        nearest.filter(|found| found.ahead_m > -BEHIND_M)
    }

    #[inline]
    pub(super) fn neighbour(&self, entry: &Entry, lane: LaneIdx, ahead_m: f64) -> Neighbour {
        let who = entry.who as usize;
        Neighbour { who, ahead_m, speed_mps: self.speed_along(who, lane) }
    }

    /// The speed of someone along a lane: their own on their lane and beside it, negative against it.
    #[inline]
    fn speed_along(&self, who: usize, lane: LaneIdx) -> f64 {
        let (own, speed_mps) = (self.fleet.lane[who], self.fleet.speed_mps[who]);
        if own == lane || !self.is_against(own, lane) { speed_mps } else { -speed_mps }
    }

    #[inline]
    fn is_against(&self, own: LaneIdx, lane: LaneIdx) -> bool {
        let network = &self.stage.network;
        network.lane(own).against == Some(lane) || network.lane(lane).against == Some(own)
    }

    /// A neighbour as the one that follows it sees it.
    #[must_use]
    #[inline]
    pub fn leader(&self, idx: usize, ahead: &Neighbour) -> Leader {
        let halves_m = 0.5 * (self.fleet.length_m[idx] + self.fleet.length_m[ahead.who]);
        Leader { gap_m: ahead.ahead_m - halves_m, speed_mps: ahead.speed_mps }
    }
}

#[inline]
pub(super) fn frame(stage: &Stage, fleet: &Fleet, idx: usize, lane: LaneIdx) -> Abreast {
    stage.network.lane(lane).sketch.curve.frame_near(fleet.x_m[idx], fleet.y_m[idx], fleet.s_m[idx])
}

#[inline]
pub(super) fn next(stage: &Stage, fleet: &Fleet, idx: usize, lane: LaneIdx) -> Option<LaneIdx> {
    let destination = fleet.destination[idx];
    if destination == NOWHERE {
        stage.network.lane(lane).next.first().copied()
    } else {
        stage.network.guide(usize::from(destination), lane).next
    }
}
