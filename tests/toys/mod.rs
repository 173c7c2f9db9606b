//! A toy `dit` and what it needs: a spec, contexts of noise, and a few steps of training.

use burn::tensor::Device;
use dreamlane::{
    core::{
        ActionSpace, Batch, CameraSpec, Context, Contexts, Learner as _, Measures, Result, Seed, WorldSpec,
    },
    worlds::{DitConfig, DitLearner},
};

/// A world of one camera of `side` pixels, two actions and rewards.
pub(crate) fn spec(side: usize) -> WorldSpec {
    WorldSpec {
        world: "dit".into(),
        steps_per_second: 10,
        context: 1,
        draws: true,
        rewards: true,
        state: Vec::new(),
        cameras: vec![CameraSpec::new("front", side, side)],
        action: ActionSpace::Continuous {
            names: vec!["acceleration".into(), "steering".into()],
            low: vec![-1.0; 2],
            high: vec![1.0; 2],
        },
    }
}

/// Pictures of noise and random actions.
pub(crate) struct Noise {
    pub(crate) spec: WorldSpec,
}

impl Contexts for Noise {
    fn draw(&self, seed: Seed) -> Result<Context> {
        let len = self.spec.context;
        Ok(Context {
            len,
            images: pictures(&self.spec, seed.split(0), len),
            state: seed.split(2).normal(len * self.spec.state.len()),
            actions: seed.split(1).normal(len * self.spec.action.width()),
            source: "noise".into(),
        })
    }
}

/// Per camera, so many pictures of bytes around the middle grey.
fn pictures(spec: &WorldSpec, seed: Seed, frames: usize) -> Vec<Vec<u8>> {
    let noise = |(idx, camera): (usize, &CameraSpec)| {
        let noise = seed.split(idx as u64).normal(frames * camera.frame_len());
        noise.iter().map(|x| (128.0 + 60.0 * x) as u8).collect()
    };
    spec.cameras.iter().enumerate().map(noise).collect()
}

/// A learner that has trained to its end on noise: an untrained output layer is 0 and would hide everything before it.
pub(crate) fn briefly_trained(config: DitConfig, spec: &WorldSpec, device: &Device) -> DitLearner {
    let mut learner =
        DitLearner::new(config, spec.clone(), &Measures::unknown(spec.state.len()), Seed::new(3), device)
            .expect("it fits");
    let sizes = spec.cameras.iter().map(|camera| [camera.height, camera.width]).collect::<Vec<_>>();
    while learner.progress().0 < learner.progress().1 {
        let shape = learner.wants();
        let seed = Seed::new(4).split(learner.progress().0 as u64);
        let frames = shape.batch * shape.time;
        learner.learn(&Batch {
            batch: shape.batch,
            time: shape.time,
            sizes: sizes.clone(),
            images: pictures(spec, seed.split(0), frames),
            state: seed.split(3).normal(frames * spec.state.len()),
            actions: seed.split(1).normal(frames * spec.action.width()),
            rewards: if spec.rewards { seed.split(2).normal(frames) } else { Vec::new() },
            ends: if spec.rewards { vec![0.0; frames] } else { Vec::new() },
        });
    }
    learner
}
