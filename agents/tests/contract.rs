//! What every policy promises, checked for all of the registry.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use burn::tensor::{Device, Int, Tensor, TensorData};
use dreamlane_agents::{AGENTS, Replay, build};
use dreamlane_core::{ActionSpace, EnvSpec, Observation, Policy, RowMask, Seed, Timestep};

const STATE: [&str; 6] = [
    "ego.speed/30mps",
    "ego.offset/2m",
    "ego.heading/0.5rad",
    "ahead.present",
    "ahead.forward/100m",
    "ahead.faster/10mps",
];

fn continuous(lanes: usize) -> EnvSpec {
    EnvSpec {
        name: "toy".into(),
        lanes,
        seats: 1,
        steps_per_second: 10,
        rewards: false,
        state: STATE.map(str::to_owned).to_vec(),
        cameras: Vec::new(),
        action: ActionSpace::Continuous {
            names: vec!["acceleration".into(), "steering".into()],
            low: vec![-1.0, -0.5],
            high: vec![1.0, 1.0],
        },
        scenes: false,
    }
}

fn discrete(lanes: usize) -> EnvSpec {
    let names = ["left", "keep", "right"].map(str::to_owned).to_vec();
    EnvSpec { action: ActionSpace::Discrete { names }, ..continuous(lanes) }
}

/// A timestep whose rows hold the state that belongs to their episode.
fn timestep(first: &[bool], episodes: &[u64], step: u64) -> Timestep {
    let device = Device::flex();
    let rows = first.len();
    let state =
        episodes.iter().flat_map(|&episode| Seed::new(episode).split(step).normal(STATE.len())).collect();
    Timestep {
        observation: Observation {
            images: Vec::<Tensor<4, Int>>::new(),
            state: Tensor::from_data(TensorData::new::<f32, _>(state, [rows, STATE.len()]), &device),
        },
        reward: Tensor::zeros([rows], &device),
        first: first.to_vec().into(),
        terminated: RowMask::none(rows),
        truncated: vec![None; rows],
        trust: Tensor::ones([rows], &device),
        fault: vec![None; rows],
    }
}

/// Rows that a policy gives for so many steps of these episodes; the episodes begin where `starts` says.
fn play(policy: &mut dyn Policy, episodes: &[u64], steps: u64, restart: Option<u64>) -> Vec<Vec<Vec<f32>>> {
    let mut rows = vec![Vec::new(); episodes.len()];
    for step in 0..steps {
        let begins = step == 0 || restart == Some(step);
        let own_step = restart.filter(|&restart| step >= restart).map_or(step, |restart| step - restart);
        let now = timestep(&vec![begins; episodes.len()], episodes, own_step);
        let seeds: Vec<Seed> = episodes.iter().map(|&episode| Seed::new(episode).split(own_step)).collect();
        let actions = policy.act(&now, &seeds).unwrap();
        // A policy acts for all rows or leaves all to themselves.
        if !actions.given.any() {
            rows.iter_mut().for_each(|rows| rows.push(Vec::new()));
            continue;
        }
        assert_eq!(actions.given, RowMask::all(episodes.len()));
        let width = actions.values.dims()[1];
        let values: Vec<f32> = actions.values.into_data().iter().collect();
        values.chunks(width).zip(&mut rows).for_each(|(row, rows)| rows.push(row.to_vec()));
    }
    rows
}

/// Each policy of the registry in each space that it takes, and a replay beside them.
fn each(mut check: impl FnMut(&str, &EnvSpec, &dyn Fn(usize) -> Box<dyn Policy>)) {
    for entry in AGENTS {
        for spec in [continuous, discrete] {
            if build(entry.name, &spec(1)).is_ok() {
                check(entry.name, &spec(1), &|lanes| build(entry.name, &spec(lanes)).unwrap());
            }
        }
    }
    let recorded: Vec<Vec<f32>> = (0..5u64).map(|id| vec![id as f32 / 10.0; 2 * (id as usize + 3)]).collect();
    check("replay", &continuous(1), &|_| Box::new(Replay::new(recorded.clone(), 2).unwrap()));
}

#[test]
fn actions_lie_within_the_space() {
    let mut checked = 0;
    each(|name, spec, policy| {
        for row in play(policy(3).as_mut(), &[1, 2, 3], 60, None).concat() {
            assert!(row.is_empty() == (name == "rules"), "{name}: {row:?}");
            assert!(row.is_empty() || spec.action.contains(&row), "{name}: {row:?}");
        }
        checked += 1;
    });
    // Random, constant and rules in both spaces, the driver and the disturbed driver in one, and the replay.
    assert_eq!(checked, 9);
}

#[test]
fn a_first_step_clears_memory() {
    each(|name, _, policy| {
        let played = play(policy(2).as_mut(), &[4, 5], 40, Some(17));
        let fresh = play(policy(2).as_mut(), &[4, 5], 23, None);
        for (played, fresh) in played.iter().zip(&fresh) {
            assert_eq!(played[17..], fresh[..], "{name}");
        }
    });
}

#[test]
fn a_row_does_not_depend_on_its_lane_or_its_neighbours() {
    each(|name, _, policy| {
        let alone = play(policy(1).as_mut(), &[7], 30, None);
        let among = play(policy(4).as_mut(), &[9, 8, 7, 6], 30, None);
        assert_eq!(alone[0], among[2], "{name}");
    });
}

#[test]
fn random_actions_hold_and_differ_between_episodes() {
    let rows = play(build("random", &continuous(2)).unwrap().as_mut(), &[1, 2], 200, None);
    assert_ne!(rows[0], rows[1]);
    let steps: Vec<f32> = rows[0].windows(2).map(|pair| (pair[1][1] - pair[0][1]).abs()).collect();
    let small = steps.iter().filter(|&&step| step < 0.05).count();
    assert!(small > 80, "{small} of 199 steps change little");
    let reach = rows[0].iter().map(|row| row[1]).fold(f32::NEG_INFINITY, f32::max);
    assert!(reach > 0.7, "reach {reach}");
}

#[test]
fn a_replay_repeats_its_last_action() {
    let mut replay = Replay::new(vec![vec![0.1, 0.2, 0.3]], 1).unwrap();
    let rows = play(&mut replay, &[1], 5, None);
    assert_eq!(rows[0].concat(), [0.1, 0.2, 0.3, 0.3, 0.3]);
}

#[test]
fn unknown_and_unfit_policies_are_named() {
    let message = |name: &str, spec: &EnvSpec| match build(name, spec) {
        Err(error) => error.to_string(),
        Ok(_) => String::new(),
    };
    for (name, part) in [
        ("brave", "known: random, constant, idm, rules, noisy, replay"),
        ("constant:0.0,2.0", "found [0.0, 2.0]"),
        ("constant:0.0,x", "`x`"),
        ("random:1", "takes no values"),
        ("noisy:2", "strength from 0 to 1"),
    ] {
        assert!(message(name, &continuous(1)).contains(part), "{name}: {}", message(name, &continuous(1)));
    }
    assert!(message("idm", &discrete(1)).contains("acceleration"));
}
