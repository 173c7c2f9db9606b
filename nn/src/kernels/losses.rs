//! What worlds learn from: the error of predicted latents, and that of drawn pictures.

use burn::tensor::{Tensor, TensorData, module::avg_pool2d, ops::AvgPoolOptions};

/// What the terms of [`reconstruction_loss`] count, beside the absolute error, which counts 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReconstructionTerms {
    /// Squared error.
    pub square: f32,
    /// Absolute error of the differences of neighbouring pixels.
    pub gradient: f32,
    /// Absolute error of the local means of their sizes.
    pub energy: f32,
}

/// The squared error of `predicted` latents, `[batch, time, token, dim]` as `latents`; one number.
///
/// That is the mean over tokens of weight * mean(error²), divided by the mean weight. A token's weight is that of its
/// frame, `frame_weights` `[batch * time]`, times 1 to `1 + extra`, as its latent differs from that of the frame before.
#[must_use]
pub fn weighted_squared_error(
    predicted: Tensor<4>,
    latents: Tensor<4>,
    frame_weights: &[f32],
    extra: f32,
) -> Tensor<1> {
    #[cfg(feature = "flex")]
    if super::is_fused(&predicted.device()) {
        return fused::weighted_squared_error(predicted, latents, frame_weights, extra);
    }
    plain_weighted(predicted, latents, frame_weights, extra)
}

/// The error of `drawn` pictures against `pictures`, both `[picture, channel, height, width]`; one number.
#[must_use]
pub fn reconstruction_loss(drawn: Tensor<4>, pictures: Tensor<4>, terms: ReconstructionTerms) -> Tensor<1> {
    #[cfg(feature = "flex")]
    if super::is_fused(&drawn.device()) {
        return fused::reconstruction_loss(drawn, pictures, terms);
    }
    plain_reconstruction(drawn, pictures, terms)
}

pub(super) fn plain_weighted(
    predicted: Tensor<4>,
    latents: Tensor<4>,
    frame_weights: &[f32],
    extra: f32,
) -> Tensor<1> {
    let [batch, time, _, _] = latents.dims();
    let weights = TensorData::new(frame_weights.to_vec(), [batch, time, 1, 1]);
    let weights = change_weights(&latents, extra) * Tensor::from_data(weights, &latents.device());
    let error = (predicted - latents).square().mean_dim(3);
    (error * weights.clone()).mean() / weights.mean()
}

/// `[batch, time, token, 1]`: 1 for a latent that stands still, up to `1 + extra` for one that changes.
fn change_weights(latents: &Tensor<4>, extra: f32) -> Tensor<4> {
    let [count, time, token, _] = latents.dims();
    let still = Tensor::ones([count, 1, token, 1], &latents.device());
    if time == 1 {
        return still;
    }
    let now = latents.clone().narrow(1, 1, time - 1);
    let before = latents.clone().narrow(1, 0, time - 1);
    // Latents have variance 1, so a change of 1 is as large as the difference of two frames gets.
    let change = (now - before).abs().mean_dim(3).clamp_max(1.0).mul_scalar(extra).add_scalar(1.0);
    Tensor::cat(vec![still, change], 1)
}

pub(super) fn plain_reconstruction(
    drawn: Tensor<4>,
    pictures: Tensor<4>,
    terms: ReconstructionTerms,
) -> Tensor<1> {
    let off = drawn.clone() - pictures.clone();
    let mut error = off.clone().abs().mean();
    if terms.square > 0.0 {
        error = error + off.square().mean().mul_scalar(terms.square);
    }
    let pairs = slopes(&drawn).into_iter().zip(slopes(&pictures));
    pairs.fold(error, |loss, (a, b)| {
        let gradient = (a.clone() - b.clone()).abs().mean().mul_scalar(terms.gradient);
        let loss = loss + gradient;
        if terms.energy == 0.0 {
            return loss;
        }
        let energy = (local_mean(a.abs()) - local_mean(b.abs())).abs().mean();
        loss + energy.mul_scalar(terms.energy)
    })
}

/// Differences down and across.
#[must_use]
pub fn slopes(x: &Tensor<4>) -> [Tensor<4>; 2] {
    let [_, _, height, width] = x.dims();
    [
        x.clone().narrow(2, 1, height - 1) - x.clone().narrow(2, 0, height - 1),
        x.clone().narrow(3, 1, width - 1) - x.clone().narrow(3, 0, width - 1),
    ]
}

/// Means over half-overlapping patches of 8x8.
fn local_mean(x: Tensor<4>) -> Tensor<4> {
    avg_pool2d(x, AvgPoolOptions::new([8, 8]).with_stride([4, 4]))
}

#[cfg(feature = "flex")]
mod fused {
    use std::sync::OnceLock;

    use burn::tensor::Tensor;

    use super::ReconstructionTerms;
    use crate::kernels::{
        cpu::{
            losses::{
                Clips,
                reconstruction::{Pictures, TermWeights, reconstruction_loss as of_pictures},
                weighted_squared_error as of_latents,
            },
            pool,
        },
        operation::{Inputs as _, Operation, View},
    };

    /// A loss of two inputs, whose gradient by the first is found together with it.
    struct Loss {
        kind: Kind,
        gradient: OnceLock<Vec<f32>>,
    }

    enum Kind {
        Latents { frame_weights: Vec<f32>, extra: f32 },
        Pictures(ReconstructionTerms),
    }

    pub(super) fn weighted_squared_error(
        predicted: Tensor<4>,
        latents: Tensor<4>,
        frame_weights: &[f32],
        extra: f32,
    ) -> Tensor<1> {
        lost(predicted, latents, Kind::Latents { frame_weights: frame_weights.to_vec(), extra })
    }

    pub(super) fn reconstruction_loss(
        drawn: Tensor<4>,
        pictures: Tensor<4>,
        terms: ReconstructionTerms,
    ) -> Tensor<1> {
        lost(drawn, pictures, Kind::Pictures(terms))
    }

    fn lost(of: Tensor<4>, wanted: Tensor<4>, kind: Kind) -> Tensor<1> {
        [of.into_dispatch(), wanted.into_dispatch()].through(Loss { kind, gradient: OnceLock::new() })
    }

    impl std::fmt::Debug for Loss {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            match &self.kind {
                Kind::Latents { .. } => f.write_str("error of latents"),
                Kind::Pictures(_) => f.write_str("error of pictures"),
            }
        }
    }

    impl Loss {
        fn found(&self, of: View<'_>, wanted: View<'_>) -> (f64, Vec<f32>) {
            assert_eq!(of.dims, wanted.dims, "shapes of what is compared");
            let [a, b, c, d] = [0, 1, 2, 3].map(|axis| of.dims[axis]);
            let mut gradient = pool::take(of.numbers.len());
            let loss = match &self.kind {
                Kind::Latents { frame_weights, extra } => {
                    let clips = Clips { batch: a, time: b, token: c, dim: d };
                    of_latents(clips, of.numbers, wanted.numbers, frame_weights, *extra, &mut gradient)
                }
                Kind::Pictures(ReconstructionTerms { square, gradient: slope, energy }) => {
                    let terms = TermWeights { square: *square, gradient: *slope, energy: *energy };
                    let pictures = Pictures::planes([a, b, c, d]);
                    of_pictures(pictures, terms, of.numbers, wanted.numbers, &mut gradient)
                }
            };
            (loss, gradient)
        }
    }

    impl Operation<2> for Loss {
        fn forward(&self, [of, wanted]: [View<'_>; 2]) -> (Vec<f32>, Vec<usize>) {
            let (loss, gradient) = self.found(of, wanted);
            self.gradient.get_or_init(|| gradient);
            (vec![loss as f32], vec![1])
        }

        fn backward(
            &self,
            [of, _]: [View<'_>; 2],
            _answer: &[f32],
            gradient: &[f32],
            [_, of_wanted]: [bool; 2],
        ) -> [Option<Vec<f32>>; 2] {
            assert!(!of_wanted, "{self:?} has no gradient by what is wanted");
            let mut of_first = pool::take(of.numbers.len());
            let known = self.gradient.get().unwrap_or_else(|| unreachable!("found on the way there"));
            of_first.iter_mut().zip(known).for_each(|(to, &slope)| *to = slope * gradient[0]);
            [Some(of_first), None]
        }
    }
}
