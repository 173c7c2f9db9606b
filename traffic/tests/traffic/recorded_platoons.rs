//! Calibration on the NGSIM I-80 platoons. Skipped, with a message, where the recordings are not beside the repository.

use std::{collections::BTreeSet, ops::ControlFlow, path::Path};

use dreamlane_traffic::platoon::{Platoon, PlatoonError, Settings, calibrate, halves, read_folder};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/ngsim_i80");

/// The recordings, or none where they are absent. They are foreign: a broken one fails the test that asks for them.
fn recordings() -> Option<Result<Vec<Platoon>, PlatoonError>> {
    let folder = Path::new(FOLDER);
    if !folder.is_dir() {
        eprintln!("skipped: no recordings at {FOLDER}");
        return None;
    }
    Some(read_folder(folder))
}

#[test]
fn the_recorded_platoons_split_into_halves_without_a_loss() {
    let Some(platoons) = recordings() else { return };
    let platoons = platoons.unwrap();
    let split = halves(&platoons, 0);
    let ids = |idxs: &[usize]| -> BTreeSet<u32> {
        idxs.iter().flat_map(|&idx| platoons[idx].cars.iter().map(|car| car.id)).collect()
    };
    let (train, test) = (ids(&split.train), ids(&split.test));
    assert!(train.is_disjoint(&test));
    assert_eq!((platoons.len(), train.len() + test.len(), split.dropped.len()), (49, 115, 0));
}

#[test]
fn one_driver_for_all_forecasts_the_held_out_half_better_than_the_textbook() {
    let Some(platoons) = recordings() else { return };
    let platoons = platoons.unwrap();
    let settings = Settings { population: 24, generations: 40, resamples: 100, ..Settings::thorough(0) };
    let split = halves(&platoons, settings.seed);
    let found = calibrate(&platoons, &split, &settings, |_| ControlFlow::Continue(())).unwrap();
    let test = &found.calibrated.test_pairs;
    assert!(test.rmspe_of_front_distance < 0.3, "{test:?}");
    assert!(test.rmspe < 0.42, "{test:?}");
    assert!(found.baselines.iter().all(|baseline| baseline.test_pairs.rmspe > test.rmspe));
    assert_eq!(test.collisions + found.calibrated.test_platoons.collisions, 0);
    assert_eq!(found.skipped.len(), 2);
}
