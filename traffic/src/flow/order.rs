//! Who comes after whom: for every lane, those on it by their place along it.
//!
//! A participant stands in the list of its own lane and, where it reaches into others or is about to, in theirs.
//! The lists are kept from tick to tick and mended by insertion, since few overtake in a tick: no look at all pairs.

use super::{fleet::Fleet, mend::mend};
use crate::road::LaneIdx;

/// One place in a lane's list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Entry {
    /// The lane.
    pub(super) lane: LaneIdx,
    /// The participant.
    pub(super) who: u32,
    /// Where its middle is along the lane.
    pub(super) s_m: f64,
}

/// The lists of all lanes, one after the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Order {
    entries: Vec<Entry>,
    /// Where the list of each lane begins; one more than there are lanes.
    first: Vec<u32>,
    /// Place in `entries` of each participant in its own lane.
    rank: Vec<u32>,
    /// Participants in the order of the last tick.
    sequence: Vec<u32>,
    /// Entries beside those of own lanes.
    extra: Vec<Entry>,
    own: Vec<Entry>,
}

impl Order {
    /// Sorts everyone anew. `reaches` calls its second argument for each lane beside the own that a participant is
    /// in the way of, with its place along it.
    pub(super) fn rebuild(
        &mut self,
        n_lanes: usize,
        fleet: &Fleet,
        mut reaches: impl FnMut(usize, &mut dyn FnMut(LaneIdx, f64)),
    ) {
        if self.sequence.len() != fleet.len() {
            self.sequence.clear();
            self.sequence.extend(0..fleet.len() as u32);
        }
        self.own.clear();
        self.extra.clear();
        for &who in &self.sequence {
            let idx = who as usize;
            self.own.push(Entry { lane: fleet.lane[idx], who, s_m: fleet.s_m[idx] });
        }
        let extra = &mut self.extra;
        for idx in 0..fleet.len() {
            reaches(idx, &mut |lane, s_m| extra.push(Entry { lane, who: idx as u32, s_m }));
        }
        mend(&mut self.own, before);
        self.extra
            .sort_unstable_by(|a, b| (a.lane, a.who).cmp(&(b.lane, b.who)).then(a.s_m.total_cmp(&b.s_m)));
        self.extra.dedup_by_key(|entry| (entry.lane, entry.who));
        self.extra.sort_unstable_by(|a, b| {
            a.lane.cmp(&b.lane).then(a.s_m.total_cmp(&b.s_m)).then(a.who.cmp(&b.who))
        });
        self.merge(n_lanes, fleet.len());
    }

    fn merge(&mut self, n_lanes: usize, n_participants: usize) {
        self.entries.clear();
        self.rank.resize(n_participants, 0);
        self.first.clear();
        let mut extra = self.extra.iter().peekable();
        for (place, own) in self.own.iter().enumerate() {
            while let Some(entry) = extra.next_if(|entry| before(entry, own)) {
                self.entries.push(*entry);
            }
            self.rank[own.who as usize] = self.entries.len() as u32;
            self.sequence[place] = own.who;
            self.entries.push(*own);
        }
        self.entries.extend(extra);
        for (place, entry) in self.entries.iter().enumerate() {
            while self.first.len() <= entry.lane.0 as usize {
                self.first.push(place as u32);
            }
        }
        self.first.resize(n_lanes + 1, self.entries.len() as u32);
    }

    /// Everyone on a lane, the hindmost first.
    #[must_use]
    #[inline]
    pub(super) fn on(&self, lane: LaneIdx) -> &[Entry] {
        let lane = lane.0 as usize;
        &self.entries[self.first[lane] as usize..self.first[lane + 1] as usize]
    }

    /// Who comes next ahead of a participant in its own lane.
    #[must_use]
    #[inline]
    pub(super) fn ahead(&self, who: usize) -> Option<&Entry> {
        let rank = self.rank[who] as usize;
        let lane = self.entries[rank].lane;
        self.entries.get(rank + 1).filter(|entry| entry.lane == lane)
    }

    /// The nearest on a lane at or ahead of a place, and the nearest behind it, but for `who`.
    #[must_use]
    #[inline]
    pub(super) fn around(&self, lane: LaneIdx, s_m: f64, who: usize) -> [Option<&Entry>; 2] {
        let list = self.on(lane);
        let split = list.partition_point(|entry| entry.s_m < s_m);
        let other = |entry: &&Entry| entry.who as usize != who;
        [list[split..].iter().find(other), list[..split].iter().rev().find(other)]
    }
}

/// Whether an entry comes before another: by lane, by place, the lower index first where both are equal.
#[inline]
fn before(a: &Entry, b: &Entry) -> bool {
    if a.lane != b.lane {
        a.lane < b.lane
    } else if a.s_m != b.s_m {
        a.s_m < b.s_m
    } else {
        a.who < b.who
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::flow::fleet::Participant;

    fn fleet(places: &[(u32, f64)]) -> Fleet {
        let mut fleet = Fleet::default();
        for &(lane, s_m) in places {
            fleet.push(Participant { lane: LaneIdx(lane), s_m, ..Participant::default() });
        }
        fleet
    }

    proptest! {
        #[test]
        fn neighbours_are_those_that_a_look_at_all_pairs_finds(
            rounds in prop::collection::vec(prop::collection::vec((0_u32..5, 0.0..100.0), 12), 1..4),
            asked in (0_u32..5, 0.0..100.0),
        ) {
            let mut order = Order::default();
            for places in &rounds {
                let fleet = fleet(places);
                // Everyone reaches into the next lane, too.
                order.rebuild(6, &fleet, |idx, enter| {
                    enter(LaneIdx(places[idx].0 + 1), places[idx].1);
                });
                let on = |lane: u32| {
                    places.iter().enumerate().filter(move |(_, place)| place.0 == lane || place.0 + 1 == lane)
                };
                for (who, &(lane, s_m)) in places.iter().enumerate() {
                    let ahead = on(lane).filter(|(idx, place)| *idx != who && place.1 > s_m)
                        .min_by(|a, b| a.1.1.total_cmp(&b.1.1)).map(|(idx, _)| idx as u32);
                    let behind = on(lane).filter(|(idx, place)| *idx != who && place.1 < s_m)
                        .max_by(|a, b| a.1.1.total_cmp(&b.1.1)).map(|(idx, _)| idx as u32);
                    prop_assert_eq!(order.ahead(who).map(|entry| entry.who), ahead);
                    let found = order.around(LaneIdx(lane), s_m, who)[1].map(|entry| entry.who);
                    prop_assert_eq!(found, behind);
                }
                let (lane, s_m) = asked;
                let ahead = on(lane).filter(|(_, place)| place.1 >= s_m)
                    .min_by(|a, b| a.1.1.total_cmp(&b.1.1)).map(|(idx, _)| idx as u32);
                let found = order.around(LaneIdx(lane), s_m, usize::MAX)[0].map(|entry| entry.who);
                prop_assert_eq!(found, ahead);
            }
        }
    }

    #[test]
    fn a_lane_without_anyone_has_an_empty_list() {
        let mut order = Order::default();
        order.rebuild(4, &fleet(&[(2, 5.0), (2, 1.0)]), |_, _| ());
        assert!(order.on(LaneIdx(0)).is_empty() && order.on(LaneIdx(3)).is_empty());
        assert_eq!(order.on(LaneIdx(2)).iter().map(|entry| entry.who).collect::<Vec<_>>(), [1, 0]);
    }
}
