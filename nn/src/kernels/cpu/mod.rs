//! Kernels on slices of numbers, for whatever vectors the processor has: AVX-512, AVX2, NEON, or none.
//!
//! What a row becomes never depends on how many rows there are or on how many threads work: sums have a fixed order.

pub mod activation;
pub mod adamw;
pub mod attention;
pub mod convolution;
pub mod element;
pub mod gated;
pub mod group_norm;
mod lanes;
pub mod linear;
pub mod losses;
pub mod math;
pub mod modulation;
pub mod nonlinearity;
pub mod norm;
pub mod pool;
pub mod product;
pub mod shuffle;
pub mod simd;
#[cfg(test)]
mod testing;
