//! When to look up from learning.

use dreamlane_core::Seed;

/// The rhythm of a training run, in steps.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Batches are a function of this seed and the step.
    pub seed: Seed,
    /// Steps between lines of the log.
    pub log_every: usize,
    /// Steps between validations.
    pub validate_every: usize,
    /// Steps between checkpoints.
    pub save_every: usize,
    /// Batches of one validation.
    pub validation_batches: usize,
}

impl Plan {
    /// Logs about 200 lines, validates 20 times and saves 10 times in a run of this many steps.
    #[must_use]
    pub fn for_steps(steps: usize, seed: Seed) -> Self {
        Self {
            seed,
            log_every: (steps / 200).max(1),
            validate_every: (steps / 20).max(1),
            save_every: (steps / 10).max(1),
            validation_batches: 4,
        }
    }
}
