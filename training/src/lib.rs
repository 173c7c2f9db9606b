//! The loop that turns data sets into checkpoints.
//!
//! It drives any [`Learner`](dreamlane_core::Learner) and knows no model: batches in, metrics and checkpoints out.
//! A run can be killed at any moment and resumed: it ends as if it had not been.

mod card;
mod checkpoints;
mod links;
mod log;
mod plan;
mod progress;
mod run;
mod standing;
mod tensorboard;
mod training;

pub use card::Facts;
pub use plan::Plan;
pub use progress::Progress;
pub use run::{RECORD, RunFolder};
pub use training::{TrainingData, train};
