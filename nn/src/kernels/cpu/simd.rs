//! The little that kernels need beside `pulp`: the width of its vectors, and loads and stores of parts of them.

use pulp::{Arch, Simd, WithSimd};

struct Lanes;

impl WithSimd for Lanes {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> usize {
        S::F32_LANES
    }
}

/// Numbers in a vector of this machine: 16 with AVX-512, 8 with AVX2, 4 with NEON, 1 without any.
#[must_use]
pub fn lanes() -> usize {
    Arch::new().dispatch(Lanes)
}

/// A vector from at most a vector's numbers, zeros behind them.
#[inline(always)]
pub fn load<S: Simd>(simd: S, from: &[f32]) -> S::f32s {
    match S::as_simd_f32s(from) {
        ([whole], _) => *whole,
        _ => simd.partial_load_f32s(from),
    }
}

/// The first numbers of a vector, as many as there is room for.
#[inline(always)]
pub fn store<S: Simd>(simd: S, to: &mut [f32], vector: S::f32s) {
    match S::as_mut_simd_f32s(to) {
        ([whole], _) => *whole = vector,
        _ => simd.partial_store_f32s(to, vector),
    }
}
