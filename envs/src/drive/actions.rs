//! What an action means: the ways in which a seat can be driven, and what each asks of the wheels.

use dreamlane_core::ActionSpace;
use serde::{Deserialize, Serialize};

/// The widest action row.
pub(super) const WIDEST: usize = 8;

/// A way to drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionKind {
    /// `acceleration` in [-1, 1] for -5 to 5 m/s², `steering` in [-1, 1], left positive, for what the tyres hold.
    Continuous,
    /// `throttle` and `brake` in [0, 1], `steering` in [-1, 1].
    Pedals,
    /// One of `lane_left`, `idle`, `lane_right`, `faster`, `slower`, as in highway-env: a target lane and speed.
    Meta,
    /// `acceleration` in m/s², `curvature` in 1/m, left positive: what openpilot asks of a car.
    Curvature,
    /// Four points `ahead` and `left` of the car, in metres, to be reached 0.5, 1, 1.5 and 2 seconds later.
    Waypoints,
}

/// Acceleration and braking at full command.
pub const FULL_ACCELERATION_MPS2: f64 = 5.0;
/// Lateral acceleration at full steering. It makes the command mean the same at all motorway speeds: a fixed
/// angle would be far beyond what tyres hold at 25 m/s.
pub const FULL_LATERAL_MPS2: f64 = 4.0;
/// Sine of the slip angle at full steering of 45 degrees, which slow cars reach.
pub const FULL_SLIP: f64 = 0.447_213_595_5;
/// Time between two waypoints.
pub const WAYPOINT_SECS: f64 = 0.5;
/// A pedal car: what full throttle gains from a standstill, what full braking takes, what rolling costs.
const THROTTLE_MPS2: f64 = 3.5;
const BRAKE_MPS2: f64 = 8.0;
const ROLLING_MPS2: f64 = 0.1;
/// Air takes this times the speed squared; with the throttle's fall it ends near 45 m/s.
const AIR_PER_M: f64 = 0.0005;
const NO_THRUST_MPS: f64 = 50.0;

impl ActionKind {
    /// The actions of one seat.
    #[must_use]
    pub fn space(self) -> ActionSpace {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let continuous = |all: &[&str], low: &[f32], high: &[f32]| ActionSpace::Continuous {
            names: names(all),
            low: low.to_vec(),
            high: high.to_vec(),
        };
        match self {
            Self::Continuous => continuous(&["acceleration", "steering"], &[-1.0; 2], &[1.0; 2]),
            Self::Pedals => continuous(&["throttle", "brake", "steering"], &[0.0, 0.0, -1.0], &[1.0; 3]),
            Self::Meta => ActionSpace::Discrete {
                names: names(&["lane_left", "idle", "lane_right", "faster", "slower"]),
            },
            Self::Curvature => {
                continuous(&["acceleration_mps2", "curvature_per_m"], &[-8.0, -0.2], &[5.0, 0.2])
            }
            Self::Waypoints => ActionSpace::Continuous {
                names: (1..=4)
                    .flat_map(|half| {
                        ["ahead", "left"].map(|way| format!("{way}_m@{}s", f64::from(half) * 0.5))
                    })
                    .collect(),
                low: [-20.0, -40.0].repeat(4),
                high: [100.0, 40.0].repeat(4),
            },
        }
    }
}

/// Sine of the slip angle that a share of full steering asks for at a speed.
#[must_use]
pub(super) fn slip_of(share: f64, speed_mps: f64, length_m: f64) -> f64 {
    let held = FULL_LATERAL_MPS2 * 0.5 * length_m / (speed_mps * speed_mps).max(1e-9);
    share * held.min(FULL_SLIP)
}

/// What pedals do at a speed.
#[must_use]
pub(super) fn pedals_mps2(throttle: f64, brake: f64, speed_mps: f64) -> f64 {
    let thrust = THROTTLE_MPS2 * throttle * (1.0 - speed_mps / NO_THRUST_MPS).max(0.0);
    let drag = if speed_mps > 0.0 { ROLLING_MPS2 + AIR_PER_M * speed_mps * speed_mps } else { 0.0 };
    thrust - BRAKE_MPS2 * brake - drag
}

/// The throttle and the brake that do this to a car at a speed, as far as they can.
#[must_use]
pub(super) fn pedals_for(acceleration_mps2: f64, speed_mps: f64) -> [f64; 2] {
    let wanted_mps2 = acceleration_mps2 - pedals_mps2(0.0, 0.0, speed_mps);
    if wanted_mps2 >= 0.0 {
        let full_mps2 = pedals_mps2(1.0, 0.0, speed_mps) - pedals_mps2(0.0, 0.0, speed_mps);
        [(wanted_mps2 / full_mps2.max(0.1)).min(1.0), 0.0]
    } else {
        [0.0, (-wanted_mps2 / BRAKE_MPS2).min(1.0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_steering_is_what_the_tyres_hold_and_a_tight_turn_when_slow() {
        let lateral_mps2 = |speed_mps: f64| speed_mps.powi(2) * slip_of(1.0, speed_mps, 5.0) / 2.5;
        assert!((lateral_mps2(30.0) - FULL_LATERAL_MPS2).abs() < 1e-9);
        assert!((lateral_mps2(12.0) - FULL_LATERAL_MPS2).abs() < 1e-9);
        assert!((slip_of(-1.0, 2.0, 5.0) + FULL_SLIP).abs() < 1e-9);
    }

    #[test]
    fn pedals_stop_a_car_and_end_near_its_top_speed() {
        assert!(pedals_mps2(0.0, 1.0, 20.0) < -8.0);
        assert!(pedals_mps2(1.0, 0.0, 0.0) > 3.0);
        assert!(pedals_mps2(1.0, 0.0, 38.0) > -0.1 && pedals_mps2(1.0, 0.0, 45.0) < 0.0);
        assert_eq!(pedals_mps2(0.0, 0.0, 0.0), 0.0);
    }

    #[test]
    fn the_pedals_for_an_acceleration_do_it() {
        for (acceleration_mps2, speed_mps) in [(2.0, 5.0), (0.5, 25.0), (-0.05, 20.0), (-4.0, 30.0)] {
            let [throttle, brake] = pedals_for(acceleration_mps2, speed_mps);
            let done = pedals_mps2(throttle, brake, speed_mps);
            assert!((done - acceleration_mps2).abs() < 1e-9, "{acceleration_mps2} at {speed_mps}: {done}");
        }
    }

    #[test]
    fn no_action_is_wider_than_the_widest() {
        use ActionKind::{Continuous, Curvature, Meta, Pedals, Waypoints};
        for kind in [Continuous, Pedals, Meta, Curvature, Waypoints] {
            assert!(kind.space().width() <= WIDEST);
        }
    }
}
