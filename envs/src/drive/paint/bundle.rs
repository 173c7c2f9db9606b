//! Lanes side by side as one strip of road: what is looked up at once when a pixel is painted.

use dreamlane_traffic::road::{Curve, Lane, LaneIdx, Line, Network, Users};

use super::piece::{Edge, Style, Surface};

/// How far the lanes of a bundle may be from exactly side by side.
const TOLERANCE_M: f64 = 0.05;
/// Added to d from one road to the next, so that roads do not look alike.
const DIFFERENT_M: f64 = 53.0;
/// Pavements are painted this much wider than they are.
pub(super) const PAVED_BEYOND_M: f64 = 0.2;

/// Lanes side by side along the curve of the rightmost.
#[derive(Clone, Debug)]
pub(super) struct Bundle<'network> {
    /// From right to left.
    pub(super) lanes: Vec<LaneIdx>,
    pub(super) curve: &'network Curve,
    pub(super) style: Style,
    /// What the layout says of the right and of the left edge.
    pub(super) edges: [Edge; 2],
}

/// All bundles of a network. Lanes for overtaking against the traffic are in none: their strip is that of the
/// oncoming lane.
#[must_use]
pub(super) fn bundles(network: &Network) -> Vec<Bundle<'_>> {
    let count = network.lanes().len();
    let lefts = lefts(network);
    let mut is_first: Vec<bool> = network.lanes().iter().map(|lane| lane.against.is_none()).collect();
    lefts.iter().flatten().for_each(|left| is_first[left.0 as usize] = false);
    let mut bundle_of = vec![None; count];
    let mut bundles = Vec::new();
    for first in (0..).map(LaneIdx).take(count).filter(|lane| is_first[lane.0 as usize]) {
        let lanes: Vec<_> = std::iter::successors(Some(first), |lane| lefts[lane.0 as usize]).collect();
        lanes.iter().for_each(|lane| bundle_of[lane.0 as usize] = Some(bundles.len()));
        bundles.push(bundle(network, lanes));
    }
    continue_textures(network, &mut bundles, &bundle_of);
    bundles
}

/// For each lane the one to its left that is painted as part of the same strip.
fn lefts(network: &Network) -> Vec<Option<LaneIdx>> {
    let mut lefts: Vec<Option<LaneIdx>> = network.lanes().iter().map(|lane| lane.left).collect();
    // Where one may change only to the right, only the left lane knows the other.
    for (left, lane) in (0..).map(LaneIdx).zip(network.lanes()) {
        if let Some(right) = lane.right {
            lefts[right.0 as usize].get_or_insert(left);
        }
    }
    for (left, lane) in lefts.iter_mut().zip(network.lanes()) {
        *left = left.filter(|left| is_beside(lane, network.lane(*left)));
    }
    lefts
}

fn is_beside(right: &Lane, left: &Lane) -> bool {
    let (one, other) = (&right.sketch, &left.sketch);
    let alike = right.against.is_none()
        && left.against.is_none()
        && one.users == Users::Vehicles
        && other.users == Users::Vehicles
        && one.lines[0] == Line::Dashed
        && other.lines[1] == Line::Dashed
        && one.width_m == other.width_m;
    alike
        && [0.0, 0.3, 0.7, 1.0].iter().all(|share| {
            let expected = one.curve.point(share * one.curve.length_m(), one.width_m);
            let found = other.curve.point(share * other.curve.length_m(), 0.0);
            (found[0] - expected[0]).hypot(found[1] - expected[1]) < TOLERANCE_M
        })
}

fn bundle(network: &Network, lanes: Vec<LaneIdx>) -> Bundle<'_> {
    let rightmost = &network.lane(lanes[0]).sketch;
    let leftmost = &network.lane(lanes[lanes.len() - 1]).sketch;
    let (surface, beyond_m) = match rightmost.users {
        Users::Vehicles => (Surface::Asphalt, 0.0),
        Users::Cycles => (Surface::Cycle, 0.0),
        Users::Walkers => (Surface::Pavement, PAVED_BEYOND_M),
    };
    let right_m = -0.5 * rightmost.width_m - beyond_m;
    let left_m = (lanes.len() as f64 - 0.5) * rightmost.width_m + beyond_m;
    Bundle {
        style: Style::new(surface, [right_m, left_m], lanes.len()),
        curve: &rightmost.curve,
        edges: [Edge::of(rightmost.lines[1]), Edge::of(leftmost.lines[0])],
        lanes,
    }
}

/// Lets textures go on from bundle to bundle along the lanes: first from those where roads begin, then around loops.
fn continue_textures(network: &Network, bundles: &mut [Bundle], bundle_of: &[Option<usize>]) {
    let mut done = vec![false; bundles.len()];
    let begins = |bundle: &Bundle| bundle.lanes.iter().all(|lane| network.lane(*lane).before.is_empty());
    let (first, rest): (Vec<_>, Vec<_>) = (0..bundles.len()).partition(|index| begins(&bundles[*index]));
    for root in first.into_iter().chain(rest) {
        if std::mem::replace(&mut done[root], true) {
            continue;
        }
        bundles[root].style.texture_m = [0.0, DIFFERENT_M * root as f64];
        let mut open = vec![root];
        while let Some(from) = open.pop() {
            for (to, texture_m) in followers(network, bundles, bundle_of, from) {
                if !std::mem::replace(&mut done[to], true) {
                    bundles[to].style.texture_m = texture_m;
                    open.push(to);
                }
            }
        }
    }
}

/// The bundles that begin where one ends, and how its texture goes on there.
fn followers(
    network: &Network,
    bundles: &[Bundle],
    bundle_of: &[Option<usize>],
    from: usize,
) -> Vec<(usize, [f64; 2])> {
    let bundle = &bundles[from];
    let [s_m, d_m] = bundle.style.texture_m;
    let mut followers = Vec::new();
    for (here, lane) in bundle.lanes.iter().enumerate() {
        for next in &network.lane(*lane).next {
            let Some(to) = bundle_of[next.0 as usize] else { continue };
            let there = bundles[to].lanes.iter().position(|lane| lane == next).unwrap_or(0);
            let sideways_m = here as f64 * network.lane(*lane).sketch.width_m
                - there as f64 * network.lane(*next).sketch.width_m;
            followers.push((to, [s_m + bundle.curve.length_m(), d_m + sideways_m]));
        }
    }
    followers
}
