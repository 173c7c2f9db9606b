//! The right operand of a matrix product, in the order in which tiles read it.

use std::ops::Range;

use rayon::prelude::*;

use super::TILE_VECTORS;
use crate::kernels::cpu::{element::Element, simd::lanes};

/// A right operand `[k, n]` in panels of a few vectors: `[panel, k, column]`, padded with zeros to whole vectors.
#[derive(Clone, Debug)]
pub struct Packed<E = f32> {
    pub(super) k: usize,
    pub(super) n: usize,
    pub(super) data: Vec<E>,
}

impl<E: Element> Packed<E> {
    /// Packs `b`, whose element (k, n) lies at `k * strides[0] + n * strides[1]`.
    #[must_use]
    pub fn new(b: &[E], [k, n]: [usize; 2], strides: [usize; 2]) -> Self {
        let mut packed = Self { k, n, data: Vec::new() };
        packed.fill(b, strides);
        packed
    }

    /// Packs `numbers` `[k, n]`, `E::NUMBERS` neighbouring steps of `k` to an element; an odd last one has zeros behind it.
    #[must_use]
    pub fn of_numbers(numbers: &[f32], [k, n]: [usize; 2]) -> Self {
        assert_eq!(numbers.len(), k * n, "numbers of an operand of {k} x {n}");
        let steps = k.div_ceil(E::NUMBERS);
        let element = |idx: usize| {
            let (step, column) = (idx / n, idx % n);
            E::joined(|part| numbers.get((step * E::NUMBERS + part) * n + column).copied().unwrap_or(0.0))
        };
        let elements = (0..steps * n).map(element).collect::<Vec<_>>();
        Self::new(&elements, [steps, n], [n, 1])
    }

    /// The same shape with other numbers, in the same memory.
    pub fn fill(&mut self, b: &[E], strides: [usize; 2]) {
        let (k, n) = (self.k, self.n);
        if k > 0 && n > 0 {
            let last = (k - 1) * strides[0] + (n - 1) * strides[1];
            assert!(last < b.len(), "an operand of {k} x {n} reaches {last} in {} numbers", b.len());
        }
        let lanes = lanes();
        let padded = n.next_multiple_of(lanes);
        self.data.clear();
        self.data.resize(k * padded, E::default());
        let width = TILE_VECTORS * lanes;
        for column in (0..n).step_by(width) {
            let panel_width = width.min(padded - column);
            let filled = panel_width.min(n - column);
            let panel = &mut self.data[column * k..][..k * panel_width];
            for (step, row) in panel.chunks_exact_mut(panel_width).enumerate() {
                let from = step * strides[0] + column * strides[1];
                match strides[1] {
                    1 => row[..filled].copy_from_slice(&b[from..from + filled]),
                    stride => {
                        row[..filled]
                            .iter_mut()
                            .zip(b[from..].iter().step_by(stride))
                            .for_each(|(to, &x)| *to = x);
                    }
                }
            }
        }
    }

    /// An operand whose panels `fill` writes, on the threads of rayon: the columns, the width of the panel,
    /// and the panel `[k, width]`, of zeros.
    #[must_use]
    pub fn by_panels([k, n]: [usize; 2], fill: impl Fn(Range<usize>, usize, &mut [E]) + Sync) -> Self {
        let lanes = lanes();
        let width = TILE_VECTORS * lanes;
        let mut data = vec![E::default(); k * n.next_multiple_of(lanes)];
        if k > 0 {
            data.par_chunks_mut(width * k).enumerate().for_each(|(panel_idx, panel)| {
                let first = panel_idx * width;
                fill(first..n.min(first + width), panel.len() / k, panel);
            });
        }
        Self { k, n, data }
    }

    /// Other numbers `[k, n]` of `k` whole rows, in the same memory.
    pub fn replace(&mut self, b: &[E], k: usize) {
        if k != self.k {
            // What was a number may now be padding.
            self.data.clear();
            self.k = k;
        }
        self.fill(b, [self.n, 1]);
    }

    /// Columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.n
    }

    /// Steps of `k`.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.k
    }
}
