//! What the transformer is trained on: flow matching with the clean frame as target, every frame of a clip
//! at a noise level of its own (diffusion forcing, 2407.01392).
//!
//! Plain squared error averages over a background that hardly moves and so forgets the actions; latents that
//! change from frame to frame count for more.

use burn::tensor::{Device, Tensor, TensorData};
use dreamlane_core::{Batch, Seed};
use dreamlane_nn::{kernels::weighted_squared_error, noised};

use super::{
    actions::clip_features,
    config::DitConfig,
    dream::previous_frames,
    trunk::{Outcome, Pass, Reach, Trunk},
};

/// Chance that all actions of a clip are hidden.
const CLIP_DROPOUT: f32 = 0.05;
/// Share of the loss that rewards and endings have.
const READOUT_WEIGHT: f32 = 0.1;
/// An ending counts for this many ordinary frames, since it is that much rarer.
const ENDING_WEIGHT: f32 = 10.0;

/// The chances of one batch of clips, drawn on the host.
pub(super) struct Draws {
    /// `[batch * time]`: τ of each frame.
    pub(super) levels: Vec<f32>,
    /// `[batch * time]`: whether the action taken at the frame is known.
    pub(super) known: Vec<bool>,
    /// Two times `[batch, time, token, dim]`: noise of the frame, and of the frame before as it is shown.
    pub(super) noises: [Vec<f32>; 2],
}

impl Draws {
    /// Draws for the clips `from..from + batch`; each clip has a stream of its own.
    pub(super) fn new(
        seed: Seed,
        from: usize,
        batch: usize,
        time: usize,
        numbers: usize,
        dropout: f32,
    ) -> Self {
        let mut draws = Self { levels: Vec::new(), known: Vec::new(), noises: [Vec::new(), Vec::new()] };
        for clip in from..from + batch {
            let stream = seed.split(clip as u64);
            let hidden = stream.split(4).uniform() < CLIP_DROPOUT;
            for t in 0..time as u64 {
                draws.levels.push(level(stream.split(2).split(t)));
                draws.known.push(!hidden && stream.split(3).split(t).uniform() >= dropout);
            }
            for (purpose, noise) in draws.noises.iter_mut().enumerate() {
                noise.extend(stream.split(purpose as u64).normal(time * numbers));
            }
        }
        draws
    }

    /// The same, with every frame but its own noise known: τ = 0 everywhere, nothing hidden.
    pub(super) fn of_noise_alone(mut self) -> Self {
        self.levels.fill(0.0);
        self.known.fill(true);
        self
    }
}

/// Half of the frames at the levels that a two-pass dream visits, the others anywhere.
fn level(seed: Seed) -> f32 {
    match seed.split(0).uniform() {
        choice if choice < 0.25 => 0.0,
        choice if choice < 0.5 => 0.5,
        _ => seed.split(1).uniform(),
    }
}

/// The trunk's answer to a batch of noised clips. `latents` is `[batch, time, token, dim]`.
pub(super) fn predict(
    trunk: &Trunk,
    config: &DitConfig,
    latents: &Tensor<4>,
    batch: &Batch,
    draws: &Draws,
) -> Outcome {
    trunk.forward(noised_clips(config, latents, batch, draws))
}

/// What the trunk is asked about a batch of clips. `latents` is `[batch, time, token, dim]`.
pub(super) fn noised_clips<'a>(
    config: &DitConfig,
    latents: &Tensor<4>,
    batch: &Batch,
    draws: &'a Draws,
) -> Pass<'a> {
    let dims = latents.dims();
    let [count, time, _, _] = dims;
    let device = latents.device();
    let sizes = &config.trunk;
    let width = batch.actions.len() / (count * time);
    let features = (0..count)
        .flat_map(|clip| {
            let frames = clip * time..(clip + 1) * time;
            let actions = &batch.actions[frames.start * width..frames.end * width];
            clip_features(actions, &draws.known[frames], sizes.actions, width)
        })
        .collect::<Vec<_>>();
    let row = features.len() / (count * time);
    let [noise, previous_noise] = [0, 1].map(|idx| of(&draws.noises[idx], dims, &device));
    let levels = of(&draws.levels, [count, time, 1, 1], &device);
    let head_dim = sizes.dim / sizes.heads;
    let positions = (0..time).map(|t| t as f64).collect::<Vec<_>>();
    Pass {
        noisy: noised(latents.clone(), noise, levels),
        previous: previous_frames(latents.clone(), previous_noise, 1.0 - sizes.context_noise),
        actions: of(&features, [count * time, row], &device),
        levels: &draws.levels,
        positions: dreamlane_nn::Rotary::line(&positions, head_dim, 1000.0, &device),
        reach: Reach::Clip(sizes.context),
    }
}

/// The loss of an answer, and the numbers `[flow, readout]` for the log.
pub(super) fn loss(
    config: &DitConfig,
    latents: &Tensor<4>,
    batch: &Batch,
    draws: &Draws,
    outcome: Outcome,
) -> (Tensor<1>, Vec<f64>) {
    let [count, time, _, _] = latents.dims();
    // Nothing can be known of the first frame of a clip.
    let level_weights = draws
        .levels
        .iter()
        .enumerate()
        .map(|(idx, level)| if idx % time == 0 { 0.0 } else { 0.3 + 0.7 * level })
        .collect::<Vec<_>>();
    let extra = config.learning.change_weight;
    let flow = weighted_squared_error(outcome.predicted, latents.clone(), &level_weights, extra);
    let mut measured = vec![number(&flow)];
    let total = match outcome.readout {
        Some(readout) if !batch.rewards.is_empty() => {
            let readout = readout_loss(readout, batch, count, time);
            measured.push(number(&readout));
            flow + readout.mul_scalar(READOUT_WEIGHT)
        }
        _ => flow,
    };
    (total, measured)
}

/// Squared error of the reward and cross-entropy of the ending that came with each frame but the first.
fn readout_loss(readout: Tensor<2>, batch: &Batch, count: usize, time: usize) -> Tensor<1> {
    let device = readout.device();
    let readout = readout.reshape([count, time, 2]).narrow(1, 1, time - 1);
    let wanted = |values: &[f32]| {
        let all = Tensor::<2>::from_data(TensorData::new(values.to_vec(), [count, time]), &device);
        all.narrow(1, 0, time - 1).unsqueeze_dim::<3>(2)
    };
    let (rewards, ends) = (wanted(&batch.rewards), wanted(&batch.ends));
    let reward = (readout.clone().narrow(2, 0, 1) - rewards).square().mean();
    let logit = readout.narrow(2, 1, 1);
    // softplus(l) - l y, written so that it does not overflow.
    let entropy =
        logit.clone().clamp_min(0.0) - logit.clone() * ends.clone() + logit.abs().neg().exp().log1p();
    let weights = ends.mul_scalar(ENDING_WEIGHT - 1.0).add_scalar(1.0);
    reward + (entropy * weights).mean()
}

fn of<const D: usize>(values: &[f32], shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), device)
}

pub(super) fn number(tensor: &Tensor<1>) -> f64 {
    f64::from(tensor.clone().into_scalar::<f32>())
}
