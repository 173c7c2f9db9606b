//! Which lanes are near a point: square cells over the network, each with a list of lanes, all lists in one array.

use super::super::{
    curve::stations,
    lane::{Lane, LaneIdx},
};

/// Width of a cell, unless that makes too many.
const CELL_M: f64 = 8.0;
const MAX_CELLS: f64 = 1e6;

/// How far beyond its edges a lane is near.
const MARGIN_M: f64 = 6.0;

/// Distance of the points by which curves are laid over the cells.
const STEP_M: f64 = 2.0;

/// Marks a cell that no lane was laid over yet.
const NOBODY: u32 = u32::MAX;

/// Cells with the lanes near them.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    bounds: [[f64; 2]; 2],
    lower: [f64; 2],
    cells_per_m: f64,
    columns: usize,
    rows: usize,
    /// Where the list of each cell begins, and at the end where the last one ends.
    offsets: Vec<u32>,
    lanes: Vec<LaneIdx>,
}

impl Grid {
    /// Lays out lanes whose numbers are finite.
    pub(super) fn new(lanes: &[Lane]) -> Self {
        let bounds = bounds(lanes);
        let lower = bounds[0].map(|value| value - MARGIN_M);
        let size = [0, 1].map(|axis| bounds[1][axis] + MARGIN_M - lower[axis]);
        let mut cell_m = CELL_M;
        while (size[0] / cell_m + 1.0) * (size[1] / cell_m + 1.0) > MAX_CELLS {
            cell_m *= 2.0;
        }
        let [columns, rows] = size.map(|value_m| (value_m / cell_m) as usize + 1);
        let mut grid = Self {
            bounds,
            lower,
            cells_per_m: 1.0 / cell_m,
            columns,
            rows,
            offsets: vec![0; columns * rows + 1],
            lanes: Vec::new(),
        };
        grid.fill(lanes);
        grid
    }

    #[inline]
    pub(super) fn near(&self, x_m: f64, y_m: f64) -> &[LaneIdx] {
        let column = (x_m - self.lower[0]) * self.cells_per_m;
        let row = (y_m - self.lower[1]) * self.cells_per_m;
        let is_inside = column >= 0.0 && row >= 0.0 && column < self.columns as f64 && row < self.rows as f64;
        if !is_inside {
            return &[];
        }
        let cell = row as usize * self.columns + column as usize;
        &self.lanes[self.offsets[cell] as usize..self.offsets[cell + 1] as usize]
    }

    pub(super) fn bounds(&self) -> [[f64; 2]; 2] {
        self.bounds
    }

    /// Counts the lanes of each cell first, then writes them to their places.
    fn fill(&mut self, lanes: &[Lane]) {
        let mut counts = vec![0_u32; self.columns * self.rows];
        self.visit(lanes, |cell, _| counts[cell] += 1);
        for (cell, count) in counts.iter_mut().enumerate() {
            let offset = self.offsets[cell];
            self.offsets[cell + 1] = offset + *count;
            *count = offset;
        }
        let mut listed = vec![LaneIdx(0); self.offsets[counts.len()] as usize];
        self.visit(lanes, |cell, lane| {
            listed[counts[cell] as usize] = lane;
            counts[cell] += 1;
        });
        self.lanes = listed;
    }

    /// Names each cell near a lane once, lanes in ascending order.
    fn visit(&self, lanes: &[Lane], mut seen: impl FnMut(usize, LaneIdx)) {
        let mut last = vec![NOBODY; self.columns * self.rows];
        for (index, lane) in (0_u32..).zip(lanes) {
            let reach_m = 0.5 * lane.sketch.width_m + MARGIN_M + STEP_M;
            let curve = &lane.sketch.curve;
            for s_m in stations(curve.length_m(), STEP_M) {
                let [x_m, y_m] = curve.point(s_m, 0.0);
                let columns = self.span(x_m - self.lower[0], reach_m, self.columns);
                for row in self.span(y_m - self.lower[1], reach_m, self.rows) {
                    for column in columns.clone() {
                        let cell = row * self.columns + column;
                        if last[cell] != index {
                            last[cell] = index;
                            seen(cell, LaneIdx(index));
                        }
                    }
                }
            }
        }
    }

    /// The columns or rows within reach.
    fn span(&self, at_m: f64, reach_m: f64, count: usize) -> std::ops::Range<usize> {
        // A negative float becomes 0 as an unsigned number.
        let from = ((at_m - reach_m) * self.cells_per_m) as usize;
        let to = ((at_m + reach_m) * self.cells_per_m) as usize + 1;
        from.min(count)..to.min(count)
    }
}

fn bounds(lanes: &[Lane]) -> [[f64; 2]; 2] {
    let mut bounds = [[f64::INFINITY; 2], [f64::NEG_INFINITY; 2]];
    for lane in lanes {
        let (curve, half_m) = (&lane.sketch.curve, 0.5 * lane.sketch.width_m);
        for s_m in stations(curve.length_m(), STEP_M) {
            for d_m in [-half_m, half_m] {
                let point = curve.point(s_m, d_m);
                for axis in 0..2 {
                    bounds[0][axis] = bounds[0][axis].min(point[axis]);
                    bounds[1][axis] = bounds[1][axis].max(point[axis]);
                }
            }
        }
    }
    bounds
}
