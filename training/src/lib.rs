//! The loop that turns data sets into checkpoints.
//!
//! It drives any [`Learner`](dreamlane_core::Learner) and knows no model: batches in, metrics and checkpoints out.

mod plan;
mod progress;
mod run;
mod training;

pub use plan::Plan;
pub use progress::Progress;
pub use run::RunFolder;
pub use training::{TrainingData, train};
