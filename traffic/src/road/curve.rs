//! Plane curves by arc length: what lanes run along.
//!
//! A point near a curve is named by (s, d): metres along it, and metres to the left of it. Straight lines and arcs
//! are in closed form; clothoids (curvature linear in s, the transition curves of road design) are integrated; polylines
//! stand for everything else.

mod arc;
mod chords;
mod clothoid;
mod frame;
mod polyline;
mod straight;

use std::f64::consts::{PI, TAU};

use serde::{Deserialize, Serialize};

pub use self::{arc::Arc, clothoid::Clothoid, polyline::Polyline, straight::Straight};

/// Curvatures below this bend no road that fits on Earth: such an arc is a straight line.
const STRAIGHT_BELOW_PER_M: f64 = 1e-12;

/// How finely curves without an exact parallel are sampled for one.
const PARALLEL_STEP_M: f64 = 0.5;

/// A place and a direction.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pose {
    /// Metres along the x axis.
    pub x_m: f64,
    /// Metres along the y axis.
    pub y_m: f64,
    /// Counter-clockwise from the x axis; not wrapped, so that it goes on smoothly along a curve.
    pub heading_rad: f64,
}

/// Where a point is beside a curve, and how the curve runs there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Abreast {
    /// Along the curve.
    pub s_m: f64,
    /// To the left of it.
    pub d_m: f64,
    /// Cosine of the curve's direction.
    pub cos: f64,
    /// Sine of the curve's direction.
    pub sin: f64,
    /// Positive to the left.
    pub curvature_per_m: f64,
}

/// The angle that turns `from_rad` into `to_rad`, within (-pi, pi].
#[must_use]
pub fn turn_between(from_rad: f64, to_rad: f64) -> f64 {
    let turn = (to_rad - from_rad).rem_euclid(TAU);
    if turn > PI { turn - TAU } else { turn }
}

/// A directed plane curve by arc length. Beyond both ends it goes on straight along its tangent.
#[derive(Clone, Debug, PartialEq)]
pub enum Curve {
    /// A straight line.
    Straight(Straight),
    /// A piece of a circle, up to a full turn and more.
    Arc(Arc),
    /// A curve whose curvature changes linearly.
    Clothoid(Clothoid),
    /// Straight pieces between points.
    Polyline(Polyline),
}

/// Evaluates one expression for each kind of curve.
macro_rules! each {
    ($self:expr, $curve:ident => $result:expr) => {
        match $self {
            Curve::Straight($curve) => $result,
            Curve::Arc($curve) => $result,
            Curve::Clothoid($curve) => $result,
            Curve::Polyline($curve) => $result,
        }
    };
}

impl Curve {
    /// A straight line.
    #[must_use]
    pub fn straight(from: Pose, length_m: f64) -> Self {
        Self::Straight(Straight::new(from, length_m))
    }

    /// A piece of a circle; positive curvature turns left.
    #[must_use]
    pub fn arc(from: Pose, length_m: f64, curvature_per_m: f64) -> Self {
        if curvature_per_m.abs() < STRAIGHT_BELOW_PER_M {
            return Self::straight(from, length_m);
        }
        Self::Arc(Arc::new(from, length_m, curvature_per_m))
    }

    /// A clothoid with these curvatures at its start and its end.
    #[must_use]
    pub fn clothoid(from: Pose, length_m: f64, curvatures_per_m: [f64; 2]) -> Self {
        Self::Clothoid(Clothoid::new(from, length_m, curvatures_per_m))
    }

    /// Straight pieces through the points; `None` if fewer than two are distinct, or one is not finite.
    #[must_use]
    pub fn polyline(points: &[[f64; 2]]) -> Option<Self> {
        Polyline::new(points).map(Self::Polyline)
    }

    /// Length from start to end.
    #[must_use]
    #[inline]
    pub fn length_m(&self) -> f64 {
        each!(self, curve => curve.length_m())
    }

    /// Place and direction at `s_m`.
    #[must_use]
    #[inline]
    pub fn pose(&self, s_m: f64) -> Pose {
        let [x_m, y_m] = self.point(s_m, 0.0);
        Pose { x_m, y_m, heading_rad: self.heading_rad(s_m) }
    }

    /// Direction at `s_m`, not wrapped.
    #[must_use]
    #[inline]
    pub fn heading_rad(&self, s_m: f64) -> f64 {
        each!(self, curve => curve.heading_rad(s_m))
    }

    /// How the heading changes per metre at `s_m`, positive to the left; 0 beyond the ends.
    #[must_use]
    #[inline]
    pub fn curvature_per_m(&self, s_m: f64) -> f64 {
        if s_m < 0.0 || s_m > self.length_m() {
            return 0.0;
        }
        each!(self, curve => curve.curvature_per_m(s_m))
    }

    /// The point `d_m` to the left of the curve at `s_m`.
    #[must_use]
    #[inline]
    pub fn point(&self, s_m: f64, d_m: f64) -> [f64; 2] {
        each!(self, curve => curve.frame(s_m)).point(0.0, d_m)
    }

    /// Where it begins.
    #[must_use]
    pub fn start(&self) -> Pose {
        self.pose(0.0)
    }

    /// Where it ends.
    #[must_use]
    pub fn end(&self) -> Pose {
        self.pose(self.length_m())
    }

    /// The (s, d) of a point: s < 0 before the start, s > length past the end. On an arc of a full turn or more, s is
    /// within the first turn.
    #[must_use]
    #[inline]
    pub fn project(&self, x_m: f64, y_m: f64) -> (f64, f64) {
        each!(self, curve => curve.project(x_m, y_m))
    }

    /// The same by a local search around s = `hint_m`, whose cost does not grow with the length of the curve. On an arc
    /// of a full turn or more, the turn nearest to the hint: who crosses the seam comes out beyond the end.
    #[must_use]
    #[inline]
    pub fn project_near(&self, x_m: f64, y_m: f64, hint_m: f64) -> (f64, f64) {
        match self {
            Self::Straight(straight) => straight.project(x_m, y_m),
            Self::Arc(arc) => arc.project_near(x_m, y_m, hint_m),
            Self::Clothoid(clothoid) => clothoid.project_near(x_m, y_m, hint_m),
            Self::Polyline(polyline) => polyline.project_near(x_m, y_m, hint_m),
        }
    }

    /// The same with the curve's direction and curvature there: what a driver needs of its lane.
    #[must_use]
    #[inline]
    pub fn frame_near(&self, x_m: f64, y_m: f64, hint_m: f64) -> Abreast {
        let (s_m, d_m) = self.project_near(x_m, y_m, hint_m);
        let frame = each!(self, curve => curve.frame(s_m));
        Abreast { s_m, d_m, cos: frame.cos, sin: frame.sin, curvature_per_m: self.curvature_per_m(s_m) }
    }

    /// The curve `d_m` to the left. Exact for straight lines and arcs; a clothoid or a polyline becomes a polyline through
    /// points at most 0.5 m apart. What would lie past the centre of curvature is left out, down to a length of 0.
    #[must_use]
    pub fn parallel(&self, d_m: f64) -> Self {
        let [x_m, y_m] = self.point(0.0, d_m);
        let from = Pose { x_m, y_m, heading_rad: self.heading_rad(0.0) };
        match self {
            Self::Straight(straight) => Self::straight(from, straight.length_m()),
            Self::Arc(arc) => {
                let scale = 1.0 - arc.curvature_per_m(0.0) * d_m;
                if scale <= 0.0 {
                    return Self::straight(from, 0.0);
                }
                Self::arc(from, arc.length_m() * scale, arc.curvature_per_m(0.0) / scale)
            }
            Self::Clothoid(clothoid) => self.sampled(from, d_m, &[0.0, clothoid.length_m()]),
            Self::Polyline(polyline) => self.sampled(from, d_m, polyline.stations_m()),
        }
    }

    /// The polyline through points `d_m` to the left, at the stations and between them.
    fn sampled(&self, from: Pose, d_m: f64, stations_m: &[f64]) -> Self {
        let inner = stations_m.windows(2).flat_map(|pair| {
            let gap_m = pair[1] - pair[0];
            stations(gap_m, PARALLEL_STEP_M).skip(1).map(move |ahead_m| pair[0] + ahead_m)
        });
        let (mut points, mut headings) = (vec![[from.x_m, from.y_m]], vec![from.heading_rad]);
        let mut last = [from.x_m, from.y_m];
        for s_m in inner {
            let (point, heading_rad) = (self.point(s_m, d_m), self.heading_rad(s_m));
            let (sin, cos) = heading_rad.sin_cos();
            // Past the centre of curvature an offset curve runs backwards: those points are left out.
            if (point[0] - last[0]) * cos + (point[1] - last[1]) * sin > polyline::DISTINCT_M {
                points.push(point);
                headings.push(heading_rad);
                last = point;
            }
        }
        match Polyline::with_headings(points, headings) {
            Some(polyline) => Self::Polyline(polyline),
            None => Self::straight(from, 0.0),
        }
    }
}

/// Evenly spaced stations from 0 to the length, both included, at most `step_m` apart.
pub(super) fn stations(length_m: f64, step_m: f64) -> impl Iterator<Item = f64> {
    let count = ((length_m / step_m).ceil() as usize).max(1);
    (0..=count).map(move |index| length_m * index as f64 / count as f64)
}
