//! Every car of highway-env 1.12.1, tick by tick: `checks/highway_env_export.py`.
//!
//! Its y axis points right and its lanes are counted from the left; here y points left and lanes are counted from the
//! right. Both programs are deterministic, so positions agree to rounding for as long as no decision differs.

use std::collections::BTreeSet;

use dreamlane_traffic::{
    chance::Chance,
    driver::{Idm, Mobil, Temper},
    flow::{Driver, Participant, Rules, Stage, Traffic},
    participant::bicycle::{slip, wrap},
    road::{Builder, Curve, LaneIdx, Line, Network, Pose, Sketch},
};
use serde::{Deserialize, de::IgnoredAny};

use super::{figure, read};

/// Length and distance of the lanes of highway-env's straight road.
const ROAD_M: f64 = 10_000.0;
pub(crate) const LANE_M: f64 = 4.0;

/// Runs on a straight road.
#[derive(Deserialize)]
struct Recorded {
    tick_hz: f64,
    drivers: Drivers,
    speed_limit: f64,
    n_lanes: u32,
    ticks: usize,
    cases: Vec<Case>,
}

/// Class constants of `IDMVehicle`, which hold for all drivers.
#[derive(Deserialize)]
struct Drivers {
    time_wanted: f64,
    distance_wanted: f64,
    comfort_acc_max: f64,
    comfort_acc_min: f64,
    acc_max: f64,
    politeness: f64,
    lane_change_min_acc_gain: f64,
    lane_change_max_braking_imposed: f64,
    lane_change_delay: f64,
    length: f64,
    width: f64,
}

/// One run: series are by tick, then by vehicle.
#[derive(Deserialize)]
struct Case {
    seed: u64,
    start: Vec<Start>,
    crashes: Vec<IgnoredAny>,
    x: Vec<Vec<f64>>,
    #[serde(default)]
    y: Vec<Vec<f64>>,
    #[serde(default)]
    lane: Vec<Vec<u32>>,
    #[serde(default)]
    events: BTreeSet<Event>,
}

#[derive(Deserialize)]
struct Start {
    x: f64,
    y: f64,
    heading: f64,
    speed: f64,
    target_speed: f64,
    delta: f64,
    timer: f64,
}

/// A driver changes the lane that it wants, which is an abort where it wants the lane that it is on again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
struct Event {
    tick: usize,
    vehicle: usize,
    from: u32,
    to: u32,
    abort: bool,
}

/// How the engine's run of a case differs from the recorded one.
#[derive(Default)]
struct Difference {
    /// Largest distance in x or y of a vehicle to where it was at the same tick.
    position_m: f64,
    /// Ticks and vehicles on another lane, and all of them.
    lanes: [usize; 2],
    events: BTreeSet<Event>,
}

impl Drivers {
    fn temper(&self) -> Temper {
        let built_in = Temper::highway_env();
        let idm = Idm {
            headway_secs: self.time_wanted,
            standstill_gap_m: self.distance_wanted,
            acceleration_mps2: self.comfort_acc_max,
            braking_mps2: -self.comfort_acc_min,
            hardest_braking_mps2: self.acc_max,
            ..built_in.idm
        };
        let mobil = Mobil {
            politeness: self.politeness,
            threshold_mps2: self.lane_change_min_acc_gain,
            safe_braking_mps2: self.lane_change_max_braking_imposed,
            period_secs: self.lane_change_delay,
            ..built_in.mobil
        };
        Temper { idm, mobil, ..built_in }
    }
}

impl Recorded {
    fn begin(&self, case: &Case) -> Traffic {
        let rules = Rules { tempers: vec![self.drivers.temper()], ..Rules::highway_env() };
        let stage = Stage::new(straight_road(self.n_lanes, self.speed_limit), rules);
        let mut traffic = Traffic::new(stage, Chance::new(case.seed));
        for start in &case.start {
            traffic.add_at(Participant {
                length_m: self.drivers.length,
                width_m: self.drivers.width,
                x_m: start.x,
                y_m: -start.y,
                heading_rad: -start.heading,
                speed_mps: start.speed,
                desired_mps: start.target_speed,
                exponent: start.delta,
                timer_secs: start.timer,
                ..Participant::default()
            });
        }
        traffic
    }

    /// Drives a case and compares all that is recorded of it.
    fn compare(&self, case: &Case) -> Difference {
        assert!(case.crashes.is_empty(), "seed {}: a crash is another matter", case.seed);
        let (mut traffic, mut difference) = (self.begin(case), Difference::default());
        let theirs = |lane: LaneIdx| self.n_lanes - 1 - lane.0;
        for tick in 0..self.ticks {
            let (lane, target) = (traffic.fleet().lane.clone(), traffic.fleet().target.clone());
            traffic.tick(1.0 / self.tick_hz);
            traffic.collide(|_, one, other| panic!("seed {}, tick {tick}: {one} touches {other}", case.seed));
            let fleet = traffic.fleet();
            for vehicle in (0..fleet.len()).filter(|&vehicle| target[vehicle] != fleet.target[vehicle]) {
                let [from, to] = [target[vehicle], fleet.target[vehicle]];
                let abort = to == lane[vehicle];
                let event = Event { tick, vehicle, from: theirs(from), to: theirs(to), abort };
                difference.events.insert(event);
            }
            difference.add_positions(case.x.get(tick), fleet.x_m.iter().copied());
            difference.add_positions(case.y.get(tick), fleet.y_m.iter().map(|y_m| -y_m));
            difference.add_lanes(case.lane.get(tick), fleet.lane.iter().copied().map(theirs));
        }
        difference
    }
}

impl Difference {
    fn add_positions(&mut self, recorded: Option<&Vec<f64>>, found: impl Iterator<Item = f64>) {
        let pairs = recorded.into_iter().flatten().zip(found);
        self.position_m = pairs.fold(self.position_m, |worst, (one, other)| worst.max((one - other).abs()));
    }

    fn add_lanes(&mut self, recorded: Option<&Vec<u32>>, found: impl Iterator<Item = u32>) {
        for (one, other) in recorded.into_iter().flatten().zip(found) {
            self.lanes[0] += usize::from(*one != other);
            self.lanes[1] += 1;
        }
    }
}

pub(crate) fn straight_road(n_lanes: u32, limit_mps: f64) -> Network {
    let mut builder = Builder::default();
    let mut right = None;
    for lane in (0..n_lanes).rev() {
        let from = Pose { x_m: 0.0, y_m: -LANE_M * f64::from(lane), heading_rad: 0.0 };
        let lane = builder.add(Sketch::new(Curve::straight(from, ROAD_M), limit_mps, [Line::Dashed; 2]));
        builder.entry(lane);
        builder.exit(lane);
        if let Some(right) = right.replace(lane) {
            builder.beside(right, lane);
        }
    }
    builder.finish().unwrap()
}

#[test]
fn the_built_in_numbers_are_those_of_highway_env() {
    let Some(recorded) = read::<Recorded>("highway-env/idm.json") else { return };
    assert_eq!(recorded.drivers.temper(), Temper::highway_env());
}

#[test]
fn ten_cars_in_a_row_are_where_those_of_highway_env_are_for_a_minute() {
    let Some(recorded) = read::<Recorded>("highway-env/idm.json") else { return };
    assert!(recorded.cases.len() >= 7 && recorded.ticks == 900, "{} cases", recorded.cases.len());
    let mut worst_m = 0.0_f64;
    for case in &recorded.cases {
        assert_eq!((case.start.len(), case.x.len()), (10, 900));
        worst_m = worst_m.max(recorded.compare(case).position_m);
    }
    figure("highway_env_idm_cases", recorded.cases.len());
    figure("highway_env_idm_largest_difference_m", format_args!("{worst_m:.2e}"));
    assert!(worst_m < 1e-6, "{worst_m} m");
}

#[test]
fn fifty_cars_on_four_lanes_change_lanes_when_those_of_highway_env_do() {
    let Some(recorded) = read::<Recorded>("highway-env/mobil.json") else { return };
    // Twenty, or eight with `cargo xtask traffic --light`.
    assert!(recorded.cases.len() >= 8 && recorded.n_lanes == 4, "{} cases", recorded.cases.len());
    let (mut worst_m, mut events, mut same, mut lanes) = (0.0_f64, 0, 0, [0; 2]);
    for case in &recorded.cases {
        assert_eq!((case.start.len(), case.lane.len()), (50, recorded.ticks));
        let found = recorded.compare(case);
        let common = found.events.intersection(&case.events).count();
        if common < found.events.len().max(case.events.len()) {
            let first = found.events.symmetric_difference(&case.events).next();
            eprintln!("seed {}: the first event of one alone is {first:?}", case.seed);
        }
        worst_m = worst_m.max(found.position_m);
        events += case.events.len() + found.events.len();
        same += 2 * common;
        lanes = [lanes[0] + found.lanes[0], lanes[1] + found.lanes[1]];
    }
    let share = same as f64 / events as f64;
    figure("highway_env_mobil_seeds", recorded.cases.len());
    figure("highway_env_mobil_events", events / 2);
    figure("highway_env_mobil_identical_share", share);
    figure("highway_env_mobil_largest_difference_m", format_args!("{worst_m:.2e}"));
    assert!(events > 40 * recorded.cases.len(), "too few events to tell: {events}");
    assert!(share >= 0.999, "{same} of {events} events are the same");
    assert!(worst_m < 1e-6, "{worst_m} m");
    assert!(lanes[1] > 0 && lanes[0] * 1000 <= lanes[1], "{} of {} on another lane", lanes[0], lanes[1]);
}

/// A body of highway-env at constant speed and steering.
#[derive(Deserialize)]
struct Circle {
    tick_hz: f64,
    length: f64,
    steering: f64,
    start: CircleStart,
    x: Vec<f64>,
    y: Vec<f64>,
    heading: Vec<f64>,
}

#[derive(Deserialize)]
struct CircleStart {
    x: f64,
    y: f64,
    heading: f64,
    speed: f64,
}

#[test]
fn a_held_wheel_draws_the_circle_of_highway_env() {
    let Some(circle) = read::<Circle>("highway-env/circle.json") else { return };
    let start = &circle.start;
    // A road wide enough that the circle stays near it; nothing on it decides for who is driven from outside.
    let mut traffic = Traffic::new(Stage::new(straight_road(1, 30.0), Rules::highway_env()), Chance::new(0));
    let (sin_slip, _) = slip(-circle.steering);
    let car = traffic.add_at(Participant {
        x_m: start.x,
        y_m: -start.y,
        heading_rad: -start.heading,
        speed_mps: start.speed,
        length_m: circle.length,
        driver: Driver::Outside { acceleration_mps2: 0.0, sin_slip },
        ..Participant::default()
    });
    let mut worst = 0.0_f64;
    for ((x, y), heading) in circle.x.iter().zip(&circle.y).zip(&circle.heading) {
        traffic.tick(1.0 / circle.tick_hz);
        let fleet = traffic.fleet();
        let turned = wrap(fleet.heading_rad[car] + heading);
        let off = [fleet.x_m[car] - x, fleet.y_m[car] + y, turned];
        worst = off.iter().fold(worst, |worst, off| worst.max(off.abs()));
    }
    figure("highway_env_circle_largest_difference", format_args!("{worst:.2e}"));
    assert!(circle.x.len() >= 400, "{} ticks", circle.x.len());
    assert!(worst < 1e-9, "{worst} m or rad");
}
