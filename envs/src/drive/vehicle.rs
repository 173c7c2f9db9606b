//! The ego: a kinematic bicycle, its limits, and a driver that keeps the lane.
//!
//! The bicycle and the lane keeping are highway-env's (`vehicle/kinematics.py`, `vehicle/controller.py`, 1.12.1),
//! explicit Euler with the position first. Unlike there, the speed stops at 0.

use std::f64::consts::FRAC_PI_4;

use serde::{Deserialize, Serialize};

/// Length of every vehicle, bumper to bumper.
pub const LENGTH_M: f64 = 5.0;
/// Width of every vehicle.
pub const WIDTH_M: f64 = 2.0;
/// Top speed of the ego.
pub const MAX_SPEED_MPS: f64 = 40.0;
/// Acceleration and braking at full command.
pub const MAX_ACCELERATION_MPS2: f64 = 5.0;
/// Steering angle at full command, where the tyres allow it.
pub const MAX_STEERING_RAD: f64 = std::f64::consts::FRAC_PI_8;
/// Lateral acceleration at full steering. It makes the command mean the same at all motorway speeds: a fixed
/// angle would be 12 times beyond what tyres hold at 25 m/s.
pub const MAX_LATERAL_MPS2: f64 = 4.0;

/// Where a vehicle is and how it moves; the position is the middle of the box.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Vehicle {
    /// Along the road.
    pub x_m: f64,
    /// To the left of the right road edge.
    pub y_m: f64,
    /// Counter-clockwise from the road's direction.
    pub heading_rad: f64,
    /// Along the heading; never negative.
    pub speed_mps: f64,
}

/// What a driver does with a vehicle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Control {
    /// Positive is faster.
    pub acceleration_mps2: f64,
    /// Angle of the front wheels; positive is left.
    pub steering_rad: f64,
}

impl Vehicle {
    /// Moves on for `secs`.
    pub fn advance(&mut self, control: Control, secs: f64) {
        let slip_rad = (0.5 * control.steering_rad.tan()).atan();
        self.x_m += self.speed_mps * (self.heading_rad + slip_rad).cos() * secs;
        self.y_m += self.speed_mps * (self.heading_rad + slip_rad).sin() * secs;
        self.heading_rad = wrap(self.heading_rad + self.speed_mps * slip_rad.sin() / (LENGTH_M / 2.0) * secs);
        self.speed_mps = (self.speed_mps + control.acceleration_mps2 * secs).clamp(0.0, MAX_SPEED_MPS);
    }

    /// Speed along the road.
    #[must_use]
    pub fn forward_mps(&self) -> f64 {
        self.speed_mps * self.heading_rad.cos()
    }

    /// The steering angle of a full command at this speed.
    #[must_use]
    pub fn steering_limit_rad(&self) -> f64 {
        let slip_sine = MAX_LATERAL_MPS2 * (LENGTH_M / 2.0) / self.speed_mps.powi(2).max(1e-9);
        (2.0 * slip_sine.min(1.0).asin().tan()).atan().min(MAX_STEERING_RAD)
    }

    /// The steering angle that brings the vehicle to `lane_y_m` and along the road.
    #[must_use]
    pub fn lane_keeping_rad(&self, lane_y_m: f64) -> f64 {
        // Gains of highway-env: 1/0.6 per second across the lane, 1/0.2 per second in heading.
        let speed_mps = self.speed_mps.max(0.1);
        let lateral_mps = -(self.y_m - lane_y_m) / 0.6;
        let wanted_rad = (lateral_mps / speed_mps).clamp(-1.0, 1.0).asin().clamp(-FRAC_PI_4, FRAC_PI_4);
        let turn_radps = wrap(wanted_rad - self.heading_rad) / 0.2;
        let slip_rad = (turn_radps * LENGTH_M / (2.0 * speed_mps)).clamp(-0.99, 0.99).asin();
        let limit_rad = self.steering_limit_rad();
        (2.0 * slip_rad.tan()).atan().clamp(-limit_rad, limit_rad)
    }

    /// Whether two boxes touch, by the separating axes of both.
    #[must_use]
    pub fn touches(&self, other: &Self) -> bool {
        let (dx, dy) = (other.x_m - self.x_m, other.y_m - self.y_m);
        if dx.hypot(dy) > LENGTH_M.hypot(WIDTH_M) {
            return false;
        }
        [self.heading_rad, other.heading_rad].iter().all(|heading_rad| {
            let (sin, cos) = heading_rad.sin_cos();
            [(cos, sin), (-sin, cos)].iter().all(|&(axis_x, axis_y)| {
                let apart_m = (dx * axis_x + dy * axis_y).abs();
                apart_m <= self.reach_m(axis_x, axis_y) + other.reach_m(axis_x, axis_y)
            })
        })
    }

    /// How far the box reaches from its middle along an axis.
    fn reach_m(&self, axis_x: f64, axis_y: f64) -> f64 {
        let (sin, cos) = self.heading_rad.sin_cos();
        0.5 * LENGTH_M * (axis_x * cos + axis_y * sin).abs()
            + 0.5 * WIDTH_M * (axis_y * cos - axis_x * sin).abs()
    }
}

/// The same angle within [-pi, pi).
#[must_use]
pub fn wrap(angle_rad: f64) -> f64 {
    use std::f64::consts::{PI, TAU};
    if (-PI..PI).contains(&angle_rad) { angle_rad } else { (angle_rad + PI).rem_euclid(TAU) - PI }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x_m: f64, y_m: f64, heading_rad: f64, speed_mps: f64) -> Vehicle {
        Vehicle { x_m, y_m, heading_rad, speed_mps }
    }

    #[test]
    fn constant_steering_follows_the_closed_form_of_the_circle() {
        let (speed, heading, steering, dt, steps) = (12.0, 0.3, 0.11, 0.05, 400);
        let mut vehicle = at(0.0, 0.0, heading, speed);
        for _ in 0..steps {
            vehicle.advance(Control { acceleration_mps2: 0.0, steering_rad: steering }, dt);
        }
        let slip = f64::atan(0.5 * f64::tan(steering));
        let turn = speed * slip.sin() / (LENGTH_M / 2.0) * dt;
        let chord = speed * dt * (steps as f64 * turn / 2.0).sin() / (turn / 2.0).sin();
        let middle = heading + slip + (steps as f64 - 1.0) * turn / 2.0;
        assert!((vehicle.x_m - chord * middle.cos()).abs() < 1e-9, "x {}", vehicle.x_m);
        assert!((vehicle.y_m - chord * middle.sin()).abs() < 1e-9, "y {}", vehicle.y_m);
    }

    #[test]
    fn lane_keeping_returns_to_the_middle() {
        for speed_mps in [5.0, 15.0, 30.0] {
            let mut vehicle = at(0.0, 1.5, 0.05, speed_mps);
            for _ in 0..600 {
                let steering_rad = vehicle.lane_keeping_rad(0.0);
                vehicle.advance(Control { acceleration_mps2: 0.0, steering_rad }, 0.1 / 3.0);
            }
            assert!(vehicle.y_m.abs() < 0.01 && vehicle.heading_rad.abs() < 0.01, "{vehicle:?}");
        }
    }

    #[test]
    fn full_steering_stays_within_what_the_tyres_hold() {
        let mut vehicle = at(0.0, 0.0, 0.0, 30.0);
        let steering_rad = vehicle.steering_limit_rad();
        vehicle.advance(Control { acceleration_mps2: 0.0, steering_rad }, 0.1);
        let lateral_mps2 = vehicle.heading_rad / 0.1 * vehicle.speed_mps;
        assert!((lateral_mps2 - MAX_LATERAL_MPS2).abs() < 1e-9, "{lateral_mps2}");
    }

    #[test]
    fn boxes_touch_when_and_only_when_they_overlap() {
        let still = at(0.0, 0.0, 0.0, 0.0);
        for (other, expected) in [
            (at(4.9, 0.0, 0.0, 0.0), true),
            (at(5.1, 0.0, 0.0, 0.0), false),
            (at(0.0, 2.1, 0.0, 0.0), false),
            (at(0.0, 2.1, 0.4, 0.0), true),
            (at(0.0, 3.4, std::f64::consts::FRAC_PI_2, 0.0), true),
            (at(0.0, 3.6, std::f64::consts::FRAC_PI_2, 0.0), false),
        ] {
            assert_eq!(still.touches(&other), expected, "{other:?}");
            assert_eq!(other.touches(&still), expected, "{other:?}");
        }
    }
}
