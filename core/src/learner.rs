//! What a training loop drives, without knowing what it trains.

use std::{collections::BTreeMap, path::Path};

use crate::{Batch, Result};

/// Named numbers for the log; nothing reads them back.
pub type Metrics = BTreeMap<&'static str, f64>;

/// The batch that a learner wants next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchShape {
    /// Number of cuts.
    pub batch: usize,
    /// Frames per cut.
    pub time: usize,
    /// Share of the cuts that end where a task ended, as far as there are any: endings are rare.
    pub ends: f32,
}

/// What the numbers of a data set are like, beside its pictures: what a world needs to know before it learns.
#[derive(Clone, Debug, PartialEq)]
pub struct Measures {
    /// One per number of the state vector.
    pub state: Vec<Spread>,
    /// Least and largest reward; 0 and 0 where there are none.
    pub rewards: [f32; 2],
    /// Share of the frames with which a task ended.
    pub endings: f32,
}

impl Measures {
    /// Of data that nobody has looked at, with so many numbers of state.
    #[must_use]
    pub fn unknown(numbers: usize) -> Self {
        let spread = Spread { mean: 0.0, deviation: 1.0, low: -10.0, high: 10.0, change: 1.0, jump: 10.0 };
        Self { state: vec![spread; numbers], rewards: [-1.0, 1.0], endings: 0.01 }
    }
}

/// Where one number of the state vector lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Its mean.
    pub mean: f32,
    /// Its standard deviation.
    pub deviation: f32,
    /// Its least value.
    pub low: f32,
    /// Its largest value.
    pub high: f32,
    /// How large a change from one step to the next usually is: that of normal changes is their deviation, and rare
    /// jumps count little.
    pub change: f32,
    /// The largest change from one step to the next, up or down.
    pub jump: f32,
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

    /// The batch, of data kept aside, by which to set what learning cannot: how far its own dreams can be believed.
    /// None where there is nothing to set. Cuts may be shorter where recordings are.
    fn calibrates(&self) -> Option<BatchShape> {
        None
    }

    /// Sets it, after the last step; what was found, for the log.
    fn calibrate(&mut self, _batch: &Batch) -> Metrics {
        Metrics::new()
    }

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
