//! The registered scenarios, one function each.

use dreamlane_traffic::{
    flow::{Mix, Supply, Variant},
    layout::{Intersection, LAYOUTS, Layout, Rule},
    participant::Kind,
};

use super::{
    actions::ActionKind,
    replay::Replay,
    scenario::{Aim, Scenario, Start},
};

/// Twenty seconds of traffic on a layout, 64 by 64 pixels, ten steps a second.
fn base(layout: Layout) -> Scenario {
    Scenario {
        layout,
        variant: Variant::Textbook,
        cars: [6, 14],
        cyclists: 0,
        walkers: 0,
        parked: 0,
        most: 80,
        supply: Supply::Arrivals {
            vehicles_per_hour: 600.0,
            cyclists_per_hour: 60.0,
            walkers_per_hour: 60.0,
        },
        mix: Mix { trucks: 0.1, motorcycles: 0.05, tempers: [0.7, 0.15, 0.15], ..Mix::default() },
        seats: 1,
        kinds: vec![Kind::Car],
        start: Start::Anywhere,
        start_mps: [15.0, 20.0],
        goals: Vec::new(),
        aim: Aim::Arrive,
        actions: ActionKind::Continuous,
        delay_steps: 0,
        jerk_mps3: 0.0,
        steering_radps: 0.0,
        friction: 0.9,
        noise_mps2: 0.0,
        state_noise: 0.0,
        state_dropout: 0.0,
        picture_noise: 0.0,
        picture_dropout: 0.0,
        steps_per_second: 10,
        ticks: 3,
        clock_steps: 400,
        picture: 64,
        replay: None,
        calibration: None,
    }
}

fn layout(name: &str) -> Layout {
    let entry = LAYOUTS.iter().find(|(known, ..)| *known == name);
    entry.map_or_else(|| Layout::Highway(Default::default()), |(_, _, layout)| layout())
}

fn from_entries(entries: &[isize], along_m: [f64; 2]) -> Start {
    Start::Entries { entries: entries.to_vec(), along_m }
}

/// Four lanes with traffic around the car, until the clock ends it.
#[must_use]
pub fn highway() -> Scenario {
    Scenario {
        cars: [16, 36],
        most: 200,
        supply: Supply::Window { behind_m: 80.0, ahead_m: 240.0 },
        mix: Mix { desired_mps: [18.0, 24.0], faster_left_mps: 2.0, ..base(layout("highway")).mix },
        start: from_entries(&[], [350.0, 350.0]),
        start_mps: [20.0, 28.0],
        aim: Aim::Cruise,
        ..base(layout("highway"))
    }
}

/// `highway-v0` of highway-env 1.12.1: its models, 50 vehicles, 15 ticks in a step of one second, meta actions.
#[must_use]
pub fn highway_v0() -> Scenario {
    Scenario {
        variant: Variant::HighwayEnv,
        cars: [50, 50],
        supply: Supply::Window { behind_m: 100.0, ahead_m: 1000.0 },
        mix: Mix { desired_mps: [21.0, 24.0], exponents: Some([3.5, 4.5]), ..Mix::default() },
        start_mps: [25.0, 25.0],
        actions: ActionKind::Meta,
        steps_per_second: 1,
        ticks: 15,
        clock_steps: 40,
        ..highway()
    }
}

/// From the ramp into the traffic of the main road.
#[must_use]
pub fn merge() -> Scenario {
    Scenario { start: from_entries(&[-1], [5.0, 40.0]), clock_steps: 600, ..base(layout("merge")) }
}

/// From the main road to the ramp.
#[must_use]
pub fn exit() -> Scenario {
    Scenario {
        start: from_entries(&[], [20.0, 120.0]),
        start_mps: [20.0, 26.0],
        goals: vec![1],
        clock_steps: 600,
        ..base(layout("exit"))
    }
}

/// From the on-ramp to the main road, across those who leave it.
#[must_use]
pub fn weave() -> Scenario {
    Scenario {
        start: from_entries(&[-1], [5.0, 40.0]),
        goals: vec![0],
        clock_steps: 600,
        ..base(layout("weave"))
    }
}

/// Three lanes become two.
#[must_use]
pub fn lane_drop() -> Scenario {
    Scenario { start: from_entries(&[], [20.0, 80.0]), start_mps: [18.0, 26.0], ..base(layout("lane_drop")) }
}

/// One of 22 cars on the ring of the jam experiment.
#[must_use]
pub fn ring() -> Scenario {
    Scenario {
        cars: [21, 21],
        supply: Supply::Closed,
        mix: Mix { desired_mps: [8.3, 8.3], ..Mix::default() },
        start_mps: [5.0, 6.0],
        aim: Aim::Cruise,
        clock_steps: 600,
        ..base(layout("ring"))
    }
}

fn in_town(name: &str) -> Scenario {
    Scenario {
        cars: [4, 10],
        supply: Supply::Arrivals {
            vehicles_per_hour: 250.0,
            cyclists_per_hour: 60.0,
            walkers_per_hour: 60.0,
        },
        start: from_entries(&[], [30.0, 60.0]),
        start_mps: [6.0, 11.0],
        clock_steps: 600,
        ..base(layout(name))
    }
}

/// A roundabout with four arms and zebra crossings.
#[must_use]
pub fn roundabout() -> Scenario {
    in_town("roundabout")
}

/// Two roads that cross; the one from east to west goes first.
#[must_use]
pub fn intersection() -> Scenario {
    in_town("intersection")
}

/// The same without priorities: who is there first goes first.
#[must_use]
pub fn intersection_equal() -> Scenario {
    let equal = Layout::Intersection(Intersection { rule: Rule::Equal, ..Intersection::default() });
    Scenario { layout: equal, ..in_town("intersection") }
}

/// The same with stop signs on all arms.
#[must_use]
pub fn intersection_stop() -> Scenario {
    Scenario {
        supply: Supply::Arrivals {
            vehicles_per_hour: 120.0,
            cyclists_per_hour: 60.0,
            walkers_per_hour: 60.0,
        },
        ..in_town("intersection_stop")
    }
}

/// The same with lights, two lanes per direction and cycle lanes.
#[must_use]
pub fn intersection_signal() -> Scenario {
    Scenario { cars: [8, 20], cyclists: 4, clock_steps: 900, ..in_town("intersection_signal") }
}

/// One lane in each direction, lorries to overtake.
#[must_use]
pub fn two_way() -> Scenario {
    let mix = Mix { trucks: 0.3, desired_mps: [16.0, 27.0], ..base(layout("two_way")).mix };
    Scenario {
        supply: Supply::Arrivals { vehicles_per_hour: 300.0, cyclists_per_hour: 0.0, walkers_per_hour: 0.0 },
        mix,
        start: from_entries(&[0], [20.0, 60.0]),
        start_mps: [18.0, 24.0],
        clock_steps: 600,
        ..base(layout("two_way"))
    }
}

/// Laps of a circuit among a few others.
#[must_use]
pub fn racetrack() -> Scenario {
    Scenario {
        cars: [2, 5],
        supply: Supply::Closed,
        start_mps: [8.0, 12.0],
        aim: Aim::Cruise,
        clock_steps: 600,
        ..base(layout("racetrack"))
    }
}

/// Into a free bay between parked cars.
#[must_use]
pub fn parking() -> Scenario {
    Scenario {
        cars: [0, 0],
        parked: 14,
        supply: Supply::Closed,
        start: from_entries(&[0], [3.0, 8.0]),
        start_mps: [0.0, 2.0],
        aim: Aim::Park,
        clock_steps: 400,
        ..base(layout("parking"))
    }
}

/// One of the cars of a recorded platoon: `drive/platoon:replay.data=FOLDER`.
#[must_use]
pub fn platoon() -> Scenario {
    let lane = dreamlane_traffic::layout::Highway { lanes: 1, length_m: 2000.0, limit_mps: 40.0 };
    Scenario {
        cars: [0, 0],
        supply: Supply::Closed,
        aim: Aim::Cruise,
        clock_steps: 250,
        // The ticks of the record.
        ticks: 1,
        replay: Some(Replay::default()),
        ..base(Layout::Highway(lane))
    }
}
