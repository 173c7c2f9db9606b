//! Made-up data: pictures that are neither flat nor noise, actions within their bounds, rewards where there are any.

use burn::tensor::{Device, Tensor, TensorData};
use dreamlane::core::{
    ActionSpace, Actions, Batch, CameraSpec, Context, Contexts, Result, RowMask, Seed, WorldSpec,
};

/// Pixels between two numbers that are drawn.
const PATCH: usize = 8;
/// Share of steps at which the task ends.
const ENDINGS: f32 = 0.02;

/// What a car with one camera takes and gives.
pub(crate) fn spec(rewards: bool) -> WorldSpec {
    WorldSpec {
        world: "dit".into(),
        steps_per_second: 10,
        context: 1,
        draws: true,
        rewards,
        state: Vec::new(),
        cameras: vec![CameraSpec::new("front", 64, 64)],
        action: ActionSpace::Continuous {
            names: vec!["steering".into(), "throttle".into()],
            low: vec![-1.0; 2],
            high: vec![1.0; 2],
        },
    }
}

/// Clips for a world of this spec.
pub(crate) fn batch(spec: &WorldSpec, batch: usize, time: usize, seed: Seed) -> Batch {
    let frames = batch * time;
    let scalars = |child: u64, of: fn(f32) -> f32| {
        let draws = seed.split(child);
        let count = if spec.rewards { frames } else { 0 };
        (0..count as u64).map(|frame| of(draws.split(frame).uniform())).collect()
    };
    Batch {
        batch,
        time,
        sizes: spec.cameras.iter().map(|camera| [camera.height, camera.width]).collect(),
        images: spec.cameras.iter().map(|camera| pictures(camera, frames, seed.split(0))).collect(),
        state: Vec::new(),
        actions: actions(&spec.action, frames, seed.split(1)),
        rewards: scalars(2, |draw| draw),
        ends: scalars(3, |draw| f32::from(draw < ENDINGS)),
    }
}

/// Contexts as long as a world of this spec wants them.
pub(crate) struct MadeContexts {
    pub(crate) spec: WorldSpec,
}

impl Contexts for MadeContexts {
    fn draw(&self, seed: Seed) -> Result<Context> {
        let Batch { time, images, state, actions, .. } = batch(&self.spec, 1, self.spec.context, seed);
        Ok(Context { len: time, images, state, actions, source: "made up".into() })
    }
}

/// The same action for every lane.
pub(crate) fn constant(space: &ActionSpace, lanes: usize, device: &Device) -> Actions {
    let row = action(space, |_| 0.5);
    let values = TensorData::new(row.repeat(lanes), [lanes, space.width()]);
    Actions { values: Tensor::from_data(values, device), given: RowMask::all(lanes) }
}

fn actions(space: &ActionSpace, frames: usize, seed: Seed) -> Vec<f32> {
    let row = |frame: usize| action(space, |idx| seed.split(frame as u64).split(idx as u64).uniform());
    (0..frames).flat_map(row).collect()
}

/// An action from draws in [0, 1).
fn action(space: &ActionSpace, draw: impl Fn(usize) -> f32) -> Vec<f32> {
    match space {
        ActionSpace::Continuous { low, high, .. } => {
            let bounds = low.iter().zip(high).enumerate();
            bounds.map(|(idx, (low, high))| low + (high - low) * draw(idx)).collect()
        }
        ActionSpace::Discrete { names } => {
            let chosen = (draw(0) * names.len() as f32) as usize;
            (0..names.len()).map(|idx| f32::from(u8::from(idx == chosen))).collect()
        }
    }
}

/// `[picture, channel, height, width]`: numbers drawn every few pixels, with slopes between them.
fn pictures(camera: &CameraSpec, count: usize, seed: Seed) -> Vec<u8> {
    let [rows, columns] = [camera.height, camera.width].map(|side| side / PATCH + 2);
    let mut bytes = Vec::with_capacity(count * camera.frame_len());
    for plane in 0..3 * count {
        let drawn = seed.split(plane as u64).normal(rows * columns);
        let at = |row: usize, column: usize| drawn[row * columns + column];
        for (y, x) in (0..camera.height).flat_map(|y| (0..camera.width).map(move |x| (y, x))) {
            let ([row, column], [down, across]) =
                ([y, x].map(|at| at / PATCH), [y, x].map(|at| (at % PATCH) as f32 / PATCH as f32));
            let between = |row| at(row, column) * (1.0 - across) + at(row, column + 1) * across;
            let number = between(row) * (1.0 - down) + between(row + 1) * down;
            bytes.push((128.0 + 60.0 * number) as u8);
        }
    }
    bytes
}
