//! Recorded platoons as an environment: the record is followed, and a seat that drives itself follows as a calibration
//! reckons. Skipped, with a message, where the recordings are not beside the repository.

use std::path::Path;

use burn::tensor::{Device, Tensor};
use dreamlane_core::{Actions, Env, LaneMask, RowMask, Seed};
use dreamlane_envs::build;
use dreamlane_traffic::platoon::{Follower, Platoon, Rule, follow_pairs, read_folder};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/ngsim_i80");
const LENGTH_M: f64 = 4.5;

fn recordings() -> Option<Vec<Platoon>> {
    if !Path::new(FOLDER).is_dir() {
        eprintln!("skipped: no recordings at {FOLDER}");
        return None;
    }
    Some(read_folder(Path::new(FOLDER)).unwrap())
}

/// Middles of the seat and of who leads it, step by step.
fn played(env: &mut dyn Env, platoon: &Platoon, car: usize) -> Vec<[f64; 2]> {
    let lane = LaneMask::all(1);
    env.reset(&lane, &[Seed::new(1)]).unwrap();
    let undriven = Actions { values: Tensor::zeros([1, 2], &Device::flex()), given: RowMask::none(1) };
    let mut places = Vec::new();
    for _ in 1..platoon.rows() {
        env.step(&undriven, &lane).unwrap();
        let bodies = env.scene(0).unwrap().bodies;
        // The seat is told first, the others in their order from the leader.
        places.push([f64::from(bodies[0].place_m[0]), f64::from(bodies[car].place_m[0])]);
    }
    places
}

#[test]
fn a_seat_that_drives_itself_follows_the_record_as_a_calibration_reckons() {
    let Some(platoons) = recordings() else { return };
    for platoon in &platoons[..3] {
        let car = 1;
        let name = format!(
            "drive/platoon:picture=0,replay.data={FOLDER},replay.platoon={},replay.car={car},replay.others=rules_behind",
            platoon.name
        );
        let mut env = build(&name, 1, &Device::flex()).unwrap();
        assert!(!env.spec().name.contains("shared"), "{}", env.spec().name);
        let places = played(env.as_mut(), platoon, car);
        let (leader, follower) = (&platoon.cars[0], &platoon.cars[car]);
        let mut squares = 0.0;
        for (row, [seat_m, ahead_m]) in places.iter().enumerate() {
            let recorded_m = leader.position_m[row + 1] - leader.position_m[0];
            assert!((ahead_m - (300.0 - 0.5 * LENGTH_M) - recorded_m).abs() < 1e-3, "row {row}");
            let gap_m = leader.position_m[row + 1] - follower.position_m[row + 1] - LENGTH_M;
            squares += ((ahead_m - seat_m - LENGTH_M - gap_m) / gap_m).powi(2);
        }
        let found = (squares / places.len() as f64).sqrt();
        let follows = follow_pairs([platoon], LENGTH_M, Rule::Idm(Follower::textbook()));
        let tally = &follows.iter().find(|follow| follow.follower_id == follower.id).unwrap().tally;
        let expected = (tally.relative_squares / tally.rows as f64).sqrt();
        assert!((found - expected).abs() < 1e-3 * expected, "{}: {found}, {expected}", platoon.name);
    }
}
