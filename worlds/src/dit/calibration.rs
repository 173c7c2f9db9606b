//! Sets how far dreams can be believed: by dreams of data kept aside, held against what was recorded.
//!
//! A step is good while the error of its latents is below half of what holding the last real frame for a second
//! costs on average. The bound is a figure of the data and not of the world, so worlds can be compared by it.

use dreamlane_core::{Batch, Metrics, Seed, WorldModel as _};
use rayon::prelude::*;

use super::{
    Dit,
    doubt::{FEATURES, Judge, log_of},
    network::fixed,
};
use crate::host::numbers;

/// Steps that are dreamed on from each context.
pub(super) const STEPS: usize = 64;
/// Share of the error of a frame that is a second old.
const SHARE: f32 = 0.5;

/// What a step said, how wrong it was, and how wrong the last real frame would have been.
struct Step {
    features: [f32; FEATURES],
    step: usize,
    error: f32,
    still: f32,
}

impl Dit {
    /// Dreams on from the contexts of these clips and sets the judge of trust; what was found, for the log.
    pub(super) fn calibrate_on(&mut self, batch: &Batch) -> Metrics {
        let steps = self.followed(batch);
        let second = (self.spec.steps_per_second as usize).min(batch.time - self.config.trunk.wants);
        let old = steps.iter().filter(|step| step.step == second).map(|step| step.still).collect::<Vec<_>>();
        let bound = (SHARE * old.iter().sum::<f32>() / old.len().max(1) as f32).max(f32::MIN_POSITIVE);
        let said = steps.iter().map(|step| (step.features, log_of(step.error))).collect::<Vec<_>>();
        let judge = Judge::fitted(&said, bound);
        let good = steps.iter().filter(|step| step.error <= bound).count() as f64 / steps.len().max(1) as f64;
        self.network.judge = fixed(&judge.numbers, &self.device);
        let mut found = Metrics::from([("bound", f64::from(bound)), ("good", good)]);
        for (name, wanted) in [("error_8", 8), ("error_32", 32), ("error_64", 64)] {
            let errors = steps.iter().filter(|step| step.step == wanted).map(|step| f64::from(step.error));
            let errors = errors.collect::<Vec<_>>();
            if !errors.is_empty() {
                found.insert(name, errors.iter().sum::<f64>() / errors.len() as f64);
            }
        }
        found
    }

    fn followed(&self, batch: &Batch) -> Vec<Step> {
        let latents = self.encode(&batch.to_device(&self.device));
        let [count, time, token, dim] = latents.dims();
        let (each, width, wants) =
            (token * dim, batch.actions.len() / (count * time), self.config.trunk.wants);
        let latents = numbers(&latents);
        let weights = self.network.error_weights(token);
        let follow = |clip: usize| {
            let latents = &latents[clip * time * each..(clip + 1) * time * each];
            let actions = &batch.actions[clip * time * width..(clip + 1) * time * width];
            let frame = |t: usize| &latents[t * each..(t + 1) * each];
            let mut steps = Vec::with_capacity(time - wants);
            let seed = Seed::new(0).split(clip as u64);
            self.dream_on(latents, actions, wants..time, seed, &mut |t, lane, _| {
                steps.push(Step {
                    features: lane.doubts.features(),
                    step: t + 1 - wants,
                    error: error(&lane.latest, frame(t), &weights),
                    still: error(frame(wants - 1), frame(t), &weights),
                });
            });
            steps
        };
        (0..count).into_par_iter().flat_map_iter(follow).collect()
    }
}

/// The mean squared error of a frame's latents, each on the scale of its spread.
pub(super) fn error(a: &[f32], b: &[f32], weights: &[f32]) -> f32 {
    let errors = a.iter().zip(b).zip(weights).map(|((a, b), weight)| weight * (a - b) * (a - b));
    errors.sum::<f32>() / a.len() as f32
}
