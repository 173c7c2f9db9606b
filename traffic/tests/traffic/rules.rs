//! What the rules of traffic keep to on every built-in layout: nobody touches anybody, stands for ever or leaves its
//! lane without a reason, queues stand still, and those who overtake or merge get through.

use std::{collections::BTreeMap, sync::Arc};

use dreamlane_traffic::{
    chance::Chance,
    flow::{Driver, Fleet, Mix, Participant, Rules, Stage, Supply, Traffic},
    layout::{LAYOUTS, Layout, TwoWay},
    participant::Kind,
    road::{Control, LaneIdx, Light, Users},
};

const TICK_SECS: f64 = 0.1;
/// Nobody stands for longer than this.
const STANDS_SECS: f64 = 90.0;
/// Above this one does not stand.
const MOVES_MPS: f64 = 0.3;
/// How far a body may reach over the edge of its lane, as lanes bend and long bodies swing.
const OVER_EDGE_M: f64 = 0.3;
/// Ticks after a change of lane in which a body may still be on its way to the middle.
const SETTLING_TICKS: u32 = 80;

fn stage(name: &str) -> Arc<Stage> {
    let (_, _, layout) = LAYOUTS.iter().find(|(known, ..)| *known == name).unwrap();
    Stage::new(layout().build().unwrap(), Rules::textbook())
}

fn mix(name: &str) -> Mix {
    let slowest_mps = if name == "two_way" { 13.0 } else { 20.0 };
    Mix {
        trucks: 0.1,
        motorcycles: 0.1,
        tempers: [0.6, 0.2, 0.2],
        desired_mps: [slowest_mps, 30.0],
        ..Mix::default()
    }
}

fn supply(name: &str, stage: &Stage) -> (Supply, usize) {
    if stage.network.exits().is_empty() || name == "parking" {
        return (Supply::Closed, 12);
    }
    let vehicles_per_hour = if name == "intersection_stop" { 120.0 } else { 200.0 };
    (Supply::Arrivals { vehicles_per_hour, cyclists_per_hour: 60.0, walkers_per_hour: 60.0 }, 6)
}

/// Runs an episode, looking at everyone after each tick; answers with how many arrived.
fn run(name: &str, seed: u64, secs: f64, mut look: impl FnMut(u32, &Traffic)) -> usize {
    let stage = stage(name);
    let (supply, n) = supply(name, &stage);
    let mut traffic = Traffic::new(stage, Chance::new(seed));
    traffic.populate(n, Users::Vehicles, &mix(name));
    let mut arrived = 0;
    for tick in 0..(secs / TICK_SECS) as u32 {
        traffic.tick(TICK_SECS);
        traffic.collide(|fleet, one, other| {
            panic!("{name}, seed {seed}, tick {tick}: {:?} touches {:?}", fleet.get(one), fleet.get(other))
        });
        look(tick, &traffic);
        arrived += (0..traffic.fleet().len()).filter(|&idx| traffic.has_arrived(idx)).count();
        traffic.flow(&supply, &mix(name), 0, 120, TICK_SECS);
    }
    arrived
}

fn names() -> impl Iterator<Item = &'static str> {
    LAYOUTS.iter().map(|(name, ..)| *name)
}

fn check_numbers(fleet: &Fleet, idx: usize) {
    let one = fleet.get(idx);
    let numbers = [one.x_m, one.y_m, one.heading_rad, one.speed_mps, one.acceleration_mps2, one.s_m, one.d_m];
    assert!(numbers.iter().all(|number| number.is_finite()), "{one:?}");
    assert!(one.speed_mps >= 0.0, "{one:?}");
}

#[test]
fn nobody_touches_anybody_or_stands_for_ever_on_any_layout() {
    for name in names() {
        for seed in 0..3 {
            let mut moved = BTreeMap::new();
            run(name, seed, 400.0, |tick, traffic| {
                let fleet = traffic.fleet();
                for idx in 0..fleet.len() {
                    check_numbers(fleet, idx);
                    let since = moved.entry(fleet.id[idx]).or_insert(tick);
                    if fleet.speed_mps[idx] > MOVES_MPS {
                        *since = tick;
                    }
                    let stands_secs = f64::from(tick - *since) * TICK_SECS;
                    assert!(stands_secs < STANDS_SECS, "{name}, seed {seed}: {:?}", fleet.get(idx));
                }
            });
        }
    }
}

#[test]
fn everyone_keeps_within_its_lane_unless_it_changes_lanes() {
    for name in names() {
        // Who began to change or was put somewhere else when; a body settles on its lane within a while.
        let mut changed = BTreeMap::new();
        run(name, 5, 300.0, |tick, traffic| {
            let fleet = traffic.fleet();
            for idx in 0..fleet.len() {
                let place = (fleet.lane[idx], fleet.target[idx]);
                let (before, since) = changed.entry(fleet.id[idx]).or_insert((place.0, 0));
                let network = &traffic.stage().network;
                let lane = network.lane(place.0);
                let beside = [lane.left, lane.right].contains(&Some(*before));
                if place.0 != place.1 || beside {
                    *since = tick + SETTLING_TICKS;
                }
                *before = place.0;
                // Standing bodies do not settle.
                if fleet.speed_mps[idx] < 3.0 {
                    *since += 1;
                }
                let room_m = 0.5 * (lane.sketch.width_m - fleet.width_m[idx]);
                let is_out = fleet.d_m[idx].abs() > room_m.max(0.0) + OVER_EDGE_M;
                assert!(!is_out || tick <= *since, "{name}, tick {tick}: {:?}", fleet.get(idx));
            }
        });
    }
}

#[test]
fn junctions_let_through_whom_they_are_sent() {
    // Vehicles and people on foot together, per hour: the demand, with a margin for those still on their way.
    for (name, least_per_hour) in
        [("roundabout", 1000.0), ("intersection", 1000.0), ("intersection_stop", 750.0), ("merge", 480.0)]
    {
        let secs = 600.0;
        let arrived: usize = (20..22).map(|seed| run(name, seed, secs, |_, _| {})).sum();
        let per_hour = arrived as f64 / (2.0 * secs / 3600.0);
        assert!(per_hour > least_per_hour, "{name}: {per_hour} per hour");
    }
}

#[test]
fn who_comes_from_a_ramp_gets_onto_the_road() {
    let stage = stage("merge");
    let ramp = *stage.network.entries().last().unwrap();
    let mut traffic = Traffic::new(stage, Chance::new(1));
    traffic.populate(8, Users::Vehicles, &mix("merge"));
    let merging =
        Participant { lane: ramp, s_m: 5.0, speed_mps: 15.0, destination: 0, ..Participant::of(Kind::Car) };
    traffic.add(merging);
    let last = traffic.fleet().len() - 1;
    let id = traffic.fleet().id[last];
    let gets_through = (0..900).any(|_| {
        traffic.tick(TICK_SECS);
        traffic.collide(|fleet, one, other| panic!("{:?} touches {:?}", fleet.get(one), fleet.get(other)));
        (0..traffic.fleet().len()).any(|idx| traffic.fleet().id[idx] == id && traffic.has_arrived(idx))
    });
    assert!(gets_through, "{:?}", traffic.fleet().get(last));
}

/// A road that is free but for a slow lorry and a fast car behind it, and perhaps someone who comes.
fn country_road(oncoming_m: Option<f64>) -> Traffic {
    let layout = Layout::TwoWay(TwoWay { sections_m: vec![1500.0], ..TwoWay::default() });
    let stage = Stage::new(layout.build().unwrap(), Rules::textbook());
    let [along, back] = [0, 1].map(|entry| stage.network.entries()[entry]);
    let mut traffic = Traffic::new(stage, Chance::new(0));
    let one = |kind: Kind, lane: LaneIdx, s_m: f64, mps: f64, destination: u16| Participant {
        lane,
        s_m,
        speed_mps: mps,
        desired_mps: mps,
        destination,
        ..Participant::of(kind)
    };
    traffic.add(one(Kind::Car, along, 60.0, 25.0, 0));
    traffic.add(one(Kind::Truck, along, 110.0, 12.0, 0));
    if let Some(s_m) = oncoming_m {
        traffic.add(one(Kind::Car, back, s_m, 25.0, 1));
    }
    traffic
}

/// How far the car is ahead of the lorry after a time, along the road.
fn lead_m(traffic: &mut Traffic, secs: f64) -> f64 {
    for _ in 0..(secs / TICK_SECS) as u32 {
        traffic.tick(TICK_SECS);
        traffic.collide(|fleet, one, other| panic!("{:?} touches {:?}", fleet.get(one), fleet.get(other)));
    }
    traffic.fleet().x_m[0] - traffic.fleet().x_m[1]
}

#[test]
fn a_fast_car_overtakes_a_slow_lorry_against_the_traffic_and_comes_back() {
    let mut traffic = country_road(None);
    assert!(lead_m(&mut traffic, 30.0) > 20.0, "{:?}", traffic.fleet().get(0));
    let fleet = traffic.fleet();
    assert_eq!((fleet.lane[0], fleet.target[0]), (fleet.lane[1], fleet.lane[1]));
}

#[test]
fn nobody_overtakes_while_someone_comes() {
    // Both are at the lorry at about the same time.
    let mut traffic = country_road(Some(1200.0));
    assert!(lead_m(&mut traffic, 5.0) < -5.0, "{:?}", traffic.fleet().get(0));
    // Once the road is free, there is time for it.
    assert!(lead_m(&mut traffic, 30.0) > 20.0, "{:?}", traffic.fleet().get(0));
}

#[test]
fn country_traffic_overtakes_again_and_again() {
    let overtakes = |fleet: &Fleet, stage: &Stage| {
        (0..fleet.len()).filter(|&idx| stage.network.lane(fleet.lane[idx]).against.is_some()).count()
    };
    let mut ticks = 0;
    for seed in 0..6 {
        run("two_way", seed, 600.0, |_, traffic| ticks += overtakes(traffic.fleet(), traffic.stage()));
    }
    assert!(ticks > 100, "on the lane of those who come for {ticks} ticks in all");
}

/// Whether a queue has come to a stand that is exact: no speed, no acceleration, no motion.
fn stands_exactly(traffic: &mut Traffic, queue: &[usize], secs: f64) {
    let places: Vec<[f64; 2]> =
        queue.iter().map(|&idx| [traffic.fleet().x_m[idx], traffic.fleet().y_m[idx]]).collect();
    for _ in 0..(secs / TICK_SECS) as u32 {
        traffic.tick(TICK_SECS);
        let fleet = traffic.fleet();
        let energy: f64 = queue.iter().map(|&idx| fleet.speed_mps[idx].powi(2)).sum();
        assert_eq!(energy, 0.0, "{:?}", queue.iter().map(|&idx| fleet.get(idx)).collect::<Vec<_>>());
    }
    for (&idx, place) in queue.iter().zip(places) {
        assert_eq!([traffic.fleet().x_m[idx], traffic.fleet().y_m[idx]], place);
    }
}

#[test]
fn a_queue_behind_a_standing_leader_stands_still() {
    let stage = stage("highway");
    let lane = stage.network.entries()[0];
    let mut traffic = Traffic::new(stage, Chance::new(3));
    for idx in 0..6_u32 {
        let speed_mps = if idx == 0 { 0.0 } else { 12.0 };
        let s_m = 500.0 - 40.0 * f64::from(idx);
        let driver = if idx == 0 { Driver::Constant { acceleration_mps2: 0.0 } } else { Driver::Rule };
        traffic.add(Participant {
            lane,
            s_m,
            speed_mps,
            driver,
            changes_lanes: false,
            ..Participant::of(Kind::Car)
        });
    }
    for _ in 0..4000 {
        traffic.tick(TICK_SECS);
    }
    stands_exactly(&mut traffic, &[0, 1, 2, 3, 4, 5], 60.0);
}

#[test]
fn only_who_gives_up_takes_another_destination() {
    let stage = stage("exit");
    let network = &stage.network;
    // A lane left of the one that the ramp leaves: it leads along the road alone.
    let leads = |lane, destination| network.guide(destination, lane).next.is_some();
    let mut lanes = (0..network.lanes().len() as u32).map(LaneIdx);
    let lane = lanes.find(|&lane| leads(lane, 0) && !leads(lane, 1)).unwrap();
    let lost = 1;
    for gives_up in [true, false] {
        let mut traffic = Traffic::new(stage.clone(), Chance::new(3));
        let waits =
            Participant { lane, destination: lost, changes_lanes: false, ..Participant::of(Kind::Car) };
        let driver = Driver::Constant { acceleration_mps2: 0.0 };
        traffic.add(Participant { s_m: 80.0, driver, ..waits });
        let behind = traffic.add(Participant { s_m: 40.0, gives_up, ..waits });
        for _ in 0..600 {
            traffic.tick(TICK_SECS);
        }
        assert_eq!(traffic.fleet().destination[behind], if gives_up { 0 } else { lost });
    }
}

#[test]
fn a_queue_at_a_red_light_stands_still_until_it_is_green() {
    let stage = stage("intersection_signal");
    let network = &stage.network;
    let entry = network.entries()[0];
    let way = network.guide(2, entry).next.unwrap();
    let Control::Signal(group) = network.lane(way).sketch.control else { panic!("no light before {way:?}") };
    let mut traffic = Traffic::new(stage.clone(), Chance::new(3));
    for idx in 0..4 {
        let s_m = 60.0 - 14.0 * f64::from(idx);
        let car = Participant::of(Kind::Car);
        traffic.add(Participant {
            lane: entry,
            s_m,
            speed_mps: 8.0,
            destination: 2,
            changes_lanes: false,
            ..car
        });
    }
    let (mut red_secs, mut stood) = (0.0, false);
    for _ in 0..3000 {
        traffic.tick(TICK_SECS);
        let light = stage.network.signal().unwrap().light(group, traffic.secs());
        red_secs = if light == Light::Red { red_secs + TICK_SECS } else { 0.0 };
        let waits = traffic.fleet().lane[0] == entry && traffic.fleet().stands_secs[0] > 0.0;
        if red_secs > 31.0 && waits {
            stood = true;
            let fleet = traffic.fleet();
            let energy: f64 = (0..4).map(|idx| fleet.speed_mps[idx].powi(2)).sum();
            assert_eq!(energy, 0.0, "after {red_secs} s of red");
        }
    }
    assert!(stood, "nobody met a red light");
    assert_ne!(traffic.fleet().lane[3], entry, "green let everyone go");
}
