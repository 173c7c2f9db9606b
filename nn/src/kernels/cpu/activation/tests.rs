//! Activations against their definitions in double precision.

use super::{
    super::testing::{assert_close, assert_slopes, assert_threads_do_not_matter, noise, wide},
    *,
};

const LENGTHS: [usize; 8] = [0, 1, 7, 16, 33, 1000, 32_769, 100_003];

/// A kernel, its gradient, and both in double precision.
struct Activation {
    forward: fn(&[f32], &mut [f32]),
    backward: fn(&[f32], &[f32], &mut [f32]),
    value: fn(f64) -> f64,
    slope: fn(f64) -> f64,
}

const ALL: [Activation; 2] = [
    Activation {
        forward: silu,
        backward: silu_backward,
        value: |x| x / (1.0 + (-x).exp()),
        slope: silu_slope,
    },
    Activation {
        forward: squared_relu,
        backward: squared_relu_backward,
        value: |x| x.max(0.0).powi(2),
        slope: |x| 2.0 * x.max(0.0),
    },
];

fn silu_slope(x: f64) -> f64 {
    let s = 1.0 / (1.0 + (-x).exp());
    s * (1.0 + x * (1.0 - s))
}

/// Normal numbers and some that saturate.
fn inputs(length: usize) -> Vec<f32> {
    let mut x = noise(1, length);
    x.iter_mut().step_by(5).for_each(|x| *x *= 20.0);
    x
}

impl Activation {
    fn both(&self, x: &[f32], d_out: &[f32]) -> [Vec<f32>; 2] {
        let (mut out, mut d_x) = (vec![f32::NAN; x.len()], vec![f32::NAN; x.len()]);
        (self.forward)(x, &mut out);
        (self.backward)(x, d_out, &mut d_x);
        [out, d_x]
    }
}

#[test]
fn activations_and_gradients_equal_their_definitions() {
    for length in LENGTHS {
        let (x, d_out) = (inputs(length), noise(2, length));
        for activation in ALL {
            let [out, d_x] = activation.both(&x, &d_out);
            for (got, x) in out.iter().zip(wide(&x)) {
                let wanted = (activation.value)(x);
                assert!((f64::from(*got) - wanted).abs() <= 1e-6 * wanted.abs() + 1e-30, "at {x}");
            }
            let slopes = wide(&x).into_iter().map(activation.slope).collect::<Vec<_>>();
            let wanted =
                slopes.iter().zip(&d_out).map(|(slope, d)| slope * f64::from(*d)).collect::<Vec<_>>();
            assert_close(&d_x, &wanted, 1e-6);
            let loss = |x: &[f64]| x.iter().map(|x| (activation.value)(*x)).sum::<f64>();
            // Sums of few numbers, since differences of large sums are inexact.
            let few = length.min(50);
            assert_slopes(loss, &x[..few], &slopes[..few]);
        }
    }
}

#[test]
fn activations_keep_nan() {
    for activation in ALL {
        let [out, d_x] = activation.both(&[f32::NAN; 17], &[1.0; 17]);
        assert!(out.iter().chain(&d_x).all(|value| value.is_nan()), "NaN is lost");
    }
}

fn gated_unit(x: &[f64], hidden: usize) -> Vec<f64> {
    let row =
        |row: &[f64]| (0..hidden).map(|idx| (ALL[0].value)(row[idx]) * row[hidden + idx]).collect::<Vec<_>>();
    x.chunks_exact(2 * hidden).flat_map(row).collect()
}

#[test]
fn the_gated_unit_and_its_gradient_equal_their_definitions() {
    for [rows, hidden] in [[0, 3], [1, 1], [3, 5], [7, 16], [5, 33], [300, 340]] {
        let (x, d_out) = (inputs(rows * 2 * hidden), noise(2, rows * hidden));
        let (mut out, mut d_x) = (vec![f32::NAN; d_out.len()], vec![f32::NAN; x.len()]);
        swiglu(&x, hidden, &mut out);
        swiglu_backward(&x, &d_out, hidden, &mut d_x);
        assert_close(&out, &gated_unit(&wide(&x), hidden), 1e-6);
        let mut wanted = vec![0.0; x.len()];
        for row in 0..rows {
            for idx in 0..hidden {
                let [gate, value] = [0, 1].map(|half| row * 2 * hidden + half * hidden + idx);
                let d = f64::from(d_out[row * hidden + idx]);
                wanted[gate] = d * f64::from(x[value]) * silu_slope(f64::from(x[gate]));
                wanted[value] = d * (ALL[0].value)(f64::from(x[gate]));
            }
        }
        assert_close(&d_x, &wanted, 1e-6);
        if rows < 10 {
            let loss = |x: &[f64]| {
                let out = gated_unit(x, hidden);
                out.iter().zip(&d_out).map(|(out, d)| out * f64::from(*d)).sum::<f64>()
            };
            assert_slopes(loss, &x, &wanted);
        }
    }
}

#[test]
fn threads_do_not_matter() {
    let (x, d_out) = (inputs(200_000), noise(2, 200_000));
    assert_threads_do_not_matter(|| {
        let (mut gated, mut d_gated) = (vec![0.0; 100_000], vec![0.0; 200_000]);
        swiglu(&x, 500, &mut gated);
        swiglu_backward(&x, &d_out[..100_000], 500, &mut d_gated);
        [ALL[0].both(&x, &d_out).concat(), ALL[1].both(&x, &d_out).concat(), gated, d_gated].concat()
    });
}
