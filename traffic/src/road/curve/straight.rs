//! A straight line in closed form.

use super::{Pose, frame::Frame};

/// A straight line.
#[derive(Clone, Debug, PartialEq)]
pub struct Straight {
    start: Frame,
    heading_rad: f64,
    length_m: f64,
}

impl Straight {
    pub(super) fn new(from: Pose, length_m: f64) -> Self {
        Self { start: Frame::of(from), heading_rad: from.heading_rad, length_m }
    }

    #[inline]
    pub(super) fn length_m(&self) -> f64 {
        self.length_m
    }

    #[inline]
    pub(super) fn heading_rad(&self, _s_m: f64) -> f64 {
        self.heading_rad
    }

    #[inline]
    pub(super) fn curvature_per_m(&self, _s_m: f64) -> f64 {
        0.0
    }

    #[inline]
    pub(super) fn frame(&self, s_m: f64) -> Frame {
        self.start.ahead(s_m)
    }

    #[inline]
    pub(super) fn project(&self, x_m: f64, y_m: f64) -> (f64, f64) {
        self.start.local(x_m, y_m)
    }
}
