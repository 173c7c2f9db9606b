//! A piece of a circle in closed form, by formulas that stay accurate as the curvature goes to zero: the chord from the
//! start instead of the centre, which moves away to infinity.

use std::f64::consts::TAU;

use super::{Pose, frame::Frame};

/// How much short of a full turn still counts as one: rounding of a length given as radius times 2 pi.
const FULL_TURN: f64 = 1.0 - 1e-9;

/// A piece of a circle.
#[derive(Clone, Debug, PartialEq)]
pub struct Arc {
    start: Frame,
    end: Frame,
    heading_rad: f64,
    length_m: f64,
    curvature_per_m: f64,
    circumference_m: f64,
}

impl Arc {
    pub(super) fn new(from: Pose, length_m: f64, curvature_per_m: f64) -> Self {
        let start = Frame::of(from);
        let mut arc = Self {
            start,
            end: start,
            heading_rad: from.heading_rad,
            length_m,
            curvature_per_m,
            circumference_m: TAU / curvature_per_m.abs(),
        };
        arc.end = arc.on_circle(length_m);
        arc
    }

    #[inline]
    pub(super) fn length_m(&self) -> f64 {
        self.length_m
    }

    #[inline]
    pub(super) fn heading_rad(&self, s_m: f64) -> f64 {
        self.heading_rad + self.curvature_per_m * s_m.min(self.length_m).max(0.0)
    }

    #[inline]
    pub(super) fn curvature_per_m(&self, _s_m: f64) -> f64 {
        self.curvature_per_m
    }

    #[inline]
    pub(super) fn frame(&self, s_m: f64) -> Frame {
        if s_m < 0.0 {
            self.start.ahead(s_m)
        } else if s_m > self.length_m {
            self.end.ahead(s_m - self.length_m)
        } else {
            self.on_circle(s_m)
        }
    }

    #[inline]
    pub(super) fn project(&self, x_m: f64, y_m: f64) -> (f64, f64) {
        let (s_m, d_m) = self.project_on_circle(x_m, y_m);
        if self.is_full_turn() {
            let s_m = s_m.rem_euclid(self.circumference_m);
            // Rounding can bring a point just before the seam to the circumference itself.
            return (if s_m < self.circumference_m.min(self.length_m) { s_m } else { 0.0 }, d_m);
        }
        // The half turn to either side of the middle: what is beyond an end belongs to the nearer one.
        let least_m = 0.5 * (self.length_m - self.circumference_m);
        let s_m = if s_m < least_m { s_m + self.circumference_m } else { s_m };
        self.beyond_ends(x_m, y_m, s_m).unwrap_or((s_m, d_m))
    }

    #[inline]
    pub(super) fn project_near(&self, x_m: f64, y_m: f64, hint_m: f64) -> (f64, f64) {
        if !self.is_full_turn() {
            return self.project(x_m, y_m);
        }
        let (s_m, d_m) = self.project_on_circle(x_m, y_m);
        let turns = ((hint_m - s_m) / self.circumference_m).round();
        let s_m = s_m + turns * self.circumference_m;
        let beyond_m = (-s_m).max(s_m - self.length_m);
        if beyond_m > 0.25 * self.circumference_m {
            return self.project(x_m, y_m);
        }
        self.beyond_ends(x_m, y_m, s_m).unwrap_or((s_m, d_m))
    }

    #[inline]
    fn is_full_turn(&self) -> bool {
        self.length_m >= FULL_TURN * self.circumference_m
    }

    #[inline]
    fn beyond_ends(&self, x_m: f64, y_m: f64, s_m: f64) -> Option<(f64, f64)> {
        if s_m < 0.0 {
            Some(self.start.local(x_m, y_m))
        } else if s_m > self.length_m {
            let (along_m, left_m) = self.end.local(x_m, y_m);
            Some((self.length_m + along_m, left_m))
        } else {
            None
        }
    }

    #[inline]
    fn on_circle(&self, s_m: f64) -> Frame {
        let (sin, cos) = (0.5 * self.curvature_per_m * s_m).sin_cos();
        let chord_m = 2.0 * sin / self.curvature_per_m;
        let point = self.start.point(chord_m * cos, chord_m * sin);
        self.start.turned(point, cos * cos - sin * sin, 2.0 * sin * cos)
    }

    /// The nearest point of the whole circle, s within half a turn of the start.
    #[inline]
    fn project_on_circle(&self, x_m: f64, y_m: f64) -> (f64, f64) {
        let (along_m, left_m) = self.start.local(x_m, y_m);
        let (east, north) = (self.curvature_per_m * along_m, 1.0 - self.curvature_per_m * left_m);
        let radii = (east * east + north * north).sqrt();
        let d_m =
            (2.0 * left_m - self.curvature_per_m * (along_m * along_m + left_m * left_m)) / (1.0 + radii);
        (east.atan2(north) / self.curvature_per_m, d_m)
    }
}
