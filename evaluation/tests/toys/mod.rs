//! A scripted car that turns in front of a painted wall, and worlds that know it well, badly or not at all.

use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};
use dreamlane_core::{
    ActionSpace, Actions, CameraSpec, Context, Error, Imagination, LaneMask, Observation, Prediction, Result,
    Seed, Snapshot, Window, WorldModel, WorldSpec,
};
use dreamlane_evaluation::Case;

/// Pixels across and down.
pub(crate) const SIDE: usize = 32;
/// Frames between a command and the turn it causes.
pub(crate) const LAG: usize = 3;
const CONTEXT: usize = 8;

/// The wall, seen after the car has turned by `offset` pixels: `[channel, height, width]`.
pub(crate) fn scene(offset: f64) -> Vec<u8> {
    let pixel = |column: usize| {
        let x = column as f64 - offset;
        128.0 + 50.0 * (x / 3.0).sin() + 30.0 * (x / 1.9 + 1.0).sin() + 20.0 * (x / 7.1).cos()
    };
    (0..3 * SIDE * SIDE).map(|idx| pixel(idx % SIDE).round() as u8).collect()
}

/// What a toy world makes of its actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Knows {
    /// The true motion.
    Everything,
    /// That the wall stays where it was.
    Still,
    /// One grey picture.
    Mean,
}

pub(crate) struct Toy {
    knows: Knows,
    spec: WorldSpec,
}

/// A world whose actions have these names.
pub(crate) fn toy(knows: Knows, names: [&str; 2]) -> Arc<dyn WorldModel> {
    let spec = WorldSpec {
        world: format!("{knows:?}").to_lowercase(),
        steps_per_second: 20,
        context: CONTEXT,
        draws: true,
        rewards: false,
        // The toy reads the angle off the state instead of the picture.
        state: vec!["offset".to_owned()],
        cameras: vec![CameraSpec::new("front", SIDE, SIDE)],
        action: ActionSpace::Continuous {
            names: names.map(str::to_owned).into(),
            low: vec![-1.0; 2],
            high: vec![1.0; 2],
        },
    };
    Arc::new(Toy { knows, spec })
}

impl WorldModel for Toy {
    fn spec(&self) -> &WorldSpec {
        &self.spec
    }

    fn encode(&self, seen: &Window) -> Tensor<4> {
        let [batch, time, ..] = seen.images[0].dims();
        seen.images[0].clone().float().reshape([batch, time, 1, 3 * SIDE * SIDE])
    }

    fn decode(&self, latents: Tensor<3>) -> Observation {
        let [batch, ..] = latents.dims();
        let state = Tensor::zeros([batch, 1], &latents.device());
        Observation { images: vec![latents.reshape([batch, 3, SIDE, SIDE]).round().int()], state }
    }

    fn imagine(self: Arc<Self>, contexts: &[Context], _seeds: &[Seed]) -> Result<Box<dyn Imagination>> {
        let lanes = contexts.iter().map(|context| {
            let steering = context.actions.chunks(2).map(|row| f64::from(row[0])).collect::<Vec<_>>();
            let past = steering[..context.len - 1].to_vec();
            (f64::from(*context.state.last().expect("contexts have a state")), past)
        });
        Ok(Box::new(Dream { knows: self.knows, lanes: lanes.collect() }))
    }
}

/// Per lane the angle and all commands so far.
struct Dream {
    knows: Knows,
    lanes: Vec<(f64, Vec<f64>)>,
}

impl Imagination for Dream {
    fn step(&mut self, actions: &Actions, _running: &LaneMask) -> Prediction {
        let values: Vec<f32> = actions.values.to_data().try_to_vec().expect("floats");
        for ((offset, past), action) in self.lanes.iter_mut().zip(values.chunks(2)) {
            past.push(f64::from(action[0]));
            if self.knows == Knows::Everything {
                *offset += turn(past);
            }
        }
        let (n_lanes, device) = (self.lanes.len(), Device::flex());
        Prediction {
            latent: self.latents(),
            reward: Tensor::zeros([n_lanes], &device),
            ending: Tensor::zeros([n_lanes], &device),
            trust: Tensor::ones([n_lanes], &device),
        }
    }

    fn observe(&mut self, _: &Actions, _: &Observation, _: &LaneMask) -> Result<()> {
        Err(Error::Unsupported("observe", "toy".to_owned()))
    }

    fn replace(&mut self, _: &[usize], _: &[Context], _: &[Seed]) -> Result<()> {
        Err(Error::Unsupported("replace", "toy".to_owned()))
    }

    fn fork(&self, lanes: &[usize], _: Option<&[Seed]>) -> Box<dyn Imagination> {
        let lanes = lanes.iter().map(|&lane| self.lanes[lane].clone()).collect();
        Box::new(Self { knows: self.knows, lanes })
    }

    fn latents(&self) -> Tensor<3> {
        let picture = |offset: f64| match self.knows {
            Knows::Mean => vec![128; 3 * SIDE * SIDE],
            _ => scene(offset),
        };
        let pixels: Vec<f32> =
            self.lanes.iter().flat_map(|(offset, _)| picture(*offset)).map(f32::from).collect();
        let shape = [self.lanes.len(), 1, 3 * SIDE * SIDE];
        Tensor::from_data(TensorData::new(pixels, shape), &Device::flex())
    }

    fn snapshot(&self, _lane: usize) -> Snapshot {
        Snapshot { origin: "toy".to_owned(), bytes: Vec::new() }
    }

    fn restore(&mut self, _lane: usize, _from: &Snapshot) -> Result<()> {
        Err(Error::Unsupported("restore", "toy".to_owned()))
    }
}

/// Pixels that the wall moves after these commands.
fn turn(commands: &[f64]) -> f64 {
    (commands.len() - 1).checked_sub(LAG).map_or(0.0, |time| -1.5 * commands[time])
}

/// Cases from `runs` recorded drives with seeded steering; `horizon` frames each.
pub(crate) fn cases(runs: usize, horizon: usize) -> Vec<Case> {
    (0..runs).flat_map(|run| drive(run, 4, horizon)).collect()
}

fn drive(run: usize, count: usize, horizon: usize) -> Vec<Case> {
    let stride = 11;
    let len = CONTEXT + horizon + stride * count;
    let draws = Seed::new(run as u64).normal(len);
    let commands: Vec<f64> =
        (0..len).map(|time| f64::from(draws[time - time % 6]).clamp(-1.0, 1.0)).collect();
    let mut offsets = vec![0.0];
    for time in 1..len {
        offsets.push(offsets[time - 1] + turn(&commands[..time]));
    }
    let pictures = |from: usize, to: usize| offsets[from..to].iter().flat_map(|&o| scene(o)).collect();
    let actions =
        |from: usize, to: usize| commands[from..to].iter().flat_map(|&c| [c as f32, 0.5]).collect::<Vec<_>>();
    (0..count)
        .map(|k| {
            let (from, now) = (k * stride, k * stride + CONTEXT - 1);
            Case {
                run,
                frame: now,
                context: Context {
                    len: CONTEXT,
                    images: vec![pictures(from, now + 1)],
                    state: offsets[from..=now].iter().map(|&offset| offset as f32).collect(),
                    actions: actions(from, now + 1),
                    source: format!("run {run}"),
                },
                actions: actions(now, now + horizon),
                truth: pictures(now + 1, now + 1 + horizon),
            }
        })
        .collect()
}
