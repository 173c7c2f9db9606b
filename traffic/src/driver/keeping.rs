//! Keeping a lane: from where a body is across its lane to how its wheels are turned.
//!
//! [`slip_to_keep`] is critically damped in space, d'' = -d / reach² - 2 d' / reach, on top of the lane's own
//! curvature, so it works at any speed and follows bends without an offset.
//! [`slip_like_highway_env`] is highway-env's cascade (`vehicle/controller.py`, 1.12.1).

use std::f64::consts::FRAC_PI_4;

use crate::participant::bicycle::wrap;

/// Gains of highway-env: across the lane, and in heading.
const ACROSS_PER_SEC: f64 = 1.0 / 0.6;
const HEADING_PER_SEC: f64 = 1.0 / 0.2;
/// How far ahead in time highway-env looks at the lane's heading.
pub const PURSUIT_SECS: f64 = 0.1;

/// Where a body is beside the lane that it keeps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Offset {
    /// To the left of the lane's middle.
    pub d_m: f64,
    /// Cosine of the angle from the lane to the body's heading.
    pub along: f64,
    /// Sine of that angle.
    pub across: f64,
    /// How the lane bends there.
    pub curvature_per_m: f64,
}

/// Sine of the slip angle that brings a body of this length back to the middle of its lane.
///
/// The middle of the body moves along heading + slip, so the slip that is sought is part of the angle that it has
/// to correct: the equation is solved for it, with the sine of a small angle taken for the angle.
#[must_use]
#[inline]
pub fn slip_to_keep(offset: Offset, length_m: f64, reach_m: f64) -> f64 {
    let Offset { d_m, along, across, curvature_per_m } = offset;
    // On the inside of a bend the same angle per second takes a tighter circle.
    let bend_per_m = curvature_per_m / (1.0 - curvature_per_m * d_m).max(0.2);
    let back_per_m = d_m / (reach_m * reach_m) + 2.0 * across / reach_m;
    0.5 * length_m * (bend_per_m - back_per_m) / (1.0 + length_m / reach_m * along.max(0.0))
}

/// Sine of the slip angle that drives a circle through a point so far ahead and to the left (pure pursuit, Coulter
/// 1992); straight on where it is behind or too near to say.
#[must_use]
pub fn slip_to_point(ahead_m: f64, left_m: f64, length_m: f64) -> f64 {
    const NEAREST_M: f64 = 0.5;
    let away_m2 = ahead_m * ahead_m + left_m * left_m;
    if ahead_m > 0.1 && away_m2 > NEAREST_M * NEAREST_M { length_m * left_m / away_m2 } else { 0.0 }
}

/// The distance over which an offset fades at a speed: a lane change takes about 4 seconds.
#[must_use]
#[inline]
pub fn reach_m(speed_mps: f64, length_m: f64) -> f64 {
    (0.7 * speed_mps).max(0.5 * length_m).max(1.0)
}

/// Sine of the slip angle of highway-env's lane keeping. `ahead_rad` is the lane's heading [`PURSUIT_SECS`] ahead.
///
/// Its steering angle is atan(2 tan(asin(x))), whose slip angle asin(x) the bicycle computes back; only its limit
/// of 60 degrees matters, at which the slip angle is atan(sqrt(3) / 2).
#[must_use]
#[inline]
pub fn slip_like_highway_env(
    d_m: f64,
    heading_rad: f64,
    ahead_rad: f64,
    speed_mps: f64,
    length_m: f64,
) -> f64 {
    const LIMIT: f64 = 0.654_653_670_707_977_1;
    let speed_mps = not_zero(speed_mps);
    let wanted_rad = (-ACROSS_PER_SEC * d_m / speed_mps).clamp(-1.0, 1.0).asin();
    let towards_rad = ahead_rad + wanted_rad.clamp(-FRAC_PI_4, FRAC_PI_4);
    let turn_radps = HEADING_PER_SEC * wrap(towards_rad - heading_rad);
    (0.5 * length_m / speed_mps * turn_radps).clamp(-LIMIT, LIMIT)
}

/// The value, kept away from 0 as highway-env keeps it.
#[must_use]
#[inline]
pub fn not_zero(x: f64) -> f64 {
    if x.abs() > 1e-2 {
        x
    } else if x >= 0.0 {
        1e-2
    } else {
        -1e-2
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::participant::Bicycle;

    /// Drives along the lane y = 0, or around the origin with the given curvature, and returns the last offset.
    fn offset_after(speed_mps: f64, curvature_per_m: f64, secs: f64) -> f64 {
        let mut body = Bicycle { x_m: 0.0, y_m: 1.5, heading_rad: 0.05, speed_mps };
        let mut d_m = 1.5;
        for _ in 0..(secs * 15.0) as usize {
            let (lane_d, lane_heading) = if curvature_per_m == 0.0 {
                (body.y_m, 0.0)
            } else {
                let radius = 1.0 / curvature_per_m;
                let (dx, dy) = (body.x_m, body.y_m - radius);
                (radius - dx.hypot(dy), dy.atan2(dx) + std::f64::consts::FRAC_PI_2)
            };
            d_m = lane_d;
            let turn = wrap(body.heading_rad - lane_heading);
            let offset = Offset { d_m, along: turn.cos(), across: turn.sin(), curvature_per_m };
            let sin_slip = slip_to_keep(offset, 5.0, reach_m(speed_mps, 5.0)).clamp(-0.388, 0.388);
            body.travel(speed_mps / 15.0, (sin_slip, (1.0 - sin_slip * sin_slip).sqrt()), 5.0);
        }
        d_m
    }

    #[test]
    fn keeping_returns_to_the_middle_of_straights_and_bends() {
        for (speed_mps, curvature_per_m) in
            [(2.0, 0.0), (15.0, 0.0), (35.0, 0.0), (8.0, 1.0 / 20.0), (15.0, 1.0 / 80.0)]
        {
            let offset = offset_after(speed_mps, curvature_per_m, 20.0);
            assert!(offset.abs() < 0.02, "{speed_mps} m/s, curvature {curvature_per_m}: {offset}");
        }
    }

    #[test]
    fn the_cascade_of_highway_env_returns_to_the_middle() {
        for speed_mps in [5.0, 15.0, 30.0] {
            let mut body = Bicycle { x_m: 0.0, y_m: 1.5, heading_rad: 0.05, speed_mps };
            for _ in 0..300 {
                let sin_slip = slip_like_highway_env(body.y_m, body.heading_rad, 0.0, speed_mps, 5.0);
                body.travel(speed_mps / 15.0, (sin_slip, (1.0 - sin_slip * sin_slip).sqrt()), 5.0);
            }
            assert!(body.y_m.abs() < 0.01 && body.heading_rad.abs() < 0.01, "{body:?}");
        }
    }
}
