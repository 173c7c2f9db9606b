//! Neural blocks that know nothing of reinforcement learning: attention over space and time,
//! rotary positions, modulation, feed-forward layers, picture blocks, flow matching.
//!
//! Blocks are plain burn modules; none is generic over a backend.

mod attention;
mod embedding;
mod feed_forward;
mod flops;
mod flow;
mod init;
pub mod kernels;
mod muon;
mod pixels;
mod rotary;

pub use attention::{SpaceAttention, TimeAttention, TimeMemory, band_mask};
pub use embedding::{Conditioner, sinusoid};
pub use feed_forward::FeedForward;
pub use flops::{conv_flops, linear_flops};
pub use flow::{euler_step, noised};
pub use init::Init;
pub use kernels::rms_norm;
pub use muon::{Muon, Turned, orthogonal};
pub use pixels::{ResidualConv, conv};
pub use rotary::{Frequencies, Rotary, Rotations};
