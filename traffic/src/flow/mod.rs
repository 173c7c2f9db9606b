//! Traffic in motion: everyone on one network, tick by tick.
//!
//! A [`Stage`] is what does not change (network, rules, tracks) and is shared by any number of episodes; a
//! [`Traffic`] is one episode on it. Nothing is shared between episodes, so they run on as many threads as there are.

mod advance;
mod change;
mod drive;
pub mod fleet;
mod give_way;
mod like_highway_env;
mod look;
mod mend;
mod order;
pub mod population;
mod snapshot;
pub mod stage;
mod touching;
mod track;
mod traffic;
mod window;

pub use fleet::{Driver, Fleet, NOWHERE, Participant};
pub use look::{Neighbour, Outlook, View};
pub use population::{Mix, Supply};
pub use snapshot::Saved;
pub use stage::{Rules, Stage, Variant};
pub use track::{Moment, Track};
pub use traffic::Traffic;
