//! A linear layer with its bias and activation in one pass, and the way back.
//!
//! Weights are `[in, out]`, as burn keeps them.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::{
    pool,
    product::{At, Finish, Keep, Left, Packed, Segment, multiply},
    simd::load,
};

/// Rows whose gradients are summed before the sums are added in order.
const CHUNK: usize = 256;

/// What a linear layer does to its sums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activation {
    /// Nothing.
    #[default]
    None,
    /// max(x, 0).
    Relu,
    /// max(x, 0)² (Primer, 2109.08668).
    SquaredRelu,
}

impl Activation {
    /// Of a vector.
    #[inline(always)]
    pub fn of<S: Simd>(self, simd: S, x: S::f32s) -> S::f32s {
        let positive = || simd.max_f32s(x, simd.splat_f32s(0.0));
        match self {
            Self::None => x,
            Self::Relu => positive(),
            Self::SquaredRelu => simd.mul_f32s(positive(), positive()),
        }
    }

    /// The gradient before the activation, from that behind it and from the activation's answer.
    #[inline(always)]
    fn back<S: Simd>(self, simd: S, answer: S::f32s, gradient: S::f32s) -> S::f32s {
        let zero = simd.splat_f32s(0.0);
        match self {
            Self::None => gradient,
            Self::Relu => simd.select_f32s(simd.greater_than_f32s(answer, zero), gradient, zero),
            // 2 max(x, 0), which is twice the root of the answer.
            Self::SquaredRelu => {
                let root = simd.sqrt_f32s(answer);
                simd.mul_f32s(simd.add_f32s(root, root), gradient)
            }
        }
    }
}

/// Adds a bias and applies an activation.
pub struct Biased<'a> {
    /// `[out]`, or nothing.
    pub bias: Option<&'a [f32]>,
    /// What comes after.
    pub activation: Activation,
}

impl Finish for Biased<'_> {
    #[inline(always)]
    fn finish<S: Simd>(&self, simd: S, sum: S::f32s, at: At) -> S::f32s {
        let sum = match self.bias {
            Some(bias) => simd.add_f32s(sum, load(simd, &bias[at.column..at.column + at.len])),
            None => sum,
        };
        self.activation.of(simd, sum)
    }
}

/// activation(`x` `weight` + `bias`): `x` `[row, in]`, `weight` `[in, out]`, gives `[row, out]`.
#[must_use]
pub fn linear(
    x: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    activation: Activation,
    [from, to]: [usize; 2],
) -> Vec<f32> {
    assert_eq!(weight.len(), from * to, "weights of a layer from {from} to {to}");
    let rows = x.len().checked_div(from).unwrap_or(0);
    let packed = Packed::new(weight, [from, to], [to, 1]);
    let mut out = pool::take(rows * to);
    multiply(&rows_of(x, from, &segment(from)), &packed, &mut out, &Biased { bias, activation });
    out
}

/// Gradients of [`linear`].
pub struct LinearGradients {
    /// `[row, in]`.
    pub x: Option<Vec<f32>>,
    /// `[in, out]`.
    pub weight: Option<Vec<f32>>,
    /// `[out]`.
    pub bias: Option<Vec<f32>>,
}

/// The gradients that are `wanted` (of x, weight and bias) from `gradient` of the `answer`, both `[row, out]`.
#[must_use]
pub fn linear_backward(
    x: &[f32],
    weight: &[f32],
    answer: &[f32],
    gradient: &[f32],
    activation: Activation,
    [from, to]: [usize; 2],
    wanted: [bool; 3],
) -> LinearGradients {
    let rows = gradient.len() / to.max(1);
    let (before, bias) = before_activation(answer, gradient, activation, to, wanted[2]);
    let before = before.as_deref().unwrap_or(gradient);
    let x_gradient = wanted[0].then(|| {
        let transposed = Packed::new(weight, [to, from], [1, to]);
        let mut out = pool::take(rows * from);
        multiply(&rows_of(before, to, &segment(to)), &transposed, &mut out, &Keep);
        out
    });
    let weight_gradient = wanted[1].then(|| {
        let right = Packed::new(before, [rows, to], [to, 1]);
        let mut out = pool::take(from * to);
        let left = Left { data: x, place: |row| row, segments: &segment(rows), step: from };
        multiply(&left, &right, &mut out, &Keep);
        out
    });
    LinearGradients { x: x_gradient, weight: weight_gradient, bias }
}

fn segment(len: usize) -> [Segment; 1] {
    [Segment { offset: 0, len }]
}

fn rows_of<'a>(
    data: &'a [f32],
    width: usize,
    segments: &'a [Segment],
) -> Left<'a, impl Fn(usize) -> usize + Sync> {
    Left { data, place: move |row| row * width, segments, step: 1 }
}

/// The gradient before the activation, where there is one, and its sums over rows.
fn before_activation(
    answer: &[f32],
    gradient: &[f32],
    activation: Activation,
    to: usize,
    summed: bool,
) -> (Option<Vec<f32>>, Option<Vec<f32>>) {
    let rows = gradient.len() / to.max(1);
    let chunks = rows.div_ceil(CHUNK);
    let is_plain = activation == Activation::None;
    let mut before = (!is_plain).then(|| pool::take(gradient.len()));
    let mut sums = summed.then(|| pool::take_zeroed(chunks * to));
    if to == 0 || (is_plain && !summed) {
        return (before, sums);
    }
    let mut no_rows: Vec<f32> = Vec::new();
    let outs: Vec<&mut [f32]> = match &mut before {
        Some(before) => before.chunks_mut(CHUNK * to).collect(),
        None => (0..chunks).map(|_| <&mut [f32]>::default()).collect(),
    };
    let sum_rows = sums.as_mut().unwrap_or(&mut no_rows);
    let sum_rows: Vec<&mut [f32]> = match summed {
        true => sum_rows.chunks_mut(to).collect(),
        false => (0..chunks).map(|_| <&mut [f32]>::default()).collect(),
    };
    outs.into_par_iter().zip(sum_rows).enumerate().for_each(|(chunk, (out, sums))| {
        let range = chunk * CHUNK * to..((chunk + 1) * CHUNK * to).min(gradient.len());
        let (answer, gradient) = (&answer[range.clone()], &gradient[range]);
        Arch::new().dispatch(Back { answer, gradient, activation, to, out, sums });
    });
    let sums = sums.map(|sums| {
        let mut total = pool::take_zeroed(to);
        for row in sums.chunks_exact(to) {
            total.iter_mut().zip(row).for_each(|(total, part)| *total += part);
        }
        pool::give(sums);
        total
    });
    (before, sums)
}

/// One chunk of rows; `out` and `sums` may be empty, where they are not asked for.
struct Back<'a> {
    answer: &'a [f32],
    gradient: &'a [f32],
    activation: Activation,
    to: usize,
    out: &'a mut [f32],
    sums: &'a mut [f32],
}

impl WithSimd for Back<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { answer, gradient, activation, to, out, sums } = self;
        let lanes = S::F32_LANES;
        for row in 0..gradient.len() / to {
            for column in (0..to).step_by(lanes) {
                let (place, len) = (row * to + column, lanes.min(to - column));
                let answer = load(simd, &answer[place..place + len]);
                let before = activation.back(simd, answer, load(simd, &gradient[place..place + len]));
                if !out.is_empty() {
                    super::simd::store(simd, &mut out[place..place + len], before);
                }
                if !sums.is_empty() {
                    let sum = load(simd, &sums[column..column + len]);
                    super::simd::store(simd, &mut sums[column..column + len], simd.add_f32s(sum, before));
                }
            }
        }
    }
}
