//! dreamlane: a learned video world model is the environment.
//!
//! This crate is the facade: [`prelude`] has what an embedder needs, the crates below it have the rest.
//!
//! ```no_run
//! use dreamlane::prelude::*;
//!
//! let device = dreamlane::device::choose("flex")?;
//! let world = dreamlane::worlds::load("runs/nano".as_ref(), &device)?;
//! println!("{} steps a second", world.spec().steps_per_second);
//! # Ok::<(), Error>(())
//! ```

pub use dreamlane_agents as agents;
pub use dreamlane_core as core;
pub use dreamlane_datasets as datasets;
pub use dreamlane_envs as envs;
pub use dreamlane_evaluation as evaluation;
pub use dreamlane_nn as nn;
pub use dreamlane_rollouts as rollouts;
pub use dreamlane_traffic as traffic;
pub use dreamlane_training as training;
pub use dreamlane_worlds as worlds;

pub mod device;

/// The version of this code, with the commit it was built from where that is known; recordings keep it.
#[must_use]
pub fn code() -> String {
    let commit = option_env!("DREAMLANE_COMMIT").map_or(String::new(), |commit| format!(" ({commit})"));
    format!("dreamlane {}{commit}", env!("CARGO_PKG_VERSION"))
}

/// The words: everything of `core`.
pub mod prelude {
    pub use dreamlane_core::*;
}
