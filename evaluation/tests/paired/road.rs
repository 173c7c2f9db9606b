//! A road of three cars in closed form, and worlds that know it exactly, hear nothing, or move the leader with the ego.

use std::sync::Arc;

use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use dreamlane_core::{
    ActionSpace, Actions, CameraSpec, Context, Env, EnvSpec, Error, Frames, Imagination, LaneMask,
    Observation, Policy, Prediction, Result, RowMask, Seed, Snapshot, Timestep, View, Window, WorldModel,
    WorldSpec,
};

pub(crate) const SIDE: usize = 16;
const CONTEXT: usize = 3;
const STATE: [&str; 10] = [
    "ego.speed/30mps",
    "ego.lateral/8m",
    "ahead.present",
    "ahead.forward/100m",
    "ahead.left/8m",
    "ahead.faster/10mps",
    "behind.present",
    "behind.forward/100m",
    "behind.left/8m",
    "behind.faster/10mps",
];
/// Episodes of which the seed says so are over after so few steps.
const SHORT: usize = 2;

/// Speeds and places of the three; those of the others are seen from the ego.
#[derive(Clone, Copy, Debug)]
struct Road {
    mps: f32,
    left_m: f32,
    ahead: [f32; 2],
    behind: [f32; 2],
}

/// What a world knows of the road.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Knows {
    Everything,
    /// No action does anything.
    Nothing,
    /// The leader does what the ego does.
    TheLeaderFollows,
}

impl Road {
    fn begin(seed: Seed) -> Self {
        let of = |stream, low: f32, high: f32| low + (high - low) * seed.split(stream).uniform();
        let mps = of(0, 18.0, 24.0);
        Self {
            mps,
            left_m: of(1, -2.0, 2.0),
            ahead: [of(2, 18.0, 24.0), of(3, 20.0, 60.0)],
            behind: [mps, -15.0],
        }
    }

    fn step(&mut self, [acceleration, steering]: [f32; 2], knows: Knows) {
        let heard = if knows == Knows::Nothing { 0.0 } else { 1.0 };
        self.mps += heard * 0.5 * acceleration;
        self.left_m += heard * 0.2 * steering;
        if knows == Knows::TheLeaderFollows {
            self.ahead[0] += 0.5 * acceleration;
        }
        self.behind[0] += 0.3 * (self.mps - self.behind[0]);
        for other in [&mut self.ahead, &mut self.behind] {
            other[1] += 0.1 * (other[0] - self.mps);
        }
    }

    fn state(&self) -> [f32; 10] {
        let other = |[mps, forward_m]: [f32; 2]| [1.0, forward_m / 100.0, 0.0, (mps - self.mps) / 10.0];
        let [a, b, c, d] = other(self.ahead);
        let [e, f, g, h] = other(self.behind);
        [self.mps / 30.0, self.left_m / 8.0, a, b, c, d, e, f, g, h]
    }

    fn read(state: &[f32]) -> Self {
        let mps = 30.0 * state[0];
        let other = |at: usize| [mps + 10.0 * state[at + 3], 100.0 * state[at + 1]];
        Self { mps, left_m: 8.0 * state[1], ahead: other(2), behind: other(6) }
    }

    /// Stripes that lie where the ego is across the road, as bright as it is fast: `[channel, height, width]`.
    fn picture(&self) -> Vec<u8> {
        let pixel = |column: usize| {
            let stripes = 50.0 * (column as f32 / 2.0 - self.left_m).sin();
            (128.0 + stripes + 8.0 * (self.mps - 20.0)).round() as u8
        };
        (0..3 * SIDE * SIDE).map(|idx| pixel(idx % SIDE)).collect()
    }
}

fn space() -> ActionSpace {
    let names = vec!["acceleration".to_owned(), "steering".to_owned()];
    ActionSpace::Continuous { names, low: vec![-1.0; 2], high: vec![1.0; 2] }
}

fn observed(roads: &[Road]) -> Observation {
    let (rows, device) = (roads.len(), Device::flex());
    let bytes: Vec<u8> = roads.iter().flat_map(Road::picture).collect();
    let images =
        Tensor::<4, Int>::from_data(TensorData::new(bytes, [rows, 3, SIDE, SIDE]), (&device, DType::U8));
    let state: Vec<f32> = roads.iter().flat_map(Road::state).collect();
    Observation {
        images: vec![images],
        state: Tensor::from_data(TensorData::new(state, [rows, 10]), &device),
    }
}

fn rows(actions: &Actions) -> Vec<[f32; 2]> {
    let values: Vec<f32> = actions.values.to_data().iter().collect();
    values.chunks(2).map(|row| [row[0], row[1]]).collect()
}

/// The truth.
pub(crate) struct Truth {
    spec: EnvSpec,
    lanes: Vec<(Road, usize, bool)>,
}

pub(crate) fn truth(lanes: usize) -> Truth {
    let spec = EnvSpec {
        name: "road".into(),
        lanes,
        seats: 1,
        steps_per_second: 10,
        rewards: false,
        state: STATE.map(str::to_owned).into(),
        cameras: vec![CameraSpec::new("front", SIDE, SIDE)],
        action: space(),
        scenes: false,
    };
    Truth { spec, lanes: vec![(Road::begin(Seed::new(0)), 0, false); lanes] }
}

impl Truth {
    fn timestep(&self) -> Timestep {
        let (lanes, device) = (self.lanes.len(), Device::flex());
        let over = |&(_, step, is_short): &(Road, usize, bool)| is_short && step >= SHORT;
        Timestep {
            observation: observed(&self.lanes.iter().map(|lane| lane.0).collect::<Vec<_>>()),
            reward: Tensor::zeros([lanes], &device),
            first: self.lanes.iter().map(|lane| lane.1 == 0).collect::<Vec<_>>().into(),
            terminated: self.lanes.iter().map(over).collect::<Vec<_>>().into(),
            truncated: vec![None; lanes],
            trust: Tensor::ones([lanes], &device),
            fault: vec![None; lanes],
        }
    }
}

impl Env for Truth {
    fn spec(&self) -> &EnvSpec {
        &self.spec
    }

    fn reset(&mut self, lanes: &LaneMask, seeds: &[Seed]) -> Result<Timestep> {
        for (lane, seed) in lanes.indices().zip(seeds) {
            self.lanes[lane] = (Road::begin(*seed), 0, seed.split(9).below(4) == 0);
        }
        Ok(self.timestep())
    }

    fn step(&mut self, actions: &Actions, running: &LaneMask) -> Result<Timestep> {
        let rows = rows(actions);
        for lane in running.indices() {
            self.lanes[lane].0.step(rows[lane], Knows::Everything);
            self.lanes[lane].1 += 1;
        }
        Ok(self.timestep())
    }

    fn snapshot(&self, lane: usize) -> Result<Snapshot> {
        let Road { mps, left_m, ahead, behind } = self.lanes[lane].0;
        let numbers = [mps, left_m, ahead[0], ahead[1], behind[0], behind[1]];
        Ok(Snapshot { origin: "road".into(), bytes: numbers.iter().flat_map(|x| x.to_le_bytes()).collect() })
    }

    fn restore(&mut self, lane: usize, from: &Snapshot) -> Result<()> {
        let (words, _) = from.bytes.as_chunks::<4>();
        let [mps, left_m, a, b, c, d]: [f32; 6] = std::array::from_fn(|idx| f32::from_le_bytes(words[idx]));
        self.lanes[lane] = (Road { mps, left_m, ahead: [a, b], behind: [c, d] }, 1, false);
        Ok(())
    }

    fn render(&mut self, _view: View) -> Result<Frames> {
        Err(Error::Unsupported("a view", "road".into()))
    }

    fn observe(&mut self) -> Observation {
        self.timestep().observation
    }
}

/// Random actions.
pub(crate) struct Anyhow;

impl Policy for Anyhow {
    fn act(&mut self, _now: &Timestep, seeds: &[Seed]) -> Result<Actions> {
        let values: Vec<f32> =
            seeds.iter().flat_map(|seed| seed.normal(2)).map(|x| (0.3 * x).clamp(-1.0, 1.0)).collect();
        let values = Tensor::from_data(TensorData::new(values, [seeds.len(), 2]), &Device::flex());
        Ok(Actions { values, given: RowMask::all(seeds.len()) })
    }
}

/// A world whose latent is the state vector itself.
pub(crate) struct World {
    knows: Knows,
    spec: WorldSpec,
}

/// A world; without a state it shows pictures alone.
pub(crate) fn world(knows: Knows, with_state: bool) -> Arc<dyn WorldModel> {
    let spec = WorldSpec {
        world: format!("{knows:?}").to_lowercase(),
        steps_per_second: 10,
        context: CONTEXT,
        draws: true,
        rewards: false,
        state: if with_state { STATE.map(str::to_owned).into() } else { Vec::new() },
        cameras: vec![CameraSpec::new("front", SIDE, SIDE)],
        action: space(),
    };
    Arc::new(World { knows, spec })
}

impl WorldModel for World {
    fn spec(&self) -> &WorldSpec {
        &self.spec
    }

    fn encode(&self, seen: &Window) -> Tensor<4> {
        seen.state.clone().unsqueeze_dim(2)
    }

    fn decode(&self, latents: Tensor<3>) -> Observation {
        let numbers: Vec<f32> = latents.to_data().iter().collect();
        let roads: Vec<Road> = numbers.chunks(10).map(Road::read).collect();
        let seen = observed(&roads);
        match self.spec.state.is_empty() {
            true => Observation { state: Tensor::zeros([roads.len(), 0], &Device::flex()), ..seen },
            false => seen,
        }
    }

    fn imagine(self: Arc<Self>, contexts: &[Context], _seeds: &[Seed]) -> Result<Box<dyn Imagination>> {
        assert!(contexts.iter().all(|context| context.len == CONTEXT), "as many frames as are wanted");
        let last = |context: &Context| Road::read(&context.state[(CONTEXT - 1) * 10..]);
        Ok(Box::new(Dream { knows: self.knows, lanes: contexts.iter().map(last).collect() }))
    }
}

struct Dream {
    knows: Knows,
    lanes: Vec<Road>,
}

impl Imagination for Dream {
    fn step(&mut self, actions: &Actions, running: &LaneMask) -> Prediction {
        let rows = rows(actions);
        running.indices().for_each(|lane| self.lanes[lane].step(rows[lane], self.knows));
        let (lanes, device) = (self.lanes.len(), Device::flex());
        let zeros = || Tensor::zeros([lanes], &device);
        Prediction { latent: self.latents(), reward: zeros(), ending: zeros(), trust: zeros() + 0.5 }
    }

    fn observe(&mut self, _: &Actions, _: &Observation, _: &LaneMask) -> Result<Prediction> {
        Err(Error::Unsupported("observing", "road".into()))
    }

    fn replace(&mut self, _: &[usize], _: &[Context], _: &[Seed]) -> Result<()> {
        Err(Error::Unsupported("replacing", "road".into()))
    }

    fn fork(&self, lanes: &[usize], _: Option<&[Seed]>) -> Box<dyn Imagination> {
        Box::new(Self { knows: self.knows, lanes: lanes.iter().map(|&lane| self.lanes[lane]).collect() })
    }

    fn latents(&self) -> Tensor<3> {
        let numbers: Vec<f32> = self.lanes.iter().flat_map(Road::state).collect();
        Tensor::from_data(TensorData::new(numbers, [self.lanes.len(), 1, 10]), &Device::flex())
    }

    fn snapshot(&self, _lane: usize) -> Snapshot {
        Snapshot { origin: "road".into(), bytes: Vec::new() }
    }

    fn restore(&mut self, _lane: usize, _from: &Snapshot) -> Result<()> {
        Err(Error::Unsupported("restoring", "road".into()))
    }
}
