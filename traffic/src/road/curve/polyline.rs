//! Straight pieces between points, for curves that come as points.
//!
//! Positions lie on the pieces, but headings do not jump where pieces meet, which would jerk whoever steers by them:
//! each vertex has the direction from its neighbour before to its neighbour after (as a Catmull-Rom spline has), and
//! between vertices the heading is interpolated by arc length. "To the left" and "abreast" mean by this heading, so that
//! s and d are smooth across vertices, and `project` inverts `point`.

use super::{
    Pose,
    chords::Chords,
    frame::{Frame, Local, is_near, settle},
    turn_between,
};

/// Points nearer to each other than this are one.
pub(super) const DISTINCT_M: f64 = 1e-6;

/// Up to this turn at the second vertex the ends are taken for pieces of a circle, and beyond it for a corner's legs.
const SMOOTH_RAD: f64 = 0.15;

/// Straight pieces between points.
#[derive(Clone, Debug, PartialEq)]
pub struct Polyline {
    chords: Chords,
    pieces: Vec<Piece>,
    ends: [Frame; 2],
}

/// What is needed of a piece: its direction, the heading at its start and how that turns.
#[derive(Clone, Debug, PartialEq)]
struct Piece {
    cos: f64,
    sin: f64,
    heading_rad: f64,
    curvature_per_m: f64,
}

impl Polyline {
    pub(super) fn new(points: &[[f64; 2]]) -> Option<Self> {
        let mut distinct: Vec<[f64; 2]> = Vec::with_capacity(points.len());
        for &point in points {
            if !point.iter().all(|value| value.is_finite()) {
                return None;
            }
            if distinct.last().is_none_or(|&last| distance_m(last, point) > DISTINCT_M) {
                distinct.push(point);
            }
        }
        if distinct.len() < 2 {
            return None;
        }
        let headings = vertex_headings(&distinct);
        Self::with_headings(distinct, headings)
    }

    /// With the headings known at the points, which are distinct and finite; `None` for fewer than two.
    pub(super) fn with_headings(points: Vec<[f64; 2]>, headings: Vec<f64>) -> Option<Self> {
        if points.len() < 2 {
            return None;
        }
        let mut stations_m = vec![0.0];
        let mut pieces = Vec::with_capacity(points.len() - 1);
        let mut heading_rad = headings[0];
        for index in 1..points.len() {
            let (from, to) = (points[index - 1], points[index]);
            let length_m = distance_m(from, to);
            let turn_rad = turn_between(heading_rad, headings[index]);
            pieces.push(Piece {
                cos: (to[0] - from[0]) / length_m,
                sin: (to[1] - from[1]) / length_m,
                heading_rad,
                curvature_per_m: turn_rad / length_m,
            });
            heading_rad += turn_rad;
            stations_m.push(stations_m[index - 1] + length_m);
        }
        let frame =
            |point: [f64; 2], heading_rad| Frame::of(Pose { x_m: point[0], y_m: point[1], heading_rad });
        let ends = [frame(points[0], headings[0]), frame(points[points.len() - 1], heading_rad)];
        Some(Self { chords: Chords::new(stations_m, points), pieces, ends })
    }

    #[inline]
    pub(super) fn length_m(&self) -> f64 {
        self.stations_m()[self.pieces.len()]
    }

    /// Where its vertices are.
    pub(super) fn stations_m(&self) -> &[f64] {
        self.chords.stations_m()
    }

    #[inline]
    pub(super) fn heading_rad(&self, s_m: f64) -> f64 {
        let s_m = s_m.min(self.length_m()).max(0.0);
        let index = self.chords.at(s_m);
        let piece = &self.pieces[index];
        piece.heading_rad + piece.curvature_per_m * (s_m - self.stations_m()[index])
    }

    #[inline]
    pub(super) fn curvature_per_m(&self, s_m: f64) -> f64 {
        self.pieces[self.chords.at(s_m)].curvature_per_m
    }

    #[inline]
    pub(super) fn frame(&self, s_m: f64) -> Frame {
        self.local(s_m).frame
    }

    pub(super) fn project(&self, x_m: f64, y_m: f64) -> (f64, f64) {
        settle(x_m, y_m, self.chords.nearest_m(x_m, y_m), |s_m| self.local(s_m))
    }

    pub(super) fn project_near(&self, x_m: f64, y_m: f64, hint_m: f64) -> (f64, f64) {
        let is_near = is_near(x_m, y_m, &self.local(hint_m));
        let start_m = if is_near { hint_m } else { self.chords.nearest_around_m(x_m, y_m, hint_m) };
        settle(x_m, y_m, start_m, |s_m| self.local(s_m))
    }

    #[inline]
    fn local(&self, s_m: f64) -> Local {
        if s_m < 0.0 {
            return Local { frame: self.ends[0].ahead(s_m), advance: 1.0, curvature_per_m: 0.0 };
        }
        let past_m = s_m - self.length_m();
        if past_m > 0.0 {
            return Local { frame: self.ends[1].ahead(past_m), advance: 1.0, curvature_per_m: 0.0 };
        }
        let index = self.chords.at(s_m);
        let (piece, [x_m, y_m]) = (&self.pieces[index], self.chords.point(index));
        let along_m = s_m - self.stations_m()[index];
        let (sin, cos) = (piece.heading_rad + piece.curvature_per_m * along_m).sin_cos();
        let frame = Frame { x_m: x_m + along_m * piece.cos, y_m: y_m + along_m * piece.sin, cos, sin };
        let advance = piece.cos * cos + piece.sin * sin;
        Local { frame, advance, curvature_per_m: piece.curvature_per_m }
    }
}

/// The heading at each of at least two points.
fn vertex_headings(points: &[[f64; 2]]) -> Vec<f64> {
    let direction_rad =
        |from: usize, to: usize| (points[to][1] - points[from][1]).atan2(points[to][0] - points[from][0]);
    let last = points.len() - 1;
    let mut headings: Vec<f64> =
        (0..=last).map(|index| direction_rad(index.saturating_sub(1), (index + 1).min(last))).collect();
    // On a circle the direction of a piece is half way between the headings of its ends.
    let mirrored = |piece_rad: f64, inner_rad: f64| {
        let turn_rad = turn_between(inner_rad, piece_rad);
        if turn_rad.abs() <= SMOOTH_RAD { piece_rad + turn_rad } else { piece_rad }
    };
    if last > 1 {
        headings[0] = mirrored(headings[0], headings[1]);
        headings[last] = mirrored(headings[last], headings[last - 1]);
    }
    headings
}

fn distance_m(from: [f64; 2], to: [f64; 2]) -> f64 {
    (to[0] - from[0]).hypot(to[1] - from[1])
}
