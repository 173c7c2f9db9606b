//! When to look up from learning.

use dreamlane_core::Seed;

/// The rhythm of a training run, in steps. What falls on which step does not depend on interruptions.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Batches are a function of this seed and the step.
    pub seed: Seed,
    /// Steps that were behind the learner when the run began.
    pub begun: usize,
    /// Steps in all.
    pub steps: usize,
    /// Steps between lines of the log.
    pub log_every: usize,
    /// Steps between validations.
    pub validate_every: usize,
    /// Steps between checkpoints.
    pub save_every: usize,
    /// Checkpoints to keep beside the best one, the newest.
    pub keep: usize,
    /// Batches of one validation.
    pub validation_batches: usize,
}

impl Plan {
    /// Logs about 200 lines, validates 20 times and saves 10 times on the way from `begun` steps to `steps`.
    #[must_use]
    pub fn for_steps(begun: usize, steps: usize, seed: Seed) -> Self {
        let ahead = steps.saturating_sub(begun);
        Self {
            seed,
            begun,
            steps,
            log_every: (ahead / 200).max(1),
            validate_every: (ahead / 20).max(1),
            save_every: (ahead / 10).max(1),
            keep: 3,
            validation_batches: 4,
        }
    }

    pub(crate) fn logs_at(&self, step: usize) -> bool {
        step.is_multiple_of(self.log_every) || step == self.steps
    }

    /// Whatever is saved is validated first.
    pub(crate) fn validates_at(&self, step: usize) -> bool {
        step.is_multiple_of(self.validate_every) || self.saves_at(step)
    }

    /// The first step is saved too, so that there soon is something to go on from.
    pub(crate) fn saves_at(&self, step: usize) -> bool {
        step == self.begun + 1 || step.is_multiple_of(self.save_every) || step == self.steps
    }
}
