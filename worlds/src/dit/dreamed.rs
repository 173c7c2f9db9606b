//! Clips that were dreamed on from within: what is learned from them is right on frames that are not real too.
//!
//! Rewards, endings and the expected error are read from dreamed frames against the recording. Where a dream is
//! still young, the recorded frame after it is drawn as well, so that small errors of the past do not grow.

use std::ops::Range;

use burn::tensor::{Tensor, TensorData};
use dreamlane_core::{Batch, Seed};
use rayon::prelude::*;

use super::{Dit, calibration::error, doubt::log_of, objective::Clips};
use crate::host::numbers;

/// Dreams no longer than this are followed by recorded frames.
const YOUNG: usize = 8;

impl Dit {
    /// Clips whose latents are `latents` `[batch, time, token, dim]`, some frames of each dreamed.
    pub(super) fn dreamed_clips(&self, batch: Batch, latents: Tensor<4>, seed: Seed) -> Clips {
        let [count, time, token, dim] = latents.dims();
        let (each, width) = (token * dim, batch.actions.len() / (count * time));
        let seeds = (0..count as u64).map(|clip| seed.split(clip)).collect::<Vec<_>>();
        let dreamed = seeds.iter().map(|&seed| cut(time, self.config.trunk.wants, seed)).collect::<Vec<_>>();
        let mut shown = numbers(&latents);
        let weights = self.network.error_weights(token);
        let mut errors = vec![0.0; count * time];
        let clips =
            shown.par_chunks_exact_mut(time * each).zip(errors.par_chunks_exact_mut(time)).enumerate();
        clips.for_each(|(clip, (shown, errors))| {
            let frames = dreamed[clip].clone();
            let actions = &batch.actions[clip * time * width..(clip + 1) * time * width];
            let mut drawn = Vec::with_capacity(frames.len() * each);
            self.dream_on(shown, actions, frames.clone(), seeds[clip].split(2), &mut |t, lane, _| {
                errors[t] = log_of(error(&lane.latest, &shown[t * each..(t + 1) * each], &weights));
                drawn.extend_from_slice(&lane.latest);
            });
            shown[frames.start * each..frames.end * each].copy_from_slice(&drawn);
        });
        let shown = Tensor::from_data(TensorData::new(shown, [count, time, token, dim]), &latents.device());
        Clips { batch, latents, shown, dreamed, errors }
    }
}

/// Which frames of a clip of `time` are dreamed: from one that has seen a few before it, either a few or all that come.
fn cut(time: usize, wants: usize, seed: Seed) -> Range<usize> {
    let first = wants.div_ceil(2).clamp(1, time - 1);
    let from = first + seed.split(0).below(time - first);
    let rest = time - from;
    match seed.split(1).uniform() < 0.5 {
        true => from..from + 1 + seed.split(3).below(rest.min(YOUNG)),
        false => from..time,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dreamed_lies_within_the_clip_and_has_seen_something() {
        for idx in 0..1000 {
            for (time, wants) in [(40, 16), (6, 2), (2, 2), (3, 9)] {
                let frames = cut(time, wants, Seed::new(idx));
                assert!(
                    frames.start >= 1 && frames.end <= time && !frames.is_empty(),
                    "{frames:?} of {time}"
                );
                assert!(frames.end == time || frames.len() <= YOUNG);
            }
        }
    }
}
