//! Functions of single numbers that layers apply on the way in or out, and their slopes.

use pulp::{Arch, Simd, WithSimd};

use super::{
    math::{sigmoid, tanh},
    simd::{load, store},
};

/// A function of single numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Nonlinearity {
    /// x.
    #[default]
    Identity,
    /// max(x, 0).
    Relu,
    /// x / (1 + e^-x).
    Silu,
    /// tanh x.
    Tanh,
}

impl Nonlinearity {
    /// The function at `x`.
    #[inline(always)]
    pub(crate) fn value<S: Simd>(self, simd: S, x: S::f32s) -> S::f32s {
        match self {
            Self::Identity => x,
            Self::Relu => simd.max_f32s(x, simd.splat_f32s(0.0)),
            Self::Silu => simd.mul_f32s(x, sigmoid(simd, x)),
            Self::Tanh => tanh(simd, x),
        }
    }

    /// The slope at `x`.
    #[inline(always)]
    pub(crate) fn slope<S: Simd>(self, simd: S, x: S::f32s) -> S::f32s {
        let one = simd.splat_f32s(1.0);
        match self {
            Self::Identity => one,
            Self::Relu => step(simd, x),
            Self::Silu => {
                let gate = sigmoid(simd, x);
                // g + x g (1 - g).
                let rest = simd.mul_f32s(x, simd.sub_f32s(one, gate));
                simd.mul_add_e_f32s(gate, rest, gate)
            }
            Self::Tanh => {
                let y = tanh(simd, x);
                simd.sub_f32s(one, simd.mul_f32s(y, y))
            }
        }
    }

    /// The slope where the function has the value `y`.
    ///
    /// SiLU has every value below 0 twice: what comes out of it does not tell.
    #[inline(always)]
    fn slope_at_value<S: Simd>(self, simd: S, y: S::f32s) -> S::f32s {
        match self {
            Self::Identity => simd.splat_f32s(1.0),
            Self::Relu => step(simd, y),
            Self::Tanh => simd.sub_f32s(simd.splat_f32s(1.0), simd.mul_f32s(y, y)),
            Self::Silu => unreachable!("silu has no slope for a value"),
        }
    }

    /// `to` = f(x), from and to vectors that are all of one length.
    #[inline(always)]
    pub(crate) fn copy<S: Simd>(self, simd: S, x: &[f32], to: &mut [f32]) {
        for (x, to) in x.chunks(S::F32_LANES).zip(to.chunks_mut(S::F32_LANES)) {
            store(simd, to, self.value(simd, load(simd, x)));
        }
    }

    /// x = f(x), on this thread.
    pub(crate) fn apply(self, x: &mut [f32]) {
        if self != Self::Identity {
            Arch::new().dispatch(Apply(self, x));
        }
    }

    /// `d` *= slope at `x`, on this thread.
    pub(crate) fn pull_back(self, x: &[f32], d: &mut [f32]) {
        assert_eq!(x.len(), d.len(), "numbers and their gradients");
        if self != Self::Identity {
            Arch::new().dispatch(PullBack(self, x, d));
        }
    }

    /// `d` = `d_y` times the slope at the value `y`, on this thread.
    pub(crate) fn pull_back_from_value(self, y: &[f32], d_y: &[f32], d: &mut [f32]) {
        assert!(self != Self::Silu, "silu has no slope for a value: make it the entry of the next layer");
        assert_eq!((y.len(), d_y.len()), (d.len(), d.len()), "values and their gradients");
        Arch::new().dispatch(PullBackFromValue(self, y, d_y, d));
    }
}

/// 1 above 0, else 0.
#[inline(always)]
fn step<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let zero = simd.splat_f32s(0.0);
    simd.select_f32s(simd.greater_than_f32s(x, zero), simd.splat_f32s(1.0), zero)
}

struct Apply<'a>(Nonlinearity, &'a mut [f32]);

impl WithSimd for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for x in self.1.chunks_mut(S::F32_LANES) {
            store(simd, x, self.0.value(simd, load(simd, x)));
        }
    }
}

struct PullBack<'a>(Nonlinearity, &'a [f32], &'a mut [f32]);

impl WithSimd for PullBack<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for (x, d) in self.1.chunks(S::F32_LANES).zip(self.2.chunks_mut(S::F32_LANES)) {
            store(simd, d, simd.mul_f32s(load(simd, d), self.0.slope(simd, load(simd, x))));
        }
    }
}

struct PullBackFromValue<'a>(Nonlinearity, &'a [f32], &'a [f32], &'a mut [f32]);

impl WithSimd for PullBackFromValue<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self(function, y, d_y, d) = self;
        let vectors = y.chunks(S::F32_LANES).zip(d_y.chunks(S::F32_LANES));
        for ((y, d_y), d) in vectors.zip(d.chunks_mut(S::F32_LANES)) {
            store(simd, d, simd.mul_f32s(load(simd, d_y), function.slope_at_value(simd, load(simd, y))));
        }
    }
}
