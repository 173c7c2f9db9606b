//! A scripted car that turns in front of a painted wall, and worlds that know it well, badly or not at all.
//!
//! Steering turns it, which moves the picture; the throttle changes its speed, which only the state vector shows. Its
//! reward is its speed, and its task ends where it has turned too far.

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
pub(crate) const CONTEXT: usize = 8;
/// What the state vector says. The wall moves by a pixel for a metre; somebody is ahead while it lies to the left.
pub(crate) const STATE: [&str; 5] =
    ["ego.lateral/8m", "ego.speed/30mps", "ahead.present", "ahead.forward/100m", "ahead.left/8m"];
/// The task ends where the wall has moved further than this.
const FURTHEST: f64 = 10.0;

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
    /// The motion with an error that grows, faster in some dreams than in others, as its trust says.
    Roughly,
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
        rewards: true,
        // The toy reads the angle off the state instead of the picture.
        state: STATE.map(str::to_owned).into(),
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
        let pixels = seen.images[0].clone().float().reshape([batch, time, 1, PIXELS]);
        let state = Tensor::zeros([batch, time, 1, STATE.len()], &pixels.device());
        Tensor::cat(vec![pixels, state], 3)
    }

    fn decode(&self, latents: Tensor<3>) -> Observation {
        let [batch, ..] = latents.dims();
        let pixels = latents.clone().narrow(2, 0, PIXELS).reshape([batch, 3, SIDE, SIDE]);
        let state = latents.narrow(2, PIXELS, STATE.len()).reshape([batch, STATE.len()]);
        Observation { images: vec![pixels.round().int()], state }
    }

    fn imagine(self: Arc<Self>, contexts: &[Context], seeds: &[Seed]) -> Result<Box<dyn Imagination>> {
        let lane = |(context, seed): (&Context, &Seed)| {
            let steering = context.actions.chunks(2).map(|row| f64::from(row[0])).collect::<Vec<_>>();
            let last = &context.state[context.state.len() - STATE.len()..];
            Lane {
                offset: 8.0 * f64::from(last[0]),
                speed: 30.0 * f64::from(last[1]),
                past: steering[..context.len - 1].to_vec(),
                doubt: f64::from(seed.split(1).uniform()),
            }
        };
        Ok(Box::new(Dream { knows: self.knows, lanes: contexts.iter().zip(seeds).map(lane).collect() }))
    }
}

/// Numbers of a picture.
const PIXELS: usize = 3 * SIDE * SIDE;

/// The angle, the speed, all steering so far, and how wrong the dream is going to be.
#[derive(Clone)]
struct Lane {
    offset: f64,
    speed: f64,
    past: Vec<f64>,
    doubt: f64,
}

struct Dream {
    knows: Knows,
    lanes: Vec<Lane>,
}

impl Dream {
    fn prediction(&self) -> Prediction {
        let of_lanes = |value: fn(&Lane) -> f64| {
            let values: Vec<f32> = self.lanes.iter().map(|lane| value(lane) as f32).collect();
            Tensor::from_data(TensorData::new(values, [self.lanes.len()]), &Device::flex())
        };
        Prediction {
            latent: self.latents(),
            reward: of_lanes(|lane| lane.speed),
            ending: of_lanes(|lane| f64::from(u8::from(is_over(lane.offset)))),
            trust: match self.knows {
                Knows::Roughly => of_lanes(|lane| 1.0 - lane.doubt),
                _ => of_lanes(|_| 1.0),
            },
        }
    }
}

impl Imagination for Dream {
    fn step(&mut self, actions: &Actions, _running: &LaneMask) -> Prediction {
        let values: Vec<f32> = actions.values.to_data().try_to_vec().expect("floats");
        let moves = matches!(self.knows, Knows::Everything | Knows::Roughly);
        for (lane, action) in self.lanes.iter_mut().zip(values.chunks(2)) {
            lane.past.push(f64::from(action[0]));
            if moves {
                lane.offset += turn(&lane.past);
                lane.speed += f64::from(action[1]);
            }
            if self.knows == Knows::Roughly {
                lane.offset += 0.3 * lane.doubt;
            }
        }
        self.prediction()
    }

    fn observe(&mut self, actions: &Actions, seen: &Observation, lanes: &LaneMask) -> Result<Prediction> {
        let steering: Vec<f32> = actions.values.to_data().try_to_vec().expect("floats");
        let states: Vec<f32> = seen.state.to_data().try_to_vec().expect("floats");
        for lane_idx in lanes.indices() {
            let (lane, state) = (&mut self.lanes[lane_idx], &states[lane_idx * STATE.len()..]);
            lane.past.push(f64::from(steering[2 * lane_idx]));
            (lane.offset, lane.speed) = (8.0 * f64::from(state[0]), 30.0 * f64::from(state[1]));
        }
        Ok(self.prediction())
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
            Knows::Mean => vec![128; PIXELS],
            _ => scene(offset),
        };
        let latent = |lane: &Lane| {
            let pixels = picture(lane.offset).into_iter().map(f32::from);
            pixels.chain(state(lane.offset, lane.speed)).collect::<Vec<f32>>()
        };
        let values: Vec<f32> = self.lanes.iter().flat_map(latent).collect();
        let shape = [self.lanes.len(), 1, PIXELS + STATE.len()];
        Tensor::from_data(TensorData::new(values, shape), &Device::flex())
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

/// The state vector of this angle and speed.
fn state(offset: f64, speed: f64) -> [f32; 5] {
    let ahead = if offset > 0.0 { [1.0, (offset / 100.0) as f32, 0.0] } else { [0.0; 3] };
    [(offset / 8.0) as f32, (speed / 30.0) as f32, ahead[0], ahead[1], ahead[2]]
}

pub(crate) fn is_over(offset: f64) -> bool {
    offset.abs() > FURTHEST
}

/// One recorded drive.
pub(crate) struct Drive {
    run: usize,
    /// `[time]` steering and throttle.
    commands: Vec<[f64; 2]>,
    pub(crate) offsets: Vec<f64>,
    speeds: Vec<f64>,
}

impl Drive {
    /// With seeded commands that hold for 6 frames.
    pub(crate) fn of(run: usize, len: usize) -> Self {
        let seed = Seed::new(run as u64);
        let (steering, throttle) = (seed.normal(len), seed.split(1).normal(len));
        let held = |draws: &[f32], time: usize| f64::from(draws[time - time % 6]).clamp(-1.0, 1.0);
        let commands: Vec<[f64; 2]> =
            (0..len).map(|time| [held(&steering, time), held(&throttle, time)]).collect();
        let turns: Vec<f64> = commands.iter().map(|command| command[0]).collect();
        let (mut offsets, mut speeds) = (vec![0.0], vec![15.0]);
        for time in 1..len {
            offsets.push(offsets[time - 1] + turn(&turns[..time]));
            speeds.push(speeds[time - 1] + f64::from(commands[time - 1][1] as f32));
        }
        Self { run, commands, offsets, speeds }
    }

    /// The stretch of `horizon` frames after a context that begins at `from`.
    pub(crate) fn case(&self, from: usize, horizon: usize) -> Case {
        let (now, end) = (from + CONTEXT - 1, from + CONTEXT + horizon);
        let pictures =
            |from: usize, to: usize| self.offsets[from..to].iter().flat_map(|&o| scene(o)).collect();
        let states =
            |from: usize, to: usize| (from..to).flat_map(|time| state(self.offsets[time], self.speeds[time]));
        let actions = |from: usize, to: usize| {
            self.commands[from..to].iter().flatten().map(|&command| command as f32).collect::<Vec<_>>()
        };
        Case {
            run: self.run,
            frame: now,
            context: Context {
                len: CONTEXT,
                images: vec![pictures(from, now + 1)],
                state: states(from, now + 1).collect(),
                actions: actions(from, now + 1),
                source: format!("run {}", self.run),
            },
            actions: actions(now, now + horizon),
            truth: pictures(now + 1, end),
            state: states(now + 1, end).collect(),
            rewards: self.speeds[now + 1..end].iter().map(|&speed| speed as f32).collect(),
            ended: is_over(self.offsets[end - 1]),
        }
    }
}

/// Cases from `runs` recorded drives with seeded commands; `horizon` frames each.
pub(crate) fn cases(runs: usize, horizon: usize) -> Vec<Case> {
    let stride = 11;
    let of_run = |run: usize| {
        let drive = Drive::of(run, CONTEXT + horizon + stride * 4);
        (0..4).map(|k| drive.case(k * stride, horizon)).collect::<Vec<_>>()
    };
    (0..runs).flat_map(of_run).collect()
}
