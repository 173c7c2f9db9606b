//! Gated residuals against their definition, forwards and backwards.

use super::{
    super::{
        product::{Left, Packed, Segment, multiply_rows},
        testing::{assert_close, assert_slopes, assert_threads_do_not_matter, noise, wide},
    },
    *,
};

/// `[frame, token, dim, rows]`.
const SIZES: [[usize; 4]; 7] =
    [[1, 1, 1, 1], [2, 3, 5, 9], [3, 4, 17, 3], [0, 4, 8, 9], [4, 0, 8, 9], [5, 25, 128, 9], [9, 20, 512, 9]];

struct Case {
    sizes: [usize; 4],
    slot: usize,
    x: Vec<f32>,
    branch: Vec<f32>,
    d_out: Vec<f32>,
    shared: Vec<f32>,
    offsets: Vec<f32>,
}

impl Case {
    fn new(sizes: [usize; 4]) -> Self {
        let [frame, token, dim, rows] = sizes;
        let [x, branch, d_out] = [1, 2, 3].map(|seed| noise(seed, frame * token * dim));
        let (shared, offsets) = (noise(4, frame * rows * dim), noise(5, rows * dim));
        Self { sizes, slot: rows - 1, x, branch, d_out, shared, offsets }
    }

    fn modulation(&self) -> Modulation<'_> {
        let [_, _, dim, rows] = self.sizes;
        Modulation { shared: &self.shared, offsets: &self.offsets, rows, dim }
    }

    fn forward(&self) -> Vec<f32> {
        let mut out = vec![f32::NAN; self.x.len()];
        gated_residual(&self.x, &self.branch, &self.modulation(), self.slot, &mut out);
        out
    }

    /// The same behind a product whose sums are the branch without ones that are its bias.
    fn behind_a_product(&self) -> Vec<f32> {
        let dim = self.sizes[2];
        let sums = self.branch.iter().map(|x| x - 1.0).collect::<Vec<_>>();
        let mut identity = vec![0.0; dim * dim];
        (0..dim).for_each(|idx| identity[idx * dim + idx] = 1.0);
        let segments = [Segment { offset: 0, len: dim }];
        let left = Left { data: &sums, place: |row| row * dim, segments: &segments, step: 1 };
        let mut out = vec![f32::NAN; self.x.len()];
        let (bias, modulation) = (vec![1.0; dim], self.modulation());
        let finish = Gated::new(&self.x, &bias, &modulation, self.slot);
        multiply_rows(&left, &Packed::new(&identity, [dim, dim], [dim, 1]), 0, &mut out, &finish);
        out
    }

    /// Gradients of branch, shared and offsets, the last two on top of ones.
    fn backward(&self) -> [Vec<f32>; 3] {
        let mut d_branch = vec![f32::NAN; self.x.len()];
        let (mut shared, mut offsets) = (vec![1.0; self.shared.len()], vec![1.0; self.offsets.len()]);
        let into = ModulationGradient { shared: &mut shared, offsets: &mut offsets };
        gated_residual_backward(
            &self.branch,
            &self.d_out,
            &self.modulation(),
            self.slot,
            &mut d_branch,
            into,
        );
        [d_branch, shared, offsets]
    }

    /// Places of the gate of a number in shared and offsets.
    fn gate(&self, idx: usize) -> [usize; 2] {
        let [_, token, dim, rows] = self.sizes;
        let offset = self.slot * dim + idx % dim;
        [idx / (token * dim) * rows * dim + offset, offset]
    }

    /// The output from branch, shared and offsets.
    fn reference(&self, [branch, shared, offsets]: [&[f64]; 3]) -> Vec<f64> {
        let number = |idx: usize| {
            let [in_shared, in_offsets] = self.gate(idx);
            f64::from(self.x[idx]) + branch[idx] * (shared[in_shared] + offsets[in_offsets])
        };
        (0..branch.len()).map(number).collect()
    }

    fn reference_gradient(&self) -> [Vec<f64>; 3] {
        let mut gradient = [&self.branch, &self.shared, &self.offsets].map(|part| vec![0.0; part.len()]);
        for (idx, (branch, d_out)) in self.branch.iter().zip(&self.d_out).enumerate() {
            let [in_shared, in_offsets] = self.gate(idx);
            let gate = f64::from(self.shared[in_shared]) + f64::from(self.offsets[in_offsets]);
            gradient[0][idx] = f64::from(*d_out) * gate;
            gradient[1][in_shared] += f64::from(*d_out) * f64::from(*branch);
            gradient[2][in_offsets] += f64::from(*d_out) * f64::from(*branch);
        }
        gradient
    }
}

#[test]
fn the_residual_equals_its_definition_also_in_place() {
    for sizes in SIZES {
        let case = Case::new(sizes);
        let wanted = case.reference([&wide(&case.branch), &wide(&case.shared), &wide(&case.offsets)]);
        let out = case.forward();
        assert_close(&out, &wanted, 1e-6);
        let mut in_place = case.x.clone();
        gated_residual_in_place(&mut in_place, &case.branch, &case.modulation(), case.slot);
        assert_eq!(out, in_place);
        assert_close(&case.behind_a_product(), &wanted, 2e-6);
    }
}

#[test]
fn gradients_equal_the_analytic_ones_and_are_added() {
    for sizes in SIZES {
        let case = Case::new(sizes);
        let [d_branch, shared, offsets] = case.backward();
        let wanted = case.reference_gradient();
        assert_close(&d_branch, &wanted[0], 1e-6);
        for (got, wanted) in [(shared, &wanted[1]), (offsets, &wanted[2])] {
            assert_close(&got, &wanted.iter().map(|value| value + 1.0).collect::<Vec<_>>(), 5e-6);
        }
    }
}

#[test]
fn analytic_gradients_are_slopes() {
    let case = Case::new([2, 3, 5, 4]);
    let at = [&case.branch, &case.shared, &case.offsets];
    let gradient = case.reference_gradient();
    for moved in 0..3 {
        let loss = |values: &[f64]| {
            let mut all = at.map(|at| wide(at));
            all[moved] = values.to_vec();
            let out = case.reference(all.each_ref().map(|part| part.as_slice()));
            out.iter().zip(&case.d_out).map(|(out, d)| out * f64::from(*d)).sum::<f64>()
        };
        assert_slopes(loss, at[moved], &gradient[moved]);
    }
}

#[test]
fn threads_do_not_matter() {
    let case = Case::new([9, 20, 512, 9]);
    assert_threads_do_not_matter(|| [case.forward(), case.backward().concat()].concat());
}
