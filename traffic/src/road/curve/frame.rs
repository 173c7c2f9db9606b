//! A point of a curve with its direction as cosine and sine, and the search that all curves without closed forms share.

use super::Pose;

/// Steps shorter than this end the search, after they are made.
const SETTLED_M: f64 = 1e-10;

/// More steps than Newton's method needs from a start within a chord, and enough for bisection to help it out.
const MAX_STEPS: usize = 40;

/// Keeps steps finite near the centre of curvature, where every direction is across.
const LEAST_SLOPE: f64 = 0.05;

/// From a hint this near, by a curve this little bent towards the point, Newton's method needs no other start.
const NEAR_M: f64 = 4.0;
const NEAR_SLOPE: f64 = 0.5;

/// A point with a direction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Frame {
    pub(super) x_m: f64,
    pub(super) y_m: f64,
    pub(super) cos: f64,
    pub(super) sin: f64,
}

impl Frame {
    pub(super) fn of(pose: Pose) -> Self {
        let (sin, cos) = pose.heading_rad.sin_cos();
        Self { x_m: pose.x_m, y_m: pose.y_m, cos, sin }
    }

    /// The point so far along and to the left.
    #[inline]
    pub(super) fn point(self, along_m: f64, left_m: f64) -> [f64; 2] {
        [self.x_m + along_m * self.cos - left_m * self.sin, self.y_m + along_m * self.sin + left_m * self.cos]
    }

    /// How far along and to the left a point lies.
    #[inline]
    pub(super) fn local(self, x_m: f64, y_m: f64) -> (f64, f64) {
        let (east_m, north_m) = (x_m - self.x_m, y_m - self.y_m);
        (east_m * self.cos + north_m * self.sin, north_m * self.cos - east_m * self.sin)
    }

    /// The same direction, so far along.
    #[inline]
    pub(super) fn ahead(self, along_m: f64) -> Self {
        let [x_m, y_m] = self.point(along_m, 0.0);
        Self { x_m, y_m, ..self }
    }

    /// The direction turned by an angle given as its cosine and sine, at another point.
    #[inline]
    pub(super) fn turned(self, point: [f64; 2], cos: f64, sin: f64) -> Self {
        Self {
            x_m: point[0],
            y_m: point[1],
            cos: self.cos * cos - self.sin * sin,
            sin: self.sin * cos + self.cos * sin,
        }
    }
}

/// What the search needs to know of a curve at one station.
pub(super) struct Local {
    pub(super) frame: Frame,
    /// How fast the point moves along the frame's direction, per metre of s: 1 on a smooth curve.
    pub(super) advance: f64,
    /// How fast the direction turns.
    pub(super) curvature_per_m: f64,
}

/// Whether the search may begin at a hint itself.
#[inline]
pub(super) fn is_near(x_m: f64, y_m: f64, hint: &Local) -> bool {
    let (along_m, left_m) = hint.frame.local(x_m, y_m);
    along_m.abs() < NEAR_M && hint.advance - hint.curvature_per_m * left_m > NEAR_SLOPE
}

/// Finds s where the point is exactly abreast of the frame: Newton's method, kept within the bracket seen so far.
#[inline]
pub(super) fn settle(x_m: f64, y_m: f64, start_m: f64, at: impl Fn(f64) -> Local) -> (f64, f64) {
    let (mut low_m, mut high_m) = (f64::NEG_INFINITY, f64::INFINITY);
    let (mut s_m, mut d_m) = (start_m, 0.0);
    for _ in 0..MAX_STEPS {
        let local = at(s_m);
        let (along_m, left_m) = local.frame.local(x_m, y_m);
        d_m = left_m;
        let step_m = along_m / (local.advance - local.curvature_per_m * left_m).max(LEAST_SLOPE);
        if step_m.abs() < SETTLED_M {
            return (s_m + step_m, d_m);
        }
        if along_m > 0.0 {
            low_m = s_m;
        } else {
            high_m = s_m;
        }
        s_m += step_m;
        if s_m <= low_m || s_m >= high_m {
            s_m = 0.5 * (low_m + high_m);
        }
    }
    (s_m, d_m)
}
