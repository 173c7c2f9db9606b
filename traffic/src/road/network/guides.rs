//! How to go on from each lane towards each exit: shortest paths backwards from the exit
//! (Dijkstra 1959, <https://doi.org/10.1007/BF01386390>), where a change of lane counts as a detour.

use std::{cmp::Ordering, collections::BinaryHeap};

use super::super::lane::{Lane, LaneIdx};

/// The detour that one change of lane is worth. On lanes shorter than this it is worth more, as there is little room.
const CHANGE_M: f64 = 60.0;

/// A lane that also leads there is not left for one that is better by less than this.
const STAY_M: f64 = 30.0;

/// How to go on from a lane towards a destination.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Guide {
    /// The successor to take at the end of this lane; `None` if none of them leads there, or this is the last lane.
    pub next: Option<LaneIdx>,
    /// Lane changes to make before this lane's end: positive to the left, 0 none.
    pub sideways: i8,
    /// From the start of this lane to the end of the destination; infinite where it cannot be reached.
    pub remaining_m: f32,
}

/// A guide for each destination and lane.
#[derive(Clone, Debug)]
pub(super) struct Guides {
    lanes: usize,
    guides: Vec<Guide>,
}

impl Guides {
    pub(super) fn new(lanes: &[Lane], exits: &[Vec<LaneIdx>]) -> Self {
        let sides = Sides::new(lanes);
        let guides = exits.iter().flat_map(|exit| towards(lanes, &sides, exit));
        Self { lanes: lanes.len(), guides: guides.collect() }
    }

    #[inline]
    pub(super) fn get(&self, destination: usize, lane: LaneIdx) -> Guide {
        self.guides[destination * self.lanes + lane.0 as usize]
    }
}

/// For each lane, the lanes from which one may change to it.
struct Sides(Vec<Vec<LaneIdx>>);

impl Sides {
    fn new(lanes: &[Lane]) -> Self {
        let mut sources = vec![Vec::new(); lanes.len()];
        for (index, lane) in (0_u32..).zip(lanes) {
            for (neighbour, _) in neighbours(lanes, lane) {
                sources[neighbour.0 as usize].push(LaneIdx(index));
            }
        }
        Self(sources)
    }
}

/// The lanes that one may change to on a way to somewhere, with the sign of the change. A lane against the traffic is for
/// overtaking only, and lanes of other users are not for changing to.
fn neighbours<'a>(lanes: &'a [Lane], lane: &'a Lane) -> impl Iterator<Item = (LaneIdx, i8)> + 'a {
    let sides = [(lane.right, -1), (lane.left, 1)];
    sides.into_iter().filter_map(|(side, sign)| side.map(|side| (side, sign))).filter(|(side, _)| {
        let other = &lanes[side.0 as usize];
        other.against.is_none() && other.sketch.users == lane.sketch.users
    })
}

fn change_m(lane: &Lane) -> f64 {
    CHANGE_M * (CHANGE_M / lane.sketch.curve.length_m()).max(1.0)
}

/// A lane to go on from, with the cost from its start.
#[derive(PartialEq)]
struct Candidate {
    cost_m: f64,
    lane: LaneIdx,
}

impl Eq for Candidate {}

impl Ord for Candidate {
    /// The cheapest is the greatest, as the heap gives out the greatest.
    fn cmp(&self, other: &Self) -> Ordering {
        other.cost_m.total_cmp(&self.cost_m).then(other.lane.cmp(&self.lane))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The guides of all lanes towards one exit, which may be the ends of several lanes.
fn towards(lanes: &[Lane], sides: &Sides, exit: &[LaneIdx]) -> Vec<Guide> {
    let unreachable = Guide { next: None, sideways: 0, remaining_m: f32::INFINITY };
    let mut guides = vec![unreachable; lanes.len()];
    let mut remaining_m = vec![f64::INFINITY; lanes.len()];
    let (costs_m, order) = costs(lanes, sides, exit);
    for idx in order {
        let index = idx.0 as usize;
        if exit.contains(&idx) {
            remaining_m[index] = lanes[index].sketch.curve.length_m();
        } else {
            let (guide, length_m) = choose(lanes, &costs_m, &guides, &remaining_m, idx);
            guides[index] = guide;
            remaining_m[index] = length_m;
        }
        guides[index].remaining_m = remaining_m[index] as f32;
    }
    guides
}

/// The cost from the start of each lane, and the lanes that lead there, cheapest first.
fn costs(lanes: &[Lane], sides: &Sides, exit: &[LaneIdx]) -> (Vec<f64>, Vec<LaneIdx>) {
    let mut costs_m = vec![f64::INFINITY; lanes.len()];
    let mut order = Vec::with_capacity(lanes.len());
    let mut heap = BinaryHeap::new();
    for &lane in exit {
        let cost_m = lanes[lane.0 as usize].sketch.curve.length_m();
        costs_m[lane.0 as usize] = cost_m;
        heap.push(Candidate { cost_m, lane });
    }
    while let Some(Candidate { cost_m, lane }) = heap.pop() {
        if cost_m > costs_m[lane.0 as usize] {
            continue;
        }
        order.push(lane);
        if lanes[lane.0 as usize].against.is_some() {
            continue;
        }
        let before =
            lanes[lane.0 as usize].before.iter().filter(|idx| lanes[idx.0 as usize].against.is_none());
        let behind = before.map(|&idx| (idx, lanes[idx.0 as usize].sketch.curve.length_m()));
        let beside = sides.0[lane.0 as usize].iter().map(|&idx| (idx, change_m(&lanes[idx.0 as usize])));
        for (source, step_m) in behind.chain(beside) {
            let best_m = &mut costs_m[source.0 as usize];
            if cost_m + step_m < *best_m {
                *best_m = cost_m + step_m;
                heap.push(Candidate { cost_m: *best_m, lane: source });
            }
        }
    }
    (costs_m, order)
}

/// Whether to stay or to change, and the length that remains. Costs fall along each choice, so no choices go in a circle,
/// and what is chosen from was chosen before.
fn choose(
    lanes: &[Lane],
    costs_m: &[f64],
    guides: &[Guide],
    remaining_m: &[f64],
    idx: LaneIdx,
) -> (Guide, f64) {
    let lane = &lanes[idx.0 as usize];
    let (cost_m, length_m) = (costs_m[idx.0 as usize], lane.sketch.curve.length_m());
    let cost_of = |lane: &LaneIdx| costs_m[lane.0 as usize];
    let ahead = lane.next.iter().copied().filter(|next| lane.against.is_none() && cost_of(next).is_finite());
    let next = ahead.min_by(|a, b| cost_of(a).total_cmp(&cost_of(b)));
    if let Some(next) = next
        && cost_of(&next) < cost_m
        && cost_of(&next) + length_m <= cost_m + STAY_M
    {
        let guide = Guide { next: Some(next), sideways: 0, remaining_m: 0.0 };
        return (guide, length_m + remaining_m[next.0 as usize]);
    }
    let side = neighbours(lanes, lane).min_by(|(a, _), (b, _)| cost_of(a).total_cmp(&cost_of(b)));
    let Some((side, sign)) = side else {
        return (Guide { next, sideways: 0, remaining_m: 0.0 }, f64::INFINITY);
    };
    let further = guides[side.0 as usize].sideways;
    let sideways = if further.signum() == sign { further.saturating_add(sign) } else { sign };
    (Guide { next, sideways, remaining_m: 0.0 }, remaining_m[side.0 as usize])
}
