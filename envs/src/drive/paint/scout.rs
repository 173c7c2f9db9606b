//! Looks around on the strips of a network: where lines end because another road begins, and where roads are crossed
//! on foot.

use super::{
    bundle::{Bundle, PAVED_BEYOND_M},
    cells::Cells,
    piece::{Edge, Piece, Style, Surface},
};

/// How finely edges are followed on short lanes and on long ones.
const STEP_M: [f64; 2] = [0.5, 2.0];
/// Lanes up to this length are short.
const SHORT_M: f64 = 80.0;
/// How far inside another lane a line is no longer painted.
const INSIDE_M: f64 = 0.3;
/// A line this near to that of another lane is the same line.
const SAME_M: f64 = 0.15;
/// A shoulder needs this much room.
const OUTSIDE_M: f64 = 0.7;
/// How finely crossings are followed.
const CROSSING_STEP_M: f64 = 0.2;

/// All strips of a network, to be looked up by place.
pub(super) struct Scout<'a> {
    bundles: &'a [Bundle<'a>],
    pieces: Vec<Piece>,
    /// The number of the bundle of each piece.
    owners: Vec<usize>,
    cells: Cells,
}

impl<'a> Scout<'a> {
    /// A scout on these strips.
    #[must_use]
    pub(super) fn new(bundles: &'a [Bundle<'a>]) -> Self {
        let (mut pieces, mut owners) = (Vec::new(), Vec::new());
        for (number, bundle) in bundles.iter().enumerate() {
            // With edges, for what is bare may be left out where it lies under others.
            let edges = [Edge::Solid; 2];
            pieces.extend(Piece::cut(bundle.curve, [0.0, bundle.curve.length_m()], bundle.style, edges));
            owners.resize(pieces.len(), number);
        }
        let cells = Cells::new(&pieces);
        Self { bundles, pieces, owners, cells }
    }

    /// Stretches of a bundle over which its edges do not change.
    #[must_use]
    pub(super) fn spans(&self, number: usize, bundle: &Bundle) -> Vec<([f64; 2], [Edge; 2])> {
        let length_m = bundle.curve.length_m();
        if bundle.edges == [Edge::Bare; 2] || bundle.style.surface == Surface::Pavement {
            return vec![([0.0, length_m], [Edge::Bare; 2])];
        }
        let step_m = if length_m <= SHORT_M { STEP_M[0] } else { STEP_M[1] };
        let at = |s_m: f64| {
            let beside = [(bundle.style.right_m, -OUTSIDE_M), (bundle.style.left_m, OUTSIDE_M)];
            [0, 1].map(|side| {
                let (edge_m, outside_m) = beside[side];
                let points = [edge_m, edge_m + outside_m].map(|d_m| bundle.curve.point(s_m, d_m));
                self.edge(number, bundle.edges[side], points)
            })
        };
        runs(length_m, step_m, at)
    }

    /// What is painted at a point on the edge of a bundle, given another point outside it.
    fn edge(&self, number: usize, edge: Edge, [on_edge, outside]: [[f64; 2]; 2]) -> Edge {
        if edge == Edge::Bare || self.is_taken(number, edge, on_edge) {
            return Edge::Bare;
        }
        let is_outer = || self.others(number, outside).all(|(piece, _, d_m)| !is_on(piece, d_m));
        if edge == Edge::Solid && is_outer() { Edge::Shoulder } else { edge }
    }

    /// Whether an edge lies inside another road, or is painted as the edge of another one.
    fn is_taken(&self, number: usize, edge: Edge, on_edge: [f64; 2]) -> bool {
        self.others(number, on_edge).any(|(piece, other, d_m)| {
            let Style { surface, right_m, left_m, .. } = piece.style;
            let inside_m = (d_m - right_m).min(left_m - d_m);
            let nearest = usize::from(d_m - right_m > left_m - d_m);
            let is_same = edge == Edge::Dashed
                && self.bundles[other].edges[nearest] == Edge::Dashed
                && other < number
                && inside_m.abs() < SAME_M;
            surface != Surface::Pavement && (inside_m > INSIDE_M || is_same)
        })
    }

    /// Pieces of other bundles abreast of a point: the piece, its bundle, and the point's d.
    fn others(&self, number: usize, [x_m, y_m]: [f64; 2]) -> impl Iterator<Item = (&Piece, usize, f64)> {
        self.cells.pieces(self.cells.list(x_m, y_m)).iter().filter_map(move |index| {
            let (piece, owner) = (&self.pieces[*index as usize], self.owners[*index as usize]);
            let [_, d_m] = piece.project(x_m, y_m)?;
            (owner != number).then_some((piece, owner, d_m))
        })
    }

    /// Zebra crossings: where a lane for people on foot lies on those of others.
    #[must_use]
    pub(super) fn zebras(&self, number: usize, bundle: &Bundle) -> Vec<Piece> {
        let curve = bundle.curve;
        let at = |s_m: f64| {
            self.others(number, curve.point(s_m, 0.0))
                .any(|(piece, _, d_m)| piece.style.surface != Surface::Pavement && is_on(piece, d_m))
        };
        let edges_m = [bundle.style.right_m + PAVED_BEYOND_M, bundle.style.left_m - PAVED_BEYOND_M];
        let mut pieces = Vec::new();
        for (span, _) in runs(curve.length_m(), CROSSING_STEP_M, at).iter().filter(|(_, is_on)| *is_on) {
            // Bars count from the middle, so that those of both directions are in line.
            let texture_m = [-0.5 * (span[0] + span[1]), 0.0];
            let style = Style { texture_m, ..Style::new(Surface::Zebra, edges_m, 1) };
            pieces.extend(Piece::cut(curve, *span, style, [Edge::Bare; 2]));
        }
        pieces
    }
}

fn is_on(piece: &Piece, d_m: f64) -> bool {
    d_m >= piece.style.right_m && d_m <= piece.style.left_m
}

/// Stretches of [0, length] over which `at` has one value.
fn runs<T: PartialEq>(length_m: f64, step_m: f64, at: impl Fn(f64) -> T) -> Vec<([f64; 2], T)> {
    let count = ((length_m / step_m).ceil() as usize).max(1);
    let mut runs: Vec<([f64; 2], T)> = Vec::new();
    for index in 0..count {
        let [from_m, middle_m, to_m] =
            [0.0, 0.5, 1.0].map(|share| length_m * (index as f64 + share) / count as f64);
        let value = at(middle_m);
        match runs.last_mut() {
            Some((span, last)) if *last == value => span[1] = to_m,
            _ => runs.push(([from_m, to_m], value)),
        }
    }
    runs
}
