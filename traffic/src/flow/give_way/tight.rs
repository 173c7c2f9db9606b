//! Stretches where only long bodies meet: in a bend a long body swings out further than the lane is wide.
//!
//! Bodies stand as the bicycle model has them in a steady bend: turned outwards by the slip angle, whose sine is
//! half the length times the curvature.

use crate::{
    participant::{Footprint, Kind},
    road::{Conflict, LaneIdx, Network, Users},
};

/// Bodies beyond this length swing out so far that it matters.
const LONG_M: f64 = 6.0;
/// Distance of the places that are looked at along a lane.
const STEP_M: f64 = 1.0;
/// What is kept between two bodies.
const CLEARANCE_M: f64 = 0.2;

/// Bends sharper than this, on lanes no longer than this, are looked at though nothing crosses them.
const BENT_PER_M: f64 = 0.02;
const LONGEST_M: f64 = 60.0;

/// Whether a body swings out so far that it matters.
#[inline]
pub(in crate::flow) fn is_long(length_m: f64) -> bool {
    length_m > LONG_M
}

/// For each lane the stretches that long bodies on it share with bodies on others.
pub(in crate::flow) fn find(network: &Network) -> Vec<Vec<Conflict>> {
    let lanes = 0..network.lanes().len() as u32;
    let bodies: Vec<Vec<Footprint>> = lanes.map(|idx| along(network, LaneIdx(idx))).collect();
    let mut found = vec![Vec::new(); bodies.len()];
    for (one, mine) in bodies.iter().enumerate() {
        for (other, theirs) in bodies.iter().enumerate().skip(one + 1) {
            let pair = [LaneIdx(one as u32), LaneIdx(other as u32)];
            if mine.is_empty() || theirs.is_empty() || !may_meet(network, pair) || are_related(network, pair)
            {
                continue;
            }
            let Some(stretches) = meet(network, pair, mine, theirs) else { continue };
            if is_known(network, pair, stretches) {
                continue;
            }
            for side in 0..2 {
                let priority = pair.map(|lane| network.lane(lane).sketch.priority);
                found[pair[side].0 as usize].push(Conflict {
                    with: pair[1 - side],
                    here_m: stretches[side],
                    there_m: stretches[1 - side],
                    yields: priority[side] < priority[1 - side],
                    is_yielded_to: priority[side] > priority[1 - side],
                });
            }
        }
    }
    found
}

/// A long body at places along a lane that crosses others or bends; none along others.
fn along(network: &Network, idx: LaneIdx) -> Vec<Footprint> {
    let lane = network.lane(idx);
    let curve = &lane.sketch.curve;
    let is_bent = [0.0, 0.5, 1.0].iter().any(|share| {
        let bend_per_m = curve.curvature_per_m(share * curve.length_m());
        bend_per_m.abs() > BENT_PER_M && curve.length_m() < LONGEST_M
    });
    if (lane.conflicts.is_empty() && !is_bent) || lane.sketch.users != Users::Vehicles {
        return Vec::new();
    }
    let [length_m, width_m, _] = Kind::Truck.size_m();
    let body = |s_m: f64| {
        let pose = curve.pose(s_m);
        let slip_rad = (0.5 * length_m * curve.curvature_per_m(s_m)).clamp(-0.9, 0.9).asin();
        Footprint {
            x_m: pose.x_m,
            y_m: pose.y_m,
            heading_rad: pose.heading_rad - slip_rad,
            length_m: length_m + CLEARANCE_M,
            width_m: width_m + CLEARANCE_M,
        }
    };
    let count = (curve.length_m() / STEP_M).ceil().max(1.0);
    (0..=count as usize).map(|step| body(curve.length_m() * step as f64 / count)).collect()
}

/// Whether all bodies, long ones among them, meet in these stretches anyway.
fn is_known(network: &Network, [one, other]: [LaneIdx; 2], [here, there]: [[f64; 2]; 2]) -> bool {
    let holds = |outer: [f64; 2], inner: [f64; 2]| outer[0] <= inner[0] && outer[1] >= inner[1];
    let conflicts = &network.lane(one).conflicts;
    conflicts.iter().any(|it| it.with == other && holds(it.here_m, here) && holds(it.there_m, there))
}

/// Whether two lanes belong to one crossing: both cross others, or one of them yields to some and the other is near.
fn may_meet(network: &Network, lanes: [LaneIdx; 2]) -> bool {
    let [here, there] = lanes.map(|lane| &network.lane(lane).conflicts);
    let drives = |conflict: &Conflict| network.lane(conflict.with).sketch.users == Users::Vehicles;
    let yields =
        |conflicts: &[Conflict]| conflicts.iter().any(|conflict| conflict.yields && drives(conflict));
    let crosses = |conflicts: &[Conflict]| conflicts.iter().any(drives);
    (crosses(here) && crosses(there)) || yields(here) || yields(there)
}

/// Lanes that begin or end together, follow one another or lie beside each other have their own rules.
fn are_related(network: &Network, [one, other]: [LaneIdx; 2]) -> bool {
    let [here, there] = [one, other].map(|lane| network.lane(lane));
    let shares = |a: &[LaneIdx], b: &[LaneIdx]| a.iter().any(|lane| b.contains(lane));
    shares(&here.next, &there.next)
        || shares(&here.before, &there.before)
        || shares(&here.next, &there.before)
        || shares(&here.before, &there.next)
        || here.next.contains(&other)
        || there.next.contains(&one)
        || [here.left, here.right, here.against].contains(&Some(other))
        || [there.left, there.right, there.against].contains(&Some(one))
}

/// The stretches along both lanes in which bodies on them touch.
fn meet(
    network: &Network,
    lanes: [LaneIdx; 2],
    mine: &[Footprint],
    theirs: &[Footprint],
) -> Option<[[f64; 2]; 2]> {
    let mut ranges: Option<[[usize; 2]; 2]> = None;
    for (a, one) in mine.iter().enumerate() {
        for (b, other) in theirs.iter().enumerate() {
            if one.touches(other) {
                let [here, there] = ranges.get_or_insert([[a, a], [b, b]]);
                (here[0], here[1]) = (here[0].min(a), here[1].max(a));
                (there[0], there[1]) = (there[0].min(b), there[1].max(b));
            }
        }
    }
    let half_m = 0.5 * Kind::Truck.size_m()[0];
    let stretch = |side: usize, count: usize, [first, last]: [usize; 2]| {
        let step_m = network.lane(lanes[side]).sketch.curve.length_m() / (count - 1).max(1) as f64;
        // Places of the middle; stretches are where the bumpers enter and leave.
        [first as f64 * step_m + half_m, last as f64 * step_m - half_m]
    };
    ranges.map(|[here, there]| [stretch(0, mine.len(), here), stretch(1, theirs.len(), there)])
}
