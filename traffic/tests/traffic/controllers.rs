//! Who is not driven by rule: constant, by waypoints, as recorded, from outside; and that a tick allocates nothing.

use std::sync::Arc;

use dreamlane_traffic::{
    chance::Chance,
    flow::{Driver, Mix, Moment, Participant, Rules, Stage, Track, Traffic},
    layout::{Highway, LAYOUTS},
    participant::{
        Motion,
        bicycle::{slip, wrap},
    },
    road::{LaneIdx, Network, Users},
};

const TICK_SECS: f64 = 0.1;

fn highway(lanes: usize) -> Network {
    Highway { lanes, length_m: 3000.0, limit_mps: 30.0 }.build().unwrap()
}

/// A drive with bends and changes of speed: what a car of the engine did under commands from outside.
fn driven() -> Track {
    let mut traffic = Traffic::new(Stage::new(highway(4), Rules::textbook()), Chance::new(1));
    let car =
        traffic.add(Participant { lane: LaneIdx(1), s_m: 100.0, speed_mps: 15.0, ..Participant::default() });
    let mut moments = vec![moment(&traffic, car)];
    for step in 0..300 {
        let phase = f64::from(step) * 0.05;
        traffic.set_driver(
            car,
            Driver::Outside { acceleration_mps2: 1.5 * phase.cos(), sin_slip: 0.004 * (2.0 * phase).sin() },
        );
        traffic.tick(TICK_SECS);
        moments.push(moment(&traffic, car));
    }
    Track::new(moments).unwrap()
}

fn moment(traffic: &Traffic, car: usize) -> Moment {
    let fleet = traffic.fleet();
    Moment {
        secs: traffic.secs(),
        place_m: [fleet.x_m[car], fleet.y_m[car]],
        speed_mps: fleet.speed_mps[car],
    }
}

/// A car that begins where a track does, driven along it.
fn along(track: Track, driver: Driver) -> Traffic {
    let first = track.moments()[0];
    let stage = Stage::with_tracks(highway(4), Rules::textbook(), vec![track]);
    let mut traffic = Traffic::new(stage, Chance::new(2));
    let [x_m, y_m] = first.place_m;
    traffic.add_at(Participant { x_m, y_m, speed_mps: first.speed_mps, driver, ..Participant::default() });
    traffic
}

#[test]
fn a_record_of_the_bicycle_is_driven_again_to_the_micrometre() {
    let track = driven();
    let mut traffic = along(track.clone(), Driver::Log { track: 0 });
    for then in &track.moments()[1..] {
        traffic.tick(TICK_SECS);
        let now = moment(&traffic, 0);
        let off_m = (now.place_m[0] - then.place_m[0]).hypot(now.place_m[1] - then.place_m[1]);
        assert!(off_m < 1e-6 && (now.speed_mps - then.speed_mps).abs() < 1e-9, "{now:?} {then:?}");
    }
    // The heading follows from the places alone, and is that of the drive.
    let last = track.moments().windows(2).last().unwrap();
    let course = (last[1].place_m[1] - last[0].place_m[1]).atan2(last[1].place_m[0] - last[0].place_m[0]);
    assert!((traffic.fleet().heading_rad[0] - course).abs() < 0.02);
    // After the record, rules take over.
    traffic.tick(TICK_SECS);
    assert_eq!(traffic.fleet().driver[0], Driver::Rule);
}

#[test]
fn the_motion_of_the_engine_is_that_of_the_bicycle() {
    let mut traffic = Traffic::new(Stage::new(highway(4), Rules::textbook()), Chance::new(1));
    let car =
        traffic.add(Participant { lane: LaneIdx(1), s_m: 100.0, speed_mps: 8.0, ..Participant::default() });
    let mut body = traffic.fleet().bicycle(car);
    for step in 0..400 {
        let phase = f64::from(step) * 0.07;
        let motion = Motion { acceleration_mps2: phase.cos(), steering_rad: 0.2 * (1.3 * phase).sin() };
        let (sin_slip, _) = slip(motion.steering_rad);
        traffic.set_driver(car, Driver::Outside { acceleration_mps2: motion.acceleration_mps2, sin_slip });
        traffic.tick(TICK_SECS);
        body.advance(motion, 5.0, TICK_SECS);
        let (fleet, off) = (traffic.fleet(), traffic.fleet().bicycle(car));
        let off = [off.x_m - body.x_m, off.y_m - body.y_m, wrap(off.heading_rad - body.heading_rad)];
        assert!(off.iter().all(|off| off.abs() < 1e-9), "step {step}: {off:?}");
        assert!((fleet.sin[car] - body.heading_rad.sin()).abs() < 1e-12, "step {step}");
    }
}

#[test]
fn waypoints_are_reached_within_a_metre_and_the_last_one_is_stood_at() {
    let track = driven();
    let mut traffic = along(track.clone(), Driver::Waypoints { track: 0 });
    let mut worst_m: f64 = 0.0;
    for then in &track.moments()[1..] {
        traffic.tick(TICK_SECS);
        let now = moment(&traffic, 0);
        worst_m = worst_m.max((now.place_m[0] - then.place_m[0]).hypot(now.place_m[1] - then.place_m[1]));
    }
    assert!(worst_m < 1.0, "{worst_m} m");
    for _ in 0..100 {
        traffic.tick(TICK_SECS);
    }
    assert!(traffic.fleet().speed_mps[0] < 0.1, "{} m/s", traffic.fleet().speed_mps[0]);
}

#[test]
fn a_constant_lead_that_brakes_is_not_hit_by_who_follows() {
    for (braking_mps2, gap_m) in [(-2.0, 12.0), (-6.0, 12.0), (-6.0, 40.0), (0.0, 20.0)] {
        let mut traffic = Traffic::new(Stage::new(highway(1), Rules::textbook()), Chance::new(3));
        let lead = Driver::Constant { acceleration_mps2: braking_mps2 };
        let speed_mps = if braking_mps2 == 0.0 { 0.0 } else { 15.0 };
        traffic.add(Participant { s_m: 300.0 + gap_m, speed_mps, driver: lead, ..Participant::default() });
        traffic.add(Participant { s_m: 295.0, speed_mps: 14.0, ..Participant::default() });
        let mut touched = false;
        for _ in 0..300 {
            traffic.tick(TICK_SECS);
            traffic.collide(|_, _, _| touched = true);
        }
        let fleet = traffic.fleet();
        assert!(!touched, "{braking_mps2} {gap_m}: {:?}", fleet.s_m);
        assert!(fleet.speed_mps[1] < 0.01, "{}", fleet.speed_mps[1]);
    }
}

#[test]
fn tyres_hold_what_friction_allows() {
    for friction in [0.9, 0.3] {
        let stage = Stage::new(highway(4), Rules { friction, ..Rules::textbook() });
        let mut traffic = Traffic::new(stage, Chance::new(4));
        let hard = Driver::Outside { acceleration_mps2: -20.0, sin_slip: 0.0 };
        traffic.add(Participant { s_m: 100.0, speed_mps: 25.0, driver: hard, ..Participant::default() });
        let sharp = Driver::Outside { acceleration_mps2: 0.0, sin_slip: 0.3 };
        traffic.add(Participant {
            lane: LaneIdx(2),
            s_m: 100.0,
            speed_mps: 25.0,
            driver: sharp,
            ..Participant::default()
        });
        traffic.tick(TICK_SECS);
        let (fleet, grip_mps2) = (traffic.fleet(), 9.81 * friction);
        assert!((fleet.speed_mps[0] - (25.0 - grip_mps2 * TICK_SECS)).abs() < 1e-9);
        let lateral_mps2 = fleet.heading_rad[1] / TICK_SECS * 25.0;
        assert!((lateral_mps2 - grip_mps2).abs() < 1e-6, "{lateral_mps2}");
    }
}

#[test]
fn a_tick_allocates_nothing() {
    for (name, rules) in [
        ("highway", Rules::textbook()),
        ("highway", Rules::highway_env()),
        ("ring", Rules::textbook()),
        ("roundabout", Rules::textbook()),
        ("intersection_signal", Rules::textbook()),
    ] {
        let (_, _, layout) = LAYOUTS.iter().find(|(known, ..)| *known == name).unwrap();
        let stage: Arc<Stage> = Stage::new(layout().build().unwrap(), rules);
        let mut traffic = Traffic::new(stage, Chance::new(5));
        traffic.populate(20, Users::Vehicles, &Mix::default());
        let mut tick = || {
            traffic.tick(TICK_SECS);
            traffic.collide(|_, _, _| ());
        };
        (0..50).for_each(|_| tick());
        let counted = allocation_counter::measure(|| (0..100).for_each(|_| tick()));
        assert_eq!(counted.count_total, 0, "{name}");
    }
}
