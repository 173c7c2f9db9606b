//! The packed path beside the plain one, and what its bytes must not depend on.

use std::sync::Arc;

use burn::{
    module::Param,
    tensor::{Device, Tensor, TensorData},
};
use dreamlane_core::{
    Actions, Context, Imagination, LaneMask, Observation, RowMask, Seed, Spread, WorldModel as _,
};

use super::{
    super::{
        Dit, DitConfig, Precision, TrunkConfig, dream,
        tests::{context, spec},
        to_bytes, to_unit,
        vector::Vector,
    },
    Dream,
};
use crate::host::numbers;

/// What rounding may add up to, in units of a latent's standard deviation.
const TOLERANCE: f32 = 1e-4;
/// Root mean square of the error of one step in bf16, by that of the latents.
const BF16_LATENTS: f32 = 0.02;
/// Peak signal to noise ratio of a picture drawn in bf16 against one in f32, dB.
const BF16_PICTURES: f64 = 40.0;

/// A world whose output layers and measures are as if it had learned something.
fn world(config: DitConfig) -> Dit {
    let device = Device::flex();
    let mut world = Dit::new(config, spec(), Seed::new(3), &device).unwrap();
    let mut draw = 100;
    let mut normal = |len: usize| {
        draw += 1;
        Seed::new(draw).normal(len)
    };
    world.network.trunk.randomise_outputs(&mut dreamlane_nn::Init::new(&device, &mut normal));
    let dim = world.layout.token_dim;
    let drawn = |seed: u64, add: f32| {
        let numbers = Seed::new(seed).normal(dim).iter().map(|x| 0.05 * x + add).collect::<Vec<_>>();
        Param::from_tensor(Tensor::from_data(TensorData::new(numbers, [1, 1, dim]), &device))
    };
    // Numbers whose usual change is their spread, and some of whose it is a part.
    let spread = |idx: usize| {
        let change = 1.0 / (1 + idx % 4) as f32;
        Spread { mean: 0.1 * idx as f32, deviation: 1.0, low: -4.0, high: 4.0, change, jump: 3.0 }
    };
    let spreads = (0..world.layout.state).map(spread).collect::<Vec<_>>();
    let vector = Vector::new(&spreads, dim, &device);
    world.network.trunk.measure(&vector);
    world.network.vector = Some(vector);
    world.network.latent_mean = drawn(51, 0.1);
    world.network.latent_scale = drawn(52, 0.4);
    world.network.judge =
        super::super::network::fixed(&[0.5, 0.2, 0.3, 0.1, 0.05, -0.1, 0.4, 0.2, 1.5], &device);
    world
}

/// Sizes that are no multiples of vectors, or that fill several of them.
fn worlds() -> [Dit; 2] {
    let debug = DitConfig::debug();
    let odd = TrunkConfig { dim: 36, heads: 3, hidden: 50, depth: 3, passes: 4, ..debug.trunk.clone() };
    [world(debug.clone()), world(DitConfig { trunk: odd, ..debug })]
}

/// Each lane with an action of its own, or with none.
fn actions(lanes: usize, t: usize) -> Actions {
    let values = (0..lanes).map(|lane| ((lane + 3 * t) as f32 * 0.7).sin()).collect::<Vec<_>>();
    let mut given = RowMask::all(lanes);
    (0..lanes).for_each(|lane| given.set(lane, (lane + t) % 5 != 4));
    Actions { values: Tensor::from_data(TensorData::new(values, [lanes, 1]), &Device::flex()), given }
}

fn seeds(lanes: usize) -> Vec<Seed> {
    (0..lanes as u64).map(|lane| Seed::new(lane % 7)).collect()
}

fn contexts(lanes: usize, frames: usize) -> Vec<Context> {
    (0..lanes as u64).map(|lane| context(frames, lane % 7)).collect()
}

fn assert_close(a: &[f32], b: &[f32], what: &str) {
    assert_eq!(a.len(), b.len());
    let off = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(off < TOLERANCE, "{what} are off by {off}");
}

#[test]
fn a_step_is_that_of_the_plain_dream_over_two_contexts_and_their_snapshots_are_interchangeable() {
    for world in worlds() {
        let (world, lanes) = (Arc::new(world), 3);
        let frames = world.config.trunk.context;
        // The last lane has seen less than it can remember.
        let mut seen = contexts(lanes, frames);
        seen[2] = context(2, 2);
        let mut plain = dream::Dream::begin(world.clone(), &seen, &seeds(lanes)).unwrap();
        let mut packed = Dream::begin(world.clone(), &seen, &seeds(lanes)).unwrap();
        assert_close(&numbers(&plain.latents()), &numbers(&packed.latents()), "contexts");
        for t in 0..2 * frames {
            let running = if t == 1 { LaneMask::only(lanes, &[0, 2]) } else { LaneMask::all(lanes) };
            let [a, b] =
                [plain.step(&actions(lanes, t), &running), packed.step(&actions(lanes, t), &running)];
            assert_close(&numbers(&a.latent), &numbers(&b.latent), "latents");
            assert_close(&numbers(&a.reward), &numbers(&b.reward), "rewards");
            assert_close(&numbers(&a.ending), &numbers(&b.ending), "endings");
            assert_close(&numbers(&a.trust), &numbers(&b.trust), "trusts");
            // One goes on from the other, so that errors do not add up.
            for lane in 0..lanes {
                match t % 2 {
                    0 => packed.restore(lane, &plain.snapshot(lane)).unwrap(),
                    _ => plain.restore(lane, &packed.snapshot(lane)).unwrap(),
                }
            }
            let [a, b] = [plain.latents(), packed.latents()].map(|latents| numbers(&latents));
            assert_eq!(a, b, "a snapshot is exact");
        }
    }
}

#[test]
fn a_frame_is_observed_as_in_the_plain_dream() {
    for world in worlds() {
        let (world, lanes) = (Arc::new(world), 2);
        let seen = contexts(lanes, 5);
        let mut plain = dream::Dream::begin(world.clone(), &seen, &seeds(lanes)).unwrap();
        let mut packed = Dream::begin(world.clone(), &seen, &seeds(lanes)).unwrap();
        for t in 0..4 {
            let latents = Tensor::from_data(
                TensorData::new(
                    Seed::new(t).normal(lanes * world.layout.tokens() * world.layout.token_dim),
                    [lanes, world.layout.tokens(), world.layout.token_dim],
                ),
                &world.device,
            );
            let frame: Observation = world.decode(latents);
            let marked = LaneMask::only(lanes, if t == 2 { &[1] } else { &[0, 1] });
            let a = plain.observe(&actions(lanes, t as usize), &frame, &marked).unwrap();
            let b = packed.observe(&actions(lanes, t as usize), &frame, &marked).unwrap();
            assert_close(&numbers(&a.reward), &numbers(&b.reward), "rewards");
            assert_close(&numbers(&a.trust), &numbers(&b.trust), "trusts");
            assert_close(&numbers(&plain.latents()), &numbers(&packed.latents()), "observed latents");
        }
        let [a, b] = [
            plain.step(&actions(lanes, 9), &LaneMask::all(lanes)),
            packed.step(&actions(lanes, 9), &LaneMask::all(lanes)),
        ];
        assert_close(&numbers(&a.latent), &numbers(&b.latent), "latents");
    }
}

#[test]
fn pictures_are_encoded_and_drawn_as_by_the_plain_codec() {
    for world in worlds() {
        let batch = world.checked(&context(5, 4)).unwrap().to_device(&world.device);
        let pictures = batch.images.iter().map(|images| to_unit(images.clone().flatten::<4>(0, 1)));
        let state = batch.state.clone().flatten::<2>(0, 1);
        let plain = world.network.encode_all(pictures, state.clone());
        assert_close(&numbers(&plain), &numbers(&world.encode(&batch)), "encoded latents");
        let packed = world.decode(plain.clone());
        assert_close(&numbers(&state), &numbers(&packed.state), "states");
        let mut first = 0;
        for (packed, &grid) in packed.images.into_iter().zip(&world.layout.grids) {
            let tokens = plain.clone().narrow(1, first, grid[0] * grid[1]);
            first += grid[0] * grid[1];
            let drawn = to_bytes(world.network.decode(tokens, grid));
            let [drawn, packed] =
                [drawn, packed].map(|pictures| pictures.into_data().iter::<i32>().collect::<Vec<_>>());
            assert_eq!(drawn.len(), packed.len());
            let off = drawn.iter().zip(&packed).map(|(a, b)| (a - b).abs()).max();
            assert!(off <= Some(1), "off by {off:?} grey levels");
        }
    }
}

#[test]
fn neither_the_number_of_lanes_nor_that_of_threads_changes_a_byte() {
    let precisions = [Precision::F32, Precision::Bf16];
    for precision in precisions.into_iter().filter(|precision| is_there(*precision)) {
        for world in worlds() {
            let world = Arc::new(world.with_precision(precision).unwrap());
            let lived = |lanes: usize, threads: usize| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                pool.install(|| {
                    let mut dream = Dream::begin(world.clone(), &contexts(lanes, 4), &seeds(lanes)).unwrap();
                    let steps = (0..3).map(|t| dream.step(&actions(lanes, t), &LaneMask::all(lanes)));
                    let said = steps.last().unwrap();
                    let drawn = world.decode(said.latent.clone()).images.remove(0);
                    let bits =
                        numbers(&said.latent).into_iter().chain(numbers(&said.reward)).map(f32::to_bits);
                    (bits.collect::<Vec<_>>(), drawn.into_data().iter::<u8>().collect::<Vec<_>>())
                })
            };
            let wide = lived(64, 1);
            assert!(wide == lived(64, 2), "threads");
            for (lanes, threads) in [(1, 1), (1, 2), (8, 2), (13, 1), (13, 2)] {
                let (latents, pictures) = lived(lanes, threads);
                let each = (latents.len() - lanes) / lanes;
                assert!(latents[..lanes * each] == wide.0[..lanes * each], "{lanes} lanes");
                assert!(latents[lanes * each..] == wide.0[64 * each..][..lanes], "rewards of {lanes} lanes");
                assert!(pictures == wide.1[..pictures.len()], "pictures of {lanes} lanes");
            }
        }
    }
}

#[test]
fn a_fork_shares_the_past_until_one_of_the_two_goes_on() {
    let [world, _] = worlds();
    let mut dream = Dream::begin(Arc::new(world), &contexts(2, 4), &seeds(2)).unwrap();
    let shared = |dream: &Dream| Arc::strong_count(&dream.lanes[1].rings[0]);
    let mut forks = dream.fork(&[1, 1], None);
    assert_eq!(shared(&dream), 3);
    let said = numbers(&dream.step(&actions(2, 0), &LaneMask::all(2)).latent);
    assert_eq!(shared(&dream), 1);
    let values = numbers(&actions(2, 0).values)[1];
    let same = Actions {
        values: Tensor::from_data(TensorData::new(vec![values; 2], [2, 1]), &Device::flex()),
        given: RowMask::all(2),
    };
    let forked = numbers(&forks.step(&same, &LaneMask::all(2)).latent);
    assert_eq!(forked[..said.len() / 2], said[said.len() / 2..]);
    assert_eq!(forked[said.len() / 2..], said[said.len() / 2..]);
}

#[test]
fn what_was_packed_is_forgotten_when_the_network_changes() {
    let [mut world, _] = worlds();
    let latents = Tensor::zeros([1, world.layout.tokens(), world.layout.token_dim], &world.device);
    let before = world.decode(latents.clone()).images.remove(0).into_data();
    world.network.latent_mean = world.network.latent_mean.clone().map(|mean| mean.add_scalar(0.5));
    let after = world.decode(latents).images.remove(0).into_data();
    assert_ne!(before.iter::<u8>().collect::<Vec<_>>(), after.iter::<u8>().collect::<Vec<_>>());
}

#[test]
fn another_trunk_is_packed_anew_and_the_codec_is_not() {
    let step = |world: Dit| {
        let world = Arc::new(world);
        let mut dream = Dream::begin(world.clone(), &contexts(1, 3), &seeds(1)).unwrap();
        let latents = numbers(&dream.step(&actions(1, 0), &LaneMask::all(1)).latent);
        drop(dream);
        (latents, Arc::into_inner(world).unwrap())
    };
    let [replaced, _] = worlds();
    let [mut assigned, _] = worlds();
    let device = replaced.device.clone();
    let mut normal = |len: usize| Seed::new(77).normal(len);
    let mut trunk = replaced.network.trunk.clone();
    trunk.randomise_outputs(&mut dreamlane_nn::Init::new(&device, &mut normal));
    let (before, mut replaced) = step(replaced);
    replaced.network.replace_trunk(trunk.clone());
    assert!(replaced.network.packed.encoders.get().is_some());
    assigned.network.trunk = trunk;
    let after = step(replaced).0;
    assert_ne!(before, after);
    assert_eq!(after, step(assigned).0);
}

#[test]
fn a_step_and_a_picture_in_bf16_are_close_to_those_in_f32() {
    if !is_there(Precision::Bf16) {
        return;
    }
    let config =
        DitConfig { codec: DitConfig::nano().codec, trunk: DitConfig::nano().trunk, ..DitConfig::debug() };
    let single = Arc::new(world(config.clone()));
    let half = Arc::new(world(config).with_precision(Precision::Bf16).unwrap());
    let lanes = 4;
    let said = [&single, &half].map(|world| {
        let mut dream = Dream::begin(world.clone(), &contexts(lanes, 16), &seeds(lanes)).unwrap();
        dream.step(&actions(lanes, 0), &LaneMask::all(lanes)).latent
    });
    let [a, b] = said.clone().map(|latents| numbers(&latents));
    let square = |x: &mut dyn Iterator<Item = f32>| x.map(|x| x * x).sum::<f32>();
    let error = (square(&mut a.iter().zip(&b).map(|(a, b)| a - b)) / square(&mut a.iter().copied())).sqrt();
    let pictures = [&single, &half].map(|world| {
        world.decode(said[0].clone()).images.remove(0).into_data().iter::<f64>().collect::<Vec<_>>()
    });
    let squares = pictures[0].iter().zip(&pictures[1]).map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
    let psnr = 10.0 * (255.0 * 255.0 * pictures[0].len() as f64 / squares).log10();
    assert!(error > 0.0 && error < BF16_LATENTS, "latents are off by {error}");
    assert!(psnr > BF16_PICTURES, "pictures have {psnr} dB");
}

fn is_there(precision: Precision) -> bool {
    let checked = precision.check(&Device::flex());
    if let Err(error) = &checked {
        eprintln!("skipped: {error}");
    }
    checked.is_ok()
}
