//! Environments: the driving simulator that is the truth, and a learned world behind the same trait.
//!
//! ```no_run
//! # fn main() -> dreamlane_core::Result<()> {
//! # let device = burn::tensor::Device::default();
//! use dreamlane_core::{LaneMask, Seed};
//!
//! let mut env = dreamlane_envs::build("drive/highway", 8, &device)?;
//! let seeds: Vec<Seed> = (0..8).map(|episode_id| Seed::new(7).split(episode_id)).collect();
//! let start = env.reset(&LaneMask::all(8), &seeds)?;
//! assert_eq!(start.observation.images[0].dims(), [8, 3, 64, 64]);
//! # Ok(())
//! # }
//! ```
//!
//! [`drive`] is the truth, [`dream`] steps any learned world as an environment, [`ENVS`] lists what can be
//! built by name. No model is known here: a world arrives as a trait object.

pub mod dream;
pub mod drive;
mod frozen;
mod registry;
mod request;
mod status;

pub use registry::{ENVS, EnvEntry, build};
