//! Followers driven by a known rule, and recordings that only look like one.

use super::*;

const LENGTH_M: f64 = 4.5;

/// A platoon whose leader speeds up and slows down and whose followers drive by a rule.
pub(crate) fn driven(driver: &Follower, first_id: u32, n_cars: usize, rows: usize) -> Platoon {
    let wave = |row: usize| 9.0 + 4.0 * (row as f64 * 0.035 + f64::from(first_id)).sin();
    let mut leader = car(first_id, 0.0, wave(0));
    for row in 1..rows {
        leader.position_m.push(leader.position_m[row - 1] + 0.05 * (wave(row - 1) + wave(row)));
        leader.speed_mps.push(wave(row));
    }
    let mut cars = vec![leader];
    for place in 1..n_cars {
        let ahead = &cars[place - 1];
        let gap_m = driver.equilibrium_gap_m(ahead.speed_mps[0]);
        let mut follower = car(first_id + place as u32, ahead.position_m[0] - LENGTH_M - gap_m, wave(0));
        for row in 1..rows {
            let gap_m = ahead.position_m[row - 1] - follower.position_m[row - 1] - LENGTH_M;
            let was_mps = follower.speed_mps[row - 1];
            let speed_mps =
                (was_mps + 0.1 * driver.acceleration_mps2(gap_m, was_mps, ahead.speed_mps[row - 1])).max(0.0);
            follower.speed_mps.push(speed_mps);
            follower.position_m.push(follower.position_m[row - 1] + 0.05 * (was_mps + speed_mps));
        }
        cars.push(follower);
    }
    for car in &mut cars {
        car.acceleration_mps2 = vec![0.0; rows];
    }
    Platoon { name: format!("{first_id}"), cars }
}

fn car(id: u32, position_m: f64, speed_mps: f64) -> Car {
    Car { id, position_m: vec![position_m], speed_mps: vec![speed_mps], acceleration_mps2: vec![] }
}

#[test]
fn the_driver_that_made_a_recording_repeats_it() {
    let driver = Follower::textbook();
    let platoon = driven(&driver, 1, 4, 120);
    for follows in [
        follow_pairs([&platoon], LENGTH_M, Rule::Idm(driver)),
        follow_platoons([&platoon], LENGTH_M, Rule::Idm(driver)),
    ] {
        assert_eq!(follows.iter().map(|follow| follow.follower_id).collect::<Vec<_>>(), [2, 3, 4]);
        assert!(follows.iter().all(|follow| follow.tally.rows == 119 && follow.tally.squares_m2 < 1e-12));
    }
}

#[test]
fn errors_add_up_along_a_platoon_but_not_along_pairs() {
    let platoon = driven(&Follower::textbook(), 1, 4, 120);
    let other = Rule::Idm(Follower { headway_secs: 1.0, ..Follower::textbook() });
    let last_mean = |follows: Vec<Follow>| follows[2].tally.squares_m2;
    let pairs = last_mean(follow_pairs([&platoon], LENGTH_M, other));
    assert!(pairs > 1.0);
    assert_ne!(pairs, last_mean(follow_platoons([&platoon], LENGTH_M, other)));
}

#[test]
fn a_tally_is_the_definition_of_the_relative_error() {
    let leader = Car { position_m: vec![20.0, 21.0, 22.0], speed_mps: vec![10.0; 3], ..car(1, 0.0, 0.0) };
    let follower = Car { position_m: vec![5.5, 6.5, 9.5], speed_mps: vec![10.0; 3], ..car(2, 0.0, 0.0) };
    let platoon = Platoon { name: String::new(), cars: vec![leader, follower] };
    let tally = follow_pairs([&platoon], LENGTH_M, Rule::HoldSpeed)[0].tally;
    // Recorded gaps 10 and 8, driven gaps 10 and 10.
    assert_eq!((tally.rows, tally.touching_rows), (2, 0));
    assert!((tally.relative_squares - (2.0_f64 / 8.0).powi(2)).abs() < 1e-12);
    assert!((tally.front_relative_squares - (2.0_f64 / 12.5).powi(2)).abs() < 1e-12);
    assert!((tally.squares_m2 - 4.0).abs() < 1e-12);
    assert!((tally.gaps_m - 18.0).abs() < 1e-12);
    let tally = follow_pairs([&platoon], LENGTH_M, Rule::HoldMeanGap)[0].tally;
    // The mean of 10, 10 and 8 is 28 / 3.
    assert!((tally.squares_m2 - (4.0 / 9.0 + 16.0 / 9.0)).abs() < 1e-12);
}

#[test]
fn followers_beside_their_leader_are_left_out_and_end_a_platoon() {
    let mut platoon = driven(&Follower::textbook(), 1, 4, 120);
    platoon.cars[2].position_m[50] = platoon.cars[1].position_m[50] - LENGTH_M - 0.1;
    let rule = Rule::HoldSpeed;
    let ids = |follows: Vec<Follow>| follows.iter().map(|follow| follow.follower_id).collect::<Vec<_>>();
    assert_eq!(ids(follow_pairs([&platoon], LENGTH_M, rule)), [2, 4]);
    assert_eq!(ids(follow_platoons([&platoon], LENGTH_M, rule)), [2]);
}

#[test]
fn windows_cover_each_row_once_and_start_anew() {
    let platoon = driven(&Follower::textbook(), 1, 2, 121);
    let tally = |follows: Vec<Follow>| follows[0].tally;
    let whole = tally(follow_pairs([&platoon], LENGTH_M, Rule::HoldSpeed));
    let windows = tally(follow_windows([&platoon], LENGTH_M, Rule::HoldSpeed));
    assert_eq!((whole.rows, windows.rows), (120, 120));
    assert!((whole.gaps_m - windows.gaps_m).abs() < 1e-9);
    assert!(windows.squares_m2 > 0.0 && windows.squares_m2 < 0.5 * whole.squares_m2);
}

#[test]
fn recordings_with_missing_rows_are_left_out() {
    let mut platoon = driven(&Follower::textbook(), 1, 3, 120);
    platoon.cars[2].speed_mps.pop();
    assert_eq!(follow_pairs([&platoon], LENGTH_M, Rule::HoldMeanGap).len(), 1);
}

#[test]
fn a_car_that_does_not_brake_touches_its_leader() {
    let mut platoon = driven(&Follower::textbook(), 1, 2, 120);
    platoon.cars[1].speed_mps[0] = 30.0;
    assert!(follow_pairs([&platoon], LENGTH_M, Rule::HoldSpeed)[0].tally.touching_rows > 0);
}
