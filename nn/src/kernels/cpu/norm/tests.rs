//! Norms against their definitions, forwards and backwards.

use super::{
    super::testing::{assert_close, assert_slopes, assert_threads_do_not_matter, noise, wide},
    *,
};

/// `[frame, token, dim, rows]`.
const SIZES: [[usize; 4]; 8] = [
    [1, 1, 1, 2],
    [2, 3, 5, 9],
    [3, 1, 16, 9],
    [2, 7, 33, 4],
    [0, 4, 8, 9],
    [4, 0, 8, 9],
    [5, 25, 128, 9],
    [9, 20, 512, 9],
];

struct Case {
    sizes: [usize; 4],
    slot: usize,
    x: Vec<f32>,
    d_out: Vec<f32>,
    shared: Vec<f32>,
    offsets: Vec<f32>,
}

impl Case {
    fn new(sizes: [usize; 4]) -> Self {
        let [frame, token, dim, rows] = sizes;
        Self {
            sizes,
            slot: rows - 2,
            x: noise(1, frame * token * dim),
            d_out: noise(2, frame * token * dim),
            shared: noise(3, frame * rows * dim),
            offsets: noise(4, rows * dim),
        }
    }

    fn modulation(&self) -> Modulation<'_> {
        let [_, _, dim, rows] = self.sizes;
        Modulation { shared: &self.shared, offsets: &self.offsets, rows, dim }
    }

    fn forward(&self) -> Vec<f32> {
        let mut out = vec![f32::NAN; self.x.len()];
        rms_modulate(&self.x, &self.modulation(), self.slot, &mut out);
        out
    }

    /// Gradients of x, shared and offsets, the last two on top of ones.
    fn backward(&self) -> [Vec<f32>; 3] {
        let mut d_x = vec![f32::NAN; self.x.len()];
        let (mut shared, mut offsets) = (vec![1.0; self.shared.len()], vec![1.0; self.offsets.len()]);
        let into = ModulationGradient { shared: &mut shared, offsets: &mut offsets };
        rms_modulate_backward(&self.x, &self.d_out, &self.modulation(), self.slot, &mut d_x, into);
        [d_x, shared, offsets]
    }

    /// The output from x, shared and offsets.
    fn reference(&self, [x, shared, offsets]: [&[f64]; 3]) -> Vec<f64> {
        let [_, token, dim, rows] = self.sizes;
        let row = |row_idx: usize| {
            let x = &x[row_idx * dim..][..dim];
            let rms = (x.iter().map(|x| x * x).sum::<f64>() / dim as f64 + 1e-6).sqrt();
            let frame = row_idx / token * rows * dim;
            let at = move |row: usize, idx: usize| shared[frame + row * dim + idx] + offsets[row * dim + idx];
            let slot = self.slot;
            x.iter().enumerate().map(move |(idx, x)| x / rms * (1.0 + at(slot + 1, idx)) + at(slot, idx))
        };
        (0..x.len() / dim).flat_map(row).collect()
    }

    fn reference_gradient(&self) -> [Vec<f64>; 3] {
        let [_, token, dim, rows] = self.sizes;
        let (x, d_out) = (wide(&self.x), wide(&self.d_out));
        let mut gradient = [vec![0.0; x.len()], vec![0.0; self.shared.len()], vec![0.0; self.offsets.len()]];
        for row_idx in 0..x.len() / dim {
            let numbers = row_idx * dim..(row_idx + 1) * dim;
            let (x, d_out) = (&x[numbers.clone()], &d_out[numbers.clone()]);
            let rms = (x.iter().map(|x| x * x).sum::<f64>() / dim as f64 + 1e-6).sqrt();
            let frame = row_idx / token * rows * dim;
            let scale = (self.slot + 1) * dim;
            let g = (0..dim)
                .map(|idx| {
                    let scale = self.shared[frame + scale + idx] + self.offsets[scale + idx];
                    d_out[idx] * (1.0 + f64::from(scale))
                })
                .collect::<Vec<_>>();
            let mean = g.iter().zip(x).map(|(g, x)| g * x).sum::<f64>() / dim as f64;
            for idx in 0..dim {
                gradient[0][numbers.start + idx] = (g[idx] - x[idx] * mean / (rms * rms)) / rms;
                let (shift, scale) = (self.slot * dim + idx, scale + idx);
                for (sums, at) in [(1, frame), (2, 0)] {
                    gradient[sums][at + shift] += d_out[idx];
                    gradient[sums][at + scale] += d_out[idx] * x[idx] / rms;
                }
            }
        }
        gradient
    }
}

#[test]
fn the_norm_equals_its_definition() {
    for [frame, token, dim, _] in SIZES {
        let (x, d_out) = (noise(1, frame * token * dim), noise(2, frame * token * dim));
        let (mut out, mut d_x) = (vec![f32::NAN; x.len()], vec![f32::NAN; x.len()]);
        rms_norm_block(&x, dim, &mut d_x);
        rms_norm(&x, dim, &mut out);
        assert_eq!(d_x, out);
        rms_norm_backward(&x, &d_out, dim, &mut d_x);
        // Without modulation it is the modulated norm with shift and scale 0.
        let (shared, offsets) = (vec![0.0; frame * 2 * dim], vec![0.0; 2 * dim]);
        let case = Case { sizes: [frame, token, dim, 2], slot: 0, x, d_out, shared, offsets };
        let zeros = wide(&case.shared);
        assert_close(
            &out,
            &case.reference([&wide(&case.x), &zeros, &zeros[..(2 * dim).min(zeros.len())]]),
            2e-6,
        );
        assert_close(&d_x, &case.reference_gradient()[0], 2e-6);
    }
}

#[test]
fn the_modulated_norm_equals_its_definition() {
    for sizes in SIZES {
        let case = Case::new(sizes);
        let wanted = case.reference([&wide(&case.x), &wide(&case.shared), &wide(&case.offsets)]);
        let out = case.forward();
        assert_close(&out, &wanted, 2e-6);
        let mut here = vec![f32::NAN; out.len()];
        rms_modulate_block(&case.x, &case.modulation(), case.slot, &mut here);
        assert_eq!(here, out);
    }
}

#[test]
fn gradients_equal_the_analytic_ones_and_are_added() {
    for sizes in SIZES {
        let case = Case::new(sizes);
        let [d_x, shared, offsets] = case.backward();
        let wanted = case.reference_gradient();
        assert_close(&d_x, &wanted[0], 5e-6);
        for (got, wanted) in [(shared, &wanted[1]), (offsets, &wanted[2])] {
            assert_close(&got, &wanted.iter().map(|value| value + 1.0).collect::<Vec<_>>(), 5e-6);
        }
    }
}

#[test]
fn analytic_gradients_are_slopes() {
    let case = Case::new([2, 3, 5, 4]);
    let at = [&case.x, &case.shared, &case.offsets];
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
fn threads_and_other_rows_do_not_matter() {
    let case = Case::new([9, 20, 512, 9]);
    assert_threads_do_not_matter(|| [case.forward(), case.backward().concat()].concat());
    let first = Case {
        x: case.x[..20 * 512].to_vec(),
        shared: case.shared[..9 * 512].to_vec(),
        ..Case::new([1, 20, 512, 9])
    };
    assert!(first.forward() == case.forward()[..20 * 512], "a frame alone differs");
}
