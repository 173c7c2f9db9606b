//! Shortcuts: one pass learns to go as far as two passes of half the share go (shortcut models, 2410.12557; shortcut
//! forcing, Dreamer 4, 2509.24527). So a dream of two passes is nearly as sharp as one of many, and no other network
//! has to be distilled.
//!
//! With x-prediction the loss of a velocity, weighted by the square of the way that is left, is the squared error
//! against a frame: the one at which a straight line with the mean velocity of the two passes would arrive.

use burn::tensor::Tensor;

use super::{
    config::DitConfig,
    objective::{Clips, Draws, noised_clips, of},
    trunk::{Layout, Pass, Trunk},
};

/// What the frames of clips should be predicted as, `[batch, time, token, dim]`: the recording, and where a pass is to
/// go further than the finest share, what two passes of `teacher` make of it.
pub(super) fn targets(
    teacher: &Trunk,
    config: &DitConfig,
    layout: &Layout,
    clips: &Clips,
    draws: &Draws,
) -> Tensor<4> {
    let finest = config.trunk.finest_share();
    let [count, time, _, _] = clips.shown.dims();
    let device = clips.shown.device();
    // Per frame: the level, the share, and whether it is a shortcut.
    let frames =
        draws.levels.iter().zip(&draws.shares).map(|(&level, &share)| (level, share, share > finest));
    let frames = frames.collect::<Vec<_>>();
    let column = |number: fn(&(f32, f32, bool)) -> f32| frames.iter().map(number).collect::<Vec<_>>();
    let halves = column(|&(_, share, is_shortcut)| if is_shortcut { 0.5 * share } else { share });
    let levels = column(|&(level, share, is_shortcut)| if is_shortcut { level + 0.5 * share } else { level });
    let tensor = |numbers: Vec<f32>| of(&numbers, [count, time, 1, 1], &device);
    let gone = tensor(column(
        |&(level, share, is_shortcut)| {
            if is_shortcut { 0.5 * share / (1.0 - level) } else { 0.0 }
        },
    ));
    let left =
        tensor(column(
            |&(level, share, is_shortcut)| {
                if is_shortcut { 0.5 * (1.0 - level) / (1.0 - level - 0.5 * share) } else { 0.0 }
            },
        ));
    let chosen = tensor(column(|&(.., is_shortcut)| f32::from(u8::from(is_shortcut))));
    let pass = noised_clips(config, clips, draws);
    let begun = pass.noisy.clone();
    let first = teacher.forward(Pass { shares: &halves, ..pass }, layout).predicted;
    let midway = begun.clone() + (first.clone() - begun.clone()) * gone;
    let pass = noised_clips(config, clips, draws);
    let pass = Pass { noisy: midway.clone(), levels: &levels, shares: &halves, ..pass };
    let second = teacher.forward(pass, layout).predicted;
    let reached = begun.clone() + (first - begun).mul_scalar(0.5) + (second - midway) * left;
    clips.latents.clone() + (reached - clips.latents.clone()) * chosen
}
