//! Losses and their gradients in one go: what the transformer learns from here, what the codec learns from in
//! [`reconstruction`].
//!
//! Sums over more than a row are in double precision, in a fixed order.

use pulp::Simd;

use super::lanes::{Elementwise, Pieces, each, in_pieces};

pub mod reconstruction;

/// Clips of latents `[batch, time, token, dim]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clips {
    /// Clips.
    pub batch: usize,
    /// Frames of a clip.
    pub time: usize,
    /// Tokens of a frame.
    pub token: usize,
    /// Numbers of a token.
    pub dim: usize,
}

/// The weighted squared error of predicted latents, and its gradient.
///
/// That is the mean over tokens of weight * mean (predicted - target)², divided by the mean weight. The weight of a
/// token is the level's weight of its frame, times 1 plus up to `extra` where the target changes: `extra` times the
/// mean absolute difference from the frame before, at most 1. The first frame of a clip has nothing before it and counts
/// as still. Without any weight the loss is NaN, as 0 / 0 is.
///
/// `predicted`, `target` and `d_predicted` are `[batch, time, token, dim]`, `level_weights` is `[batch, time]`.
#[must_use]
pub fn weighted_squared_error(
    clips: Clips,
    predicted: &[f32],
    target: &[f32],
    level_weights: &[f32],
    extra: f32,
    d_predicted: &mut [f32],
) -> f64 {
    let Clips { batch, time, token, dim } = clips;
    let (frames, frame) = (batch * time, token * dim);
    assert_eq!(predicted.len(), frames * frame, "predicted latents of {clips:?}");
    assert_eq!(target.len(), frames * frame, "target latents of {clips:?}");
    assert_eq!(level_weights.len(), frames, "weights of levels of {clips:?}");
    let mut weights = vec![0.0; frames * token];
    let weigh = Weigh { clips, target, level_weights, extra };
    let total = in_pieces(&weigh, 2 * frame, frames, [token], [&mut weights]).iter().sum::<f64>();
    let scale = 1.0 / (total * dim as f64);
    let descend = Descend { clips, predicted, target, weights: &weights, scale };
    scale * in_pieces(&descend, 3 * frame, frames, [frame], [d_predicted]).iter().sum::<f64>()
}

/// Weights of the tokens of a frame, and their sum.
struct Weigh<'a> {
    clips: Clips,
    target: &'a [f32],
    level_weights: &'a [f32],
    extra: f32,
}

impl Pieces<1> for Weigh<'_> {
    type Found = f64;

    #[inline(always)]
    fn piece<S: Simd>(&self, simd: S, frame_idx: usize, [weights]: [&mut [f32]; 1]) -> f64 {
        let Clips { time, token, dim, .. } = self.clips;
        let level_weight = self.level_weights[frame_idx];
        if frame_idx.is_multiple_of(time) {
            weights.fill(level_weight);
        } else {
            let frame = token * dim;
            let before = &self.target[(frame_idx - 1) * frame..][..frame];
            let now = &self.target[frame_idx * frame..][..frame];
            for (token_idx, weight) in weights.iter_mut().enumerate() {
                let numbers = token_idx * dim..(token_idx + 1) * dim;
                let [change] = each(simd, Change, [&now[numbers.clone()], &before[numbers]], []);
                *weight = level_weight * (1.0 + self.extra * (change / dim as f32).min(1.0));
            }
        }
        weights.iter().map(|&weight| f64::from(weight)).sum()
    }
}

/// The gradient of a frame, and the weighted sum of its squared errors.
struct Descend<'a> {
    clips: Clips,
    predicted: &'a [f32],
    target: &'a [f32],
    /// `[batch, time, token]`.
    weights: &'a [f32],
    /// Of the sums in the loss.
    scale: f64,
}

impl Pieces<1> for Descend<'_> {
    type Found = f64;

    #[inline(always)]
    fn piece<S: Simd>(&self, simd: S, frame_idx: usize, [d_predicted]: [&mut [f32]; 1]) -> f64 {
        let Clips { token, dim, .. } = self.clips;
        let mut loss = 0.0;
        for token_idx in 0..token {
            let row = frame_idx * token + token_idx;
            let numbers = row * dim..(row + 1) * dim;
            let weight = f64::from(self.weights[row]);
            let op = SquaredError { slope: (2.0 * weight * self.scale) as f32 };
            let inputs = [&self.predicted[numbers.clone()], &self.target[numbers]];
            let [squares] = each(simd, op, inputs, [&mut d_predicted[token_idx * dim..][..dim]]);
            loss += weight * f64::from(squares);
        }
        loss
    }
}

#[derive(Clone, Copy)]
struct Change;

impl Elementwise<2, 0, 1> for Change {
    #[inline(always)]
    fn at<S: Simd>(
        self,
        simd: S,
        [now, before]: [S::f32s; 2],
        _: [S::f32s; 0],
    ) -> ([S::f32s; 0], [S::f32s; 1]) {
        ([], [simd.abs_f32s(simd.sub_f32s(now, before))])
    }
}

#[derive(Clone, Copy)]
struct SquaredError {
    slope: f32,
}

impl Elementwise<2, 1, 1> for SquaredError {
    #[inline(always)]
    fn at<S: Simd>(
        self,
        simd: S,
        [predicted, target]: [S::f32s; 2],
        _: [S::f32s; 1],
    ) -> ([S::f32s; 1], [S::f32s; 1]) {
        let error = simd.sub_f32s(predicted, target);
        ([simd.mul_f32s(error, simd.splat_f32s(self.slope))], [simd.mul_f32s(error, error)])
    }
}

#[cfg(test)]
mod tests;
