//! The driving simulator: the truth that a dream is held against. One room so far, `drive/highway`.
//!
//! Scenario, action meaning, reward and state vector are shared with worlds that learn from it.
//! Actions are `acceleration` in [-1, 1] for -5 to 5 m/s², and `steering` in [-1, 1], left positive, for what the
//! tyres hold (see [`vehicle`]). A row that is given no action drives itself.

mod body;
pub mod camera;
mod colour;
mod config;
mod ground;
mod highway;
pub mod idm;
mod layer;
mod noise;
mod picture;
pub mod road;
mod roadside;
pub mod scene;
pub mod state;
pub mod task;
pub mod traffic;
pub mod vehicle;

pub use config::HighwayConfig;
pub use highway::Highway;
