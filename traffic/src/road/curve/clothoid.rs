//! A clothoid: curvature linear in arc length, so that the heading is a parabola and the position a Fresnel integral.
//!
//! The integral is taken once at knots so close that the heading turns by less than 0.1 rad between them, by
//! Gauss-Legendre quadrature (<https://dlmf.nist.gov/3.5#v>), and from the nearest knot when asked for a position.
//! Angles from the nearest knot are so small that a few terms of the series of sine and cosine are exact to 1e-12.

use super::{
    Pose,
    chords::Chords,
    frame::{Frame, Local, is_near, settle},
};

/// Distance of knots, and the turn between them, at most.
const KNOT_STEP_M: f64 = 1.0;
const KNOT_TURN_RAD: f64 = 0.1;

/// Bounds memory for lengths that the network refuses later.
const MAX_KNOTS: f64 = 400_000.0;

/// Nodes and weights of three-point quadrature over [0, 1].
const NODES: [[f64; 2]; 3] =
    [[0.112_701_665_379_258_3, 5.0 / 18.0], [0.5, 8.0 / 18.0], [0.887_298_334_620_741_7, 5.0 / 18.0]];

/// A curve whose curvature changes linearly.
#[derive(Clone, Debug, PartialEq)]
pub struct Clothoid {
    heading_rad: f64,
    length_m: f64,
    curvature_per_m: f64,
    /// Change of curvature per metre.
    sharpness_per_m2: f64,
    knots: Vec<Frame>,
    knots_per_m: f64,
    knot_step_m: f64,
    chords: Chords,
}

impl Clothoid {
    pub(super) fn new(from: Pose, length_m: f64, curvatures_per_m: [f64; 2]) -> Self {
        let [first_per_m, last_per_m] = curvatures_per_m;
        let steepest_per_m = first_per_m.abs().max(last_per_m.abs());
        let pieces = (length_m / KNOT_STEP_M).max(length_m * steepest_per_m / KNOT_TURN_RAD);
        let pieces = pieces.ceil().clamp(1.0, MAX_KNOTS);
        let mut clothoid = Self {
            heading_rad: from.heading_rad,
            length_m,
            curvature_per_m: first_per_m,
            sharpness_per_m2: (last_per_m - first_per_m) / length_m,
            knots: vec![Frame::of(from)],
            knots_per_m: pieces / length_m,
            knot_step_m: length_m / pieces,
            chords: Chords::new(vec![0.0, 0.0], vec![[from.x_m, from.y_m]; 2]),
        };
        let stations_m: Vec<f64> =
            (0..=pieces as usize).map(|index| length_m * index as f64 / pieces).collect();
        for pair in stations_m.windows(2) {
            let last = clothoid.knots[clothoid.knots.len() - 1];
            // Half way first, so that each step stays within the range of the small angles.
            let middle = clothoid.frame_from(last, pair[0], 0.5 * (pair[1] - pair[0]));
            let middle_m = 0.5 * (pair[0] + pair[1]);
            let moved = clothoid.frame_from(middle, middle_m, pair[1] - middle_m);
            // The heading is known exactly: rounding does not add up in it.
            let heading_rad = clothoid.heading_rad(pair[1]);
            clothoid.knots.push(Frame::of(Pose { x_m: moved.x_m, y_m: moved.y_m, heading_rad }));
        }
        let points = clothoid.knots.iter().map(|knot| [knot.x_m, knot.y_m]).collect();
        clothoid.chords = Chords::new(stations_m, points);
        clothoid
    }

    #[inline]
    pub(super) fn length_m(&self) -> f64 {
        self.length_m
    }

    #[inline]
    pub(super) fn heading_rad(&self, s_m: f64) -> f64 {
        let s_m = s_m.min(self.length_m).max(0.0);
        self.heading_rad + s_m * (self.curvature_per_m + 0.5 * self.sharpness_per_m2 * s_m)
    }

    #[inline]
    pub(super) fn curvature_per_m(&self, s_m: f64) -> f64 {
        self.curvature_per_m + self.sharpness_per_m2 * s_m
    }

    #[inline]
    pub(super) fn frame(&self, s_m: f64) -> Frame {
        if s_m <= 0.0 {
            return self.knots[0].ahead(s_m);
        }
        let last = self.knots.len() - 1;
        if s_m >= self.length_m {
            return self.knots[last].ahead(s_m - self.length_m);
        }
        let nearest = ((s_m * self.knots_per_m + 0.5) as usize).min(last);
        let knot_m = nearest as f64 * self.knot_step_m;
        self.frame_from(self.knots[nearest], knot_m, s_m - knot_m)
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
        let is_within = s_m > 0.0 && s_m < self.length_m;
        let curvature_per_m = if is_within { self.curvature_per_m(s_m) } else { 0.0 };
        Local { frame: self.frame(s_m), advance: 1.0, curvature_per_m }
    }

    /// Goes `ahead_m` on from a frame at `s_m`.
    #[inline]
    fn frame_from(&self, frame: Frame, s_m: f64, ahead_m: f64) -> Frame {
        let curvature_per_m = self.curvature_per_m(s_m);
        let turn_rad = |u_m: f64| u_m * (curvature_per_m + 0.5 * self.sharpness_per_m2 * u_m);
        let (mut along_m, mut left_m) = (0.0, 0.0);
        for [node, weight] in NODES {
            let (sin, cos) = small_sin_cos(turn_rad(node * ahead_m));
            along_m += weight * cos;
            left_m += weight * sin;
        }
        let (sin, cos) = small_sin_cos(turn_rad(ahead_m));
        frame.turned(frame.point(ahead_m * along_m, ahead_m * left_m), cos, sin)
    }
}

/// Sine and cosine of an angle within 0.06 rad, to 1e-12.
#[inline]
fn small_sin_cos(angle_rad: f64) -> (f64, f64) {
    let square = angle_rad * angle_rad;
    let sin = angle_rad
        * (1.0 - square * (1.0 / 6.0) * (1.0 - square * (1.0 / 20.0) * (1.0 - square * (1.0 / 42.0))));
    let cos = 1.0 - square * (1.0 / 2.0) * (1.0 - square * (1.0 / 12.0) * (1.0 - square * (1.0 / 30.0)));
    (sin, cos)
}
