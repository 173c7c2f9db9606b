//! The slow, obvious path beside the cached one, and what must not depend on what.

use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};
use dreamlane_core::{
    ActionSpace, Actions, CameraSpec, Context, Imagination as _, LaneMask, Observation, RowMask, Seed,
    WorldModel as _, WorldSpec,
};
use dreamlane_nn::{band_mask, euler_step, noised};

use super::{
    Dit, DitConfig,
    actions::{ActionHistory, clip_features},
    doubt::Doubts,
    dream::{Dream, TILE, previous_frames},
    lane::{BEFORE, DRAWN, KNOWN, Lane},
    trunk::{Outcome, Pass, Reach},
};
use crate::host::numbers;

const SIDE: usize = 32;
/// Rows and columns of the second camera.
const WIDE: [usize; 2] = [16, 48];
/// Numbers of the state vector: more than one token holds.
const STATE: usize = 19;

pub(super) fn spec() -> WorldSpec {
    WorldSpec {
        world: "dit".into(),
        steps_per_second: 10,
        context: 1,
        draws: true,
        rewards: true,
        state: (0..STATE).map(|idx| format!("number{idx}")).collect(),
        cameras: vec![CameraSpec::new("front", SIDE, SIDE), CameraSpec::new("side", WIDE[0], WIDE[1])],
        action: ActionSpace::Continuous { names: vec!["steering".into()], low: vec![-1.0], high: vec![1.0] },
    }
}

fn world() -> Dit {
    let mut world = Dit::new(DitConfig::debug(), spec(), Seed::new(3), &Device::flex()).unwrap();
    // An untrained output layer is 0 and would make every test of the trunk empty.
    let mut draw = 100;
    let mut normal = |len: usize| {
        draw += 1;
        Seed::new(draw).normal(len)
    };
    let device = Device::flex();
    let mut init = dreamlane_nn::Init::new(&device, &mut normal);
    world.network.trunk.randomise_outputs(&mut init);
    world
}

pub(super) fn context(frames: usize, seed: u64) -> Context {
    let picture = |camera: u64, pixels: usize| {
        let noise = Seed::new(seed).split(2 + camera).normal(frames * 3 * pixels);
        noise.iter().map(|x| (128.0 + 60.0 * x) as u8).collect::<Vec<_>>()
    };
    Context {
        len: frames,
        images: vec![picture(0, SIDE * SIDE), picture(1, WIDE[0] * WIDE[1])],
        state: Seed::new(seed).split(4).normal(frames * STATE),
        actions: Seed::new(seed).split(1).normal(frames),
        source: "made".into(),
    }
}

fn action(value: f32) -> Actions {
    let values = Tensor::from_data(TensorData::new(vec![value], [1, 1]), &Device::flex());
    Actions { values, given: RowMask::all(1) }
}

fn largest_difference<const D: usize>(a: &Tensor<D>, b: &Tensor<D>) -> f32 {
    assert_eq!(a.dims(), b.dims());
    numbers(a).iter().zip(numbers(b)).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// One uncached pass over a whole history, for its last frame.
fn uncached(
    world: &Dit,
    noisy: &[Tensor<4>],
    clean: &[Tensor<4>],
    lane: &Lane,
    actions: &[f32],
    levels: &[[f32; 2]],
) -> Outcome {
    let time = noisy.len();
    let [token, dim] = [world.layout.tokens(), world.layout.token_dim];
    let previous_noise = (0..time)
        .flat_map(|t| {
            let mut at = lane.clone();
            at.position = t as u64;
            at.noise(BEFORE, token * dim)
        })
        .collect::<Vec<_>>();
    let features = clip_features(actions, &vec![true; time], world.config.trunk.actions, 1);
    let [levels, shares] = [0, 1].map(|idx| levels.iter().map(|told| told[idx]).collect::<Vec<_>>());
    let pass = Pass {
        noisy: Tensor::cat(noisy.to_vec(), 1),
        previous: previous_frames(
            Tensor::cat(clean.to_vec(), 1),
            Tensor::from_data(TensorData::new(previous_noise, [1, time, token, dim]), &world.device),
            world.observed_level(),
        ),
        actions: Tensor::from_data(
            TensorData::new(features, [time, ActionHistory::len(world.config.trunk.actions, 1)]),
            &world.device,
        ),
        levels: &levels,
        shares: &shares,
        positions: world.time_positions(&(0..time).map(|t| t as f64).collect::<Vec<_>>()),
        reach: Reach::Past { mask: band_mask(time, world.config.trunk.context, &world.device), past: &[] },
    };
    world.network.trunk.forward(pass, &world.layout)
}

#[test]
fn the_cached_dream_equals_uncached_passes_over_the_whole_history() {
    let world = Arc::new(world());
    let seen = context(world.config.trunk.context, 5);
    let dreamed = 2 * world.config.trunk.context;
    let seed = Seed::new(9);
    let mut dream = Dream::begin(world.clone(), std::slice::from_ref(&seen), &[seed]).unwrap();
    let lane = Lane::new(&world.shape(), seed, &world.device);
    let numbers_of = |purpose: u64, t: usize| {
        let mut at = lane.clone();
        at.position = t as u64;
        let [token, dim] = [world.layout.tokens(), world.layout.token_dim];
        Tensor::<4>::from_data(
            TensorData::new(at.noise(purpose, token * dim), [1, 1, token, dim]),
            &world.device,
        )
    };
    let latents = world.encode(&world.checked(&seen).unwrap().to_device(&world.device));
    let known = [world.observed_level(), world.config.trunk.finest_share()];
    let remembered = |clean: &Tensor<4>, t: usize| {
        noised(clean.clone(), numbers_of(KNOWN, t), Tensor::full([1; 4], known[0], &world.device))
    };
    let mut clean = (0..seen.len).map(|t| latents.clone().narrow(1, t, 1)).collect::<Vec<_>>();
    let mut noisy = (0..seen.len).map(|t| remembered(&clean[t], t)).collect::<Vec<_>>();
    let mut levels = vec![known; seen.len];
    let mut actions = seen.actions[..seen.len - 1].to_vec();
    let passes = world.config.trunk.passes;
    for t in seen.len..seen.len + dreamed {
        let taken = (t as f32 * 0.7).sin();
        actions.push(taken);
        let said = dream.step(&action(taken), &LaneMask::all(1));
        noisy.push(numbers_of(DRAWN, t));
        // The frame itself is not known to the pass that draws it; its place is never read.
        clean.push(noisy[t].clone());
        levels.push([0.0; 2]);
        let taken_at = [actions.as_slice(), &[0.0]].concat();
        for pass in 0..passes {
            let (from, to) = (pass as f32 / passes as f32, (pass + 1) as f32 / passes as f32);
            levels[t] = [from, to - from];
            let outcome = uncached(&world, &noisy, &clean, &lane, &taken_at, &levels);
            noisy[t] = euler_step(noisy[t].clone(), outcome.predicted.narrow(1, t, 1), from, to);
        }
        let drawn = world.network.bounded(noisy[t].clone().squeeze_dim::<3>(1));
        let off = largest_difference(&drawn, &dream.latents());
        assert!(off < 1e-4, "frame {t} is off by {off}");
        // What was committed, so that errors do not add up.
        clean[t] = dream.latents().unsqueeze_dim::<4>(1);
        noisy[t] = remembered(&clean[t], t);
        levels[t] = known;
        let readout =
            numbers(&uncached(&world, &noisy, &clean, &lane, &taken_at, &levels).readout.narrow(0, t, 1));
        let mut doubts = Doubts::default();
        let read = world.telling().dreamed(&readout, 0.0, &mut doubts);
        for (wanted, found) in [(read.reward, said.reward), (read.ending, said.ending)] {
            let off = (wanted - numbers(&found)[0]).abs();
            assert!(off < 1e-4, "what frame {t} is read to be is off by {off}");
        }
    }
}

#[test]
fn seeing_a_context_at_once_equals_observing_it_frame_by_frame() {
    let world = Arc::new(world());
    let frames = world.config.trunk.context + 3;
    let whole = context(frames, 6);
    let wants = world.config.trunk.wants;
    let first = Context {
        len: wants,
        images: whole.images.iter().map(|bytes| bytes[..bytes.len() / frames * wants].to_vec()).collect(),
        state: whole.state[..wants * STATE].to_vec(),
        actions: whole.actions[..wants].to_vec(),
        ..whole.clone()
    };
    let mut at_once = Dream::begin(world.clone(), std::slice::from_ref(&whole), &[Seed::new(2)]).unwrap();
    let mut one_by_one = Dream::begin(world.clone(), &[first], &[Seed::new(2)]).unwrap();
    for t in wants..frames {
        let images = whole.images.iter().zip([[SIDE; 2], WIDE]).map(|(bytes, [height, width])| {
            let len = 3 * height * width;
            let bytes = bytes[t * len..(t + 1) * len].to_vec();
            let device = (&world.device, burn::tensor::DType::U8);
            Tensor::from_data(TensorData::new(bytes, [1, 3, height, width]), device)
        });
        let state = whole.state[t * STATE..(t + 1) * STATE].to_vec();
        let state = Tensor::from_data(TensorData::new(state, [1, STATE]), &world.device);
        let seen = Observation { images: images.collect(), state };
        one_by_one.observe(&action(whole.actions[t - 1]), &seen, &LaneMask::all(1)).unwrap();
    }
    for _ in 0..3 {
        at_once.step(&action(0.3), &LaneMask::all(1));
        one_by_one.step(&action(0.3), &LaneMask::all(1));
        let off = largest_difference(&at_once.latents(), &one_by_one.latents());
        assert!(off < 1e-4, "off by {off}");
    }
}

#[test]
fn frames_do_not_change_when_the_heads_and_their_token_do() {
    let mut world = world();
    let seen = context(4, 7);
    let step = |world: Dit| {
        let mut dream = Dream::begin(Arc::new(world), std::slice::from_ref(&seen), &[Seed::new(2)]).unwrap();
        let prediction = dream.step(&action(0.5), &LaneMask::all(1));
        (numbers(&prediction.latent), numbers(&prediction.reward)[0])
    };
    let network = world.network.clone();
    let (frames, reward) = step(world);
    world = self::world();
    *world.network = network;
    world.network.trunk.disturb_reader();
    let (other_frames, other_reward) = step(world);
    assert_eq!(frames, other_frames);
    assert_ne!(reward, other_reward);
}

#[test]
fn a_fork_goes_on_as_its_lane_does_unless_its_actions_or_noise_differ() {
    let world = Arc::new(world());
    let mut dream = Dream::begin(world, &[context(4, 7)], &[Seed::new(2)]).unwrap();
    dream.step(&action(0.1), &LaneMask::all(1));
    let mut same = dream.fork(&[0], None);
    let mut turned = dream.fork(&[0], None);
    let mut noised = dream.fork(&[0], Some(&[Seed::new(5)]));
    let next = numbers(&dream.step(&action(0.3), &LaneMask::all(1)).latent);
    assert_eq!(next, numbers(&same.step(&action(0.3), &LaneMask::all(1)).latent));
    assert_ne!(next, numbers(&turned.step(&action(-0.3), &LaneMask::all(1)).latent));
    assert_ne!(next, numbers(&noised.step(&action(0.3), &LaneMask::all(1)).latent));
}

#[test]
fn an_action_changes_the_next_frame_and_nothing_before_it() {
    let world = Arc::new(world());
    let seen = vec![context(4, 7); TILE + 1];
    let seeds = vec![Seed::new(1); TILE + 1];
    let mut dream = Dream::begin(world.clone(), &seen, &seeds).unwrap();
    let before = numbers(&dream.latents());
    let mut values = vec![0.2; TILE + 1];
    values[TILE] = -0.9;
    let values = Tensor::from_data(TensorData::new(values, [TILE + 1, 1]), &world.device);
    let actions = Actions { values, given: RowMask::all(TILE + 1) };
    dream.step(&actions, &LaneMask::all(TILE + 1));
    let after = numbers(&dream.latents());
    let each = after.len() / (TILE + 1);
    assert_eq!(before[..each], before[TILE * each..]);
    // Equal lanes with equal actions stay equal, in whichever tile they are drawn.
    assert_eq!(after[..each], after[each..2 * each]);
    assert_ne!(after[..each], after[TILE * each..]);
}

#[test]
fn the_operations_of_a_step_are_those_counted_by_hand() {
    // 32x32 and 16x48 pixels are 4 and 3 tokens of 16 numbers, 19 numbers of state are 2; with an action, two registers
    // and a reader, 13 tokens 16 wide.
    let said = 2 + 41;
    let around =
        9 * 32 * 16 + 6 * 16 + (6 * 16 + 16 * 16) + (64 * 16 + 16 * 16) + 16 * 144 + 9 * 16 * 16 + 16 * said;
    let space = 13 * 16 * 48 + 2 * (13 * 12 * 16) + 13 * 16 * 16;
    let time = 13 * 16 * 48 + 2 * (13 * 4 * 16) + 13 * 16 * 16;
    let feed_forward = 2 * (13 * 16 * 32);
    let pass = around + 2 * space + time + 2 * feed_forward;
    // 28 latent pixels of 4 channels, then 8 channels, then four times as many pixels of 8, then of 48 channels.
    let decoder = 28 * 4 * 72 + 2 * (28 * 8 * 72) + 28 * 8 * 32 + 2 * (112 * 8 * 72) + 112 * 8 * 9 * 48;
    assert_eq!(world().flops(), Some(f64::from(2 * (3 * pass + decoder))));
}

#[test]
fn noise_of_temperature_0_is_none_and_dreams_of_it_are_alike_whatever_their_seeds() {
    let pictured = world().layout.pictured();
    let apart = |temperature: f32| {
        let world = Arc::new(world().with_temperature(temperature).unwrap());
        let seeds = [Seed::new(1), Seed::new(2)];
        let mut dream = Dream::begin(world, &[context(4, 7), context(4, 7)], &seeds).unwrap();
        let values = Tensor::from_data(TensorData::new(vec![0.3; 2], [2, 1]), &Device::flex());
        dream.step(&Actions { values, given: RowMask::all(2) }, &LaneMask::all(2));
        let pictures = dream.latents().narrow(1, 0, pictured);
        let [a, b] = [0, 1].map(|lane| pictures.clone().narrow(0, lane, 1));
        numbers(&(a - b).abs().sum())[0]
    };
    // What is known is noised all the same, lightly.
    let [cold, warm] = [0.0, 1.0].map(apart);
    assert!(cold < 0.5 * warm, "{cold} and {warm}");
    assert!(world().with_temperature(f32::NAN).is_err());
}

#[test]
fn contexts_that_do_not_fit_are_errors_that_name_what_was_expected() {
    let world = Arc::new(world());
    let good = context(4, 7);
    let broken = |change: &dyn Fn(&mut Context)| {
        let mut context = good.clone();
        change(&mut context);
        world.checked(&context).unwrap_err().to_string()
    };
    assert!(broken(&|context| *context = self::context(1, 7)).contains("at least 2 frames"));
    assert!(broken(&|context| context.images[1].truncate(5)).contains("pictures"));
    assert!(broken(&|context| context.state[3] = f32::NAN).contains("NaN in frame 0"));
    assert!(broken(&|context| context.actions[1] = f32::INFINITY).contains("inf in frame 1"));
    assert!(broken(&|context| context.state.truncate(2)).contains("4 times 19"));
    // The action at the last frame is the first of the dream.
    let mut unread = good.clone();
    unread.actions[3] = f32::NAN;
    assert!(world.checked(&unread).is_ok());
}

#[test]
fn a_snapshot_of_other_weights_is_refused() {
    let [mut one, mut other] = [world(), world()]
        .map(|world| Dream::begin(Arc::new(world), &[context(4, 7)], &[Seed::new(1)]).unwrap());
    one.restore(0, &other.snapshot(0)).unwrap();
    let mut changed = world();
    changed.network.latent_mean = changed.network.latent_mean.clone().map(|mean| mean.add_scalar(0.5));
    other = Dream::begin(Arc::new(changed), &[context(4, 7)], &[Seed::new(1)]).unwrap();
    let error = one.restore(0, &other.snapshot(0)).unwrap_err().to_string();
    assert!(error.contains("world"), "{error}");
}
