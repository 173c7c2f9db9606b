//! Roads: curves, lanes along them, and the network that lanes form.
//!
//! Axes follow ISO 8855: x and y in metres, y to the left of x, angles counter-clockwise in radians.
//! Along a lane, `s` counts metres from its start and `d` metres to the left of its centre line.

pub mod curve;
pub mod lane;
pub mod network;
pub mod signal;

pub use curve::{Curve, Pose};
pub use lane::{Conflict, Control, Lane, LaneIdx, Line, Sketch, Users};
pub use network::{Builder, Guide, Network, Place, RoadError};
pub use signal::{Light, Signal};
