//! Pictures of any road network and everyone on it, painted in software: what the ego's camera sees, and the view
//! from above.

mod above;
mod backdrop;
mod body;
mod brush;
mod bundle;
pub mod camera;
mod cells;
mod colour;
mod ground;
mod ground_map;
mod layer;
mod noise;
mod picture;
mod piece;
mod rider;
mod roadside;
mod scout;
mod slot;
mod stop;
mod texture;

pub use above::above;
pub use ground_map::GroundMap;
pub use picture::{Easel, Sight};
