//! Roads and who moves on them, by rules: the truth that a dream is held against. No tensors, no pictures, no rewards.

pub mod chance;
pub mod driver;
pub mod flow;
pub mod layout;
pub mod participant;
pub mod platoon;
pub mod road;
