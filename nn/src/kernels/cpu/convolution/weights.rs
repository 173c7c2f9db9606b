//! Weights `[out, in, kernel, kernel]` as right operands of the products, and their gradient back to that layout.

use std::ops::Range;

use rayon::prelude::*;

use super::Shape;
use crate::kernels::cpu::{element::Element, product::Packed};

/// Output channels that are transposed at once: a cache line of each.
const LINES: usize = 16;

/// `[kernel row, kernel column, in]` x `[out]`.
pub(super) fn pack(shape: &Shape, weights: &[f32]) -> Packed {
    let (taps, [inputs, outputs]) = (shape.kernel * shape.kernel, shape.channels);
    Packed::by_panels([taps * inputs, outputs], |columns, width, panel| {
        for from in columns.clone().step_by(LINES) {
            let block = from..columns.end.min(from + LINES);
            let place = from - columns.start;
            transpose(&weights[block.start * inputs * taps..], block.len(), inputs * taps, |step, value| {
                let (input, tap) = (step / taps, step % taps);
                panel[(tap * inputs + input) * width + place..][..value.len()].copy_from_slice(value);
            });
        }
    })
}

/// [`pack`] on this thread; the channels of the input must fill whole elements.
pub(super) fn pack_here<E: Element>(shape: &Shape, weights: &[f32]) -> Packed<E> {
    let (taps, [inputs, outputs]) = (shape.kernel * shape.kernel, shape.channels);
    let mut steps = vec![0.0; taps * inputs * outputs];
    for (row, weights) in weights.chunks_exact((inputs * taps).max(1)).enumerate() {
        for (idx, weight) in weights.iter().enumerate() {
            let (input, tap) = (idx / taps, idx % taps);
            steps[(tap * inputs + input) * outputs + row] = *weight;
        }
    }
    Packed::of_numbers(&steps, [taps * inputs, outputs])
}

/// Calls `f` with each column of `rows` rows, at most [`LINES`], that lie `len` numbers apart.
#[inline(always)]
fn transpose(matrix: &[f32], rows: usize, len: usize, mut f: impl FnMut(usize, &[f32])) {
    let lines: [&[f32]; LINES] = std::array::from_fn(|row| &matrix[row.min(rows - 1) * len..][..len]);
    (0..len).for_each(|step| {
        let column: [f32; LINES] = std::array::from_fn(|row| lines[row][step]);
        f(step, &column[..rows]);
    });
}

/// `[tap, out]` x `[in]`, for these taps in this order.
pub(super) fn pack_transposed(shape: &Shape, weights: &[f32], taps: &[[usize; 2]]) -> Packed {
    let (kernel, [inputs, outputs]) = (shape.kernel, shape.channels);
    let all = kernel * kernel;
    Packed::by_panels([taps.len() * outputs, inputs], |columns: Range<usize>, width, panel| {
        for output in 0..outputs {
            let weights = &weights[(output * inputs + columns.start) * all..][..columns.len() * all];
            for (tap_idx, [y, x]) in taps.iter().enumerate() {
                let to = &mut panel[(tap_idx * outputs + output) * width..][..columns.len()];
                let from = weights[y * kernel + x..].iter().step_by(all);
                to.iter_mut().zip(from).for_each(|(to, x)| *to = *x);
            }
        }
    })
}

/// Sums gradients `[kernel row, kernel column, in, out]` in their order into `d_weights` `[out, in, kernel, kernel]`.
pub(super) fn sum_gradients(shape: &Shape, partial: &[&[f32]], d_weights: &mut [f32]) {
    let (taps, [inputs, outputs]) = (shape.kernel * shape.kernel, shape.channels);
    let line = inputs * taps;
    d_weights.par_chunks_mut(LINES * line).enumerate().for_each(|(block, d_weights)| {
        let rows = d_weights.len() / line;
        for (input, tap) in (0..inputs).flat_map(|input| (0..taps).map(move |tap| (input, tap))) {
            let from = (tap * inputs + input) * outputs + block * LINES;
            let mut sum = [0.0; LINES];
            for partial in partial {
                sum.iter_mut().zip(&partial[from..][..rows]).for_each(|(sum, x)| *sum += x);
            }
            let places = d_weights[input * taps + tap..].iter_mut().step_by(line);
            places.zip(sum).for_each(|(to, x)| *to = x);
        }
    });
}
