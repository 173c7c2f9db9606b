//! A scripted env, a policy and sinks whose every number can be predicted.

use std::sync::{Arc, Mutex};

use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use dreamlane_core::{
    ActionSpace, Actions, CameraSpec, Env, EnvSpec, Episode, EpisodeSink, Error, Fault, Frames, LaneMask,
    Observation, Policy, Result, RowMask, Seed, Snapshot, Timestep, Truncation, View,
};

/// One scripted episode. It lasts as long as its seed says, adds up its actions, and rewards each tenfold.
#[derive(Clone, Default)]
struct Script {
    key: u64,
    length: usize,
    step: usize,
    sum: f32,
    last_action: f32,
}

/// Lanes of scripts. Episodes whose `key` is a multiple of `breaks_every` break at their second action.
pub(crate) struct Scripted {
    spec: EnvSpec,
    lanes: Vec<Script>,
    breaks_every: u64,
    /// Batched steps in which some lane stood still.
    pub(crate) idle_steps: usize,
}

impl Scripted {
    pub(crate) fn new(lanes: usize, breaks_every: u64) -> Self {
        let spec = EnvSpec {
            name: "scripted".to_owned(),
            lanes,
            seats: 1,
            steps_per_second: 20,
            rewards: true,
            state: vec!["key".to_owned(), "sum".to_owned()],
            cameras: vec![CameraSpec::new("front", 2, 2)],
            action: ActionSpace::Continuous {
                names: vec!["push".to_owned()],
                low: vec![0.0],
                high: vec![1.0],
            },
            scenes: false,
        };
        Self { spec, lanes: vec![Script::default(); lanes], breaks_every, idle_steps: 0 }
    }

    fn timestep(&self, first: &LaneMask, stepped: &LaneMask) -> Timestep {
        let device = Device::flex();
        let n_lanes = self.lanes.len();
        let row = |value: fn(&Script) -> f32| {
            let values: Vec<f32> = self.lanes.iter().map(value).collect();
            Tensor::<1>::from_data(TensorData::new(values, [n_lanes]), &device)
        };
        let over = |lane: &Script| lane.step > 0 && lane.step == lane.length;
        let breaks = |lane: &Script| {
            lane.step == 2 && self.breaks_every > 0 && lane.key.is_multiple_of(self.breaks_every)
        };
        Timestep {
            observation: self.seen(),
            reward: row(|lane| 10.0 * lane.last_action),
            first: RowMask::from(first.as_slice().to_vec()),
            terminated: self.lanes.iter().map(|l| over(l) && l.length % 2 == 1).collect::<Vec<_>>().into(),
            truncated: (self.lanes.iter())
                .map(|lane| (over(lane) && lane.length % 2 == 0).then_some(Truncation::Horizon))
                .collect(),
            trust: row(|lane| 1.0 / (1.0 + lane.step as f32)),
            fault: (self.lanes.iter().zip(stepped.as_slice()))
                .map(|(lane, &stepped)| (stepped && breaks(lane)).then_some(Fault::NotFinite))
                .collect(),
        }
    }

    fn seen(&self) -> Observation {
        let device = Device::flex();
        let n_lanes = self.lanes.len();
        let pixels: Vec<u8> = self.lanes.iter().flat_map(|lane| vec![lane.step as u8; 12]).collect();
        let state: Vec<f32> = self.lanes.iter().flat_map(|lane| [lane.key as f32, lane.sum]).collect();
        let images =
            Tensor::<4, Int>::from_data(TensorData::new(pixels, [n_lanes, 3, 2, 2]), (&device, DType::U8));
        let state = Tensor::from_data(TensorData::new(state, [n_lanes, 2]), &device);
        Observation { images: vec![images], state }
    }
}

impl Env for Scripted {
    fn spec(&self) -> &EnvSpec {
        &self.spec
    }

    fn reset(&mut self, lanes: &LaneMask, seeds: &[Seed]) -> Result<Timestep> {
        assert_eq!(lanes.count(), seeds.len());
        for (lane_idx, seed) in lanes.indices().zip(seeds) {
            let (key, length) = (seed.number() % 10_000, 3 + seed.split(0).below(9));
            self.lanes[lane_idx] = Script { key, length, ..Script::default() };
        }
        Ok(self.timestep(lanes, &LaneMask::none(lanes.len())))
    }

    fn step(&mut self, actions: &Actions, running: &LaneMask) -> Result<Timestep> {
        let values: Vec<f32> = actions.values.to_data().try_to_vec().expect("floats");
        self.idle_steps += usize::from(running.count() < running.len());
        for lane_idx in running.indices() {
            let lane = &mut self.lanes[lane_idx];
            assert!(lane.step < lane.length, "a finished lane was stepped");
            lane.step += 1;
            lane.sum += values[lane_idx];
            lane.last_action = values[lane_idx];
        }
        Ok(self.timestep(&LaneMask::none(running.len()), running))
    }

    fn snapshot(&self, _lane: usize) -> Result<Snapshot> {
        Err(Error::Unsupported("snapshot", self.spec.name.clone()))
    }

    fn restore(&mut self, _lane: usize, _from: &Snapshot) -> Result<()> {
        Err(Error::Unsupported("restore", self.spec.name.clone()))
    }

    fn render(&mut self, _view: View) -> Result<Frames> {
        Err(Error::Unsupported("render", self.spec.name.clone()))
    }

    fn observe(&mut self) -> Observation {
        self.seen()
    }
}

/// Draws each action from its seed, and counts in its memory how often each row acted since its beginning.
#[derive(Default)]
pub(crate) struct Drawing {
    acted: Vec<usize>,
}

impl Policy for Drawing {
    fn act(&mut self, now: &Timestep, seeds: &[Seed]) -> Result<Actions> {
        self.acted.resize(seeds.len(), 0);
        for row in now.first.indices() {
            self.acted[row] = 0;
        }
        // The memory moves the action, so a missed `first` changes the recording.
        let draw = |(seed, acted): (&Seed, &usize)| seed.uniform() / (1.0 + *acted as f32);
        let values: Vec<f32> = seeds.iter().zip(&self.acted).map(draw).collect();
        self.acted.iter_mut().for_each(|acted| *acted += 1);
        let values = Tensor::from_data(TensorData::new(values, [seeds.len(), 1]), &now.reward.device());
        Ok(Actions { values, given: RowMask::all(seeds.len()) })
    }
}

/// What a sink was given, readable after the rollout took the sink.
#[derive(Clone, Default)]
pub(crate) struct Shelf(Arc<Mutex<(Vec<Episode>, bool)>>);

impl Shelf {
    pub(crate) fn episodes(&self) -> Vec<Episode> {
        self.0.lock().expect("no writer panicked").0.clone()
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.0.lock().expect("no writer panicked").1
    }
}

impl EpisodeSink for Shelf {
    fn last_id(&self) -> Option<u64> {
        self.episodes().last().map(|episode| episode.id)
    }

    fn write(&mut self, episode: &Episode) -> Result<()> {
        self.0.lock().expect("no reader panicked").0.push(episode.clone());
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.0.lock().expect("no reader panicked").1 = true;
        Ok(())
    }
}

/// Fails at the third episode.
pub(crate) struct Failing(pub(crate) usize);

impl EpisodeSink for Failing {
    fn last_id(&self) -> Option<u64> {
        None
    }

    fn write(&mut self, _episode: &Episode) -> Result<()> {
        self.0 += 1;
        if self.0 == 3 { Err(Error::broken("disk", "it is full")) } else { Ok(()) }
    }

    fn finish(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}
