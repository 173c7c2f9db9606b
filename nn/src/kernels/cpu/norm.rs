//! Root-mean-square norm, alone and with the adaptive modulation that follows it, forward and backward.
//!
//! With r = (mean x² + ε)^(-1/2) and g the gradient of x r, the gradient of x is r (g - x r² mean(g x)).
//! r is computed again on the way back: that costs less than to store it.

use pulp::Simd;

use super::{
    lanes::{Elementwise, Pieces, each, in_pieces, in_pieces_here},
    modulation::{Modulation, ModulationGradient},
};

const EPSILON: f32 = 1e-6;

/// `out = x / rms(x)`, both `[row, dim]`.
pub fn rms_norm(x: &[f32], dim: usize, out: &mut [f32]) {
    let rows = rows(x, dim);
    in_pieces(&Norm { x, dim }, dim, rows, [dim], [out]);
}

/// [`rms_norm`] on this thread, without allocation.
pub fn rms_norm_block(x: &[f32], dim: usize, out: &mut [f32]) {
    let rows = rows(x, dim);
    in_pieces_here(&Norm { x, dim }, rows, [dim], [out]);
}

/// The gradient of `x` in [`rms_norm`] from that of its output; all `[row, dim]`.
pub fn rms_norm_backward(x: &[f32], d_out: &[f32], dim: usize, d_x: &mut [f32]) {
    assert_eq!(d_out.len(), x.len(), "gradient of the norm");
    let rows = rows(x, dim);
    in_pieces(&NormBackward { x, d_out, dim }, 2 * dim, rows, [dim], [d_x]);
}

/// `out = x / rms(x) * (1 + scale) + shift`; `x` and `out` are `[frame, token, dim]`.
///
/// Row `slot` of the modulation is the shift, row `slot + 1` the scale.
pub fn rms_modulate(x: &[f32], modulation: &Modulation<'_>, slot: usize, out: &mut [f32]) {
    let tokens = modulation.tokens(x.len(), &(slot..slot + 2));
    let dim = modulation.dim;
    in_pieces(&Modulate { x, modulation, slot, tokens }, dim, x.len() / dim, [dim], [out]);
}

/// [`rms_modulate`] on this thread, without allocation.
pub fn rms_modulate_block(x: &[f32], modulation: &Modulation<'_>, slot: usize, out: &mut [f32]) {
    let tokens = modulation.tokens(x.len(), &(slot..slot + 2));
    let dim = modulation.dim;
    in_pieces_here(&Modulate { x, modulation, slot, tokens }, x.len() / dim, [dim], [out]);
}

/// The gradient of [`rms_modulate`] from that of its output: writes that of `x`, `[frame, token, dim]`, and adds to
/// those of shift and scale.
pub fn rms_modulate_backward(
    x: &[f32],
    d_out: &[f32],
    modulation: &Modulation<'_>,
    slot: usize,
    d_x: &mut [f32],
    mut d_modulation: ModulationGradient<'_>,
) {
    assert_eq!(d_out.len(), x.len(), "gradient of the modulated norm");
    d_modulation.assert_fits(modulation);
    let used = slot..slot + 2;
    let tokens = modulation.tokens(x.len(), &used);
    let (dim, frames) = (modulation.dim, modulation.frames());
    let mut by_frame = vec![0.0; frames * 2 * dim];
    let frame = tokens * dim;
    let kernel = ModulateBackward { x, d_out, modulation, slot };
    in_pieces(&kernel, 3 * frame, frames, [frame, 2 * dim], [d_x, &mut by_frame]);
    d_modulation.add(modulation, used, &by_frame);
}

fn rows(x: &[f32], dim: usize) -> usize {
    assert!(dim > 0 && x.len().is_multiple_of(dim), "{} numbers in rows of {dim}", x.len());
    x.len() / dim
}

#[inline(always)]
fn inverse_rms(square_sum: f32, dim: usize) -> f32 {
    (square_sum / dim as f32 + EPSILON).sqrt().recip()
}

struct Norm<'a> {
    x: &'a [f32],
    dim: usize,
}

impl Pieces<1> for Norm<'_> {
    type Found = ();

    #[inline(always)]
    fn piece<S: Simd>(&self, simd: S, row_idx: usize, [out]: [&mut [f32]; 1]) {
        let x = &self.x[row_idx * self.dim..][..self.dim];
        let [square_sum] = each(simd, Square, [x], []);
        let [] = each(simd, Times(inverse_rms(square_sum, self.dim)), [x], [out]);
    }
}

struct NormBackward<'a> {
    x: &'a [f32],
    d_out: &'a [f32],
    dim: usize,
}

impl Pieces<1> for NormBackward<'_> {
    type Found = ();

    #[inline(always)]
    fn piece<S: Simd>(&self, simd: S, row_idx: usize, [d_x]: [&mut [f32]; 1]) {
        let row = row_idx * self.dim..(row_idx + 1) * self.dim;
        let [x, d_out] = [&self.x[row.clone()], &self.d_out[row]];
        let [square_sum, product_sum] = each(simd, Products, [x, d_out], []);
        let [] = each(simd, Project::new(square_sum, product_sum, self.dim), [x, d_out], [d_x]);
    }
}

struct Modulate<'a> {
    x: &'a [f32],
    modulation: &'a Modulation<'a>,
    slot: usize,
    tokens: usize,
}

impl Pieces<1> for Modulate<'_> {
    type Found = ();

    #[inline(always)]
    fn piece<S: Simd>(&self, simd: S, row_idx: usize, [out]: [&mut [f32]; 1]) {
        let dim = self.modulation.dim;
        let x = &self.x[row_idx * dim..][..dim];
        let [square_sum] = each(simd, Square, [x], []);
        let frame_idx = row_idx / self.tokens;
        let [shared_shift, shift] = self.modulation.summands(frame_idx, self.slot);
        let [shared_scale, scale] = self.modulation.summands(frame_idx, self.slot + 1);
        let op = Modulated(inverse_rms(square_sum, dim));
        let [] = each(simd, op, [x, shared_shift, shift, shared_scale, scale], [out]);
    }
}

struct ModulateBackward<'a> {
    x: &'a [f32],
    d_out: &'a [f32],
    modulation: &'a Modulation<'a>,
    slot: usize,
}

impl Pieces<2> for ModulateBackward<'_> {
    type Found = ();

    #[inline(always)]
    fn piece<S: Simd>(&self, simd: S, frame_idx: usize, [d_x, d_rows]: [&mut [f32]; 2]) {
        let dim = self.modulation.dim;
        let frame = frame_idx * d_x.len()..(frame_idx + 1) * d_x.len();
        let tokens = self.x[frame.clone()].chunks_exact(dim).zip(self.d_out[frame].chunks_exact(dim));
        let [shared_scale, scale] = self.modulation.summands(frame_idx, self.slot + 1);
        let (d_shift, d_scale) = d_rows.split_at_mut(dim);
        for ((x, d_out), d_x) in tokens.zip(d_x.chunks_exact_mut(dim)) {
            // The gradient of the norm waits in the place of the gradient of x.
            let [square_sum, product_sum] =
                each(simd, Unscaled, [x, d_out, shared_scale, scale], [&mut *d_x]);
            let project = Project::new(square_sum, product_sum, dim);
            let [] = each(simd, ModulatedGradient(project), [x, d_out], [d_x, &mut *d_shift, &mut *d_scale]);
        }
    }
}

#[derive(Clone, Copy)]
struct Square;

impl Elementwise<1, 0, 1> for Square {
    #[inline(always)]
    fn at<S: Simd>(self, simd: S, [x]: [S::f32s; 1], _: [S::f32s; 0]) -> ([S::f32s; 0], [S::f32s; 1]) {
        ([], [simd.mul_f32s(x, x)])
    }
}

#[derive(Clone, Copy)]
struct Times(f32);

impl Elementwise<1, 1, 0> for Times {
    #[inline(always)]
    fn at<S: Simd>(self, simd: S, [x]: [S::f32s; 1], _: [S::f32s; 1]) -> ([S::f32s; 1], [S::f32s; 0]) {
        ([simd.mul_f32s(x, simd.splat_f32s(self.0))], [])
    }
}

/// x² and x g.
#[derive(Clone, Copy)]
struct Products;

impl Elementwise<2, 0, 2> for Products {
    #[inline(always)]
    fn at<S: Simd>(self, simd: S, [x, g]: [S::f32s; 2], _: [S::f32s; 0]) -> ([S::f32s; 0], [S::f32s; 2]) {
        ([], [simd.mul_f32s(x, x), simd.mul_f32s(x, g)])
    }
}

/// r g - x r³ mean(g x).
#[derive(Clone, Copy)]
struct Project {
    inverse_rms: f32,
    minus_along: f32,
}

impl Project {
    #[inline(always)]
    fn new(square_sum: f32, product_sum: f32, dim: usize) -> Self {
        let inverse_rms = inverse_rms(square_sum, dim);
        let minus_along = -inverse_rms * inverse_rms * inverse_rms * (product_sum / dim as f32);
        Self { inverse_rms, minus_along }
    }

    #[inline(always)]
    fn of<S: Simd>(self, simd: S, x: S::f32s, g: S::f32s) -> S::f32s {
        let across = simd.mul_f32s(g, simd.splat_f32s(self.inverse_rms));
        simd.mul_add_e_f32s(x, simd.splat_f32s(self.minus_along), across)
    }
}

impl Elementwise<2, 1, 0> for Project {
    #[inline(always)]
    fn at<S: Simd>(self, simd: S, [x, g]: [S::f32s; 2], _: [S::f32s; 1]) -> ([S::f32s; 1], [S::f32s; 0]) {
        ([self.of(simd, x, g)], [])
    }
}

/// x r (1 + scale) + shift.
#[derive(Clone, Copy)]
struct Modulated(f32);

impl Elementwise<5, 1, 0> for Modulated {
    #[inline(always)]
    fn at<S: Simd>(
        self,
        simd: S,
        [x, shared_shift, shift, shared_scale, scale]: [S::f32s; 5],
        _: [S::f32s; 1],
    ) -> ([S::f32s; 1], [S::f32s; 0]) {
        let normed = simd.mul_f32s(x, simd.splat_f32s(self.0));
        let factor = one_plus(simd, shared_scale, scale);
        ([simd.mul_add_e_f32s(normed, factor, simd.add_f32s(shared_shift, shift))], [])
    }
}

/// g = the gradient times (1 + scale); sums of x² and x g.
#[derive(Clone, Copy)]
struct Unscaled;

impl Elementwise<4, 1, 2> for Unscaled {
    #[inline(always)]
    fn at<S: Simd>(
        self,
        simd: S,
        [x, d_out, shared_scale, scale]: [S::f32s; 4],
        _: [S::f32s; 1],
    ) -> ([S::f32s; 1], [S::f32s; 2]) {
        let g = simd.mul_f32s(d_out, one_plus(simd, shared_scale, scale));
        ([g], [simd.mul_f32s(x, x), simd.mul_f32s(x, g)])
    }
}

#[derive(Clone, Copy)]
struct ModulatedGradient(Project);

impl Elementwise<2, 3, 0> for ModulatedGradient {
    #[inline(always)]
    fn at<S: Simd>(
        self,
        simd: S,
        [x, d_out]: [S::f32s; 2],
        [g, d_shift, d_scale]: [S::f32s; 3],
    ) -> ([S::f32s; 3], [S::f32s; 0]) {
        let normed = simd.mul_f32s(x, simd.splat_f32s(self.0.inverse_rms));
        let d_scale = simd.mul_add_e_f32s(d_out, normed, d_scale);
        ([self.0.of(simd, x, g), simd.add_f32s(d_shift, d_out), d_scale], [])
    }
}

#[inline(always)]
fn one_plus<S: Simd>(simd: S, shared: S::f32s, offset: S::f32s) -> S::f32s {
    simd.add_f32s(simd.add_f32s(shared, offset), simd.splat_f32s(1.0))
}

#[cfg(test)]
mod tests;
