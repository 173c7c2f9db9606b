//! Built-in roads: each layout is a struct of figures that builds a [`crate::road::Network`].
//!
//! Traffic keeps to the right. Lanes are counted from the right, and x points east.

mod carriageway;
mod exit;
mod highway;
mod intersection;
mod lane_drop;
mod merge;
mod parking;
mod path;
mod pavement;
mod racetrack;
mod registry;
mod right_of_way;
mod ring;
mod roundabout;
mod two_way;
mod weave;

pub use exit::Exit;
pub use highway::Highway;
pub use intersection::Intersection;
pub use lane_drop::{LaneDrop, Side};
pub use merge::Merge;
pub use parking::{Aisle, Parking};
pub use racetrack::Racetrack;
pub use registry::{LAYOUTS, Layout, NamedLayout};
pub use right_of_way::{Lights, Rule};
pub use ring::Ring;
pub use roundabout::Roundabout;
pub use two_way::TwoWay;
pub use weave::Weave;
