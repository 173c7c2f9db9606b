//! The kinematic bicycle: how a body with wheels moves, and what commands explain a motion that was seen.
//!
//! The middle of the body is half a length ahead of the rear wheel and behind the front wheel, as in highway-env
//! (`vehicle/kinematics.py`): with the slip angle b = atan(tan(steering) / 2), the middle moves along heading + b
//! and the heading turns by speed * sin(b) / (length / 2). See Polack et al. 2017, "The kinematic bicycle model".
//!
//! With the wheels held, the middle drives on a circle. [`Bicycle::advance`] moves along that circle exactly, over
//! the mean of the speeds before and after, so that the same motion backwards ends where it began.
//! highway-env's explicit step is in `flow`, with its other rules.

/// A body on wheels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bicycle {
    /// Middle of the body.
    pub x_m: f64,
    /// Middle of the body.
    pub y_m: f64,
    /// Counter-clockwise from x.
    pub heading_rad: f64,
    /// Along the wheels; negative backwards.
    pub speed_mps: f64,
}

/// What a driver does for the length of a tick.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Motion {
    /// Positive is faster.
    pub acceleration_mps2: f64,
    /// Angle of the front wheels; positive is left.
    pub steering_rad: f64,
}

impl Bicycle {
    /// Moves on along the circle of the steering, for `secs`. Neither speed nor angle is limited here.
    pub fn advance(&mut self, motion: Motion, length_m: f64, secs: f64) {
        let next_mps = self.speed_mps + motion.acceleration_mps2 * secs;
        self.travel(0.5 * (self.speed_mps + next_mps) * secs, slip(motion.steering_rad), length_m);
        self.speed_mps = next_mps;
    }

    /// Drives `way_m` along the circle of a slip angle, given by its sine and cosine.
    pub fn travel(&mut self, way_m: f64, (sin_slip, cos_slip): (f64, f64), length_m: f64) {
        let turn_rad = way_m * sin_slip / (0.5 * length_m);
        // The chord of an arc, and its direction halfway through the turn.
        let chord_m = way_m * sinc(0.5 * turn_rad);
        let (sin, cos) = (self.heading_rad + 0.5 * turn_rad).sin_cos();
        self.x_m += chord_m * (cos * cos_slip - sin * sin_slip);
        self.y_m += chord_m * (sin * cos_slip + cos * sin_slip);
        self.heading_rad = wrap(self.heading_rad + turn_rad);
    }

    /// The motion that takes the middle to a place within `secs` by [`Bicycle::advance`]: its exact inverse.
    ///
    /// None where no steering within a right angle reaches the place.
    #[must_use]
    pub fn motion_to(&self, place_m: [f64; 2], length_m: f64, secs: f64) -> Option<Motion> {
        let (way_m, slip_rad) = self.way_to(place_m, length_m)?;
        Some(Motion {
            acceleration_mps2: 2.0 * (way_m / secs - self.speed_mps) / secs,
            steering_rad: (2.0 * slip_rad.tan()).atan(),
        })
    }

    /// The signed way along a circle, and its slip angle, that take the middle to a place.
    ///
    /// Two numbers reach any place ahead or behind; the heading that comes with it is the bicycle's own, which is
    /// that of the record where the record is a bicycle's. None where no steering within a right angle reaches it.
    #[must_use]
    pub fn way_to(&self, place_m: [f64; 2], length_m: f64) -> Option<(f64, f64)> {
        let (dx, dy) = (place_m[0] - self.x_m, place_m[1] - self.y_m);
        let chord_m = dx.hypot(dy);
        if chord_m < 1e-12 {
            return Some((0.0, 0.0));
        }
        let ahead_rad = wrap(dy.atan2(dx) - self.heading_rad);
        let backwards = ahead_rad.abs() > std::f64::consts::FRAC_PI_2;
        let (chord_m, bearing_rad) =
            if backwards { (-chord_m, wrap(ahead_rad + std::f64::consts::PI)) } else { (chord_m, ahead_rad) };
        // The bearing of the place is the slip angle plus half the turn, and the turn follows from the way:
        // bearing = b + way sin(b) / length, chord = way sinc(turn / 2). Newton's method in b.
        let mut slip_rad = bearing_rad / (1.0 + chord_m / length_m).max(0.5);
        for _ in 0..32 {
            let (error, slope) = miss(slip_rad, chord_m, length_m, bearing_rad);
            let next_rad = (slip_rad - error / slope).clamp(-1.57, 1.57);
            if (next_rad - slip_rad).abs() < 1e-15 {
                break;
            }
            slip_rad = next_rad;
        }
        let (error, _) = miss(slip_rad, chord_m, length_m, bearing_rad);
        (error.abs() <= 1e-9).then(|| (way_of(slip_rad, chord_m, length_m), slip_rad))
    }
}

/// Sine and cosine of the slip angle of a steering angle.
#[must_use]
pub fn slip(steering_rad: f64) -> (f64, f64) {
    let tan = 0.5 * steering_rad.tan();
    let cos = 1.0 / (1.0 + tan * tan).sqrt();
    (tan * cos, cos)
}

/// The steering angle that drives a circle of this curvature, as far as the limit allows.
#[must_use]
pub fn steering_of(curvature_per_m: f64, length_m: f64, limit_rad: f64) -> f64 {
    let sin_slip = (0.5 * length_m * curvature_per_m).clamp(-0.999, 0.999);
    let tan_slip = sin_slip / (1.0 - sin_slip * sin_slip).sqrt();
    (2.0 * tan_slip).atan().clamp(-limit_rad, limit_rad)
}

/// The same angle within [-pi, pi).
#[must_use]
#[inline]
pub fn wrap(angle_rad: f64) -> f64 {
    use std::f64::consts::{PI, TAU};
    if (-PI..PI).contains(&angle_rad) { angle_rad } else { (angle_rad + PI).rem_euclid(TAU) - PI }
}

/// sin(x) / x.
fn sinc(x: f64) -> f64 {
    if x.abs() < 1e-4 { 1.0 - x * x / 6.0 } else { x.sin() / x }
}

/// The signed way along the circle of a slip angle whose chord is `chord_m`.
fn way_of(slip_rad: f64, chord_m: f64, length_m: f64) -> f64 {
    // chord = (length / sin b) sin(way sin b / length).
    let sin_slip = slip_rad.sin();
    let half_turn = chord_m * sin_slip / length_m;
    if half_turn.abs() < 1e-8 { chord_m } else { half_turn.clamp(-1.0, 1.0).asin() * length_m / sin_slip }
}

/// By how much a slip angle misses the bearing, and how fast that changes with it.
fn miss(slip_rad: f64, chord_m: f64, length_m: f64, bearing_rad: f64) -> (f64, f64) {
    let half_turn_sine = (chord_m * slip_rad.sin() / length_m).clamp(-0.999_999, 0.999_999);
    let error = slip_rad + half_turn_sine.asin() - bearing_rad;
    let slope = 1.0 + chord_m * slip_rad.cos() / length_m / (1.0 - half_turn_sine * half_turn_sine).sqrt();
    (error, if slope.abs() < 1e-6 { 1e-6 } else { slope })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LENGTH_M: f64 = 5.0;

    fn at(x_m: f64, y_m: f64, heading_rad: f64, speed_mps: f64) -> Bicycle {
        Bicycle { x_m, y_m, heading_rad, speed_mps }
    }

    #[test]
    fn exact_steps_close_the_circle_whatever_their_length() {
        let steering = 0.3_f64;
        let radius_m = LENGTH_M / 2.0 / slip(steering).0;
        for steps in [7, 60, 1000] {
            let mut body = at(1.0, -2.0, 0.4, 9.0);
            let secs = std::f64::consts::TAU * radius_m / 9.0 / f64::from(steps);
            for _ in 0..steps {
                body.advance(Motion { acceleration_mps2: 0.0, steering_rad: steering }, LENGTH_M, secs);
            }
            assert!((body.x_m - 1.0).abs() < 1e-9 && (body.y_m + 2.0).abs() < 1e-9, "{steps}: {body:?}");
            assert!((body.heading_rad - 0.4).abs() < 1e-9, "{steps}: {body:?}");
        }
    }

    proptest! {
        #[test]
        fn reversing_time_returns_to_the_start(
            heading in -3.0..3.0, speed in -5.0..40.0,
            motions in prop::collection::vec((-6.0..6.0, -0.7..0.7), 1..60),
        ) {
            let start = at(3.0, -7.0, heading, speed);
            let mut body = start;
            for &(acceleration_mps2, steering_rad) in &motions {
                body.advance(Motion { acceleration_mps2, steering_rad }, LENGTH_M, 0.1);
            }
            for &(acceleration_mps2, steering_rad) in motions.iter().rev() {
                body.advance(Motion { acceleration_mps2, steering_rad }, LENGTH_M, -0.1);
            }
            prop_assert!((body.x_m - start.x_m).hypot(body.y_m - start.y_m) < 1e-8, "{:?}", body);
            prop_assert!((body.speed_mps - speed).abs() < 1e-9);
            prop_assert!(wrap(body.heading_rad - heading).abs() < 1e-9);
        }

        #[test]
        fn the_inverse_finds_the_motion_that_was_driven(
            heading in -3.0..3.0, speed in 0.0..35.0, acceleration in -6.0..4.0, steering in -0.6..0.6,
        ) {
            let start = at(-4.0, 9.0, heading, speed);
            let driven = Motion { acceleration_mps2: acceleration, steering_rad: steering };
            let mut body = start;
            body.advance(driven, LENGTH_M, 0.1);
            prop_assume!((body.x_m - start.x_m).hypot(body.y_m - start.y_m) > 1e-3);
            let found = start.motion_to([body.x_m, body.y_m], LENGTH_M, 0.1).unwrap();
            let mut again = start;
            again.advance(found, LENGTH_M, 0.1);
            prop_assert!((again.x_m - body.x_m).hypot(again.y_m - body.y_m) < 1e-9);
            prop_assert!((found.acceleration_mps2 - acceleration).abs() < 1e-6, "{:?}", found);
            prop_assert!((found.steering_rad - steering).abs() < 1e-6, "{:?}", found);
        }
    }

    #[test]
    fn a_curvature_and_its_steering_agree() {
        for curvature in [-0.2, -0.01, 0.0, 0.05, 0.3] {
            let (sin_slip, _) = slip(steering_of(curvature, LENGTH_M, 1.5));
            assert!((sin_slip / (LENGTH_M / 2.0) - curvature).abs() < 1e-12, "{curvature}");
        }
    }
}
