//! Recorded platoons, and the intelligent driver model calibrated on one half of them and tested on the other.
//!
//! A platoon is a file of cars that follow one another in one lane, such as the six-car platoons of the NGSIM I-80
//! recordings (US Department of Transportation). Positions are those of the front bumpers, so that
//! gap = leader's position - follower's position - leader's length.

pub mod calibrate;
pub mod drivers;
pub mod error;
pub mod follow;
pub mod follower;
pub mod score;
pub mod search;
pub mod settings;
pub mod split;
pub mod table;

pub use calibrate::{Calibration, Half, Progress, Scores, Skipped, calibrate};
pub use drivers::{Driver, Drivers, calibrate_drivers};
pub use error::PlatoonError;
pub use follow::{Follow, Rule, Tally, follow_pairs, follow_platoons, follow_windows};
pub use follower::Follower;
pub use score::{Score, score};
pub use settings::{Bounds, Goal, Settings};
pub use split::{Split, halves, halves_by_cutting};
pub use table::{Car, Platoon, parse, read_folder};
