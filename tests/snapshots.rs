//! What every env promises of snapshots, forks, batches and bad requests: the truth of every name, and dreams of
//! small worlds with and without rewards.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod toys;

use std::sync::{Arc, LazyLock};

use burn::tensor::{Device, Tensor, TensorData};
use dreamlane::{
    core::{
        ActionSpace, Actions, Env, Fault, LaneMask, RowMask, Seed, Timestep, Truncation, WorldModel,
        WorldSpec,
    },
    envs::{
        self, ENVS,
        dream::{DreamLimits, WorldEnv},
        drive::actions::ActionKind,
    },
    worlds::{DitConfig, Still},
};
use toys::{Noise, briefly_trained, spec};

const SIDE: usize = 32;

/// Makes an env of so many lanes.
type Make = Box<dyn Fn(usize) -> Box<dyn Env>>;

/// Small worlds by name: the learned one with and without rewards, and an opponent.
static WORLDS: LazyLock<Vec<(&str, Arc<dyn WorldModel>)>> = LazyLock::new(|| {
    let dit = |rewards: bool| -> Arc<dyn WorldModel> {
        let spec = WorldSpec { rewards, ..spec(SIDE) };
        Arc::new(briefly_trained(DitConfig::debug(), &spec, &Device::flex()).into_world())
    };
    let still = Arc::new(Still::new(&spec(SIDE), &Device::flex()));
    vec![("world:rewarded", dit(true)), ("world:unrewarded", dit(false)), ("world:still", still)]
});

fn dreams(name: &str, world: &Arc<dyn WorldModel>, lanes: usize) -> Box<dyn Env> {
    let limits = DreamLimits { clock: None, horizon: 50, min_trust: 0.0 };
    let contexts = Arc::new(Noise { spec: world.spec().clone() });
    let (world, device) = (world.clone(), Device::flex());
    Box::new(WorldEnv::new(world, contexts, lanes, limits, name.to_owned(), &device).unwrap())
}

/// Every env of the registry, and the small worlds.
fn each(check: impl Fn(&str, &Make)) {
    for entry in ENVS.iter().filter(|entry| entry.needs.is_none()) {
        // Scenarios that are driven by choices are driven by numbers here, so that one action serves all.
        let is_continuous = (entry.scenario)().actions == ActionKind::Continuous;
        let options = if is_continuous {
            "picture=32"
        } else {
            "picture=32,actions=continuous,clock_steps=400,ticks=1,steps_per_second=15"
        };
        let name = format!("{}:{options}", entry.name);
        let made = name.clone();
        check(&name, &(Box::new(move |lanes| envs::build(&made, lanes, &Device::flex()).unwrap()) as Make));
    }
    for (name, world) in WORLDS.iter() {
        check(name, &(Box::new(move |lanes| dreams(name, world, lanes)) as Make));
    }
}

/// What one lane says, to the bit.
#[derive(Clone, Debug, PartialEq)]
struct Said {
    images: Vec<Vec<u8>>,
    /// State, reward, trust.
    numbers: Vec<u32>,
    terminated: bool,
    truncated: Option<Truncation>,
    fault: Option<Fault>,
}

fn said(now: &Timestep, lane: usize) -> Said {
    let images = now.observation.images.iter();
    let row = |values: &Tensor<1>| values.to_data().iter::<f32>().nth(lane).unwrap();
    let width = now.observation.state.dims()[1];
    let state = now.observation.state.to_data();
    let state = state.iter::<f32>().skip(lane * width).take(width).collect::<Vec<_>>();
    Said {
        images: images
            .map(|images| images.clone().slice_dim(0, lane..lane + 1).into_data().iter::<u8>().collect())
            .collect(),
        numbers: state.into_iter().chain([row(&now.reward), row(&now.trust)]).map(f32::to_bits).collect(),
        terminated: now.terminated.get(lane),
        truncated: now.truncated[lane],
        fault: now.fault[lane].clone(),
    }
}

/// A gentle action, so that episodes last; `style` tells sequences apart.
fn gentle(style: u64, step: u64) -> [f32; 2] {
    let draw = |stream| Seed::new(style).split(step).split(stream).uniform() - 0.5;
    [0.6 * draw(0), 0.1 * draw(1)]
}

fn actions(rows: &[[f32; 2]]) -> Actions {
    let values = TensorData::new(rows.concat(), [rows.len(), 2]);
    Actions { values: Tensor::from_data(values, &Device::flex()), given: RowMask::all(rows.len()) }
}

/// Begins an episode in every lane.
fn begin(env: &mut dyn Env, episodes: &[u64]) {
    let seeds: Vec<Seed> = episodes.iter().map(|&episode| Seed::new(episode)).collect();
    env.reset(&LaneMask::all(episodes.len()), &seeds).unwrap();
}

/// Steps one lane, in this style, until its episode is over; what it says.
fn lived(env: &mut dyn Env, lane: usize, style: u64, steps: std::ops::Range<u64>) -> Vec<Said> {
    let lanes = env.spec().lanes;
    let mut life = Vec::new();
    for step in steps {
        let rows = vec![gentle(style, step); lanes];
        let now = env.step(&actions(&rows), &LaneMask::only(lanes, &[lane])).unwrap();
        life.push(said(&now, lane));
        if now.finished().get(lane) {
            break;
        }
    }
    life
}

/// An episode that lasts for so many steps: a world that has hardly learned ends as it likes.
fn lasting(name: &str, make: &Make, steps: u64) -> u64 {
    let mut env = make(1);
    let lasts = |episode: &u64| {
        begin(env.as_mut(), &[*episode]);
        let life = lived(env.as_mut(), 0, 1, 0..steps);
        life.len() as u64 == steps && life.last().is_some_and(|said| !said.terminated)
    };
    (1..300).find(lasts).unwrap_or_else(|| panic!("{name}: no episode lasts for {steps} steps"))
}

#[test]
fn a_snapshot_goes_on_to_the_bit_in_its_own_lane_in_another_and_in_a_fresh_env() {
    each(|name, make| {
        let mut env = make(2);
        begin(env.as_mut(), &[lasting(name, make, 4), 12]);
        lived(env.as_mut(), 0, 1, 0..3);
        let kept = env.snapshot(0).unwrap();
        let expected = lived(env.as_mut(), 0, 1, 3..9);
        for lane in [0, 1] {
            env.restore(lane, &kept).unwrap();
            assert!(lived(env.as_mut(), lane, 1, 3..9) == expected, "{name}: lane {lane}");
        }
        let mut fresh = make(3);
        fresh.restore(2, &kept).unwrap();
        assert!(lived(fresh.as_mut(), 2, 1, 3..9) == expected, "{name}: fresh env");
        assert!(env.snapshot(1).unwrap().bytes == fresh.snapshot(2).unwrap().bytes, "{name}: where both end");
    });
}

#[test]
fn a_fork_differs_by_its_actions_alone() {
    each(|name, make| {
        let mut env = make(4);
        begin(env.as_mut(), &[lasting(name, make, 4), 4, 5, 6]);
        lived(env.as_mut(), 0, 1, 0..3);
        let kept = env.snapshot(0).unwrap();
        (1..4).for_each(|lane| env.restore(lane, &kept).unwrap());
        // Lanes 0 and 1 go on alike, lanes 2 and 3 alike in another way, all four side by side.
        let mut parted = false;
        for step in 3..8 {
            let rows = [1, 1, 2, 2].map(|style| gentle(style, step));
            let now = env.step(&actions(&rows), &LaneMask::all(4)).unwrap();
            let all: Vec<Said> = (0..4).map(|lane| said(&now, lane)).collect();
            assert!(all[0] == all[1] && all[2] == all[3], "{name}: step {step}");
            parted |= all[0] != all[2];
            if now.finished().any() {
                break;
            }
        }
        assert!(parted || name == "world:still", "{name}: actions that change nothing");
    });
}

#[test]
fn a_lane_is_the_same_among_one_three_and_eight() {
    each(|name, make| {
        let first = lasting(name, make, 4);
        let played = |lanes: usize| {
            let mut env = make(lanes);
            let episodes: Vec<u64> = (0..lanes as u64).map(|lane| first + lane).collect();
            begin(env.as_mut(), &episodes);
            let (mut running, mut life) = (LaneMask::only(lanes, &[0, lanes / 2, lanes - 1]), Vec::new());
            for step in 0..8 {
                // The first lane acts as when its length was measured.
                let style = |lane: usize| if lane == 0 { 1 } else { lane as u64 };
                let rows: Vec<_> = (0..lanes).map(|lane| gentle(style(lane), step)).collect();
                let now = env.step(&actions(&rows), &running).unwrap();
                life.push(said(&now, 0));
                now.finished().indices().for_each(|lane| running.set(lane, false));
                if !running.get(0) {
                    break;
                }
            }
            life
        };
        let alone = played(1);
        assert!(alone.len() > 3, "{name}: over after {}", alone.len());
        for lanes in [3, 8] {
            assert!(played(lanes) == alone, "{name}: among {lanes}");
        }
    });
}

#[test]
fn a_wrong_action_is_named_and_moves_nothing() {
    each(|name, make| {
        let (mut env, mut beside) = (make(2), make(2));
        begin(env.as_mut(), &[1, 2]);
        begin(beside.as_mut(), &[1, 2]);
        let ActionSpace::Continuous { names, .. } = env.spec().action.clone() else { panic!("{name}") };
        for wrong in [f32::NAN, f32::INFINITY, 1.5] {
            let asked = actions(&[[0.1, 0.0], [wrong, 0.0]]);
            let message = env.step(&asked, &LaneMask::all(2)).unwrap_err().to_string();
            let expected = format!("expected an action of {} in [-1, 1]", names[0]);
            let found = format!("found [{wrong:?}, 0.0] in lane 1");
            assert!(message.contains(&expected) && message.contains(&found), "{name}: {message}");
        }
        let narrow = Actions { values: Tensor::zeros([2, 1], &Device::flex()), given: RowMask::all(2) };
        let message = env.step(&narrow, &LaneMask::all(2)).unwrap_err().to_string();
        assert!(message.contains("expected actions [2, 2], found [2, 1]"), "{name}: {message}");
        for lane in [0, 1] {
            let [one, other] = [&mut env, &mut beside].map(|env| lived(env.as_mut(), lane, 1, 0..3));
            assert!(one == other, "{name}: lane {lane}");
        }
    });
}

#[test]
fn a_poisoned_lane_does_not_disturb_the_others() {
    each(|name, make| {
        let mut clean = make(3);
        begin(clean.as_mut(), &[1, 2, 3]);
        let (kept, beside) = (clean.snapshot(1).unwrap(), clean.snapshot(0).unwrap());
        let expected = lived(clean.as_mut(), 0, 1, 0..2);
        let mut env = make(3);
        begin(env.as_mut(), &[1, 2, 3]);
        let mut accepted = 0;
        // Not a number as a float of four bytes, and numbers beyond single precision as text.
        let (stride, len) = ((kept.bytes.len() / 100).max(1), kept.bytes.len());
        for (place, poison) in
            (1..len - 4).step_by(stride).flat_map(|place| [(place, [0xff; 4]), (place, *b"9e39")])
        {
            let mut poisoned = kept.clone();
            poisoned.bytes[place..place + 4].copy_from_slice(&poison);
            env.restore(0, &beside).unwrap();
            env.restore(1, &kept).unwrap();
            if env.restore(1, &poisoned).is_err() {
                continue;
            }
            accepted += 1;
            for (step, expected) in expected.iter().enumerate() {
                let rows = [gentle(1, step as u64); 3];
                // Where the poisoned lane is over, or says so, it is left alone.
                let now = env
                    .step(&actions(&rows), &LaneMask::only(3, &[0, 1]))
                    .or_else(|_| env.step(&actions(&rows), &LaneMask::only(3, &[0])))
                    .unwrap();
                assert!(said(&now, 0) == *expected, "{name}: poison at byte {place} of {len}");
            }
        }
        assert!(accepted > 0, "{name}: no poison was taken");
    });
}

#[test]
fn snapshots_of_others_are_refused_by_name() {
    each(|name, make| {
        let mut env = make(1);
        begin(env.as_mut(), &[1]);
        let own = env.snapshot(0).unwrap();
        let mut foreign = dreams("world:other", &WORLDS[0].1, 1);
        begin(foreign.as_mut(), &[1]);
        let message = env.restore(0, &foreign.snapshot(0).unwrap()).unwrap_err().to_string();
        assert!(message.contains("found one of world:other"), "{name}: {message}");
        // Another world under the same name, which is what a run becomes when it is trained on.
        if let Some((_, world)) = WORLDS.iter().find(|(known, _)| *known == name) {
            let other = if name == WORLDS[0].0 { &WORLDS[1].1 } else { &WORLDS[0].1 };
            let mut imposter = dreams(name, other, 1);
            begin(imposter.as_mut(), &[1]);
            let message = env.restore(0, &imposter.snapshot(0).unwrap()).unwrap_err().to_string();
            assert!(message.contains("expected") && message.contains("found"), "{name}: {message}");
            assert!(world.spec().world != "dit" || message.contains("snapshot"), "{name}: {message}");
        }
        let mut older = own.clone();
        older.bytes[0] = 0;
        let message = env.restore(0, &older).unwrap_err().to_string();
        assert!(message.contains("found form 0"), "{name}: {message}");
        assert!(env.restore(7, &own).unwrap_err().to_string().contains("lane 7 of 1"), "{name}");
        env.restore(0, &own).unwrap();
    });
}
