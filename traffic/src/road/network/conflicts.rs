//! Where lanes share ground: crossings and merges, found from points along the centre lines.

use super::super::{
    curve::{stations, turn_between},
    lane::{Conflict, Lane, LaneIdx, Users},
};

/// Distance of the points along a lane.
const STEP_M: f64 = 0.5;

/// What is kept between two bodies besides their widths.
const CLEARANCE_M: f64 = 0.6;

/// Width of a cell of points: at least the distance at which two lanes can be in conflict.
const CELL_M: f64 = 3.0;

/// Points of a run may be missing, by rounding, up to this many.
const MISSING: u32 = 2;

/// Two lanes begin together if their starts are within this.
const SAME_START_M: f64 = 0.1;
const SAME_START_RAD: f64 = 0.05;

/// A point of a centre line.
struct Point {
    cell: u64,
    lane: u32,
    index: u32,
    x_m: f64,
    y_m: f64,
}

/// Two points, one of each lane, too close to each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Hit {
    lanes: [u32; 2],
    indexes: [u32; 2],
}

/// Hits that hang together: first and last index along each lane.
#[derive(Clone, Copy)]
struct Run {
    first: [u32; 2],
    last: [u32; 2],
}

/// The conflicts of each lane, ordered by where they begin.
pub(super) fn find(lanes: &[Lane]) -> Vec<Vec<Conflict>> {
    let mut found = vec![Vec::new(); lanes.len()];
    let hits = hits(lanes);
    for same_pair in hits.chunk_by(|one, other| one.lanes == other.lanes) {
        let pair = same_pair[0].lanes;
        let [here, there] = pair.map(|lane| &lanes[lane as usize]);
        let begins_together = begin_together(here, there);
        for run in runs(same_pair) {
            // Who follows from a common start sees its leader; only later meetings are conflicts.
            if begins_together && run.first == [0, 0] {
                continue;
            }
            let stretches =
                [stretch(here, run.first[0], run.last[0]), stretch(there, run.first[1], run.last[1])];
            for side in 0..2 {
                let (own, other) = (pair[side] as usize, pair[1 - side]);
                let priorities = [lanes[own].sketch.priority, lanes[other as usize].sketch.priority];
                found[own].push(Conflict {
                    with: LaneIdx(other),
                    here_m: stretches[side],
                    there_m: stretches[1 - side],
                    yields: priorities[0] < priorities[1],
                    is_yielded_to: priorities[0] > priorities[1],
                });
            }
        }
    }
    for conflicts in &mut found {
        conflicts.sort_by(|a, b| a.here_m[0].total_cmp(&b.here_m[0]).then(a.with.cmp(&b.with)));
    }
    found
}

/// All pairs of points too close to each other, in order.
fn hits(lanes: &[Lane]) -> Vec<Hit> {
    let (points, columns) = sorted_points(lanes);
    let mut hits = Vec::new();
    for point in &points {
        // The cell itself and its neighbours: three rows of three adjacent cells each.
        for row in [point.cell - columns, point.cell, point.cell + columns] {
            let from = points.partition_point(|other| other.cell < row - 1);
            for other in points[from..].iter().take_while(|other| other.cell <= row + 1) {
                if other.lane <= point.lane {
                    continue;
                }
                let [here, there] = [point, other].map(|point| &lanes[point.lane as usize]);
                let reach_m = reach_m(here, there);
                let (east_m, north_m) = (other.x_m - point.x_m, other.y_m - point.y_m);
                let is_close = east_m * east_m + north_m * north_m < reach_m * reach_m;
                if is_close && !are_related([here, there], [point.lane, other.lane]) {
                    let (lanes, indexes) = ([point.lane, other.lane], [point.index, other.index]);
                    hits.push(Hit { lanes, indexes });
                }
            }
        }
    }
    hits.sort_unstable();
    hits
}

/// The points of all lanes, ordered by cells, with the number of cells in a row.
fn sorted_points(lanes: &[Lane]) -> (Vec<Point>, u64) {
    let mut points = Vec::new();
    for (lane, Lane { sketch, .. }) in (0_u32..).zip(lanes) {
        for (index, s_m) in (0_u32..).zip(stations(sketch.curve.length_m(), STEP_M)) {
            let [x_m, y_m] = sketch.curve.point(s_m, 0.0);
            points.push(Point { cell: 0, lane, index, x_m, y_m });
        }
    }
    let least = points
        .iter()
        .fold([f64::INFINITY; 2], |least, point| [least[0].min(point.x_m), least[1].min(point.y_m)]);
    let widest_m = points.iter().fold(0.0_f64, |widest, point| widest.max(point.x_m - least[0]));
    // An empty cell around all, so that neighbours exist.
    let cell_of = |value_m: f64| (value_m / CELL_M) as u64 + 1;
    let columns = cell_of(widest_m) + 2;
    for point in &mut points {
        point.cell = cell_of(point.y_m - least[1]) * columns + cell_of(point.x_m - least[0]);
    }
    points.sort_by_key(|point| point.cell);
    (points, columns)
}

/// Below this distance of centre lines two bodies could touch. Lanes side by side are at least half of both widths apart,
/// and however narrow they are, they do not conflict.
fn reach_m(here: &Lane, there: &Lane) -> f64 {
    let body_m = |lane: &Lane| {
        let widest_m = match lane.sketch.users {
            Users::Vehicles => 2.2,
            Users::Cycles => 1.0,
            Users::Walkers => 0.8,
        };
        lane.sketch.width_m.min(widest_m)
    };
    let bodies_m = 0.5 * (body_m(here) + body_m(there)) + CLEARANCE_M;
    bodies_m.min(0.475 * (here.sketch.width_m + there.sketch.width_m))
}

/// Whether two lanes need no conflict: those in succession or side by side, those on the same strip or next to it in
/// succession, and walkers among themselves, who walk around each other.
fn are_related(lanes: [&Lane; 2], idxs: [u32; 2]) -> bool {
    let related = |own: &Lane, other: &Lane, other_idx: LaneIdx| {
        let is_beside = own.left == Some(other_idx) || own.right == Some(other_idx);
        let is_behind = own.next.contains(&other_idx);
        let is_on_strip = own.against.is_some_and(|oncoming| {
            oncoming == other_idx || other.next.contains(&oncoming) || other.before.contains(&oncoming)
        });
        is_beside || is_behind || is_on_strip
    };
    let are_walkers = lanes.iter().all(|lane| lane.sketch.users == Users::Walkers);
    are_walkers
        || related(lanes[0], lanes[1], LaneIdx(idxs[1]))
        || related(lanes[1], lanes[0], LaneIdx(idxs[0]))
}

fn begin_together(here: &Lane, there: &Lane) -> bool {
    let (here, there) = (here.sketch.curve.start(), there.sketch.curve.start());
    let gap_m = (here.x_m - there.x_m).hypot(here.y_m - there.y_m);
    gap_m <= SAME_START_M && turn_between(here.heading_rad, there.heading_rad).abs() <= SAME_START_RAD
}

/// The runs of the hits of one pair of lanes, which are in order.
fn runs(hits: &[Hit]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for hit in hits {
        let mut grown = Run { first: hit.indexes, last: hit.indexes };
        // Whatever the hit touches becomes one with it, and may then touch another run.
        while let Some(position) = runs.iter().position(|run| run.touches(&grown)) {
            grown = grown.joined(&runs.swap_remove(position));
        }
        runs.push(grown);
    }
    runs
}

impl Run {
    fn touches(&self, other: &Self) -> bool {
        (0..2).all(|side| {
            self.first[side] <= other.last[side] + MISSING && other.first[side] <= self.last[side] + MISSING
        })
    }

    fn joined(&self, other: &Self) -> Self {
        Self {
            first: [0, 1].map(|side| self.first[side].min(other.first[side])),
            last: [0, 1].map(|side| self.last[side].max(other.last[side])),
        }
    }
}

/// From and to along a lane, half a step around the first and the last point.
fn stretch(lane: &Lane, first: u32, last: u32) -> [f64; 2] {
    let length_m = lane.sketch.curve.length_m();
    let step_m = length_m / (length_m / STEP_M).ceil().max(1.0);
    let edge = |index: f64| (index * step_m).clamp(0.0, length_m);
    [edge(f64::from(first) - 0.5), edge(f64::from(last) + 0.5)]
}
