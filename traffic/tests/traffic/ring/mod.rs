//! Traffic on a ring road: jams without a bottleneck, and the linear theory of when they form.
//!
//! The ring of 22 cars and 230 m is the experiment of Sugiyama et al. 2008,
//! <https://doi.org/10.1088/1367-2630/10/3/033001>. Every check takes recorded ticks or a closure that
//! advances a tick, so that the plain simulator of these tests and a fast one face the same table.

pub(crate) mod engine;
mod growth;
pub(crate) mod measures;
pub(crate) mod reference;
mod sugiyama;

use growth::{Agreement, grows, random_rings};
use measures::{Flow, Tick, record};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use reference::{CAR_M, Ring, normal};
use sugiyama::{Case, RING_M, cases};

/// Time between two ticks.
const STEP_SECS: f64 = 0.1;

/// A seed whose start leads to one grown jam for all drivers who jam.
const ONE_JAM_SEED: u64 = 1;

/// The last 200 s of 600 s, by the plain simulator.
fn plain_flow(case: &Case, seed: u64) -> Flow {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let start = case.start(&mut random);
    let noise = |random: &mut ChaCha8Rng| case.noise_mps2 * normal(random);
    let ticks = record(start, 4000, 2000, |tick| case.ring.advance(tick, STEP_SECS, || noise(&mut random)));
    Flow::measure(&ticks, STEP_SECS, RING_M, CAR_M)
}

/// The same by the engine.
fn driven_flow(case: &Case, seed: u64) -> Flow {
    let start = case.start(&mut ChaCha8Rng::seed_from_u64(seed));
    let stage = engine::stage(&case.ring, case.noise_mps2);
    let mut traffic = engine::begin(&stage, &case.ring, &start, seed);
    let advance = |tick: &mut Tick| engine::advance(&mut traffic, tick, &case.ring, STEP_SECS);
    Flow::measure(&record(start, 4000, 2000, advance), STEP_SECS, RING_M, CAR_M)
}

#[test]
fn drivers_jam_or_flow_on_the_ring_as_theory_says_from_every_start() {
    for case in cases() {
        for seed in 0..5 {
            case.check_kind(&plain_flow(&case, seed));
            case.check_kind(&driven_flow(&case, seed));
        }
    }
}

#[test]
fn speeds_and_waves_on_the_ring_are_those_of_the_reference_run() {
    for case in cases() {
        case.check_figures(&plain_flow(&case, ONE_JAM_SEED));
        let driven = driven_flow(&case, ONE_JAM_SEED);
        eprintln!("{}: {driven:?}", case.name);
        case.check_figures(&driven);
    }
}

/// Theory has no time steps: with them a wave grows a little faster, which turns the sign for rates within
/// about 1e-3 1/s of zero. None is left out for that; it is why not every agreement is asked for.
fn check_growth(grown: impl FnMut(&Ring, &Tick) -> bool) {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let agreement = Agreement::measure(random_rings(1).take(50), &mut random, grown);
    eprintln!("{agreement:?}");
    assert!((10..=90).contains(&agreement.n_growing), "both kinds must occur: {agreement:?}");
    assert!(agreement.n_agreeing >= 95, "{agreement:?}");
    assert_eq!(agreement.n_asked, 100);
}

#[test]
fn small_disturbances_grow_where_theory_says_so() {
    check_growth(|ring, start| {
        grows(start, ring.ring_m, 40_000, |tick| ring.advance(tick, STEP_SECS, || 0.0))
    });
}

#[test]
fn small_disturbances_grow_in_the_engine_where_theory_says_so() {
    check_growth(|ring, start| {
        let stage = engine::stage(ring, 0.0);
        let mut traffic = engine::begin(&stage, ring, start, 0);
        grows(start, ring.ring_m, 40_000, |tick| engine::advance(&mut traffic, tick, ring, STEP_SECS))
    });
}
