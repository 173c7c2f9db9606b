//! A thousand steps of the truth are the same bytes in 1, 64 and 1,024 lanes, and on 1 and 2 threads.

use burn::tensor::{Device, Tensor, TensorData};
use dreamlane_core::{Actions, LaneMask, RowMask, Seed};
use dreamlane_envs::build;

const STEPS: u64 = 1000;
/// Lanes that all batches share.
const SHARED: [u64; 1] = [0];

/// A gentle action of an episode at a step; every third step the car drives itself.
fn action(episode: u64, step: u64) -> ([f32; 2], bool) {
    let draw = (episode.wrapping_mul(31).wrapping_add(step * 7) % 101) as f32 / 101.0;
    ([0.3 * draw - 0.15, 0.02 * (draw - 0.5)], !step.is_multiple_of(3))
}

/// All that the shared lanes saw and did over a thousand steps, and their state at the end, as bytes.
fn played(name: &str, lanes: usize) -> Vec<u8> {
    let mut env = build(name, lanes, &Device::flex()).unwrap();
    let all = LaneMask::all(lanes);
    let mut episodes: Vec<u64> = (0..lanes as u64).collect();
    let seeds: Vec<Seed> = episodes.iter().map(|&id| Seed::new(9).split(id)).collect();
    let mut now = env.reset(&all, &seeds).unwrap();
    let mut bytes = Vec::new();
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
        let state: Vec<f32> = now.observation.state.to_data().iter().take(width * SHARED.len()).collect();
        let reward: Vec<f32> = now.reward.to_data().iter().take(SHARED.len()).collect();
        bytes.extend(state.iter().chain(&reward).flat_map(|x| x.to_le_bytes()));
    }
    for lane in SHARED {
        bytes.extend(env.snapshot(lane as usize).unwrap().bytes);
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
        let alone = one.install(|| played(name, 1));
        assert!(alone.len() > 50_000, "{name}");
        assert!(two.install(|| played(name, 1)) == alone, "{name}: 1 lane on 2 threads");
        assert!(one.install(|| played(name, 64)) == alone, "{name}: 64 lanes on 1 thread");
        assert!(two.install(|| played(name, most)) == alone, "{name}: {most} lanes on 2 threads");
    }
}
