//! Fused kernels: the operations that worlds are made of, each as plain operations for any backend,
//! and as one threaded, vectorised pass over memory for the CPU.
//!
//! `cpu` holds the kernels, functions on slices that know nothing of burn; the files beside it make operations of
//! them. Unsafe code lives here alone, each block with its reason.

#![expect(unsafe_code, reason = "kernels read without bounds checks what they have checked once")]

mod choice;
pub mod cpu;
#[cfg(feature = "flex")]
mod lent;
mod linear;
#[cfg(feature = "flex")]
mod operation;

pub use choice::{is_fused, use_plain_operations};
pub use linear::{Activation, linear};
