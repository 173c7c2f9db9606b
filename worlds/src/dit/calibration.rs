//! Sets how far dreams can be believed, and how likely endings are: by dreams of data kept aside, held against what was
//! recorded.
//!
//! A step is good while the error of its latents is below half of what holding the last real frame for a second
//! costs on average. The bound is a figure of the data and not of the world, so worlds can be compared by it.

use std::ops::Range;

use dreamlane_core::{Batch, Metrics, Seed, WorldModel as _};
use rayon::prelude::*;

use super::{
    Dit,
    doubt::{FEATURES, Judge, log_of},
    hazard::Told,
    network::fixed,
};
use crate::host::numbers;

/// Steps that are dreamed on from each context.
pub(super) const STEPS: usize = 64;
/// Share of the error of a frame that is a second old.
const SHARE: f32 = 0.5;

/// So many steps ahead an ending can be foreseen from the data; the hazard is set on dreams no longer than this.
const FORESEEN: usize = 16;

/// What a step said, how wrong it was, and how wrong the last real frame would have been.
struct Step {
    features: [f32; FEATURES],
    step: usize,
    error: f32,
    still: f32,
    /// The chance of an ending that it said, and whether the task ended with it.
    hazard: f32,
    ended: bool,
}

impl Dit {
    /// Dreams on from the contexts of these clips and sets the judge of trust and the hazard; what was found, for the
    /// log. Clips that end where a task ended are for the hazard alone: they were drawn more often than they come.
    pub(super) fn calibrate_on(&mut self, batch: &Batch) -> Metrics {
        let wants = self.config.trunk.wants;
        let ends = |clip: &usize| !batch.ends.is_empty() && batch.ends[(clip + 1) * batch.time - 2] > 0.5;
        let (ending, going): (Vec<usize>, Vec<usize>) = (0..batch.batch).partition(ends);
        let late = batch.time.saturating_sub(FORESEEN).max(wants);
        let latents = numbers(&self.encode(&batch.to_device(&self.device)));
        let (steps, endings) =
            (self.followed(batch, &latents, &going, wants), self.followed(batch, &latents, &ending, late));
        let mut found = self.calibrate_trust(&steps, wants..batch.time);
        if self.layout.rewards {
            found.extend(self.calibrate_hazard(&steps, &endings));
        }
        found
    }

    fn calibrate_trust(&mut self, steps: &[Step], dreamed: Range<usize>) -> Metrics {
        let second = (self.spec.steps_per_second as usize).min(dreamed.len());
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

    /// The steps that end with a task count for so much, and those before them, that endings come as often as in the data.
    fn calibrate_hazard(&mut self, steps: &[Step], endings: &[Step]) -> Metrics {
        let hazard = self.network.hazard();
        let young = steps.iter().filter(|step| step.step <= FORESEEN);
        let ended = endings.iter().filter(|step| step.ended).count();
        let weight = hazard.rate * young.clone().count() as f32 / ended.max(1) as f32;
        let told =
            |step: &Step, weight: f32| Told { logit: hazard.logit(step.hazard), weight, ended: step.ended };
        let told = young.map(|step| told(step, 1.0)).chain(endings.iter().map(|step| told(step, weight)));
        let fitted = hazard.fitted(&told.collect::<Vec<_>>());
        self.network.ending = fixed(&fitted.numbers(), &self.device);
        Metrics::from([("hazard_slope", f64::from(fitted.slope)), ("hazard_added", f64::from(fitted.added))])
    }

    /// Dreams of some clips of a batch, whose latents are `latents`, each begun at its frame `from`.
    fn followed(&self, batch: &Batch, latents: &[f32], clips: &[usize], from: usize) -> Vec<Step> {
        let each = self.layout.tokens() * self.layout.token_dim;
        let (time, width) = (batch.time, batch.actions.len() / (batch.batch * batch.time));
        let weights = self.network.error_weights(self.layout.tokens());
        let follow = |&clip: &usize| {
            let latents = &latents[clip * time * each..(clip + 1) * time * each];
            let actions = &batch.actions[clip * time * width..(clip + 1) * time * width];
            let frame = |t: usize| &latents[t * each..(t + 1) * each];
            // An ending comes with the frame after the action that it is written at.
            let ended = |t: usize| !batch.ends.is_empty() && batch.ends[clip * time + t - 1] > 0.5;
            let mut steps = Vec::with_capacity(time - from);
            let seed = Seed::new(0).split(clip as u64);
            self.dream_on(latents, actions, from..time, seed, &mut |t, lane, said| {
                steps.push(Step {
                    features: lane.doubts.features(),
                    step: t + 1 - from,
                    error: error(&lane.latest, frame(t), &weights),
                    still: error(frame(from - 1), frame(t), &weights),
                    hazard: said.ending,
                    ended: ended(t),
                });
            });
            steps
        };
        clips.into_par_iter().flat_map_iter(follow).collect()
    }
}

/// The mean squared error of a frame's latents, each on the scale of its spread.
pub(super) fn error(a: &[f32], b: &[f32], weights: &[f32]) -> f32 {
    let errors = a.iter().zip(b).zip(weights).map(|((a, b), weight)| weight * (a - b) * (a - b));
    errors.sum::<f32>() / a.len() as f32
}
