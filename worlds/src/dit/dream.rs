//! A `dit` in motion: per lane the keys and values of past frames, the newest latents, and the noise stream.
//!
//! A step costs one new frame. Lanes that run are packed into tiles of a fixed number of lanes, so that
//! a lane's arithmetic never depends on who runs beside it; tiles run in parallel.

use std::sync::Arc;

use burn::tensor::{Tensor, TensorData, activation::sigmoid};
use dreamlane_core::{
    Actions, Batch, Context, Error, Imagination, LaneMask, Observation, Prediction, Result, Seed, Snapshot,
    WorldModel as _,
};
use dreamlane_nn::{TimeMemory, euler_step};
use rayon::prelude::*;

use super::{
    Dit,
    lane::{Lane, Shape},
    trunk::{Outcome, Pass, Reach},
};
use crate::{host::numbers, tiles::padded};

/// Lanes of a tile.
pub(crate) const TILE: usize = 8;

/// Some dreams of one world.
pub(super) struct Dream {
    world: Arc<Dit>,
    lanes: Vec<Lane>,
}

/// What a tile gives for each of its lanes.
struct Drawn {
    lane_idx: usize,
    lane: Lane,
    /// Reward and chance of ending.
    readout: [f32; 2],
}

impl Dream {
    pub(super) fn begin(world: Arc<Dit>, contexts: &[Context], seeds: &[Seed]) -> Result<Self> {
        assert_eq!(contexts.len(), seeds.len(), "contexts and seeds");
        let lanes = begun(&world, contexts, seeds)?;
        Ok(Self { world, lanes })
    }

    /// Advances the lanes of one tile, given the action row of each.
    fn advance(&self, lane_idxs: &[usize], actions: &[Option<&[f32]>]) -> Vec<Drawn> {
        let world = &self.world;
        let mut lanes = lane_idxs.iter().map(|&idx| self.lanes[idx].clone()).collect::<Vec<_>>();
        for (lane, action) in lanes.iter_mut().zip(actions) {
            lane.history.push(*action);
        }
        let passes = world.config.trunk.passes;
        let tile = Tile::gather(world, &lanes);
        let mut noisy = tile.noise(&lanes, 0);
        let previous = tile.previous(&lanes);
        let mut last = None;
        for pass in 0..passes {
            let (from, to) = (pass as f32 / passes as f32, (pass + 1) as f32 / passes as f32);
            let outcome = tile.forward(noisy.clone(), previous.clone(), from);
            noisy = euler_step(noisy, outcome.predicted.clone(), from, to);
            last = Some(outcome);
        }
        let Outcome { readout, fresh, .. } = last.unwrap_or_else(|| unreachable!("passes are at least 1"));
        let latents = world.network.bounded(noisy.squeeze_dim::<3>(1));
        let readouts = readout.map(|readout| {
            let reward = readout.clone().narrow(1, 0, 1);
            let ending = sigmoid(readout.narrow(1, 1, 1));
            numbers(&Tensor::cat(vec![reward, ending], 1))
        });
        let shape = world.shape();
        lanes
            .into_iter()
            .enumerate()
            .map(|(idx, mut lane)| {
                lane.commit(&shape, idx, &latents, &fresh);
                let readout = readouts.as_ref().map_or([0.0; 2], |all| [all[2 * idx], all[2 * idx + 1]]);
                Drawn { lane_idx: lane_idxs[idx], lane, readout }
            })
            .collect()
    }
}

impl Imagination for Dream {
    fn step(&mut self, actions: &Actions, running: &LaneMask) -> Prediction {
        let width = self.world.spec.action.width();
        let values = numbers(&actions.values);
        assert_eq!(
            values.len(),
            self.lanes.len() * width,
            "actions of {} lanes of width {width}",
            self.lanes.len()
        );
        let row = |lane: usize| actions.given.get(lane).then(|| &values[lane * width..(lane + 1) * width]);
        let running = running.indices().collect::<Vec<_>>();
        let drawn = running
            .par_chunks(TILE)
            .flat_map_iter(|lanes| {
                let rows = lanes.iter().map(|&lane| row(lane)).collect::<Vec<_>>();
                self.advance(lanes, &rows)
            })
            .collect::<Vec<_>>();
        let mut readouts = vec![[0.0; 2]; self.lanes.len()];
        for one in drawn {
            readouts[one.lane_idx] = one.readout;
            self.lanes[one.lane_idx] = one.lane;
        }
        let device = &self.world.device;
        let column = |idx: usize| {
            let values = readouts.iter().map(|readout| readout[idx]).collect::<Vec<_>>();
            let lanes = values.len();
            Tensor::from_data(TensorData::new(values, [lanes]), device)
        };
        Prediction {
            latent: self.latents(),
            reward: column(0),
            ending: column(1),
            trust: Tensor::ones([self.lanes.len()], device),
        }
    }

    fn observe(&mut self, actions: &Actions, seen: &Observation, lanes: &LaneMask) -> Result<()> {
        let world = self.world.clone();
        let width = world.spec.action.width();
        let values = numbers(&actions.values);
        for idx in lanes.indices() {
            let picture = seen.images[0].clone().narrow(0, idx, 1);
            let latents = world.network.encode(super::to_unit(picture));
            let lane = &mut self.lanes[idx];
            lane.history.push(actions.given.get(idx).then(|| &values[idx * width..(idx + 1) * width]));
            let one = std::slice::from_ref(lane);
            let tile = Tile::gather(&world, one);
            let level = world.observed_level();
            let noisy = dreamlane_nn::noised(
                padded(latents.clone(), TILE).unsqueeze_dim::<4>(1),
                tile.noise(one, 0),
                Tensor::full([1, 1, 1, 1], level, &world.device),
            );
            let outcome = tile.forward(noisy, tile.previous(one), level);
            lane.commit(&world.shape(), 0, &latents, &outcome.fresh);
        }
        Ok(())
    }

    fn replace(&mut self, lanes: &[usize], contexts: &[Context], seeds: &[Seed]) -> Result<()> {
        assert_eq!((lanes.len(), lanes.len()), (contexts.len(), seeds.len()), "lanes, contexts and seeds");
        for (&lane, begun) in lanes.iter().zip(begun(&self.world, contexts, seeds)?) {
            self.lanes[lane] = begun;
        }
        Ok(())
    }

    fn fork(&self, lanes: &[usize], noise: Option<&[Seed]>) -> Box<dyn Imagination> {
        let forked = lanes.iter().enumerate().map(|(idx, &lane)| {
            // Tensors are shared until one of the two goes on.
            let lane = self.lanes[lane].clone();
            noise.map_or(lane.clone(), |seeds| lane.with_noise(seeds[idx]))
        });
        Box::new(Self { world: self.world.clone(), lanes: forked.collect() })
    }

    fn latents(&self) -> Tensor<3> {
        Tensor::cat(self.lanes.iter().map(|lane| lane.latest.clone()).collect(), 0)
    }

    fn snapshot(&self, lane: usize) -> Snapshot {
        self.lanes[lane].snapshot()
    }

    fn restore(&mut self, lane: usize, from: &Snapshot) -> Result<()> {
        self.lanes[lane] = Lane::restored(from, &self.world.shape(), &self.world.device)?;
        Ok(())
    }
}

/// Gathered inputs of a tile that stay the same over the passes of a step.
struct Tile<'a> {
    world: &'a Dit,
    past: Vec<TimeMemory>,
    actions: Tensor<2>,
    mask: Tensor<3>,
    positions: dreamlane_nn::Rotary,
}

impl<'a> Tile<'a> {
    fn gather(world: &'a Dit, lanes: &[Lane]) -> Self {
        let shape = world.shape();
        let gathered = |pick: &dyn Fn(&Lane) -> Tensor<4>| {
            let mut parts = lanes.iter().map(pick).collect::<Vec<_>>();
            parts.resize(TILE, pick(&lanes[0]));
            Tensor::cat(parts, 0)
        };
        let past = (0..shape.memories)
            .map(|layer| TimeMemory {
                keys: gathered(&|lane| lane.memory[layer].keys.clone()),
                values: gathered(&|lane| lane.memory[layer].values.clone()),
            })
            .collect();
        let features =
            lanes.iter().flat_map(|lane| lane.history.features().iter().copied()).collect::<Vec<_>>();
        let features =
            Tensor::from_data(TensorData::new(features, [lanes.len(), world.layout.features]), &world.device);
        let rows = (0..TILE).map(|idx| lanes.get(idx).unwrap_or(&lanes[0]));
        let positions = rows
            .clone()
            .flat_map(|lane| std::iter::repeat_n(lane.position as f64, shape.frame_tokens))
            .collect::<Vec<_>>();
        let mask = rows.flat_map(|lane| lane.mask(&shape)).collect::<Vec<_>>();
        Self {
            world,
            past,
            actions: padded(features, TILE),
            mask: Tensor::from_data(TensorData::new(mask, [TILE, 1, shape.past + 1]), &world.device),
            positions: world.time_positions(&positions),
        }
    }

    /// `[TILE, 1, token, dim]` of the lanes' own streams, at their current step.
    fn noise(&self, lanes: &[Lane], purpose: u64) -> Tensor<4> {
        let [token, dim] = [self.world.layout.tokens(), self.world.layout.token_dim];
        let draws = lanes.iter().flat_map(|lane| lane.noise(purpose, token * dim)).collect::<Vec<_>>();
        let draws =
            Tensor::from_data(TensorData::new(draws, [lanes.len(), 1, token, dim]), &self.world.device);
        padded(draws, TILE)
    }

    /// The newest latents of each lane, lightly noised: `[TILE, 1, token, dim]`.
    fn previous(&self, lanes: &[Lane]) -> Tensor<4> {
        let latest = Tensor::cat(lanes.iter().map(|lane| lane.latest.clone()).collect(), 0);
        let level = Tensor::full([1, 1, 1, 1], self.world.observed_level(), &self.world.device);
        dreamlane_nn::noised(padded(latest, TILE).unsqueeze_dim::<4>(1), self.noise(lanes, 1), level)
    }

    fn forward(&self, noisy: Tensor<4>, previous: Tensor<4>, level: f32) -> Outcome {
        self.world.network.trunk.forward(Pass {
            noisy,
            previous,
            actions: self.actions.clone(),
            levels: &[level; TILE],
            positions: self.positions.clone(),
            reach: Reach::Past { mask: self.mask.clone(), past: &self.past },
        })
    }
}

/// Lanes that have seen their contexts and dreamed nothing yet.
fn begun(world: &Dit, contexts: &[Context], seeds: &[Seed]) -> Result<Vec<Lane>> {
    contexts.par_iter().zip(seeds).map(|(context, &seed)| world.begin_lane(context, seed)).collect()
}

impl Dit {
    /// τ of frames that are known: not quite 1, so that the net does not trust them to the last bit.
    pub(super) fn observed_level(&self) -> f32 {
        1.0 - self.config.trunk.context_noise
    }

    pub(super) fn shape(&self) -> Shape {
        let trunk = &self.config.trunk;
        Shape {
            memories: self.network.trunk.memories(),
            frame_tokens: self.network.trunk.frame_tokens(),
            heads: trunk.heads,
            head_dim: trunk.dim / trunk.heads,
            past: trunk.context - 1,
            tokens: self.layout.tokens(),
            token_dim: self.layout.token_dim,
            reach: trunk.actions,
            width: self.spec.action.width(),
        }
    }

    pub(super) fn time_positions(&self, positions: &[f64]) -> dreamlane_nn::Rotary {
        let head_dim = self.config.trunk.dim / self.config.trunk.heads;
        dreamlane_nn::Rotary::line(positions, head_dim, 1000.0, &self.device)
    }

    /// Sees a context in one pass.
    fn begin_lane(&self, context: &Context, seed: Seed) -> Result<Lane> {
        let window = self.checked(context)?.to_device(&self.device);
        let latents = self.encode(&window);
        let shape = self.shape();
        let mut lane = Lane::new(&shape, seed, &self.device);
        let [_, time, token, dim] = latents.dims();
        let (mut noises, mut features) = ([Vec::new(), Vec::new()], Vec::new());
        for t in 0..time {
            features.extend_from_slice(lane.history.features());
            for (purpose, noise) in noises.iter_mut().enumerate() {
                noise.extend(lane.noise(purpose as u64, token * dim));
            }
            lane.position += 1;
            if t + 1 < time {
                lane.history.push(Some(&context.actions[t * shape.width..(t + 1) * shape.width]));
            }
        }
        let [noise, previous_noise] = noises
            .map(|draws| Tensor::<4>::from_data(TensorData::new(draws, [1, time, token, dim]), &self.device));
        let level = self.observed_level();
        let outcome = self.network.trunk.forward(Pass {
            noisy: dreamlane_nn::noised(latents.clone(), noise, Tensor::full([1; 4], level, &self.device)),
            previous: previous_frames(latents.clone(), previous_noise, level),
            actions: Tensor::from_data(TensorData::new(features, [time, self.layout.features]), &self.device),
            levels: &vec![level; time],
            positions: self.time_positions(&(0..time).map(|t| t as f64).collect::<Vec<_>>()),
            reach: Reach::Past {
                mask: dreamlane_nn::band_mask(time, shape.past + 1, &self.device),
                past: &[],
            },
        });
        lane.adopt(&shape, latents.narrow(1, time - 1, 1).squeeze_dim::<3>(1), outcome.fresh, time);
        Ok(lane)
    }

    pub(super) fn checked(&self, context: &Context) -> Result<Batch> {
        let camera = &self.spec.cameras[0];
        let (frames, width) = (context.len, self.spec.action.width());
        let bytes = context.images.first().map_or(0, Vec::len);
        if frames == 0 || bytes != frames * camera.frame_len() || context.actions.len() != frames * width {
            return Err(Error::mismatch(
                &context.source,
                "context",
                format!("frames of {} bytes and actions of {width} numbers", camera.frame_len()),
                format!("{bytes} bytes and {} numbers for {frames} frames", context.actions.len()),
            ));
        }
        Ok(Batch {
            batch: 1,
            time: frames,
            sizes: vec![[camera.height, camera.width]],
            images: vec![context.images[0].clone()],
            state: Vec::new(),
            actions: context.actions.clone(),
            rewards: Vec::new(),
            ends: Vec::new(),
        })
    }
}

/// The frame before each, lightly noised; zeros before the first. All `[batch, time, token, dim]`.
pub(super) fn previous_frames(latents: Tensor<4>, noise: Tensor<4>, level: f32) -> Tensor<4> {
    let [batch, time, token, dim] = latents.dims();
    let device = latents.device();
    if time == 1 {
        return latents.zeros_like();
    }
    let noise = noise.narrow(1, 1, time - 1);
    let level = Tensor::full([1, 1, 1, 1], level, &device);
    let seen = dreamlane_nn::noised(latents.narrow(1, 0, time - 1), noise, level);
    Tensor::cat(vec![Tensor::zeros([batch, 1, token, dim], &device), seen], 1)
}
