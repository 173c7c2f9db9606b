//! Seven kinds of drivers on the ring of 22 cars and 230 m, and the flow that each of them is known to make.
//!
//! The figures are those of a reference run: 600 s in steps of 0.1 s from an even flow with positions
//! disturbed by 0.3 m, of which the last 200 s count. Drivers who jam do so from every start, but how many
//! jams there are after 400 s and how far they have grown depends on it, so the figures hold for a start with
//! one grown jam.

use dreamlane_traffic::driver::Idm;
use rand_chacha::ChaCha8Rng;

use super::measures::{Flow, Tick};
use super::reference::{CAR_M, Ring, normal};

/// Length of the ring.
pub(crate) const RING_M: f64 = 230.0;

/// What flow is expected.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Expected {
    /// A jam, given by figures in km/h.
    Jam { slowest: f64, fastest: f64, mean: f64, wave: f64 },
    /// Every car stays at this speed in km/h.
    Steady(f64),
}

/// Drivers and the flow that they make.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    /// The name of the parameters in the table.
    pub(crate) name: &'static str,
    /// The ring with its drivers.
    pub(crate) ring: Ring,
    /// Standard deviation of the noise that each step adds to accelerations.
    pub(crate) noise_mps2: f64,
    /// What is known of the flow.
    pub(crate) expected: Expected,
}

/// The table: parameters are desired speed, headway, standstill gap, acceleration and braking in SI units.
pub(crate) fn cases() -> [Case; 7] {
    let jam = |slowest, fastest, mean, wave| Expected::Jam { slowest, fastest, mean, wave };
    [
        case("C", [11.1, 0.8, 1.0, 0.8, 2.0], 0.0, jam(0.0, 31.5, 13.8, -14.5)),
        case("B", [11.1, 0.6, 1.5, 0.6, 1.5], 0.0, jam(0.0, 31.1, 8.6, -9.7)),
        case("F", [30.0, 1.0, 2.0, 1.0, 1.5], 0.2, jam(0.0, 34.4, 9.5, -14.3)),
        case("T", [33.3, 1.6, 2.0, 0.73, 1.67], 0.0, jam(0.0, 19.5, 8.3, -13.1)),
        case("A", [11.1, 0.6, 1.5, 1.0, 1.5], 0.0, Expected::Steady(24.2)),
        case("D", [11.1, 0.6, 1.5, 3.0, 3.0], 0.0, Expected::Steady(24.2)),
        case("highway-env", [30.0, 1.5, 5.0, 3.0, 5.0], 0.0, Expected::Steady(2.3)),
    ]
}

fn case(name: &'static str, parameters: [f64; 5], noise_mps2: f64, expected: Expected) -> Case {
    let [desired_mps, headway_secs, standstill_gap_m, acceleration_mps2, braking_mps2] = parameters;
    let idm = Idm { headway_secs, standstill_gap_m, acceleration_mps2, braking_mps2, ..Idm::kesting_2010() };
    Case {
        name,
        ring: Ring { idm, desired_mps, n_cars: 22, ring_m: RING_M, car_m: CAR_M },
        noise_mps2,
        expected,
    }
}

impl Case {
    /// The even flow with disturbed positions.
    pub(crate) fn start(&self, random: &mut ChaCha8Rng) -> Tick {
        self.ring.disturbed(|_| [0.3 * normal(random), 0.0])
    }

    /// Asserts that the flow is of the expected kind and free of collisions; this holds for every start.
    pub(crate) fn check_kind(&self, flow: &Flow) {
        let expected = matches!(self.expected, Expected::Jam { .. });
        assert_eq!(flow.jams(), expected, "{}: {flow:?}", self.name);
        assert!(flow.smallest_gap_m > 0.0, "{}: cars collide: {flow:?}", self.name);
    }

    /// Asserts that the flow has the expected figures; for jams this holds for a start with one grown jam.
    pub(crate) fn check_figures(&self, flow: &Flow) {
        let check = |quantity, found: f64, expected: f64, tolerance| {
            let near = (found - expected).abs() <= tolerance;
            assert!(near, "{}: {quantity} {found} km/h, expected {expected} km/h", self.name);
        };
        match self.expected {
            Expected::Jam { slowest, fastest, mean, wave } => {
                check("slowest", flow.slowest_kmh, slowest, 0.05);
                check("fastest", flow.fastest_kmh, fastest, 0.5);
                check("mean", flow.mean_kmh, mean, 0.2);
                check("wave", flow.wave_kmh, wave, 0.3);
            }
            Expected::Steady(speed) => {
                check("slowest", flow.slowest_kmh, speed, 0.05);
                check("fastest", flow.fastest_kmh, speed, 0.05);
                check("deviation", 3.6 * flow.deviation_mps, 0.0, 0.036);
            }
        }
    }
}
