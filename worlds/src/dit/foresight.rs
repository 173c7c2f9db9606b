//! Features foreseen: beside clean latents, what the running mean of the network finds in the clean frames is predicted
//! from noised ones (V-JEPA, 2404.08471, with noise in the place of a mask). Off unless `trunk.foresees`.
//!
//! The features are those that latents are read from, so they cannot collapse: the flow needs them.

use burn::tensor::{Tensor, TensorData};

use super::{
    config::DitConfig,
    objective::{Clips, Draws, frame_weights, noised_clips},
    trunk::{Layout, Trunk},
};

/// `[batch * time, token, dim]`: what `teacher` finds in frames that are all known.
pub(super) fn wanted(
    teacher: &Trunk,
    config: &DitConfig,
    layout: &Layout,
    clips: &Clips,
    draws: &Draws,
) -> Tensor<3> {
    let draws = draws.all_known(config);
    teacher.forward(noised_clips(config, clips, &draws), layout).features
}

/// The squared error of what a trunk foresees of `features`, of frames as far as they count; none where it foresees
/// nothing.
pub(super) fn loss(
    trunk: &Trunk,
    features: Tensor<3>,
    wanted: Tensor<3>,
    config: &DitConfig,
    clips: &Clips,
    draws: &Draws,
) -> Option<Tensor<1>> {
    let foreseen = trunk.foreseen(features)?;
    let [_, token, dim] = wanted.dims();
    let weights = frame_weights(config, clips, draws);
    let all = weights.iter().sum::<f32>().max(1.0) * (token * dim) as f32;
    let weights = Tensor::from_data(TensorData::new(weights, [wanted.dims()[0], 1, 1]), &wanted.device());
    Some(((foreseen - wanted).square() * weights).sum().div_scalar(all))
}
