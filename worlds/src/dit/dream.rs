//! A `dit` in motion: per lane the keys and values of past frames, the newest latents, and the noise stream.
//!
//! A step costs one new frame: the passes that draw it, and one more that reads it, lightly noised, and commits it to
//! memory. Lanes that run are packed into tiles of a fixed number of lanes, so that
//! a lane's arithmetic never depends on who runs beside it; tiles run in parallel.

use std::sync::Arc;

use burn::tensor::{Tensor, TensorData};
use dreamlane_core::{
    Actions, Context, Imagination, LaneMask, Observation, Prediction, Result, Seed, Snapshot, WorldModel as _,
};
use dreamlane_nn::{TimeMemory, euler_step};
use rayon::prelude::*;

use super::{
    Dit,
    lane::{BEFORE, DRAWN, KNOWN, Lane, Shape},
    objective::known,
    readout::{Said, prediction},
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
    said: Said,
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
        let mut noisy = tile.noise(&lanes, DRAWN).mul_scalar(world.temperature);
        let previous = tile.previous(&lanes);
        let mut guesses: Option<[Tensor<4>; 2]> = None;
        for pass in 0..passes {
            let (from, to) = (pass as f32 / passes as f32, (pass + 1) as f32 / passes as f32);
            let guess = tile.forward(noisy.clone(), previous.clone(), [from, to - from]).predicted;
            noisy = euler_step(noisy, guess.clone(), from, to);
            guesses = Some(guesses.map_or([guess.clone(), guess.clone()], |[first, _]| [first, guess]));
        }
        let [first, last] = guesses.unwrap_or_else(|| unreachable!("passes are at least 1"));
        let apart = (first - last).square() * world.error_weights();
        let gaps = numbers(&apart.mean_dims(&[1, 2, 3]).squeeze_dims::<1>(&[1, 2, 3]));
        let latents = world.network.bounded(noisy.squeeze_dim::<3>(1));
        let Outcome { readout, fresh, .. } = tile.commit(&lanes, latents.clone(), previous);
        let readouts = numbers(&readout);
        let (shape, telling) = (world.shape(), world.telling());
        let each = readouts.len() / TILE;
        lanes
            .into_iter()
            .enumerate()
            .map(|(idx, mut lane)| {
                lane.commit(&shape, idx, &latents, &fresh);
                let readout = &readouts[idx * each..(idx + 1) * each];
                let said = telling.dreamed(readout, gaps[idx], &mut lane.doubts);
                Drawn { lane_idx: lane_idxs[idx], lane, said }
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
        let mut said = vec![Said::default(); self.lanes.len()];
        for one in drawn {
            said[one.lane_idx] = one.said;
            self.lanes[one.lane_idx] = one.lane;
        }
        prediction(self.latents(), &said)
    }

    fn observe(&mut self, actions: &Actions, seen: &Observation, lanes: &LaneMask) -> Result<Prediction> {
        let world = self.world.clone();
        let width = world.spec.action.width();
        let values = numbers(&actions.values);
        world.check_seen(seen, self.lanes.len())?;
        let telling = world.telling();
        let mut said = vec![Said::default(); self.lanes.len()];
        for idx in lanes.indices() {
            let pictures = seen.images.iter().map(|images| super::to_unit(images.clone().narrow(0, idx, 1)));
            let state = seen.state.clone().narrow(0, idx, 1);
            let latents = world.network.encode_all(pictures, state);
            let lane = &mut self.lanes[idx];
            lane.history.push(actions.given.get(idx).then(|| &values[idx * width..(idx + 1) * width]));
            let one = std::slice::from_ref(lane);
            let tile = Tile::gather(&world, one);
            let outcome = tile.commit(one, padded(latents.clone(), TILE), tile.previous(one));
            lane.commit(&world.shape(), 0, &latents, &outcome.fresh);
            let readout = numbers(&outcome.readout);
            said[idx] = telling.observed(&readout[..readout.len() / TILE], &mut lane.doubts);
        }
        Ok(prediction(self.latents(), &said))
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
        self.lanes[lane].snapshot(self.world.identity())
    }

    fn restore(&mut self, lane: usize, from: &Snapshot) -> Result<()> {
        self.lanes[lane] =
            Lane::restored(from, &self.world.shape(), self.world.identity(), &self.world.device)?;
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
        let latest = padded(latest, TILE).unsqueeze_dim::<4>(1);
        latest + self.noise(lanes, BEFORE).mul_scalar(noise_beside(self.world.observed_level()))
    }

    /// Reads known latents `[TILE, token, dim]`, lightly noised, and gives what is remembered of them.
    fn commit(&self, lanes: &[Lane], latents: Tensor<3>, previous: Tensor<4>) -> Outcome {
        let level = self.world.observed_level();
        let levels = Tensor::full([1, 1, 1, 1], level, &self.world.device);
        let noisy = dreamlane_nn::noised(latents.unsqueeze_dim::<4>(1), self.noise(lanes, KNOWN), levels);
        self.forward(noisy, previous, [level, self.world.config.trunk.finest_share()])
    }

    fn forward(&self, noisy: Tensor<4>, previous: Tensor<4>, [level, share]: [f32; 2]) -> Outcome {
        let pass = Pass {
            noisy,
            previous,
            actions: self.actions.clone(),
            levels: &[level; TILE],
            shares: &[share; TILE],
            positions: self.positions.clone(),
            reach: Reach::Past { mask: self.mask.clone(), past: &self.past },
        };
        self.world.network.trunk.forward(pass, &self.world.layout)
    }
}

/// Lanes that have seen their contexts and dreamed nothing yet.
fn begun(world: &Dit, contexts: &[Context], seeds: &[Seed]) -> Result<Vec<Lane>> {
    contexts.par_iter().zip(seeds).map(|(context, &seed)| world.begin_lane(context, seed)).collect()
}

impl Dit {
    /// τ of frames that are known: not quite 1, so that the net does not trust them to the last bit.
    pub(super) fn observed_level(&self) -> f32 {
        known(&self.config).0
    }

    /// `[1, 1, token, token_dim]`: what the squared error of each number of a frame counts.
    pub(super) fn error_weights(&self) -> Tensor<4> {
        let (token, dim) = (self.layout.tokens(), self.layout.token_dim);
        let weights = TensorData::new(self.network.error_weights(token), [1, 1, token, dim]);
        Tensor::from_data(weights, &self.device)
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
            for (purpose, noise) in [KNOWN, BEFORE].into_iter().zip(&mut noises) {
                noise.extend(lane.noise(purpose, token * dim));
            }
            lane.position += 1;
            if t + 1 < time {
                lane.history.push(Some(&context.actions[t * shape.width..(t + 1) * shape.width]));
            }
        }
        let [noise, previous_noise] = noises
            .map(|draws| Tensor::<4>::from_data(TensorData::new(draws, [1, time, token, dim]), &self.device));
        let level = self.observed_level();
        let pass = Pass {
            noisy: dreamlane_nn::noised(latents.clone(), noise, Tensor::full([1; 4], level, &self.device)),
            previous: previous_frames(latents.clone(), previous_noise, level),
            actions: Tensor::from_data(TensorData::new(features, [time, self.layout.features]), &self.device),
            levels: &vec![level; time],
            shares: &vec![self.config.trunk.finest_share(); time],
            positions: self.time_positions(&(0..time).map(|t| t as f64).collect::<Vec<_>>()),
            reach: Reach::Past {
                mask: dreamlane_nn::band_mask(time, shape.past + 1, &self.device),
                past: &[],
            },
        };
        let outcome = self.network.trunk.forward(pass, &self.layout);
        lane.adopt(&shape, latents.narrow(1, time - 1, 1).squeeze_dim::<3>(1), outcome.fresh, time);
        Ok(lane)
    }
}

/// How much noise stands beside a frame that is not made smaller for it, where the level says how noisy it is.
pub(super) fn noise_beside(level: f32) -> f32 {
    (1.0 - level) / level
}

/// The frame before each, lightly noised; zeros before the first. All `[batch, time, token, dim]`.
pub(super) fn previous_frames(latents: Tensor<4>, noise: Tensor<4>, level: f32) -> Tensor<4> {
    let [batch, time, token, dim] = latents.dims();
    let device = latents.device();
    if time == 1 {
        return latents.zeros_like();
    }
    let noise = noise.narrow(1, 1, time - 1).mul_scalar(noise_beside(level));
    let seen = latents.narrow(1, 0, time - 1) + noise;
    Tensor::cat(vec![Tensor::zeros([batch, 1, token, dim], &device), seen], 1)
}
