//! A piece of a painted strip, in a closed form that is cheap to look up: a straight line of any length, or so short
//! a piece of a bend that a few terms of a series stand for its arc.
//!
//! With u ahead of and v to the left of the piece's middle, curvature k and w = 1 - k v, an arc has
//! d = (1 - sqrt(w² + k² u²)) / k and s = atan(k u / w) / k. The root and the arc tangent are cut after their second
//! terms, which at the lengths that [`EXACT_M`] allows is exact to a few millimetres.

use dreamlane_traffic::road::{Curve, Line, Pose};

use super::noise::floor;

/// What half of a piece of a bend turns at most.
const BEND_RAD: f64 = 0.2;
/// How exact s is at the ends of a piece.
const EXACT_M: f64 = 0.004;
/// Curvatures below this bend less than a centimetre over a piece.
const STRAIGHT_BELOW_PER_M: f64 = 1e-6;
/// The shortest and the longest piece where curvature changes.
const SHORTEST_M: f64 = 0.8;
const CHANGING_M: f64 = 4.0;
/// Pieces overlap a little, so that rounding leaves no gaps between them.
const OVERLAP_M: f64 = 0.02;

/// What is painted at an edge of a strip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Edge {
    /// Nothing.
    Bare,
    /// Dashes.
    Dashed,
    /// A line.
    Solid,
    /// A line, and a paved shoulder beyond it.
    Shoulder,
    /// A kerb.
    Kerb,
}

impl Edge {
    /// The edge of a lane, before anything is known of what lies beyond it.
    #[must_use]
    pub(super) fn of(line: Line) -> Self {
        match line {
            Line::None => Self::Bare,
            Line::Dashed => Self::Dashed,
            Line::Solid => Self::Solid,
            Line::Kerb => Self::Kerb,
        }
    }
}

/// What a strip is made of, the lowest layer first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Surface {
    /// For people on foot.
    Pavement,
    /// For vehicles.
    Asphalt,
    /// For cyclists.
    Cycle,
    /// White bars on whatever is below.
    Zebra,
    /// White on whatever is below.
    StopLine,
}

/// What all pieces of a strip share. Across, d counts metres to the left of the strip's curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Style {
    pub(super) surface: Surface,
    /// The right and the left edge.
    pub(super) right_m: f64,
    pub(super) left_m: f64,
    /// Number of lanes side by side between them, with dashes between.
    pub(super) lanes: i32,
    /// What is added to s and d where textures and dashes are looked up, so that they go on from strip to strip.
    pub(super) texture_m: [f64; 2],
    /// Width of a lane and its inverse.
    pub(super) lane_m: f64,
    pub(super) lanes_per_m: f64,
}

/// A part of a strip over which nothing changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Piece {
    x_m: f64,
    y_m: f64,
    /// Direction of the curve in the middle of the piece.
    pub(super) cos: f64,
    pub(super) sin: f64,
    curvature_per_m: f64,
    /// Along the strip's curve, in the middle of the piece.
    s_m: f64,
    /// Half of its length, on the tangent.
    reach_m: f64,
    pub(super) style: Style,
    /// The right and the left edge.
    pub(super) edges: [Edge; 2],
}

impl Piece {
    /// The pieces of a strip between two places along its curve.
    pub(super) fn cut(
        curve: &Curve,
        [from_m, to_m]: [f64; 2],
        style: Style,
        edges: [Edge; 2],
    ) -> impl Iterator<Item = Self> {
        let longest_m = longest_m(curve, style);
        let count = (((to_m - from_m) / longest_m).ceil() as usize).max(1);
        let half_m = 0.5 * (to_m - from_m) / count as f64;
        (0..count).map(move |index| {
            let s_m = from_m + (2.0 * index as f64 + 1.0) * half_m;
            // The mean over the piece, so that neighbours meet even where curvature changes.
            let turn_rad = curve.heading_rad(s_m + half_m) - curve.heading_rad(s_m - half_m);
            let curvature_per_m = turn_rad / (2.0 * half_m);
            let bends = curvature_per_m.abs() > STRAIGHT_BELOW_PER_M && longest_m.is_finite();
            let curvature_per_m = if bends { curvature_per_m } else { 0.0 };
            let Pose { x_m, y_m, heading_rad } = curve.pose(s_m);
            let (sin, cos) = heading_rad.sin_cos();
            let half_m = half_m + OVERLAP_M;
            let reach_m = if bends { (curvature_per_m * half_m).tan() / curvature_per_m } else { half_m };
            Self { x_m, y_m, cos, sin, curvature_per_m, s_m, reach_m, style, edges }
        })
    }

    /// The (s, d) of a point on the strip's curve, or nothing where it lies before or behind the piece.
    #[must_use]
    #[inline]
    pub(super) fn project(&self, x_m: f64, y_m: f64) -> Option<[f64; 2]> {
        let (dx, dy) = (x_m - self.x_m, y_m - self.y_m);
        let ahead_m = dx * self.cos + dy * self.sin;
        let left_m = dy * self.cos - dx * self.sin;
        if self.curvature_per_m == 0.0 {
            return (ahead_m.abs() <= self.reach_m).then_some([self.s_m + ahead_m, left_m]);
        }
        let share = 1.0 - self.curvature_per_m * left_m;
        if share <= 0.0 {
            return None;
        }
        let tangent_m = ahead_m / share;
        if tangent_m.abs() > self.reach_m {
            return None;
        }
        let turn = self.curvature_per_m * tangent_m;
        let sag_m = 0.5 * turn * ahead_m * (1.0 - 0.25 * turn * turn);
        Some([self.s_m + tangent_m * (1.0 - turn * turn / 3.0), left_m - sag_m])
    }

    /// Whether a point is on the strip, this far inside its edges and its ends; negative is outside.
    #[must_use]
    pub(super) fn holds(&self, x_m: f64, y_m: f64, inside_m: f64) -> bool {
        let grown = Self { reach_m: self.reach_m - inside_m, ..*self };
        let Some([_, d_m]) = grown.project(x_m, y_m) else { return false };
        d_m >= self.style.right_m + inside_m && d_m <= self.style.left_m - inside_m
    }

    /// From and to along the strip's curve.
    #[must_use]
    pub(super) fn span_m(&self) -> [f64; 2] {
        let half_m = if self.curvature_per_m == 0.0 {
            self.reach_m
        } else {
            (self.curvature_per_m * self.reach_m).atan() / self.curvature_per_m
        };
        [self.s_m - half_m, self.s_m + half_m]
    }

    /// The point at (s, d), and the direction of the curve there.
    #[must_use]
    pub(super) fn point(&self, s_m: f64, d_m: f64) -> ([f64; 2], [f64; 2]) {
        let ahead_m = s_m - self.s_m;
        let (sin, cos) = (self.curvature_per_m * ahead_m).sin_cos();
        let (u_m, v_m) = if self.curvature_per_m == 0.0 {
            (ahead_m, 0.0)
        } else {
            (sin / self.curvature_per_m, (1.0 - cos) / self.curvature_per_m)
        };
        let (u_m, v_m) = (u_m - d_m * sin, v_m + d_m * cos);
        let place = [self.x_m + u_m * self.cos - v_m * self.sin, self.y_m + u_m * self.sin + v_m * self.cos];
        (place, [self.cos * cos - self.sin * sin, self.sin * cos + self.cos * sin])
    }

    /// Points on the piece and around it, so close that each square cell of this width that it touches holds one.
    pub(super) fn lattice(&self, margin_m: f64, cell_m: f64, mut seen: impl FnMut(f64, f64)) {
        let step_m = 0.7 * cell_m;
        let (right_m, left_m) = (self.style.right_m - margin_m, self.style.left_m + margin_m);
        let across = ((left_m - right_m) / step_m).ceil() as i32;
        let stretch = [right_m, left_m].map(|d_m| 1.0 - self.curvature_per_m * d_m);
        let along_m = self.reach_m + margin_m;
        let along = (2.0 * along_m * stretch[0].max(stretch[1]).max(1.0) / step_m).ceil() as i32;
        for along_idx in 0..=along {
            let s_m = self.s_m + along_m * (2.0 * f64::from(along_idx) / f64::from(along) - 1.0);
            for across_idx in 0..=across {
                let d_m = right_m + (left_m - right_m) * f64::from(across_idx) / f64::from(across);
                let ([x_m, y_m], _) = self.point(s_m, d_m);
                seen(x_m, y_m);
            }
        }
    }

    /// Whether it is asphalt with nothing painted on it.
    #[must_use]
    pub(super) fn is_plain(&self) -> bool {
        self.style.surface == Surface::Asphalt && self.style.lanes == 1 && self.edges == [Edge::Bare; 2]
    }
}

impl Style {
    /// Lanes of one width between two edges.
    #[must_use]
    pub(super) fn new(surface: Surface, [right_m, left_m]: [f64; 2], lanes: usize) -> Self {
        let lane_m = (left_m - right_m) / lanes as f64;
        let lanes_per_m = 1.0 / lane_m;
        Self { surface, right_m, left_m, lanes: lanes as i32, texture_m: [0.0; 2], lane_m, lanes_per_m }
    }

    /// The line between lanes or at an edge that is nearest: its number from the right, and its middle.
    #[must_use]
    #[inline]
    pub(super) fn nearest_line(&self, d_m: f64) -> (i32, f64) {
        let line = floor((d_m - self.right_m) * self.lanes_per_m + 0.5).clamp(0, self.lanes);
        (line, self.right_m + f64::from(line) * self.lane_m)
    }
}

/// How long a piece of a curve may be.
fn longest_m(curve: &Curve, style: Style) -> f64 {
    let reach_m = style.right_m.abs().max(style.left_m.abs());
    let at_curvature = |curvature_per_m: f64| {
        let radius_m = 1.0 / curvature_per_m.abs().max(STRAIGHT_BELOW_PER_M);
        // The first term left out of the arc tangent is a fifth of the angle's fifth power, in radii.
        let bend_rad = (5.0 * EXACT_M / radius_m).powf(0.2).min(BEND_RAD);
        // Inside of a bend the same angle has less room.
        2.0 * bend_rad * (radius_m - reach_m).max(0.3 * radius_m)
    };
    match curve {
        Curve::Straight(_) => f64::INFINITY,
        Curve::Arc(_) => at_curvature(curve.curvature_per_m(0.0)),
        Curve::Clothoid(_) | Curve::Polyline(_) => {
            let samples = (curve.length_m() / CHANGING_M).ceil() as usize + 1;
            let sharpest_per_m = (0..=samples)
                .map(|sample| curve.curvature_per_m(curve.length_m() * sample as f64 / samples as f64).abs())
                .fold(0.0, f64::max);
            at_curvature(sharpest_per_m).clamp(SHORTEST_M, CHANGING_M)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn style(lanes: usize) -> Style {
        Style::new(Surface::Asphalt, [-2.0, -2.0 + 4.0 * lanes as f64], lanes)
    }

    #[test]
    fn pieces_of_a_bend_name_points_as_the_curve_does() {
        let from = Pose { x_m: 3.0, y_m: -4.0, heading_rad: 0.7 };
        let wave: Vec<_> = (0..40).map(|x| [3.0 * f64::from(x), 5.0 * (0.12 * f64::from(x)).sin()]).collect();
        for curve in [
            Curve::straight(from, 300.0),
            Curve::arc(from, 30.0, 1.0 / 14.0),
            Curve::arc(from, 60.0, -1.0 / 60.0),
            Curve::arc(from, 5000.0, 1.0 / 6000.0),
            Curve::clothoid(from, 40.0, [0.0, 0.02]),
            Curve::polyline(&wave).unwrap(),
        ] {
            let pieces: Vec<_> =
                Piece::cut(&curve, [0.0, curve.length_m()], style(2), [Edge::Bare; 2]).collect();
            for step in 0..200 {
                let s_m = curve.length_m() * (f64::from(step) + 0.5) / 200.0;
                for d_m in [-2.0, 0.0, 3.0, 6.0] {
                    let [x_m, y_m] = curve.point(s_m, d_m);
                    let found: Vec<_> = pieces.iter().filter_map(|piece| piece.project(x_m, y_m)).collect();
                    assert!(!found.is_empty(), "{curve:?} at {s_m}, {d_m}");
                    for [s, d] in found {
                        assert!((s - s_m).abs() < 0.03 && (d - d_m).abs() < 0.02, "{s}, {d}: {s_m}, {d_m}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_nearest_line_is_found_beyond_the_edges_too() {
        for (d_m, expected) in
            [(-9.0, (0, -2.0)), (0.1, (1, 2.0)), (3.9, (1, 2.0)), (4.1, (2, 6.0)), (30.0, (2, 6.0))]
        {
            assert_eq!(style(2).nearest_line(d_m), expected, "{d_m}");
        }
    }
}
