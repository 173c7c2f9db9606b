//! Activations and their gradients: SiLU, SwiGLU (2002.05202), squared ReLU (Primer, 2109.08668).
//!
//! Gradients are computed from the input alone, so that nothing but it need be kept.

use pulp::Simd;

use super::{
    lanes::{Elementwise, Pieces, each, in_pieces, on_threads},
    math::sigmoid,
};

/// `out = x * sigmoid(x)`, of any shape.
pub fn silu(x: &[f32], out: &mut [f32]) {
    on_threads(Silu, [x], [out]);
}

/// The gradient of `x` in [`silu`] from that of its output.
pub fn silu_backward(x: &[f32], d_out: &[f32], d_x: &mut [f32]) {
    on_threads(SiluGradient, [x, d_out], [d_x]);
}

/// `out = max(x, 0)²`, of any shape.
pub fn squared_relu(x: &[f32], out: &mut [f32]) {
    on_threads(SquaredRelu, [x], [out]);
}

/// The gradient of `x` in [`squared_relu`] from that of its output.
pub fn squared_relu_backward(x: &[f32], d_out: &[f32], d_x: &mut [f32]) {
    on_threads(SquaredReluGradient, [x, d_out], [d_x]);
}

/// `out = silu(gate) * value`: the halves of each row `[2 * hidden]` of `x` give a row `[hidden]` of `out`.
pub fn swiglu(x: &[f32], hidden: usize, out: &mut [f32]) {
    let rows = rows(x, hidden);
    in_pieces(&Swiglu { x }, 2 * hidden, rows, [hidden], [out]);
}

/// The gradient of `x`, `[row, 2 * hidden]`, in [`swiglu`] from that of its output, `[row, hidden]`.
pub fn swiglu_backward(x: &[f32], d_out: &[f32], hidden: usize, d_x: &mut [f32]) {
    let rows = rows(x, hidden);
    assert_eq!(d_out.len(), rows * hidden, "gradient of a gated unit");
    in_pieces(&SwigluBackward { x, d_out }, 4 * hidden, rows, [2 * hidden], [d_x]);
}

fn rows(x: &[f32], hidden: usize) -> usize {
    assert!(hidden > 0 && x.len().is_multiple_of(2 * hidden), "{} numbers in rows of 2 * {hidden}", x.len());
    x.len() / (2 * hidden)
}

struct Swiglu<'a> {
    x: &'a [f32],
}

impl Pieces<1> for Swiglu<'_> {
    type Found = ();

    #[inline(always)]
    fn piece<S: Simd>(&self, simd: S, row_idx: usize, [out]: [&mut [f32]; 1]) {
        let hidden = out.len();
        let (gate, value) = self.x[row_idx * 2 * hidden..][..2 * hidden].split_at(hidden);
        let [] = each(simd, GatedUnit, [gate, value], [out]);
    }
}

struct SwigluBackward<'a> {
    x: &'a [f32],
    d_out: &'a [f32],
}

impl Pieces<1> for SwigluBackward<'_> {
    type Found = ();

    #[inline(always)]
    fn piece<S: Simd>(&self, simd: S, row_idx: usize, [d_x]: [&mut [f32]; 1]) {
        let hidden = d_x.len() / 2;
        let (gate, value) = self.x[row_idx * 2 * hidden..][..2 * hidden].split_at(hidden);
        let d_out = &self.d_out[row_idx * hidden..][..hidden];
        let (d_gate, d_value) = d_x.split_at_mut(hidden);
        let [] = each(simd, GatedUnitGradient, [gate, value, d_out], [d_gate, d_value]);
    }
}

#[derive(Clone, Copy)]
struct Silu;

impl Elementwise<1, 1, 0> for Silu {
    #[inline(always)]
    fn at<S: Simd>(self, simd: S, [x]: [S::f32s; 1], _: [S::f32s; 1]) -> ([S::f32s; 1], [S::f32s; 0]) {
        ([simd.mul_f32s(x, sigmoid(simd, x))], [])
    }
}

/// silu(x) and its slope s (1 + x (1 - s)), with s = sigmoid(x).
#[inline(always)]
fn silu_and_slope<S: Simd>(simd: S, x: S::f32s) -> [S::f32s; 2] {
    let s = sigmoid(simd, x);
    let silu = simd.mul_f32s(x, s);
    // s + silu - silu s.
    let slope = simd.add_f32s(s, simd.mul_add_e_f32s(simd.neg_f32s(silu), s, silu));
    [silu, slope]
}

#[derive(Clone, Copy)]
struct SiluGradient;

impl Elementwise<2, 1, 0> for SiluGradient {
    #[inline(always)]
    fn at<S: Simd>(self, simd: S, [x, d]: [S::f32s; 2], _: [S::f32s; 1]) -> ([S::f32s; 1], [S::f32s; 0]) {
        let [_, slope] = silu_and_slope(simd, x);
        ([simd.mul_f32s(d, slope)], [])
    }
}

#[derive(Clone, Copy)]
struct GatedUnit;

impl Elementwise<2, 1, 0> for GatedUnit {
    #[inline(always)]
    fn at<S: Simd>(
        self,
        simd: S,
        [gate, value]: [S::f32s; 2],
        _: [S::f32s; 1],
    ) -> ([S::f32s; 1], [S::f32s; 0]) {
        ([simd.mul_f32s(simd.mul_f32s(gate, sigmoid(simd, gate)), value)], [])
    }
}

#[derive(Clone, Copy)]
struct GatedUnitGradient;

impl Elementwise<3, 2, 0> for GatedUnitGradient {
    #[inline(always)]
    fn at<S: Simd>(
        self,
        simd: S,
        [gate, value, d]: [S::f32s; 3],
        _: [S::f32s; 2],
    ) -> ([S::f32s; 2], [S::f32s; 0]) {
        let [silu, slope] = silu_and_slope(simd, gate);
        let d_gate = simd.mul_f32s(simd.mul_f32s(d, value), slope);
        ([d_gate, simd.mul_f32s(d, silu)], [])
    }
}

#[derive(Clone, Copy)]
struct SquaredRelu;

impl Elementwise<1, 1, 0> for SquaredRelu {
    #[inline(always)]
    fn at<S: Simd>(self, simd: S, [x]: [S::f32s; 1], _: [S::f32s; 1]) -> ([S::f32s; 1], [S::f32s; 0]) {
        let x = positive_part(simd, x);
        ([simd.mul_f32s(x, x)], [])
    }
}

#[derive(Clone, Copy)]
struct SquaredReluGradient;

impl Elementwise<2, 1, 0> for SquaredReluGradient {
    #[inline(always)]
    fn at<S: Simd>(self, simd: S, [x, d]: [S::f32s; 2], _: [S::f32s; 1]) -> ([S::f32s; 1], [S::f32s; 0]) {
        let x = positive_part(simd, x);
        ([simd.mul_f32s(simd.add_f32s(x, x), d)], [])
    }
}

/// NaN stays NaN, so that broken weights are seen.
#[inline(always)]
fn positive_part<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let zero = simd.splat_f32s(0.0);
    simd.select_f32s(simd.less_than_f32s(x, zero), zero, x)
}

#[cfg(test)]
mod tests;
