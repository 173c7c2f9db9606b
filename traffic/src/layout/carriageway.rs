//! Lanes laid beside one another and behind one another: what all layouts are made of.

use crate::road::{Builder, Curve, LaneIdx, Line, RoadError, Sketch};

/// Lanes of one direction beside one another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Carriageway {
    pub(super) count: usize,
    pub(super) width_m: f64,
    pub(super) limit_mps: f64,
    /// The left edge of the leftmost and the right edge of the rightmost lane.
    pub(super) edges: [Line; 2],
    pub(super) priority: u8,
}

impl Carriageway {
    /// Lanes 4 m wide between solid lines.
    pub(super) fn new(count: usize, limit_mps: f64) -> Self {
        Self { count, width_m: 4.0, limit_mps, edges: [Line::Solid, Line::Solid], priority: 0 }
    }

    pub(super) fn with_edges(self, edges: [Line; 2]) -> Self {
        Self { edges, ..self }
    }

    /// Adds the lanes along the centre line of the rightmost; answers with them from right to left.
    pub(super) fn lay(&self, builder: &mut Builder, rightmost: &Curve) -> Vec<LaneIdx> {
        let lanes: Vec<LaneIdx> =
            (0..self.count).map(|idx| builder.add(self.sketch(idx, rightmost))).collect();
        for pair in lanes.windows(2) {
            builder.beside(pair[0], pair[1]);
        }
        lanes
    }

    fn sketch(&self, idx: usize, rightmost: &Curve) -> Sketch {
        let [left_edge, right_edge] = self.edges;
        let left = if idx + 1 == self.count { left_edge } else { Line::Dashed };
        let right = if idx == 0 { right_edge } else { Line::Dashed };
        let curve = if idx == 0 { rightmost.clone() } else { rightmost.parallel(idx as f64 * self.width_m) };
        Sketch {
            width_m: self.width_m,
            priority: self.priority,
            ..Sketch::new(curve, self.limit_mps, [left, right])
        }
    }
}

/// Connects lanes with lanes, each with its counterpart; where one list is longer, its last ones stay as
/// they are.
pub(super) fn connect_each(builder: &mut Builder, from: &[LaneIdx], to: &[LaneIdx]) {
    for (from, to) in from.iter().zip(to) {
        builder.connect(*from, *to);
    }
}

/// Adds lanes behind one another.
pub(super) fn chain(
    builder: &mut Builder,
    curves: &[Curve],
    sketch: impl Fn(Curve) -> Sketch,
) -> Vec<LaneIdx> {
    let lanes: Vec<LaneIdx> = curves.iter().map(|curve| builder.add(sketch(curve.clone()))).collect();
    for pair in lanes.windows(2) {
        builder.connect(pair[0], pair[1]);
    }
    lanes
}

/// Fails where a figure of a layout is not within bounds, both of which are allowed.
pub(super) fn within(what: &'static str, found: f64, [lowest, highest]: [f64; 2]) -> Result<(), RoadError> {
    if (lowest..=highest).contains(&found) {
        Ok(())
    } else {
        Err(RoadError::OutOfRange { what, lowest, highest, found })
    }
}

/// Bounds of speed limits, m/s: walking pace to beyond any public road.
pub(super) const LIMITS_MPS: [f64; 2] = [1.0, 100.0];

/// Bounds of lengths along a road, metres.
pub(super) const LENGTHS_M: [f64; 2] = [10.0, 20_000.0];
