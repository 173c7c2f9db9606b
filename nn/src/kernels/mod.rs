//! Fused kernels: the operations that worlds are made of, each as plain operations for any backend,
//! and as one threaded, vectorised pass over memory for the CPU.
//!
//! `cpu` holds the kernels, functions on slices that know nothing of burn; the files beside it make operations of
//! them. Unsafe code lives here alone, each block with its reason.

#![expect(unsafe_code, reason = "kernels read without bounds checks what they have checked once")]

mod activation;
mod attention;
mod choice;
mod convolution;
pub mod cpu;
mod gated;
#[cfg(feature = "flex")]
mod lent;
mod linear;
mod losses;
mod norm;
#[cfg(feature = "flex")]
mod operation;
mod shuffle;
#[cfg(all(test, feature = "flex"))]
mod tests;
mod update;

pub use activation::{silu, swiglu};
pub use attention::{Placing, space_attention, time_attention};
pub(crate) use attention::{attend, by_token, from_tokens, placed};
pub use choice::{is_fused, use_plain_operations};
pub use convolution::{Convolving, GroupNorm, Nonlinearity, convolved};
pub use gated::gated_residual;
pub use linear::{Activation, applied, linear};
pub use losses::{ReconstructionTerms, reconstruction_loss, slopes, weighted_squared_error};
pub use norm::{modulated_norm, rms_norm};
pub use shuffle::{fold, fold_planes, unfold, unfold_planes};
pub use update::{AdamW, Moved, Moving, squared_norm};
