//! A striped wall that moves sideways as it is steered, three frames late.

use dreamlane::{
    core::{ActionSpace, Batch, BatchShape, CameraSpec, Context, Seed, WorldSpec},
    evaluation::Case,
};
use rand::RngExt as _;

/// Pixels across and down, and the period of the wall.
const SIDE: usize = 32;
/// Frames between a command and the motion it causes.
const LAG: usize = 3;
/// Pixels a frame at full steering.
const SPEED: f64 = 3.0;

/// A part of a drive: `frames` pictures `[time, channel, height, width]` and the steering at each.
struct Drive {
    images: Vec<u8>,
    steering: Vec<f32>,
}

/// One camera, one action.
pub(crate) fn spec() -> WorldSpec {
    WorldSpec {
        world: "dit".into(),
        steps_per_second: 20,
        context: 1,
        draws: true,
        rewards: false,
        state: Vec::new(),
        cameras: vec![CameraSpec::new("front", SIDE, SIDE)],
        action: ActionSpace::Continuous { names: vec!["steering".into()], low: vec![-1.0], high: vec![1.0] },
    }
}

/// The wall, moved right by `offset` pixels.
fn picture(offset: f64) -> Vec<u8> {
    let turn = std::f64::consts::TAU / SIDE as f64;
    let column = |column: usize| {
        let x = turn * (column as f64 - offset);
        128.0 + 50.0 * x.sin() + 30.0 * (2.0 * x + 1.0).sin() + 20.0 * (3.0 * x).cos()
    };
    let row: Vec<u8> = (0..SIDE).map(|idx| column(idx).round() as u8).collect();
    row.repeat(3 * SIDE)
}

/// A drive of its own: anywhere along the wall, under steering that holds for 5 to 15 frames.
fn drive(seed: Seed, frames: usize) -> Drive {
    let mut rng = seed.rng();
    let mut steering = Vec::new();
    while steering.len() < frames + LAG {
        let level: f32 = rng.random_range(-1.0..1.0);
        steering.extend(std::iter::repeat_n(level, rng.random_range(5..=15)));
    }
    let mut offset = rng.random_range(0.0..SIDE as f64);
    let mut images = Vec::with_capacity(frames * 3 * SIDE * SIDE);
    for late in &steering[..frames] {
        images.extend(picture(offset));
        offset += SPEED * f64::from(*late);
    }
    Drive { images, steering: steering[LAG..frames + LAG].to_vec() }
}

/// Clips of drives of their own.
pub(crate) fn batch(shape: BatchShape, seed: Seed) -> Batch {
    let drives = (0..shape.batch as u64).map(|clip| drive(seed.split(clip), shape.time)).collect::<Vec<_>>();
    Batch {
        batch: shape.batch,
        time: shape.time,
        sizes: vec![[SIDE; 2]],
        images: vec![drives.iter().flat_map(|drive| drive.images.iter().copied()).collect()],
        state: Vec::new(),
        actions: drives.into_iter().flat_map(|drive| drive.steering).collect(),
        rewards: Vec::new(),
        ends: Vec::new(),
    }
}

/// 48 stretches of 8 drives that nobody trained on.
pub(crate) fn cases(context: usize, horizon: usize) -> Vec<Case> {
    let (frame, parts) = (3 * SIDE * SIDE, 6);
    let len = context + horizon;
    let of_run = |run: usize| {
        let drive = drive(Seed::new(77).split(run as u64), parts * len);
        (0..parts)
            .map(move |part| {
                let frames = part * len..(part + 1) * len;
                let (images, steering) = (
                    &drive.images[frames.start * frame..frames.end * frame],
                    &drive.steering[frames.clone()],
                );
                Case {
                    run,
                    frame: frames.start + context - 1,
                    context: Context {
                        len: context,
                        images: vec![images[..context * frame].to_vec()],
                        state: Vec::new(),
                        actions: steering[..context].to_vec(),
                        source: format!("drive {run}, frame {}", frames.start),
                    },
                    actions: steering[context - 1..len - 1].to_vec(),
                    truth: images[context * frame..].to_vec(),
                    state: Vec::new(),
                    rewards: Vec::new(),
                    ended: false,
                }
            })
            .collect::<Vec<_>>()
    };
    (0..8).flat_map(of_run).collect()
}

/// The mean over a whole turn of the wall.
pub(crate) fn mean_frame() -> Vec<f32> {
    let mut mean = vec![0.0; 3 * SIDE * SIDE];
    for offset in 0..SIDE {
        mean.iter_mut()
            .zip(picture(offset as f64))
            .for_each(|(mean, byte)| *mean += f32::from(byte) / SIDE as f32);
    }
    mean
}
