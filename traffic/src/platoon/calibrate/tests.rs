//! A calibration on platoons that were made by the model itself finds that model again.

use super::*;
use crate::platoon::{Bounds, Goal, follow::tests::driven, halves};

fn maker() -> Follower {
    Follower {
        desired_mps: 25.0,
        headway_secs: 1.1,
        standstill_gap_m: 1.7,
        acceleration_mps2: 1.1,
        braking_mps2: 1.6,
        ..Follower::textbook()
    }
}

fn platoons() -> Vec<Platoon> {
    (0..6).map(|at| driven(&maker(), 10 * at, 3, 150)).collect()
}

fn quick() -> Settings {
    Settings { population: 30, generations: 150, resamples: 50, ..Settings::thorough(3) }
}

fn calibrated(settings: &Settings) -> Calibration {
    let platoons = platoons();
    calibrate(&platoons, &halves(&platoons, 0), settings, |_| ControlFlow::Continue(())).unwrap()
}

#[test]
fn the_parameters_that_made_the_platoons_are_found_again() {
    for goal in [Goal::Relative, Goal::Mixed] {
        let found = calibrated(&Settings { goal, ..quick() });
        assert!(found.calibrated.test_pairs.rmspe < 0.01, "{:?}", found.calibrated.test_pairs);
        assert!((found.parameters.headway_secs - maker().headway_secs).abs() < 0.1, "{:?}", found.parameters);
        assert!(found.finished && found.at_bounds.is_empty());
        for baseline in &found.baselines {
            assert!(baseline.test_pairs.rmspe > 0.05, "{:?}", baseline.rule);
        }
    }
}

#[test]
fn halves_are_described_and_share_nothing() {
    let found = calibrated(&quick());
    assert_eq!((found.train.files.len(), found.train.vehicles, found.train.rows), (3, 9, 450));
    assert!(found.train.files.iter().all(|file| !found.test.files.contains(file)));
    assert!(found.dropped.is_empty() && found.skipped.is_empty());
}

#[test]
fn breaking_off_still_gives_a_calibration() {
    let platoons = platoons();
    let mut heard = Vec::new();
    let stop = |progress: Progress| {
        heard.push(progress.done);
        if progress.done == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let found = calibrate(&platoons, &halves(&platoons, 0), &quick(), stop).unwrap();
    assert!(!found.finished && found.calibrated.test_pairs.rmspe.is_finite());
    assert_eq!(heard, [0, 1, 2, 3]);
}

#[test]
fn any_number_of_threads_gives_the_same_calibration() {
    let settings = Settings { generations: 20, ..quick() };
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| calibrated(&settings))
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn a_parameter_at_its_bound_is_named() {
    let bounds = Bounds { headway_secs: [1.4, 3.0], ..Bounds::motorway() };
    assert!(calibrated(&Settings { bounds, ..quick() }).at_bounds.contains(&"headway_secs".to_owned()));
}

#[test]
fn a_follower_beside_its_leader_is_skipped_and_named() {
    let mut platoons = platoons();
    platoons[0].cars[2].position_m[7] = platoons[0].cars[1].position_m[7] - 4.0;
    let found = calibrate(&platoons, &halves(&platoons, 0), &quick(), |_| ControlFlow::Break(())).unwrap();
    assert_eq!(found.skipped.len(), 1);
    assert_eq!((found.skipped[0].leader_id, found.skipped[0].follower_id), (1, 2));
    assert!((found.skipped[0].least_gap_m + 0.5).abs() < 1e-9);
}

#[test]
fn empty_halves_and_wild_settings_are_refused() {
    let platoons = platoons();
    let check = |split: &Split, settings: Settings, message: &str| {
        let error = calibrate(&platoons, split, &settings, |_| ControlFlow::Continue(())).unwrap_err();
        assert!(error.to_string().starts_with(message), "{error}");
    };
    let split = halves(&platoons, 0);
    let bounds = Bounds { braking_mps2: [0.0, 1.0], ..Bounds::motorway() };
    check(&Split::default(), quick(), "expected followers in both halves, found 0");
    check(&split, Settings { length_m: f64::NAN, ..quick() }, "setting `length_m`");
    check(&split, Settings { population: 0, ..quick() }, "setting `population`");
    check(&split, Settings { resamples: 0, ..quick() }, "setting `resamples`");
    check(&split, Settings { bounds, ..quick() }, "setting `bounds`");
}
