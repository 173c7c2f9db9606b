//! Who moves: kinds of participants, how they move, and whether they touch.

pub mod bicycle;
pub mod footprint;
pub mod kind;

pub use bicycle::{Bicycle, Motion};
pub use footprint::Footprint;
pub use kind::Kind;
