//! Policies: [`random`], [`constant`], the car-following driver [`idm`], the truth's own [`rules`], and the replay of
//! recorded actions.
//!
//! ```
//! # use dreamlane_core::{ActionSpace, EnvSpec};
//! # let action = ActionSpace::Continuous { names: vec!["steering".into()], low: vec![-1.0], high: vec![1.0] };
//! # let spec = EnvSpec { name: "toy".into(), lanes: 1, seats: 1, steps_per_second: 10, rewards: false,
//! #     state: vec![], cameras: vec![], action, scenes: false };
//! let policy = dreamlane_agents::build("constant:0.3", &spec)?;
//! # Ok::<(), dreamlane_core::Error>(())
//! ```
//!
//! [`AGENTS`] lists what can be built by name. [`Replay`] needs recorded actions, so its caller builds it.

pub mod constant;
pub mod idm;
pub mod noisy;
pub mod random;
mod registry;
pub mod replay;
mod rows;
pub mod rules;

pub use constant::Constant;
pub use idm::Idm;
pub use noisy::Noisy;
pub use random::Random;
pub use registry::{AGENTS, AgentEntry, Build, build};
pub use replay::Replay;
pub use rules::Rules;
