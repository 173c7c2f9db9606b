//! What the transformer is trained on: flow matching with the clean frame as target, every frame of a clip
//! at a noise level of its own (diffusion forcing, 2407.01392).
//!
//! About half of the frames are shown as a dream sees its past, lightly noised, and are what the reader learns from.
//! Plain squared error averages over a background that hardly moves and so forgets the actions; latents that
//! change from frame to frame count for more.

use std::ops::Range;

use burn::tensor::{Device, Tensor, TensorData, activation::log_softmax};
use dreamlane_core::{Batch, Seed};
use dreamlane_nn::{kernels::weighted_squared_error, noised};

use super::{
    actions::clip_features,
    config::DitConfig,
    dream::previous_frames,
    reward::Bins,
    trunk::{BINS, ENDING, ERROR, Layout, News, Outcome, Pass, Reach, Trunk},
    vector::code,
};

/// Chance that all actions of a clip are hidden.
const CLIP_DROPOUT: f32 = 0.05;
/// What a frame counts that is known already, beside one that is to be drawn.
const KNOWN_WEIGHT: f32 = 0.1;

/// Clips to learn from.
pub(super) struct Clips {
    pub(super) batch: Batch,
    /// `[batch, time, token, dim]`: the recording.
    pub(super) latents: Tensor<4>,
    /// The same, but for the frames that were dreamed.
    pub(super) shown: Tensor<4>,
    /// Per clip, the frames that were dreamed.
    pub(super) dreamed: Vec<Range<usize>>,
    /// `[batch * time]`: the logarithm of the error of each frame that was dreamed; empty where none was.
    pub(super) errors: Vec<f32>,
}

/// The chances of one batch of clips, drawn on the host.
pub(super) struct Draws {
    /// `[batch * time]`: τ of each frame, and how far the pass is to go.
    pub(super) levels: Vec<f32>,
    pub(super) shares: Vec<f32>,
    /// `[batch * time]`: whether the action taken at the frame is told.
    pub(super) told: Vec<bool>,
    /// Two times `[batch, time, token, dim]`: noise of the frame, and of the frame before as it is shown.
    pub(super) noises: [Vec<f32>; 2],
}

impl Clips {
    /// Clips of which nothing was dreamed.
    pub(super) fn recorded(batch: Batch, latents: Tensor<4>) -> Self {
        let dreamed = vec![0..0; batch.batch];
        Self { batch, shown: latents.clone(), latents, dreamed, errors: Vec::new() }
    }

    /// The clips `from..to`.
    pub(super) fn slice(&self, from: usize, to: usize) -> Self {
        let part = |all: &Tensor<4>| all.clone().narrow(0, from, to - from);
        Self {
            batch: self.batch.slice(from, to),
            latents: part(&self.latents),
            shown: part(&self.shown),
            dreamed: self.dreamed[from..to].to_vec(),
            errors: match self.errors.is_empty() {
                true => Vec::new(),
                false => self.errors[from * self.batch.time..to * self.batch.time].to_vec(),
            },
        }
    }

    /// The same, to be learned from.
    pub(super) fn learned(self) -> Self {
        let [latents, shown] = [self.latents, self.shown].map(Tensor::from_inner);
        Self { latents, shown, ..self }
    }

    fn is_dreamed(&self, frame_idx: usize) -> bool {
        let time = self.batch.time;
        self.dreamed[frame_idx / time].contains(&(frame_idx % time))
    }
}

/// The level and the share of frames that are known.
pub(super) fn known(config: &DitConfig) -> (f32, f32) {
    (1.0 - config.trunk.context_noise, config.trunk.finest_share())
}

impl Draws {
    /// Draws for clips of which the first has the number `from`; each clip has a stream of its own.
    pub(super) fn new(config: &DitConfig, clips: &Clips, seed: Seed, from: usize, shortcuts: bool) -> Self {
        let [batch, time, token, dim] = clips.latents.dims();
        let mut draws = Self {
            levels: Vec::new(),
            shares: Vec::new(),
            told: Vec::new(),
            noises: [Vec::new(), Vec::new()],
        };
        for clip in 0..batch {
            let stream = seed.split((from + clip) as u64);
            let hidden = stream.split(4).uniform() < CLIP_DROPOUT;
            for t in 0..time {
                let chance = stream.split(2).split(t as u64);
                let (level, share) = match clips.dreamed[clip].contains(&t) {
                    true => known(config),
                    false => level(config, chance, shortcuts),
                };
                draws.levels.push(level);
                draws.shares.push(share);
                let dropout = config.learning.action_dropout;
                draws.told.push(!hidden && stream.split(3).split(t as u64).uniform() >= dropout);
            }
            for (purpose, noise) in draws.noises.iter_mut().enumerate() {
                noise.extend(stream.split(purpose as u64).normal(time * token * dim));
            }
        }
        draws
    }

    /// The same, with every other frame known and the others as a dream's first pass finds them; nothing hidden.
    pub(super) fn in_turn(mut self, config: &DitConfig, time: usize) -> Self {
        let first = (0.0, 1.0 / config.trunk.passes as f32);
        for (idx, (level, share)) in self.levels.iter_mut().zip(&mut self.shares).enumerate() {
            (*level, *share) = if is_drawn(idx % time) { first } else { known(config) };
        }
        self.told.fill(true);
        self
    }
}

impl Draws {
    /// The same, with every frame known.
    pub(super) fn all_known(&self, config: &DitConfig) -> Self {
        let (level, share) = known(config);
        let frames = self.levels.len();
        Self {
            levels: vec![level; frames],
            shares: vec![share; frames],
            told: self.told.clone(),
            noises: self.noises.clone(),
        }
    }
}

/// Whether validation draws this frame of a clip.
pub(super) fn is_drawn(t: usize) -> bool {
    t % 2 == 1
}

/// How far a frame is, and how far a pass is to take it: as far as a dream's pass or as the finest share, and with
/// `shortcuts` half of the frames anything from the first to twice the second.
fn level(config: &DitConfig, seed: Seed, shortcuts: bool) -> (f32, f32) {
    let trunk = &config.trunk;
    if seed.split(0).uniform() < config.learning.known {
        return known(config);
    }
    let (passes, finest) = (trunk.passes.ilog2(), trunk.finest.ilog2());
    let halvings = match (shortcuts && passes < finest, seed.split(1).uniform()) {
        (true, chance) if chance < 0.5 => passes + seed.split(2).below((finest - passes) as usize) as u32,
        (false, chance) if chance < config.learning.direct => passes,
        _ => finest,
    };
    let places = 1usize << halvings;
    (seed.split(3).below(places) as f32 / places as f32, 1.0 / places as f32)
}

/// The trunk's answer to a batch of noised clips.
pub(super) fn predict(
    trunk: &Trunk,
    config: &DitConfig,
    layout: &Layout,
    clips: &Clips,
    draws: &Draws,
) -> Outcome {
    trunk.forward(noised_clips(config, clips, draws), layout)
}

/// What the trunk is asked about a batch of clips.
pub(super) fn noised_clips<'a>(config: &DitConfig, clips: &Clips, draws: &'a Draws) -> Pass<'a> {
    let dims = clips.shown.dims();
    let [count, time, _, _] = dims;
    let device = clips.shown.device();
    let sizes = &config.trunk;
    let width = clips.batch.actions.len() / (count * time);
    let features = (0..count)
        .flat_map(|clip| {
            let frames = clip * time..(clip + 1) * time;
            let actions = &clips.batch.actions[frames.start * width..frames.end * width];
            clip_features(actions, &draws.told[frames], sizes.actions, width)
        })
        .collect::<Vec<_>>();
    let row = features.len() / (count * time);
    let [noise, previous_noise] = [0, 1].map(|idx| of(&draws.noises[idx], dims, &device));
    let levels = of(&draws.levels, [count, time, 1, 1], &device);
    let head_dim = sizes.dim / sizes.heads;
    let positions = (0..time).map(|t| t as f64).collect::<Vec<_>>();
    Pass {
        noisy: noised(clips.shown.clone(), noise, levels),
        previous: previous_frames(clips.shown.clone(), previous_noise, known(config).0),
        actions: of(&features, [count * time, row], &device),
        levels: &draws.levels,
        shares: &draws.shares,
        positions: dreamlane_nn::Rotary::line(&positions, head_dim, 1000.0, &device),
        reach: Reach::Clip(sizes.context),
    }
}

/// The loss of an answer whose frames should have been `targets`, and the numbers `[flow, readout, error]` for the log.
pub(super) fn loss(
    config: &DitConfig,
    layout: &Layout,
    clips: &Clips,
    targets: Tensor<4>,
    draws: &Draws,
    (outcome, bins): (Outcome, &Bins),
) -> (Tensor<1>, Vec<f64>) {
    let learning = &config.learning;
    let (time, known_level) = (clips.batch.time, known(config).0);
    let weights = frame_weights(config, clips, draws);
    let flow = flow_loss(layout, (outcome.predicted, outcome.news), targets, &weights, learning);
    let read = (0..weights.len()).map(|idx| idx % time > 0 && draws.levels[idx] == known_level);
    let read = read.map(|read| f32::from(u8::from(read))).collect::<Vec<_>>();
    let errors = error_loss(&outcome.readout, clips);
    let mut measured = vec![number(&flow), 0.0, number(&errors)];
    let mut total = flow + errors.mul_scalar(learning.doubt_weight);
    if layout.rewards && !clips.batch.rewards.is_empty() {
        let readout = readout_loss(&outcome.readout, &clips.batch, &read, bins, learning.ending_weight);
        measured[1] = number(&readout);
        total = total + readout.mul_scalar(learning.readout_weight);
    }
    (total, measured)
}

/// What the frames of clips count.
pub(super) fn frame_weights(config: &DitConfig, clips: &Clips, draws: &Draws) -> Vec<f32> {
    let (time, known_level) = (clips.batch.time, known(config).0);
    let weight = |(idx, &level): (usize, &f32)| match idx % time {
        // Nothing can be known of the first frame of a clip.
        0 => 0.0,
        _ if clips.is_dreamed(idx) => 0.0,
        _ if level == known_level => KNOWN_WEIGHT,
        _ => 0.3 + 0.7 * level,
    };
    draws.levels.iter().enumerate().map(weight).collect()
}

/// The error of latents of pictures and of the codes of states.
fn flow_loss(
    layout: &Layout,
    (predicted, news): (Tensor<4>, Option<News>),
    targets: Tensor<4>,
    weights: &[f32],
    learning: &super::LearningConfig,
) -> Tensor<1> {
    let (token, pictured) = (layout.tokens(), layout.pictured());
    // Where all frames are dreamed there is nothing to draw.
    if weights.iter().all(|&weight| weight == 0.0) {
        return predicted.sum().mul_scalar(0.0);
    }
    let [drawn, wanted] = [predicted, targets.clone()].map(|all| all.narrow(2, 0, pictured));
    let pictures = weighted_squared_error(drawn, wanted, weights, learning.change_weight);
    let Some(News { code: said, since }) = news else { return pictures };
    let [count, time, _, dim] = targets.dims();
    let states = token - pictured;
    let wanted = code(targets.narrow(2, pictured, states).reshape([count * time, states, dim]) - since);
    let [said, wanted] = [said, wanted].map(|all| all.reshape([count, time, states, dim]));
    // Codes are changes already: none counts for more because it is one.
    let told = weighted_squared_error(said, wanted, weights, 0.0);
    let states = learning.state_weight * states as f32;
    let sum = pictures.mul_scalar(pictured as f32) + told.mul_scalar(states);
    sum.div_scalar(pictured as f32 + states)
}

/// Cross-entropies of the reward and of the ending that came with each frame that is read.
fn readout_loss(
    readout: &Tensor<2>,
    batch: &Batch,
    read: &[f32],
    bins: &Bins,
    ending_weight: f32,
) -> Tensor<1> {
    let device = readout.device();
    let (time, frames) = (batch.time, read.len());
    let before = |values: &[f32], idx: usize| if idx.is_multiple_of(time) { 0.0 } else { values[idx - 1] };
    let count = read.iter().sum::<f32>().max(1.0);
    let rewards = read.iter().enumerate().flat_map(|(idx, read)| {
        let chances = bins.two_hot(before(&batch.rewards, idx));
        chances.into_iter().map(move |chance| chance * read / count)
    });
    let logits = readout.clone().narrow(1, BINS, readout.dims()[1] - BINS);
    let wanted = of(&rewards.collect::<Vec<_>>(), logits.dims(), &device);
    let reward = (log_softmax(logits, 1) * wanted).sum().neg();
    let ends = (0..frames).map(|idx| before(&batch.ends, idx)).collect::<Vec<_>>();
    let weights = ends.iter().zip(read).map(|(end, read)| read / count * (1.0 + (ending_weight - 1.0) * end));
    let weights = of(&weights.collect::<Vec<_>>(), [frames, 1], &device);
    let logit = readout.clone().narrow(1, ENDING, 1);
    // softplus(l) - l y, written so that it does not overflow.
    let entropy = logit.clone().clamp_min(0.0) - logit.clone() * of(&ends, [frames, 1], &device)
        + logit.abs().neg().exp().log1p();
    reward + (entropy * weights).sum()
}

/// Squared error of the expected error of dreamed frames; 0 where nothing was dreamed.
fn error_loss(readout: &Tensor<2>, clips: &Clips) -> Tensor<1> {
    let expected = readout.clone().narrow(1, ERROR, 1);
    if clips.errors.is_empty() {
        return expected.sum().mul_scalar(0.0);
    }
    let dreamed = (0..clips.errors.len()).map(|idx| clips.is_dreamed(idx)).collect::<Vec<_>>();
    let count = dreamed.iter().filter(|&&dreamed| dreamed).count().max(1) as f32;
    let weights = dreamed.iter().map(|&dreamed| if dreamed { 1.0 / count } else { 0.0 }).collect::<Vec<_>>();
    let (dims, device) = (expected.dims(), readout.device());
    ((expected - of(&clips.errors, dims, &device)).square() * of(&weights, dims, &device)).sum()
}

pub(super) fn of<const D: usize>(values: &[f32], shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), device)
}

pub(super) fn number(tensor: &Tensor<1>) -> f64 {
    f64::from(tensor.clone().into_scalar::<f32>())
}
