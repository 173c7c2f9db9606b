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

    /// Writes a checkpoint folder.
    ///
    /// # Errors
    /// When it cannot be written.
    fn save(&self, folder: &Path) -> Result<()>;
}
