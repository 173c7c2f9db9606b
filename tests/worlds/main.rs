//! What every registered world promises, held against one small instance of each.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod sizes;
#[path = "../toys/mod.rs"]
mod toys;

use std::{path::Path, sync::Arc};

use burn::tensor::{Device, Tensor, TensorData};
use dreamlane::{
    core::{
        Actions, Batch, Context, Contexts as _, Imagination, LaneMask, Observation, Prediction, RowMask,
        Seed, Snapshot, WorldModel, WorldSpec,
    },
    worlds::{self, DitConfig, Mean, Still, WORLDS},
};
use toys::{Noise, briefly_trained, spec};

const SIDE: usize = 32;
const LANES: usize = 3;
const WIDTH: usize = 2;

/// Holds a small world of every name against a check.
fn each(check: impl Fn(&Arc<dyn WorldModel>)) {
    for entry in WORLDS {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint");
        check(&saved(entry.name, &path));
    }
}

/// Makes a small world of this name and saves it.
fn saved(name: &str, path: &Path) -> Arc<dyn WorldModel> {
    let (spec, device) = (spec(SIDE), Device::flex());
    match name {
        "dit" => {
            let dit = briefly_trained(DitConfig::debug(), &spec, &device).into_world();
            dit.save(path).unwrap();
            Arc::new(dit)
        }
        "still" => {
            let still = Still::new(&spec, &device);
            still.save(path).unwrap();
            Arc::new(still)
        }
        "mean" => {
            let mean = (0..3 * SIDE * SIDE).map(|idx| idx as f32 / 13.7).collect();
            let mean = Mean::new(&spec, mean, &device).unwrap();
            mean.save(path).unwrap();
            Arc::new(mean)
        }
        _ => panic!("make a small `{name}` here, so that it is held to the contract"),
    }
}

fn contexts(spec: &WorldSpec, seeds: &[u64]) -> Vec<Context> {
    let noise = Noise { spec: spec.clone() };
    seeds.iter().map(|&seed| noise.draw(Seed::new(seed)).unwrap()).collect()
}

fn seeds(numbers: &[u64]) -> Vec<Seed> {
    numbers.iter().map(|&number| Seed::new(number)).collect()
}

/// Dreams from the contexts and with the noise of these seeds.
fn begun(world: &Arc<dyn WorldModel>, numbers: &[u64]) -> Box<dyn Imagination> {
    world.clone().imagine(&contexts(world.spec(), numbers), &seeds(numbers)).unwrap()
}

/// The same action row in all lanes, so that lanes can be compared.
fn actions(lanes: usize, step: u64) -> Actions {
    let row = Seed::new(1000 + step).normal(WIDTH);
    let values = TensorData::new(row.repeat(lanes), [lanes, WIDTH]);
    Actions { values: Tensor::from_data(values, &Device::flex()), given: RowMask::all(lanes) }
}

/// All lanes, one step.
fn step(dream: &mut dyn Imagination, lanes: usize, step: u64) -> Prediction {
    dream.step(&actions(lanes, step), &LaneMask::all(lanes))
}

fn bits<const D: usize>(tensor: &Tensor<D>) -> Vec<u32> {
    tensor.to_data().iter::<f32>().map(f32::to_bits).collect()
}

fn lane(latents: &Tensor<3>, lane_idx: usize) -> Vec<u32> {
    bits(&latents.clone().narrow(0, lane_idx, 1))
}

/// Latents and readouts of all lanes over some steps.
fn lived(dream: &mut dyn Imagination, lanes: usize, steps: u64) -> Vec<Vec<u32>> {
    (0..steps)
        .flat_map(|time| {
            let said = step(dream, lanes, time);
            [bits(&said.latent), bits(&said.reward), bits(&said.ending), bits(&said.trust)]
        })
        .collect()
}

fn window(spec: &WorldSpec, batch: usize, time: usize) -> Batch {
    let images = contexts(&WorldSpec { context: batch * time, ..spec.clone() }, &[9]).remove(0).images;
    Batch {
        batch,
        time,
        sizes: vec![[SIDE; 2]],
        images,
        state: Vec::new(),
        actions: vec![0.0; batch * time * WIDTH],
        rewards: Vec::new(),
        ends: Vec::new(),
    }
}

#[test]
fn shapes_are_as_documented() {
    each(|world| {
        let latents = world.encode(&window(world.spec(), 2, 3).to_device(&Device::flex()));
        let [batch, time, token, dim] = latents.dims();
        assert_eq!([batch, time], [2, 3]);
        let drawn = world.decode(latents.narrow(1, 0, 1).squeeze_dim::<3>(1));
        assert_eq!(drawn.images.len(), world.spec().cameras.len());
        assert_eq!(drawn.images[0].dims(), [2, 3, SIDE, SIDE]);
        assert_eq!(drawn.state.dims(), [2, world.spec().state.len()]);
        assert!(drawn.images[0].to_data().iter::<i64>().all(|pixel| (0..=255).contains(&pixel)));
        let mut dream = begun(world, &[0, 1, 2]);
        assert_eq!(dream.latents().dims(), [LANES, token, dim]);
        let said = step(dream.as_mut(), LANES, 0);
        assert_eq!(said.latent.dims(), [LANES, token, dim]);
        assert_eq!([said.reward.dims(), said.ending.dims(), said.trust.dims()], [[LANES]; 3]);
        for chance in [said.ending.to_data(), said.trust.to_data()] {
            assert!(chance.iter::<f32>().all(|chance| (0.0..=1.0).contains(&chance)));
        }
        assert!(world.spec().rewards || said.reward.to_data().iter::<f32>().all(|reward| reward == 0.0));
    });
}

#[test]
fn a_dream_of_the_trained_world_moves() {
    let folder = tempfile::tempdir().unwrap();
    let world = saved("dit", &folder.path().join("checkpoint"));
    let mut dream = begun(&world, &[0]);
    let [first, second] = [0, 1].map(|time| bits(&step(dream.as_mut(), 1, time).latent));
    assert_ne!(first, second, "the other tests would say nothing");
}

#[test]
fn a_saved_world_dreams_on_bit_by_bit() {
    for entry in WORLDS {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint");
        let world = saved(entry.name, &path);
        let again = worlds::load(&path, &Device::flex()).unwrap();
        assert_eq!((again.spec(), again.spec().world.as_str()), (world.spec(), entry.name));
        let lives = [&world, &again].map(|world| lived(begun(world, &[0, 1, 2]).as_mut(), LANES, 5));
        assert!(lives[0] == lives[1], "{}", entry.name);
    }
}

#[test]
fn a_frame_can_be_observed_and_dreamed_on_from() {
    each(|world| {
        let (mut dream, mut beside) = (begun(world, &[0, 1, 2]), begun(world, &[0, 1, 2]));
        let seen: Observation = world.decode(begun(world, &[5, 6, 7]).latents());
        dream.observe(&actions(LANES, 0), &seen, &LaneMask::only(LANES, &[1])).unwrap();
        for untouched in [0, 2] {
            assert_eq!(lane(&dream.latents(), untouched), lane(&beside.latents(), untouched));
        }
        let before = dream.latents();
        let said = step(dream.as_mut(), LANES, 1);
        assert!(said.latent.to_data().iter::<f32>().all(f32::is_finite));
        let others = step(beside.as_mut(), LANES, 1);
        assert_eq!(lane(&said.latent, 0), lane(&others.latent, 0));
        assert_eq!(before.dims(), said.latent.dims());
    });
}

#[test]
fn replacing_a_lane_leaves_the_others_alone_and_begins_anew_in_it() {
    each(|world| {
        let (mut dream, mut beside) = (begun(world, &[0, 1, 2]), begun(world, &[0, 1, 2]));
        for dream in [&mut dream, &mut beside] {
            lived(dream.as_mut(), LANES, 2);
        }
        dream.replace(&[1], &contexts(world.spec(), &[7]), &seeds(&[7])).unwrap();
        let mut fresh = begun(world, &[7]);
        assert_eq!(lane(&dream.latents(), 1), lane(&fresh.latents(), 0));
        for time in 2..4 {
            let [said, others] =
                [&mut dream, &mut beside].map(|dream| step(dream.as_mut(), LANES, time).latent);
            let alone = step(fresh.as_mut(), 1, time).latent;
            assert_eq!([lane(&said, 0), lane(&said, 2)], [lane(&others, 0), lane(&others, 2)]);
            assert_eq!(lane(&said, 1), lane(&alone, 0));
        }
    });
}

#[test]
fn a_snapshot_goes_on_identically_in_another_lane() {
    each(|world| {
        let (mut dream, mut elsewhere) = (begun(world, &[0, 1, 2]), begun(world, &[4, 5]));
        lived(dream.as_mut(), LANES, 3);
        elsewhere.restore(1, &dream.snapshot(2)).unwrap();
        assert_eq!(lane(&elsewhere.latents(), 1), lane(&dream.latents(), 2));
        for time in 3..6 {
            let (said, there) = (step(dream.as_mut(), LANES, time), step(elsewhere.as_mut(), 2, time));
            assert_eq!(lane(&there.latent, 1), lane(&said.latent, 2));
            assert_eq!(bits(&there.reward)[1], bits(&said.reward)[2]);
            assert_eq!(bits(&there.ending)[1], bits(&said.ending)[2]);
        }
    });
}

#[test]
fn forks_dream_on_as_their_lane_does() {
    each(|world| {
        let mut dream = begun(world, &[0, 1, 2]);
        lived(dream.as_mut(), LANES, 2);
        let mut forks = dream.fork(&[2, 0, 2, 2], None);
        for time in 2..4 {
            let (said, forked) = (step(dream.as_mut(), LANES, time), step(forks.as_mut(), 4, time));
            for (fork, from) in [2, 0, 2, 2].into_iter().enumerate() {
                assert_eq!(lane(&forked.latent, fork), lane(&said.latent, from));
            }
        }
    });
}

#[test]
fn foreign_and_broken_snapshots_are_errors_that_change_nothing() {
    each(|world| {
        let mut dream = begun(world, &[0, 1, 2]);
        let good = dream.snapshot(0);
        let before = bits(&dream.latents());
        let half = good.bytes[..good.bytes.len() / 2].to_vec();
        let broken = [
            Snapshot { origin: "another world".into(), ..good.clone() },
            Snapshot { bytes: half, ..good.clone() },
            Snapshot { bytes: Vec::new(), ..good.clone() },
            Snapshot { bytes: [good.bytes.clone(), vec![b'{']].concat(), ..good.clone() },
        ];
        for snapshot in &broken {
            assert!(dream.restore(1, snapshot).is_err(), "{} took a broken snapshot", world.spec().world);
        }
        assert_eq!(bits(&dream.latents()), before);
        dream.restore(1, &good).unwrap();
    });
}

#[test]
fn lanes_that_do_not_run_keep_their_latents_and_lose_no_time() {
    each(|world| {
        let (mut dream, mut beside) = (begun(world, &[0, 1, 2]), begun(world, &[0, 1, 2]));
        let before = dream.latents();
        for time in 0..2 {
            dream.step(&actions(LANES, time), &LaneMask::only(LANES, &[0, 2]));
        }
        assert_eq!(lane(&dream.latents(), 1), lane(&before, 1));
        let [late, early] = [&mut dream, &mut beside].map(|dream| step(dream.as_mut(), LANES, 5).latent);
        assert_eq!(lane(&late, 1), lane(&early, 1), "its first step, whenever it comes");
    });
}

#[test]
fn what_comes_later_does_not_change_what_was() {
    each(|world| {
        // The action at the context's last frame is the first one given to the dream.
        let mut other = contexts(world.spec(), &[0]);
        let unread = other[0].actions.len() - WIDTH;
        other[0].actions[unread..].fill(0.5);
        let mut dreams = [begun(world, &[0]), world.clone().imagine(&other, &seeds(&[0])).unwrap()];
        let [first, second] = dreams.each_mut().map(|dream| lived(dream.as_mut(), 1, 3));
        assert_eq!(first, second);
        // Each frame is encoded by itself.
        let long = window(world.spec(), 1, 4);
        let mut short = Batch { time: 2, ..long.clone() };
        short.images[0].truncate(2 * 3 * SIDE * SIDE);
        short.actions.truncate(2 * WIDTH);
        let [long, short] = [long, short].map(|batch| world.encode(&batch.to_device(&Device::flex())));
        let difference = (long.narrow(1, 0, 2) - short).abs().max().into_scalar::<f32>();
        assert!(difference < 1e-4, "{}: {difference}", world.spec().world);
    });
}

#[test]
fn a_context_of_another_size_is_an_error() {
    each(|world| {
        let mut wrong = contexts(world.spec(), &[0]);
        wrong[0].images[0].pop();
        assert!(world.clone().imagine(&wrong, &seeds(&[0])).is_err());
    });
}
