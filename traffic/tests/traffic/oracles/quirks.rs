//! Three quirks of highway-env 1.12.1 that a recorded run may miss, set up by hand: no oracle is needed.

use dreamlane_traffic::{
    chance::Chance,
    flow::{Participant, Rules, Stage, Traffic},
    road::LaneIdx,
};

use super::highway_env::{LANE_M, straight_road};

const STEP_SECS: f64 = 1.0 / 15.0;

/// Its lanes are counted from the right.
const RIGHT: LaneIdx = LaneIdx(0);
const MIDDLE: LaneIdx = LaneIdx(1);

/// A driver in the middle lane of `n_lanes`, stuck behind a slow one, its last look at the lanes beside `timer_secs`
/// ago; and others.
fn stuck(n_lanes: u32, timer_secs: f64, others: &[Participant]) -> Traffic {
    let stage = Stage::new(straight_road(n_lanes, 40.0), Rules::highway_env());
    let mut traffic = Traffic::new(stage, Chance::new(0));
    let driver = Participant { speed_mps: 20.0, timer_secs, ..on(MIDDLE, n_lanes, 500.0) };
    let slow = Participant { speed_mps: 10.0, desired_mps: 10.0, ..on(MIDDLE, n_lanes, 540.0) };
    for one in [driver, slow].iter().chain(others) {
        traffic.add_at(*one);
    }
    traffic
}

fn on(lane: LaneIdx, n_lanes: u32, x_m: f64) -> Participant {
    let y_m = -LANE_M * f64::from(n_lanes - 1 - lane.0);
    Participant { x_m, y_m, exponent: 4.0, ..Participant::default() }
}

/// The lane that the driver wants after one tick.
fn wanted(traffic: &mut Traffic) -> LaneIdx {
    traffic.tick(STEP_SECS);
    traffic.fleet().target[0]
}

#[test]
fn a_driver_looks_beside_only_when_more_than_a_second_has_passed() {
    let mut traffic = stuck(2, 1.0, &[]);
    assert_eq!(wanted(&mut traffic), MIDDLE, "a second is not more than a second");
    assert_eq!(wanted(&mut traffic), RIGHT);
    assert_eq!(wanted(&mut stuck(2, 1.0 + f64::EPSILON, &[])), RIGHT);
}

#[test]
fn of_two_lanes_that_are_as_good_the_right_one_is_taken() {
    assert_eq!(wanted(&mut stuck(3, 2.0, &[])), RIGHT);
}

/// The other is so much faster that the wanted gap behind it is 0: a driver that takes it for its leader need not
/// brake. Taken for a follower, it would have to brake harder than a driver may ask of others.
#[test]
fn who_is_exactly_beside_counts_as_the_one_ahead() {
    let idm = Rules::highway_env().tempers[0].idm;
    let closing_m_per_mps = 20.0 / (2.0 * (idm.acceleration_mps2 * idm.braking_mps2).sqrt());
    let faster_mps = (idm.standstill_gap_m + 20.0 * idm.headway_secs) / closing_m_per_mps;
    let beside = |x_m| Participant { speed_mps: 20.0 + faster_mps, desired_mps: 40.0, ..on(RIGHT, 2, x_m) };
    assert_eq!(wanted(&mut stuck(2, 2.0, &[beside(500.0)])), RIGHT);
    assert_eq!(wanted(&mut stuck(2, 2.0, &[beside(499.99)])), MIDDLE);
}
