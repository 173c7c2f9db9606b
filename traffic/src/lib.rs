//! Roads and who moves on them, by rules: the truth that a dream is held against.
//!
//! ```
//! use dreamlane_traffic::{
//!     chance::Chance,
//!     flow::{Mix, Rules, Stage, Traffic},
//!     layout::Roundabout,
//!     road::Users,
//! };
//!
//! let stage = Stage::new(Roundabout::default().build()?, Rules::textbook());
//! let mut traffic = Traffic::new(stage, Chance::new(7));
//! traffic.populate(6, Users::Vehicles, &Mix::default());
//! for _ in 0..100 {
//!     traffic.tick(0.1);
//!     traffic.collide(|_, one, other| unreachable!("{one} touches {other}"));
//! }
//! # Ok::<(), dreamlane_traffic::road::RoadError>(())
//! ```
//!
//! [`road`] has lanes and the network that they form, [`layout`] the built-in ones, [`driver`] how one follows, changes
//! lanes and steers, [`participant`] how bodies move, [`flow`] everyone in motion, [`platoon`] recorded queues and drivers
//! fitted to them. No tensors, no pictures, no rewards are known here: `envs` adds those.

pub mod chance;
pub mod driver;
pub mod flow;
pub mod layout;
pub mod participant;
pub mod platoon;
pub mod road;
