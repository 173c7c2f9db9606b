//! The driving simulator: the truth that a dream is held against. Each [`Scenario`] is an environment.
//!
//! Roads and traffic are the rule engine's (`dreamlane_traffic`); here are what a learner needs on top of it: seats and
//! their actions, the task with its reward, the state vector, pictures. All of it is shared with worlds that learn from
//! it. A row that is given no action drives itself.
//!
//! Options behind a name set any field of the scenario: `drive/merge:seats=2,actions=meta,friction=0.4`.

pub mod actions;
mod checks;
mod env;
mod episode;
mod options;
pub mod paint;
pub mod presets;
pub mod replay;
mod request;
pub mod scenario;
mod seat;
pub mod state;
pub mod task;

use burn::tensor::Device;
use dreamlane_core::{Env, Result};

pub use env::Drive;
pub use scenario::Scenario;

/// Builds the env of a scenario with options, such as `seats=2,actions=meta`.
///
/// # Errors
/// When an option fits nothing, or the scenario cannot work.
pub(crate) fn build(
    name: &str,
    options: &str,
    scenario: Scenario,
    lanes: usize,
    device: &Device,
) -> Result<Box<dyn Env>> {
    let scenario = options::set(name, scenario, options)?;
    let full =
        if options.is_empty() { name.to_owned() } else { format!("{name}:{}", options::public(options)) };
    Ok(Box::new(Drive::new(&full, lanes, scenario, device)?))
}
