//! Shift, scale and gate of adaptive norms (adaLN, DiT 2212.09748): one table per frame shared by all blocks, plus
//! offsets of a block's own.
//!
//! The sum of the two is made where it is used, since the whole table of a block would be larger than what it changes.

use std::ops::Range;

use pulp::Simd;

use super::lanes::{Elementwise, on_one_thread};

/// The modulation of one block.
#[derive(Clone, Copy, Debug)]
pub struct Modulation<'a> {
    /// `[frame, rows * dim]`.
    pub shared: &'a [f32],
    /// `[rows, dim]`.
    pub offsets: &'a [f32],
    /// Shifts, scales and gates of a block, such as 9.
    pub rows: usize,
    /// Numbers in a token.
    pub dim: usize,
}

impl<'a> Modulation<'a> {
    /// Frames of the shared table.
    #[must_use]
    pub fn frames(&self) -> usize {
        self.shared.len() / (self.rows * self.dim)
    }

    /// Both summands of a row in a frame: `[dim]` each.
    pub(crate) fn summands(&self, frame_idx: usize, row: usize) -> [&'a [f32]; 2] {
        let shared = (frame_idx * self.rows + row) * self.dim;
        [&self.shared[shared..shared + self.dim], &self.offsets[row * self.dim..(row + 1) * self.dim]]
    }

    /// Tokens of a frame of `numbers` in all. Panics unless everything fits, the rows used included.
    pub(crate) fn tokens(&self, numbers: usize, used: &Range<usize>) -> usize {
        let Self { shared, offsets, rows, dim } = *self;
        assert!(rows > 0 && dim > 0, "{rows} rows of {dim} numbers");
        assert!(used.end <= rows, "rows {used:?} of {rows}");
        assert_eq!(offsets.len(), rows * dim, "offsets of {rows} rows of {dim} numbers");
        assert!(shared.len().is_multiple_of(rows * dim), "{} shared numbers, rows of {dim}", shared.len());
        let frame = self.frames() * dim;
        assert!(
            if frame == 0 { numbers == 0 } else { numbers.is_multiple_of(frame) },
            "{numbers} numbers in {} frames of tokens of {dim}",
            self.frames()
        );
        numbers.checked_div(frame).unwrap_or(0)
    }
}

/// Where the gradient of a [`Modulation`] is added up.
#[derive(Debug)]
pub struct ModulationGradient<'a> {
    /// `[frame, rows * dim]`.
    pub shared: &'a mut [f32],
    /// `[rows, dim]`.
    pub offsets: &'a mut [f32],
}

impl ModulationGradient<'_> {
    /// Adds what each frame gives to the rows `used`: `[frame, used * dim]`.
    pub(crate) fn add(&mut self, of: &Modulation<'_>, used: Range<usize>, by_frame: &[f32]) {
        let [from, to] = [used.start * of.dim, used.end * of.dim];
        let offsets = &mut self.offsets[from..to];
        let frames = by_frame.chunks_exact(to - from);
        for (shared, addend) in self.shared.chunks_exact_mut(of.rows * of.dim).zip(frames) {
            let [] = on_one_thread(AddToBoth, [addend], [&mut shared[from..to], offsets]);
        }
    }

    /// Panics unless it fits the modulation.
    pub(crate) fn assert_fits(&self, of: &Modulation<'_>) {
        assert_eq!(self.shared.len(), of.shared.len(), "gradient of the shared modulation");
        assert_eq!(self.offsets.len(), of.offsets.len(), "gradient of the offsets");
    }
}

#[derive(Clone, Copy)]
struct AddToBoth;

impl Elementwise<1, 2, 0> for AddToBoth {
    #[inline(always)]
    fn at<S: Simd>(self, simd: S, [x]: [S::f32s; 1], [a, b]: [S::f32s; 2]) -> ([S::f32s; 2], [S::f32s; 0]) {
        ([simd.add_f32s(a, x), simd.add_f32s(b, x)], [])
    }
}
