//! What a training loop drives, without knowing what it trains.

use std::{collections::BTreeMap, path::Path};

use crate::{Batch, Result};

/// Named numbers for the log; nothing reads them back.
pub type Metrics = BTreeMap<&'static str, f64>;

/// The batch that a learner wants next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchShape {
    /// Number of cuts.
    pub batch: usize,
    /// Frames per cut.
    pub time: usize,
}

/// The folder in a checkpoint that only resuming needs.
pub const TRAINING_STATE: &str = "training_state";

/// A model with its optimiser.
pub trait Learner {
    /// The batch wanted at the next step; stages may differ.
    fn wants(&self) -> BatchShape;

    /// Steps already learned, and steps in all.
    fn progress(&self) -> (usize, usize);

    /// One step of learning.
    fn learn(&mut self, batch: &Batch) -> Metrics;

    /// Scores a batch without learning from it.
    fn validate(&self, batch: &Batch) -> Metrics;

    /// How good a validated model is, larger being better, for the choice of the best checkpoint.
    /// None where the numbers do not say, such as before the part that counts has begun to learn.
    fn merit(&self, validated: &Metrics) -> Option<f64>;

    /// What it is and what is known not to work, as Markdown for its card.
    fn about(&self) -> String;

    /// Writes a checkpoint folder.
    ///
    /// # Errors
    /// When it cannot be written.
    fn save(&self, folder: &Path) -> Result<()>;

    /// Adds to a checkpoint folder, below [`TRAINING_STATE`], what learning on bit by bit needs beside it.
    ///
    /// # Errors
    /// When it cannot be written.
    fn save_state(&self, checkpoint: &Path) -> Result<()>;

    /// Puts back what [`save`](Self::save) and [`save_state`](Self::save_state) wrote after `step` steps of a learner
    /// that was made with the same settings.
    ///
    /// # Errors
    /// When a file is missing or broken, or belongs to other settings.
    fn load_state(&mut self, checkpoint: &Path, step: usize) -> Result<()>;
}
