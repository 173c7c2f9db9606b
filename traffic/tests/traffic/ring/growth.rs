//! Whether a small disturbance of an even flow grows: linear theory against simulation.

use dreamlane_traffic::driver::{Idm, Mode, Response};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::measures::{Tick, gaps_m, mean_and_deviation};
use super::reference::{CAR_M, Ring, normal};

/// Size of the disturbance: small enough for linear theory, far above the rounding of positions.
const DISTURBANCE_M: f64 = 1e-3;

/// How often a simulator and theory agree on whether a disturbance grows.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Agreement {
    /// Simulated disturbances: two for each ring.
    pub(crate) n_asked: usize,
    /// Those that grow by theory.
    pub(crate) n_growing: usize,
    /// Those for which both say the same.
    pub(crate) n_agreeing: usize,
}

impl Agreement {
    /// Compares on each ring the fastest mode of theory, and a random disturbance.
    ///
    /// `grows` tells for a ring and its disturbed flow whether the disturbance grows in a simulator:
    /// [`grows`] with a closure that moves the cars on.
    pub(crate) fn measure(
        rings: impl Iterator<Item = Ring>,
        random: &mut ChaCha8Rng,
        mut grows: impl FnMut(&Ring, &Tick) -> bool,
    ) -> Self {
        let mut agreement = Self::default();
        for ring in rings {
            let mode = fastest_mode(&ring);
            let expected = mode.growth_per_s > 0.0;
            for start in [with_mode(&ring, mode), with_jitter(&ring, random)] {
                agreement.n_asked += 1;
                agreement.n_growing += usize::from(expected);
                agreement.n_agreeing += usize::from(grows(&ring, &start) == expected);
            }
        }
        agreement
    }
}

/// Whether the disturbance in `start` grows in the simulator `advance`, which moves the cars on by one tick.
///
/// A ring of equal cars has Fourier modes that do not mix, so the disturbance cannot grow far before it
/// fades: 30 times the start is growth. It may shrink far before it grows, since a random start holds little
/// of the growing mode; one ten-thousandth counts as faded. Where neither happens in `most_ticks`, the end is
/// compared with the middle.
pub(crate) fn grows(
    start: &Tick,
    ring_m: f64,
    most_ticks: usize,
    mut advance: impl FnMut(&mut Tick),
) -> bool {
    let mut tick = start.clone();
    let first = disturbance(start, ring_m);
    let mut middle = first;
    for index in 0..most_ticks {
        advance(&mut tick);
        let now = disturbance(&tick, ring_m);
        if now > 30.0 * first {
            return true;
        }
        if now < 1e-4 * first {
            return false;
        }
        if index == most_ticks / 2 {
            middle = now;
        }
    }
    disturbance(&tick, ring_m) > middle
}

/// How uneven the flow is: gaps and the way of one second at the deviation of speeds, in metres. The speeds
/// are in it because the gaps of a standing wave are even for a moment in each period.
fn disturbance(tick: &Tick, ring_m: f64) -> f64 {
    let gaps: Vec<f64> = gaps_m(tick, ring_m, CAR_M).collect();
    let (_, gap_m) = mean_and_deviation(gaps.iter().copied());
    let (_, speed_mps) = mean_and_deviation(tick.speeds_mps.iter().copied());
    gap_m.hypot(speed_mps)
}

/// An even flow that carries one mode.
fn with_mode(ring: &Ring, mode: Mode) -> Tick {
    ring.disturbed(|car| {
        let (sine, cosine) = (mode.phase_rad * car as f64).sin_cos();
        let by_mps = mode.growth_per_s * cosine - mode.turning_rad_per_s * sine;
        [DISTURBANCE_M * cosine, DISTURBANCE_M * by_mps]
    })
}

/// An even flow with each car displaced at random.
fn with_jitter(ring: &Ring, random: &mut ChaCha8Rng) -> Tick {
    ring.disturbed(|_| [DISTURBANCE_M * normal(random), 0.0])
}

/// The mode that theory says is fastest.
fn fastest_mode(ring: &Ring) -> Mode {
    let response = Response::at_equilibrium(&ring.idm, ring.equilibrium_mps(), ring.desired_mps);
    let Some(mode) = response.fastest_mode(ring.n_cars) else {
        panic!("a ring needs two cars to have a mode, found {}", ring.n_cars);
    };
    mode
}

/// Rings with drivers and densities drawn at random, the same ones for the same seed.
pub(crate) fn random_rings(seed: u64) -> impl Iterator<Item = Ring> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    std::iter::repeat_with(move || {
        let idm = Idm {
            headway_secs: random.random_range(0.5..2.0),
            standstill_gap_m: random.random_range(1.0..3.0),
            acceleration_mps2: random.random_range(0.3..3.0),
            braking_mps2: random.random_range(0.8..3.5),
            ..Idm::kesting_2010()
        };
        let n_cars = random.random_range(15..=60);
        let desired_mps = random.random_range(10.0..35.0);
        let ring_m = n_cars as f64 * random.random_range(8.0..40.0);
        Ring { idm, desired_mps, n_cars, ring_m, car_m: CAR_M }
    })
}
