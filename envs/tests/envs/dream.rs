//! A scripted world behind `WorldEnv`: frames count steps, rewards repeat actions, so every shift in time shows.

use std::sync::{Arc, Mutex};

use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use dreamlane_core::{
    ActionSpace, Actions, CameraSpec, Context, Contexts, Env, Error, Fault, Imagination, LaneMask,
    Observation, Prediction, Result, RowMask, Seed, Snapshot, Timestep, Truncation, Window, WorldModel,
    WorldSpec,
};
use dreamlane_envs::dream::{DreamLimits, WorldEnv};

/// An action that breaks the world.
const BREAK: f32 = -1.0;
/// An action after which the task surely ends.
const END: f32 = 1.0;

/// Latent `[lane, 1, 2]`: the counter and the last action. A frame shows the counter.
struct Counter(WorldSpec);

/// Counters per lane; a context's counter is its last frame's first byte.
struct Counting {
    counters: Mutex<Vec<f32>>,
    last: Vec<f32>,
}

struct Beginnings;

impl Contexts for Beginnings {
    fn draw(&self, seed: Seed) -> Result<Context> {
        let start = seed.below(50) as u8;
        let frames = [start, start + 1];
        let images = vec![frames.iter().flat_map(|&byte| [byte; 12]).collect()];
        let state = frames.iter().map(|&byte| f32::from(byte)).collect();
        Ok(Context { len: 2, images, state, actions: vec![0.0; 2], source: "counter".into() })
    }
}

fn start_of(episode: u64) -> f32 {
    Seed::new(episode).split(0).below(50) as f32 + 1.0
}

fn counter_of(context: &Context) -> f32 {
    f32::from(context.images[0][12])
}

impl WorldModel for Counter {
    fn spec(&self) -> &WorldSpec {
        &self.0
    }

    fn encode(&self, seen: &Window) -> Tensor<4> {
        seen.state.clone().unsqueeze_dim(2)
    }

    fn decode(&self, latents: Tensor<3>) -> Observation {
        let lanes = latents.dims()[0];
        let counters = latents.slice_dim(2, 0..1);
        let images = counters.clone().reshape([lanes, 1, 1, 1]).expand([lanes, 3, 2, 2]);
        // Not a number has no byte; what is decoded from it must not be shown.
        let images = images.clone().mask_fill(images.is_nan(), 255.0).int();
        Observation { images: vec![images], state: counters.reshape([lanes, 1]) }
    }

    fn imagine(self: Arc<Self>, contexts: &[Context], _seeds: &[Seed]) -> Result<Box<dyn Imagination>> {
        let counters = contexts.iter().map(counter_of).collect::<Vec<_>>();
        Ok(Box::new(Counting { last: vec![0.0; counters.len()], counters: Mutex::new(counters) }))
    }
}

impl Imagination for Counting {
    fn step(&mut self, actions: &Actions, running: &LaneMask) -> Prediction {
        let actions: Vec<f32> = actions.values.to_data().iter().collect();
        let mut counters = self.counters.lock().unwrap();
        for lane in running.indices() {
            counters[lane] += if actions[lane] == BREAK { f32::NAN } else { 1.0 };
            self.last[lane] = actions[lane];
        }
        drop(counters);
        let row = |of: fn(f32) -> f32| {
            let values: Vec<f32> = actions.iter().map(|&action| of(action)).collect();
            Tensor::<1>::from_floats(values.as_slice(), &Device::flex())
        };
        Prediction {
            latent: self.latents(),
            reward: row(|action| action),
            ending: row(|action| f32::from(u8::from(action == END))),
            trust: row(|_| 0.5),
        }
    }

    fn observe(&mut self, _: &Actions, _: &Observation, _: &LaneMask) -> Result<Prediction> {
        Err(Error::Unsupported("observing", "counter".into()))
    }

    fn replace(&mut self, lanes: &[usize], contexts: &[Context], _seeds: &[Seed]) -> Result<()> {
        let mut counters = self.counters.lock().unwrap();
        lanes.iter().zip(contexts).for_each(|(&lane, context)| counters[lane] = counter_of(context));
        Ok(())
    }

    fn fork(&self, lanes: &[usize], _noise: Option<&[Seed]>) -> Box<dyn Imagination> {
        let counters = self.counters.lock().unwrap();
        let forked = lanes.iter().map(|&lane| counters[lane]).collect::<Vec<_>>();
        Box::new(Self {
            last: lanes.iter().map(|&lane| self.last[lane]).collect(),
            counters: Mutex::new(forked),
        })
    }

    fn latents(&self) -> Tensor<3> {
        let counters = self.counters.lock().unwrap();
        let values: Vec<f32> =
            counters.iter().zip(&self.last).flat_map(|(&count, &last)| [count, last]).collect();
        Tensor::from_data(TensorData::new(values, [self.last.len(), 1, 2]), &Device::flex())
    }

    fn snapshot(&self, lane: usize) -> Snapshot {
        let bytes = self.counters.lock().unwrap()[lane].to_le_bytes().to_vec();
        Snapshot { origin: "counter".into(), bytes }
    }

    fn restore(&mut self, lane: usize, from: &Snapshot) -> Result<()> {
        self.counters.lock().unwrap()[lane] = f32::from_le_bytes(from.bytes[..4].try_into().unwrap());
        Ok(())
    }
}

fn world(rewards: bool) -> Arc<Counter> {
    Arc::new(Counter(WorldSpec {
        world: "counter".into(),
        steps_per_second: 10,
        context: 2,
        draws: true,
        rewards,
        state: vec!["count".into()],
        cameras: vec![CameraSpec::new("front", 2, 2)],
        action: ActionSpace::Continuous { names: vec!["push".into()], low: vec![-1.0], high: vec![1.0] },
    }))
}

fn env(lanes: usize, clock: Option<usize>, horizon: usize) -> WorldEnv {
    let limits = DreamLimits { clock, horizon, min_trust: 0.0 };
    WorldEnv::new(world(true), Arc::new(Beginnings), lanes, limits, "world:toy".into(), &Device::flex())
        .unwrap()
}

fn actions(values: &[f32]) -> Actions {
    let tensor = Tensor::<1>::from_floats(values, &Device::flex()).reshape([values.len(), 1]);
    Actions { values: tensor, given: RowMask::all(values.len()) }
}

/// The counter that each lane shows; picture and state must agree.
fn shown(now: &Timestep) -> Vec<f32> {
    let images: &Tensor<4, Int> = &now.observation.images[0];
    assert_eq!(images.dtype(), DType::U8);
    let bytes: Vec<u8> = images.to_data().iter().collect();
    let state: Vec<f32> = now.observation.state.to_data().iter().collect();
    for (picture, &count) in bytes.chunks(12).zip(&state) {
        assert!(picture.iter().all(|&byte| f32::from(byte) == count), "{picture:?} beside {count}");
    }
    state
}

fn floats(values: &Tensor<1>) -> Vec<f32> {
    values.to_data().iter().collect()
}

#[test]
fn observation_action_and_reward_line_up_in_time() {
    let mut env = env(1, None, 100);
    let all = LaneMask::all(1);
    let start = env.reset(&all, &[Seed::new(4)]).unwrap();
    assert_eq!(
        (shown(&start), floats(&start.reward), start.first.get(0)),
        (vec![start_of(4)], vec![0.0], true)
    );
    for step in 1..6 {
        let action = step as f32 / 10.0;
        let now = env.step(&actions(&[action]), &all).unwrap();
        assert_eq!(shown(&now), [start_of(4) + step as f32]);
        assert_eq!((floats(&now.reward), floats(&now.trust)), (vec![action], vec![0.5]));
        assert!(!now.first.get(0) && !now.finished().any());
    }
}

#[test]
fn ragged_resets_and_standing_lanes_keep_their_own_time() {
    let mut env = env(3, None, 100);
    let start = env.reset(&LaneMask::only(3, &[2]), &[Seed::new(1)]).unwrap();
    assert_eq!(shown(&start), [0.0, 0.0, start_of(1)]);
    assert_eq!(start.first.as_slice(), [false, false, true]);
    env.step(&actions(&[0.0; 3]), &LaneMask::only(3, &[2])).unwrap();
    assert!(env.step(&actions(&[0.0; 3]), &LaneMask::all(3)).is_err(), "lane 0 was never reset");
    let now = env.reset(&LaneMask::only(3, &[0, 1]), &[Seed::new(5), Seed::new(6)]).unwrap();
    assert_eq!(shown(&now), [start_of(5), start_of(6), start_of(1) + 1.0]);
    let now = env.step(&actions(&[0.3; 3]), &LaneMask::only(3, &[0, 2])).unwrap();
    assert_eq!(shown(&now), [start_of(5) + 1.0, start_of(6), start_of(1) + 2.0]);
    assert_eq!(floats(&now.reward), [0.3, 0.0, 0.3]);
    assert_eq!(now.first.as_slice(), [false, true, false]);
}

#[test]
fn clock_horizon_and_ending_stay_apart() {
    for (clock, horizon, action, steps, expected) in [
        (Some(3), 5, 0.0, 3, Some(Truncation::Clock)),
        (Some(9), 4, 0.0, 4, Some(Truncation::Horizon)),
        (None, 4, 0.0, 4, Some(Truncation::Horizon)),
        (Some(4), 4, 0.0, 4, Some(Truncation::Clock)),
        (Some(1), 4, END, 1, None),
    ] {
        let mut env = env(1, clock, horizon);
        let all = LaneMask::all(1);
        let mut now = env.reset(&all, &[Seed::new(1)]).unwrap();
        for step in 0..steps {
            assert!(!now.finished().any(), "clock {clock:?}, horizon {horizon}, step {step}");
            now = env.step(&actions(&[action]), &all).unwrap();
        }
        assert_eq!((now.truncated[0], now.terminated.get(0)), (expected, action == END));
        assert!(env.step(&actions(&[0.0]), &all).unwrap_err().to_string().contains("finished"));
    }
}

#[test]
fn a_world_without_rewards_gives_none_and_never_ends() {
    let limits = DreamLimits { clock: None, horizon: 3, min_trust: 0.0 };
    let contexts = Arc::new(Beginnings);
    let mut env =
        WorldEnv::new(world(false), contexts, 1, limits, "world:toy".into(), &Device::flex()).unwrap();
    assert!(!env.spec().rewards);
    env.reset(&LaneMask::all(1), &[Seed::new(1)]).unwrap();
    let now = env.step(&actions(&[END]), &LaneMask::all(1)).unwrap();
    assert_eq!((floats(&now.reward), now.terminated.get(0)), (vec![0.0], false));
}

#[test]
fn a_lane_that_breaks_ends_and_the_others_go_on() {
    let mut env = env(2, None, 100);
    let all = LaneMask::all(2);
    env.reset(&all, &[Seed::new(1), Seed::new(2)]).unwrap();
    let now = env.step(&actions(&[BREAK, 0.2]), &all).unwrap();
    assert_eq!(now.fault, [Some(Fault::NotFinite), None]);
    assert_eq!(shown(&now), [start_of(1), start_of(2) + 1.0]);
    assert_eq!((floats(&now.reward), floats(&now.trust)), (vec![0.0, 0.2], vec![0.0, 0.5]));
    let now = env.step(&actions(&[0.0; 2]), &LaneMask::only(2, &[1])).unwrap();
    assert_eq!(shown(&now), [start_of(1), start_of(2) + 2.0]);
    let now = env.reset(&LaneMask::only(2, &[0]), &[Seed::new(3)]).unwrap();
    assert_eq!((now.fault[0].clone(), shown(&now)[0]), (None, start_of(3)));
    let now = env.step(&actions(&[0.0; 2]), &all).unwrap();
    assert_eq!(shown(&now)[0], start_of(3) + 1.0);
}

#[test]
fn a_snapshot_goes_on_in_an_env_that_never_dreamed() {
    let (mut source, mut target) = (env(1, Some(5), 100), env(2, Some(5), 100));
    source.reset(&LaneMask::all(1), &[Seed::new(8)]).unwrap();
    source.step(&actions(&[0.1]), &LaneMask::all(1)).unwrap();
    target.restore(1, &source.snapshot(0).unwrap()).unwrap();
    let mut now = target.step(&actions(&[0.0, 0.4]), &LaneMask::only(2, &[1])).unwrap();
    assert_eq!((shown(&now)[1], floats(&now.reward)[1]), (start_of(8) + 2.0, 0.4));
    for _ in 2..5 {
        now = target.step(&actions(&[0.0; 2]), &LaneMask::only(2, &[1])).unwrap();
    }
    assert_eq!(now.truncated[1], Some(Truncation::Clock));
}

#[test]
fn contexts_that_do_not_fit_are_refused_before_anything_moves() {
    struct Short;
    impl Contexts for Short {
        fn draw(&self, seed: Seed) -> Result<Context> {
            let mut context = Beginnings.draw(seed)?;
            context.images[0].truncate(20);
            Ok(context)
        }
    }
    let limits = DreamLimits { clock: None, horizon: 3, min_trust: 0.0 };
    let mut env =
        WorldEnv::new(world(true), Arc::new(Short), 1, limits, "world:toy".into(), &Device::flex()).unwrap();
    let message = env.reset(&LaneMask::all(1), &[Seed::new(1)]).unwrap_err().to_string();
    assert!(message.contains("expected 24, found 20"), "{message}");
}

#[test]
fn a_dream_that_is_no_longer_believed_is_cut_after_the_clock_and_before_the_horizon() {
    // The toy's trust is 0.5 at every step.
    for (clock, horizon, min_trust, action, expected) in [
        (None, 9, 0.6, 0.0, Some(Truncation::Trust)),
        (None, 1, 0.6, 0.0, Some(Truncation::Trust)),
        (Some(1), 9, 0.6, 0.0, Some(Truncation::Clock)),
        (None, 9, 0.6, END, None),
        (None, 9, 0.5, 0.0, None),
        (None, 9, 0.0, 0.0, None),
    ] {
        let limits = DreamLimits { clock, horizon, min_trust };
        let made =
            WorldEnv::new(world(true), Arc::new(Beginnings), 1, limits, "world:toy".into(), &Device::flex());
        let mut env = made.unwrap();
        env.reset(&LaneMask::all(1), &[Seed::new(1)]).unwrap();
        let now = env.step(&actions(&[action]), &LaneMask::all(1)).unwrap();
        assert_eq!((now.truncated[0], now.terminated.get(0)), (expected, action == END), "{limits:?}");
    }
    for min_trust in [-0.1, 1.1, f32::NAN] {
        let limits = DreamLimits { clock: None, horizon: 3, min_trust };
        let made =
            WorldEnv::new(world(true), Arc::new(Beginnings), 1, limits, "world:toy".into(), &Device::flex());
        let message = made.err().unwrap().to_string();
        assert!(
            message.contains(&format!("expected a least trust from 0 to 1, found {min_trust}")),
            "{message}"
        );
    }
}

#[test]
fn contexts_shorter_than_the_world_wants_are_refused() {
    struct OneFrame;
    impl Contexts for OneFrame {
        fn draw(&self, _seed: Seed) -> Result<Context> {
            let images = vec![vec![0; 12]];
            Ok(Context { len: 1, images, state: vec![0.0], actions: vec![0.0], source: "brief".into() })
        }
    }
    let limits = DreamLimits { clock: None, horizon: 3, min_trust: 0.0 };
    let made = WorldEnv::new(world(true), Arc::new(OneFrame), 1, limits, "world:toy".into(), &Device::flex());
    let message = made.unwrap().reset(&LaneMask::all(1), &[Seed::new(1)]).unwrap_err().to_string();
    assert!(message.contains("context frames, at least: expected 2, found 1: brief"), "{message}");
}

#[test]
fn actions_outside_the_space_are_refused_before_anything_moves() {
    let mut env = env(2, None, 100);
    let all = LaneMask::all(2);
    env.reset(&all, &[Seed::new(1), Seed::new(2)]).unwrap();
    for wrong in [f32::NAN, 1.5, f32::NEG_INFINITY] {
        let message = env.step(&actions(&[0.1, wrong]), &all).unwrap_err().to_string();
        let said = format!("expected an action of push in [-1, 1], found [{wrong:?}] in lane 1");
        assert!(message.contains(&said), "{message}");
    }
    // Lane 0 takes its first step now; of a row that is not given nothing is read.
    let unread = Actions { given: RowMask::only(2, &[0]), ..actions(&[0.1, f32::NAN]) };
    let now = env.step(&unread, &LaneMask::only(2, &[0])).unwrap();
    assert_eq!(shown(&now), [start_of(1) + 1.0, start_of(2)]);
}

#[test]
fn a_snapshot_of_another_form_is_refused_by_its_number() {
    let mut env = env(1, None, 100);
    env.reset(&LaneMask::all(1), &[Seed::new(1)]).unwrap();
    let mut old = env.snapshot(0).unwrap();
    old.bytes[0] = 77;
    let message = env.restore(0, &old).unwrap_err().to_string();
    assert!(
        message.contains("snapshot of world:toy: expected form") && message.contains("found form 77"),
        "{message}"
    );
    old.bytes.clear();
    assert!(env.restore(0, &old).unwrap_err().to_string().contains("broken"));
}
