//! Scenarios: their options, their seats, and what the ways to drive them do.

use burn::tensor::{Device, Tensor, TensorData};
use dreamlane_core::{Actions, BodyKind, LaneMask, RowMask, Seed};
use dreamlane_envs::{ENVS, build};

use crate::contract::{actions, made, rowless};

#[test]
fn every_option_that_documents_show_builds_and_begins() {
    for name in [
        "drive/highway:lanes=3",
        "drive/highway:lanes=6,seats=24",
        "drive/highway:seats=2,actions=meta,layout.lanes=3",
        "drive/merge:seats=2,actions=meta,friction=0.4",
        "drive/merge:actions=pedals,cars=20,friction=0.4",
        "drive/exit:lanes=2",
        "drive/weave:lanes=3",
        "drive/lane_drop:lanes=4",
        "drive/parking:bays=10,parked=6",
        "drive/intersection:kinds=pedestrian",
        "drive/intersection_signal:kinds=cyclist",
        "drive/highway:kinds=truck,start_mps=20.5",
        "drive/intersection:seats=3,kinds=[\"car\",\"pedestrian\",\"motorcycle\"]",
    ] {
        let mut env = made(name, 2);
        env.reset(&LaneMask::all(2), &[Seed::new(1), Seed::new(2)]).unwrap();
        let (rows, width) = (env.spec().rows(), env.spec().action.width());
        let now = env.step(&rowless(rows, width), &LaneMask::all(2)).unwrap();
        assert!(!now.terminated.any(), "{name}");
    }
}

#[test]
fn seats_are_of_the_kinds_asked_for_in_turn() {
    let mut env = made("drive/intersection:picture=0,seats=3,kinds=[\"car\",\"pedestrian\"]", 1);
    env.reset(&LaneMask::all(1), &[Seed::new(4)]).unwrap();
    let kinds: Vec<BodyKind> = env.scene(0).unwrap().bodies.iter().take(3).map(|body| body.kind).collect();
    assert_eq!(kinds, [BodyKind::Car, BodyKind::Pedestrian, BodyKind::Car]);
}

#[test]
fn two_seats_of_any_scenario_begin_apart_and_go_on() {
    for entry in ENVS.iter().filter(|entry| entry.needs.is_none()) {
        let mut env = made(&format!("{}:seats=2,picture=0", entry.name), 4);
        env.reset(&LaneMask::all(4), &[1, 2, 3, 4].map(Seed::new)).unwrap();
        let width = env.spec().action.width();
        for _ in 0..10 {
            let now = env.step(&rowless(8, width), &LaneMask::all(4)).unwrap();
            assert!(!now.terminated.any(), "{}", entry.name);
        }
    }
}

#[test]
fn options_that_no_scenario_can_use_are_refused() {
    let message = |name: &str| build(name, 1, &Device::flex()).err().map(|error| error.to_string());
    for (name, part) in [
        ("drive/ring:supply={window={behind_m=80,ahead_m=100}}", "closed on a road without entries"),
        ("drive/ring:start={entries={entries=[],along_m=[0,0]}}", "this road has no entries"),
        (
            "drive/highway:start={entries={entries=[4],along_m=[0,0]}}",
            "start.entries: expected below 4, found 4",
        ),
        ("drive/highway:supply={window={behind_m=nan,ahead_m=100}}", "found NaN"),
        ("drive/highway:cyclists=3", "no lanes for them"),
        ("drive/highway:clock_steps=5000", "clock_steps: expected"),
        ("drive/highway:parked=3", "parked: expected at most 0"),
        ("drive/highway:mix.exponents=[3.5,4.5]", "textbook drivers"),
        ("drive/highway:actions=meta,steering_radps=1", "meta actions steer by rule"),
        ("drive/highway_v0:friction=0.3", "highway-env has no such thing"),
        ("drive/roundabout:variant=highway-env,mix.tempers=[1.0,0.0,0.0]", "textbook where lanes cross"),
        ("drive/intersection:walkers=1000000", "most: expected"),
    ] {
        let told = message(name).unwrap_or_default();
        assert!(told.contains(part), "{name}: {told}");
    }
}

/// How far ahead of where it began the seat is after a second of an action, and how far to the left.
fn after_a_second(name: &str, row: &[f32]) -> [f32; 2] {
    let mut env = made(name, 1);
    env.reset(&LaneMask::all(1), &[Seed::new(3)]).unwrap();
    let start = env.scene(0).unwrap().bodies[0];
    let values = Tensor::from_data(TensorData::new(row.to_vec(), [1, row.len()]), &Device::flex());
    let one = Actions { values, given: RowMask::all(1) };
    // A meta action is a choice: once, then idle.
    let idle = Tensor::from_data(TensorData::new(vec![0.0, 1.0, 0.0, 0.0, 0.0], [1, 5]), &Device::flex());
    for step in 0..10 {
        let values = if step > 0 && row.len() == 5 { idle.clone() } else { one.values.clone() };
        env.step(&Actions { values, given: RowMask::all(1) }, &LaneMask::all(1)).unwrap();
    }
    let end = env.scene(0).unwrap().bodies[0];
    [end.place_m[0] - start.place_m[0] - start.speed_mps, end.place_m[1] - start.place_m[1]]
}

#[test]
fn every_way_to_drive_goes_faster_slower_left_and_right() {
    let way = |ahead: f32, left: f32| {
        (1..=4).flat_map(|half| [ahead * half as f32, left * half as f32]).collect::<Vec<f32>>()
    };
    let meta = |choice: usize| (0..5).map(|idx| f32::from(u8::from(idx == choice))).collect::<Vec<f32>>();
    let cases = [
        ("continuous", [vec![1.0, 0.0], vec![-1.0, 0.0], vec![0.0, 0.3], vec![0.0, -0.3]]),
        ("pedals", [vec![1.0, 0.0, 0.0], vec![0.0, 0.5, 0.0], vec![0.2, 0.0, 0.3], vec![0.2, 0.0, -0.3]]),
        ("curvature", [vec![3.0, 0.0], vec![-3.0, 0.0], vec![0.0, 0.002], vec![0.0, -0.002]]),
        ("waypoints", [way(16.0, 0.0), way(8.0, 0.0), way(12.0, 1.0), way(12.0, -1.0)]),
        ("meta", [meta(3), meta(4), meta(0), meta(2)]),
    ];
    for (kind, [faster, slower, left, right]) in cases {
        // On the second lane of three, so that there is one to either side.
        let start = "start={entries={entries=[1],along_m=[350.0,350.0]}}";
        let name = format!("drive/highway:picture=0,cars=0,lanes=3,start_mps=25,actions={kind},{start}");
        let ahead = |row: &[f32]| after_a_second(&name, row)[0];
        let across = |row: &[f32]| after_a_second(&name, row)[1];
        assert!(ahead(&faster) > ahead(&slower) + 1.0, "{kind}: {} {}", ahead(&faster), ahead(&slower));
        assert!(across(&left) > 0.1 && across(&right) < -0.1, "{kind}: {} {}", across(&left), across(&right));
    }
}

#[test]
fn an_action_acts_after_its_delay_and_within_its_rates() {
    let speed_after = |options: &str, steps: usize| {
        let mut env = made(&format!("drive/highway:picture=0,cars=0,start_mps=20,{options}"), 1);
        env.reset(&LaneMask::all(1), &[Seed::new(3)]).unwrap();
        for _ in 0..steps {
            env.step(&actions(&[[-1.0, 0.0]]), &LaneMask::all(1)).unwrap();
        }
        env.scene(0).unwrap().bodies[0].speed_mps
    };
    assert!((speed_after("delay_steps=0", 4) - 18.0).abs() < 1e-3);
    // For the first three of four steps the car drives itself, as nothing has reached it.
    assert!(speed_after("delay_steps=3", 4) > 19.0);
    // 10 m/s3: after 0.4 s the braking is 4 m/s2, and the speed is down by 0.8 m/s and a tick's rounding.
    assert!((speed_after("jerk_mps3=10", 4) - 19.2).abs() < 0.1, "{}", speed_after("jerk_mps3=10", 4));
    // On ice no braking is harder than the tyres hold.
    assert!((speed_after("friction=0.1", 4) - (20.0 - 0.4 * 0.981)).abs() < 1e-2);
}
