//! The gated residual x + branch * gate of adaptive blocks (DiT 2212.09748), forward and backward.
//!
//! The gradient of x is that of the output and needs no kernel.

use pulp::Simd;

use super::{
    lanes::{Elementwise, Pieces, each, in_pieces},
    modulation::{Modulation, ModulationGradient},
    product::{At, Finish},
    simd::load,
};

/// `out = x + branch * gate`, all `[frame, token, dim]`; the gate is row `slot` of the modulation.
pub fn gated_residual(x: &[f32], branch: &[f32], modulation: &Modulation<'_>, slot: usize, out: &mut [f32]) {
    assert_eq!(branch.len(), x.len(), "branch of a residual");
    let tokens = modulation.tokens(x.len(), &(slot..slot + 1));
    let dim = modulation.dim;
    in_pieces(&Residual { x, branch, modulation, slot, tokens }, dim, x.len() / dim, [dim], [out]);
}

/// `x += branch * gate`, as in [`gated_residual`].
pub fn gated_residual_in_place(x: &mut [f32], branch: &[f32], modulation: &Modulation<'_>, slot: usize) {
    assert_eq!(branch.len(), x.len(), "branch of a residual");
    let tokens = modulation.tokens(x.len(), &(slot..slot + 1));
    let dim = modulation.dim;
    in_pieces(&InPlace { branch, modulation, slot, tokens }, dim, branch.len() / dim, [dim], [x]);
}

/// The gradient of [`gated_residual`] from that of its output: writes that of the branch, `[frame, token, dim]`, and
/// adds to that of the gate.
pub fn gated_residual_backward(
    branch: &[f32],
    d_out: &[f32],
    modulation: &Modulation<'_>,
    slot: usize,
    d_branch: &mut [f32],
    mut d_modulation: ModulationGradient<'_>,
) {
    assert_eq!(d_out.len(), branch.len(), "gradient of a residual");
    d_modulation.assert_fits(modulation);
    let used = slot..slot + 1;
    let tokens = modulation.tokens(branch.len(), &used);
    let (dim, frames) = (modulation.dim, modulation.frames());
    let mut by_frame = vec![0.0; frames * dim];
    let frame = tokens * dim;
    let kernel = Backward { branch, d_out, modulation, slot };
    in_pieces(&kernel, 2 * frame, frames, [frame, dim], [d_branch, &mut by_frame]);
    d_modulation.add(modulation, used, &by_frame);
}

/// The gated residual behind a product whose sums are its branch: x + (sum + bias) * gate.
pub struct Gated<'a> {
    x: &'a [f32],
    bias: &'a [f32],
    modulation: &'a Modulation<'a>,
    slot: usize,
    /// Tokens of a frame.
    tokens: u32,
}

impl<'a> Gated<'a> {
    /// For `x` `[frame, token, dim]` and `bias` `[dim]`; the gate is row `slot` of the modulation.
    #[must_use]
    pub fn new(x: &'a [f32], bias: &'a [f32], modulation: &'a Modulation<'a>, slot: usize) -> Self {
        assert_eq!(bias.len(), modulation.dim, "biases of a residual");
        let tokens = modulation.tokens(x.len(), &(slot..slot + 1));
        Self { x, bias, modulation, slot, tokens: u32::try_from(tokens).unwrap_or(u32::MAX) }
    }
}

impl Finish for Gated<'_> {
    #[inline(always)]
    fn finish<S: Simd>(&self, simd: S, sum: S::f32s, at: At) -> S::f32s {
        // A division of 32 bits takes a third of one of 64.
        let frame_idx = (at.row as u32 / self.tokens) as usize;
        let columns = at.column..at.column + at.len;
        let [shared, gate] = self.modulation.summands(frame_idx, self.slot);
        let gate = [load(simd, &shared[columns.clone()]), load(simd, &gate[columns.clone()])];
        let x = load(simd, &self.x[at.row * self.bias.len() + at.column..][..at.len]);
        AddGated::of(simd, x, simd.add_f32s(sum, load(simd, &self.bias[columns])), gate)
    }
}

struct Residual<'a> {
    x: &'a [f32],
    branch: &'a [f32],
    modulation: &'a Modulation<'a>,
    slot: usize,
    tokens: usize,
}

impl Pieces<1> for Residual<'_> {
    type Found = ();

    #[inline(always)]
    fn piece<S: Simd>(&self, simd: S, row_idx: usize, [out]: [&mut [f32]; 1]) {
        let row = row_idx * out.len()..(row_idx + 1) * out.len();
        let [shared, gate] = self.modulation.summands(row_idx / self.tokens, self.slot);
        let [] = each(simd, AddGated, [&self.x[row.clone()], &self.branch[row], shared, gate], [out]);
    }
}

struct InPlace<'a> {
    branch: &'a [f32],
    modulation: &'a Modulation<'a>,
    slot: usize,
    tokens: usize,
}

impl Pieces<1> for InPlace<'_> {
    type Found = ();

    #[inline(always)]
    fn piece<S: Simd>(&self, simd: S, row_idx: usize, [x]: [&mut [f32]; 1]) {
        let branch = &self.branch[row_idx * x.len()..][..x.len()];
        let [shared, gate] = self.modulation.summands(row_idx / self.tokens, self.slot);
        let [] = each(simd, AddGated, [branch, shared, gate], [x]);
    }
}

struct Backward<'a> {
    branch: &'a [f32],
    d_out: &'a [f32],
    modulation: &'a Modulation<'a>,
    slot: usize,
}

impl Pieces<2> for Backward<'_> {
    type Found = ();

    #[inline(always)]
    fn piece<S: Simd>(&self, simd: S, frame_idx: usize, [d_branch, d_gate]: [&mut [f32]; 2]) {
        let dim = self.modulation.dim;
        let frame = frame_idx * d_branch.len()..(frame_idx + 1) * d_branch.len();
        let tokens = self.branch[frame.clone()].chunks_exact(dim).zip(self.d_out[frame].chunks_exact(dim));
        let [shared, gate] = self.modulation.summands(frame_idx, self.slot);
        for ((branch, d_out), d_branch) in tokens.zip(d_branch.chunks_exact_mut(dim)) {
            let [] = each(simd, Gradient, [branch, d_out, shared, gate], [d_branch, &mut *d_gate]);
        }
    }
}

#[derive(Clone, Copy)]
struct AddGated;

impl AddGated {
    #[inline(always)]
    fn of<S: Simd>(simd: S, x: S::f32s, branch: S::f32s, gate: [S::f32s; 2]) -> S::f32s {
        simd.mul_add_e_f32s(branch, simd.add_f32s(gate[0], gate[1]), x)
    }
}

impl Elementwise<4, 1, 0> for AddGated {
    #[inline(always)]
    fn at<S: Simd>(
        self,
        simd: S,
        [x, branch, shared, gate]: [S::f32s; 4],
        _: [S::f32s; 1],
    ) -> ([S::f32s; 1], [S::f32s; 0]) {
        ([Self::of(simd, x, branch, [shared, gate])], [])
    }
}

impl Elementwise<3, 1, 0> for AddGated {
    #[inline(always)]
    fn at<S: Simd>(
        self,
        simd: S,
        [branch, shared, gate]: [S::f32s; 3],
        [x]: [S::f32s; 1],
    ) -> ([S::f32s; 1], [S::f32s; 0]) {
        ([Self::of(simd, x, branch, [shared, gate])], [])
    }
}

#[derive(Clone, Copy)]
struct Gradient;

impl Elementwise<4, 2, 0> for Gradient {
    #[inline(always)]
    fn at<S: Simd>(
        self,
        simd: S,
        [branch, d_out, shared, gate]: [S::f32s; 4],
        [_, d_gate]: [S::f32s; 2],
    ) -> ([S::f32s; 2], [S::f32s; 0]) {
        let d_branch = simd.mul_f32s(d_out, simd.add_f32s(shared, gate));
        ([d_branch, simd.mul_add_e_f32s(d_out, branch, d_gate)], [])
    }
}

#[cfg(test)]
mod tests;
