//! The bare loop: act, step, and begin anew what is over; nothing is recorded.
//!
//! A batched step is timed from the policy's call to the moment the device has finished the step.
//! All lanes run in every step. Resets lie between the steps and are timed apart, the first one not at all.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use burn::tensor::Device;
use dreamlane::core::{Batch, Env, Error, LaneMask, Policy, Result, Seed, Timestep, WorldModel};

use super::quantiles::median;
use crate::progress::Bar;

/// Batched steps before the first that is timed: buffers are made, threads wake up.
pub(crate) const WARM_UP: usize = 5;

/// Times that drawing alone is measured.
const DRAWINGS: usize = 9;

/// How much to measure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Amount {
    /// So many batched steps.
    Steps(usize),
    /// As many as fit, at least one.
    Seconds(f64),
}

/// What the bare loop came to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stepped {
    /// Seconds of each batched step: policy and env.
    pub(crate) step_secs: Vec<f64>,
    /// The policy's share of all.
    pub(crate) policy_secs: f64,
    /// Time of the resets between the steps.
    pub(crate) reset_secs: f64,
    /// Lanes that were reset between the steps.
    pub(crate) resets: u64,
    /// Lane steps that were timed.
    pub(crate) lane_steps: u64,
    /// Participants moved times ticks of the physics in them; 0 where the env has none.
    pub(crate) moved: u64,
}

/// What is measured, and how.
pub(crate) struct Loop<'a> {
    pub(crate) env: &'a mut dyn Env,
    pub(crate) policy: &'a mut dyn Policy,
    pub(crate) device: &'a Device,
    pub(crate) stop: &'a AtomicBool,
    pub(crate) seed: u64,
    pub(crate) max_steps: Option<usize>,
}

/// Which episode each lane plays.
struct Playing {
    run: Seed,
    next_id: u64,
    /// Episode and its step, per lane.
    lanes: Vec<(u64, usize)>,
}

impl Loop<'_> {
    /// Warms up, then steps until the amount is reached.
    pub(crate) fn measure(mut self, amount: Amount) -> Result<Stepped> {
        let n_lanes = self.env.spec().lanes;
        let mut playing = Playing { run: Seed::new(self.seed), next_id: 0, lanes: vec![(0, 0); n_lanes] };
        let mut bar = Bar::new("step");
        let mut now = self.begin(&mut playing, &(0..n_lanes).collect::<Vec<_>>())?;
        let mut warm = Stepped::default();
        for _ in 0..WARM_UP {
            now = self.advance(&now, &mut playing, &mut warm)?;
        }
        let (mut stepped, began) = (Stepped::default(), Instant::now());
        loop {
            now = self.advance(&now, &mut playing, &mut stepped)?;
            let (done, spent) = (stepped.step_secs.len(), began.elapsed().as_secs_f64());
            let expected = match amount {
                Amount::Steps(steps) => steps,
                Amount::Seconds(seconds) if spent >= seconds => done,
                Amount::Seconds(seconds) => {
                    (done as f64 * seconds / spent).ceil().max(done as f64 + 1.0) as usize
                }
            };
            bar.say(done as u64, expected as u64, &format!("{n_lanes} lanes"));
            if done >= expected {
                bar.finish();
                return Ok(stepped);
            }
        }
    }

    /// One batched step, and resets where episodes are over.
    fn advance(&mut self, now: &Timestep, playing: &mut Playing, stepped: &mut Stepped) -> Result<Timestep> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(Error::Stopped);
        }
        let n_lanes = playing.lanes.len();
        let seeds = playing.policy_seeds();
        let began = Instant::now();
        let actions = self.policy.act(now, &seeds)?;
        let acted = began.elapsed();
        let moved_before = self.env.moved();
        let next = self.env.step(&actions, &LaneMask::all(n_lanes))?;
        self.settle()?;
        stepped.step_secs.push(began.elapsed().as_secs_f64());
        stepped.policy_secs += acted.as_secs_f64();
        stepped.lane_steps += n_lanes as u64;
        stepped.moved += self.env.moved() - moved_before;
        playing.lanes.iter_mut().for_each(|(_, step)| *step += 1);
        let finished = next.finished();
        let is_over = |lane: usize| {
            finished.get(lane) || self.max_steps.is_some_and(|most| playing.lanes[lane].1 >= most)
        };
        let over = (0..n_lanes).filter(|&lane| is_over(lane)).collect::<Vec<_>>();
        if over.is_empty() {
            return Ok(next);
        }
        let began = Instant::now();
        let begun = self.begin(playing, &over)?;
        stepped.reset_secs += began.elapsed().as_secs_f64();
        stepped.resets += over.len() as u64;
        // Lanes that go on stand still in a reset, so the newer answer speaks for all.
        Ok(begun)
    }

    fn begin(&mut self, playing: &mut Playing, lanes: &[usize]) -> Result<Timestep> {
        let seeds = playing.begin(lanes);
        let begun = self.env.reset(&LaneMask::only(playing.lanes.len(), lanes), &seeds)?;
        self.settle()?;
        Ok(begun)
    }

    /// Waits until the device has done what it was told.
    fn settle(&self) -> Result<()> {
        self.device.sync().map_err(|error| Error::Invalid(format!("the device failed: {error:?}")))
    }
}

impl Playing {
    /// Gives each of these lanes the next episode; the env's seed for each.
    fn begin(&mut self, lanes: &[usize]) -> Vec<Seed> {
        lanes
            .iter()
            .map(|&lane| {
                self.lanes[lane] = (self.next_id, 0);
                self.next_id += 1;
                self.run.split(self.lanes[lane].0).split(0)
            })
            .collect()
    }

    fn policy_seeds(&self) -> Vec<Seed> {
        self.lanes.iter().map(|&(id, step)| self.run.split(id).split(1).split(step as u64)).collect()
    }
}

impl Stepped {
    /// Seconds of all timed steps.
    pub(crate) fn secs(&self) -> f64 {
        self.step_secs.iter().sum()
    }
}

/// Seconds that a world takes to draw the pictures of so many lanes, the median of a few times.
pub(crate) fn decode_secs(world: &dyn WorldModel, n_lanes: usize, device: &Device) -> f64 {
    let spec = world.spec();
    let frame = |height: usize, width: usize| vec![128; 3 * height * width];
    let grey = Batch {
        batch: 1,
        time: 1,
        sizes: spec.cameras.iter().map(|camera| [camera.height, camera.width]).collect(),
        images: spec.cameras.iter().map(|camera| frame(camera.height, camera.width)).collect(),
        state: vec![0.0; spec.state.len()],
        actions: vec![0.0; spec.action.width()],
        rewards: Vec::new(),
        ends: Vec::new(),
    };
    let latent = world.encode(&grey.to_device(device)).squeeze_dim::<3>(1);
    let latents = latent.repeat_dim(0, n_lanes);
    let drawing = |_| {
        let began = Instant::now();
        let drawn = world.decode(latents.clone());
        // A device that fails here has failed in the loop before, which said so.
        let settled = device.sync();
        drop((drawn, settled));
        began.elapsed()
    };
    let times = (0..DRAWINGS).map(drawing).map(|time: Duration| time.as_secs_f64()).collect::<Vec<_>>();
    median(&times[1..])
}
