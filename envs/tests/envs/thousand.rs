//! A thousand steps of the truth are the same bytes in 1, 64 and 1,024 lanes, and on 1 and 2 threads.

use burn::tensor::{Device, Tensor, TensorData};
use dreamlane_core::{Actions, LaneMask, RowMask, Seed};
use dreamlane_envs::build;

const STEPS: u64 = 1000;
/// A gentle action of an episode at a step; every third step the car drives itself.
fn action(episode: u64, step: u64) -> ([f32; 2], bool) {
    let draw = (episode.wrapping_mul(31).wrapping_add(step * 7) % 101) as f32 / 101.0;
    ([0.3 * draw - 0.15, 0.02 * (draw - 0.5)], !step.is_multiple_of(3))
}

/// What each of the first lanes saw and earned over a thousand steps, and its state at the end, as bytes.
fn played(name: &str, lanes: usize, shared: usize) -> Vec<Vec<u8>> {
    let mut env = build(name, lanes, &Device::flex()).unwrap();
    let all = LaneMask::all(lanes);
    let mut episodes: Vec<u64> = (0..lanes as u64).collect();
    let seeds: Vec<Seed> = episodes.iter().map(|&id| Seed::new(9).split(id)).collect();
    let mut now = env.reset(&all, &seeds).unwrap();
    let mut bytes = vec![Vec::new(); shared];
    for step in 0..STEPS {
        let over = now.finished();
        if over.any() {
            let fresh: Vec<Seed> = over
                .indices()
                .map(|lane| {
                    // A lane's next episode is named by the lane and the step, so that batches agree.
                    episodes[lane] = lane as u64 + 1_000_000 * step;
                    Seed::new(9).split(episodes[lane])
                })
                .collect();
            env.reset(&over, &fresh).unwrap();
        }
        let rows: Vec<_> = episodes.iter().map(|&episode| action(episode, step)).collect();
        let values: Vec<f32> = rows.iter().flat_map(|(row, _)| *row).collect();
        let given: RowMask = rows.iter().map(|(_, given)| *given).collect::<Vec<_>>().into();
        let values = Tensor::from_data(TensorData::new(values, [lanes, 2]), &Device::flex());
        now = env.step(&Actions { values, given }, &all).unwrap();
        let width = env.spec().state.len();
        let state: Vec<f32> = now.observation.state.to_data().iter().take(width * shared).collect();
        let reward: Vec<f32> = now.reward.to_data().iter().take(shared).collect();
        for (lane, bytes) in bytes.iter_mut().enumerate() {
            let seen = state[lane * width..(lane + 1) * width].iter().chain([&reward[lane]]);
            bytes.extend(seen.flat_map(|x| x.to_le_bytes()));
        }
    }
    for (lane, bytes) in bytes.iter_mut().enumerate() {
        bytes.extend(env.snapshot(lane).unwrap().bytes);
    }
    bytes
}

#[test]
fn a_thousand_steps_are_the_same_bytes_whatever_the_lanes_and_the_threads() {
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let (one, two) = (pool(1), pool(2));
    for (name, most) in [
        ("drive/highway:picture=0,ticks=1,cars=12", 1024),
        ("drive/roundabout:picture=0,ticks=1,cars=6", 64),
        ("drive/highway_v0:picture=0,actions=continuous,ticks=1,cars=12", 64),
    ] {
        let alone = one.install(|| played(name, 1, 1));
        assert!(alone[0].len() > 50_000, "{name}");
        assert!(two.install(|| played(name, 1, 1)) == alone, "{name}: 1 lane on 2 threads");
        let among = one.install(|| played(name, 64, 64));
        assert!(among[0] == alone[0], "{name}: 64 lanes on 1 thread");
        assert!(two.install(|| played(name, most, 64)) == among, "{name}: {most} lanes on 2 threads");
    }
}
