//! Attention among the tokens of a frame, over the frames of a clip, and over a ring of past frames.
//!
//! Queries and keys are normed (QK-norm, 2302.05442), gained and rotated (RoFormer, 2104.09864) on the way, from the
//! rows of one linear layer; scores live in scratch that stays in the nearest cache.

mod group;
mod padding;
mod product;
pub mod qk;
#[cfg(test)]
mod reference;
pub mod ring;
pub mod space;
pub mod time;
mod transpose;
