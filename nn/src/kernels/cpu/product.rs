//! Matrix products with a packed right operand, the one kernel below linear layers and convolutions.
//!
//! A tile of the answer stays in registers while `k` runs: six rows by up to four vectors, as in the BLIS family
//! (Van Zee and van de Geijn 2015), but the left operand is read in place, since its rows are short and in the cache.
//! Every number of the answer is one chain of fused multiply-adds in the order of `k`, whatever tile it lies in:
//! a row does not depend on how many rows there are, nor on who computes them.

use std::ops::Range;

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::{
    element::Element,
    simd::{load, store},
};

mod packed;

pub use packed::Packed;

/// Rows of a register tile.
const TILE_ROWS: usize = 6;
/// Vectors of a register tile: 6 x 4 sums, 4 vectors and a broadcast fill the 32 registers of AVX-512.
const TILE_VECTORS: usize = 4;
/// Rows of one task: 16 tiles, so that a panel is read from the nearest cache.
const TASK_ROWS: usize = 96;
/// Steps of `k` after which sums go to memory, so that a panel fits into half of the second cache.
const BLOCK: usize = 1024;
/// Segments that are cut without an allocation: all but those of gradients.
const FEW_SEGMENTS: usize = 8;
/// Multiply-adds below which threads cost more than they bring.
const WORTH_THREADS: usize = 1 << 20;

/// A stretch of `k`: where its first element lies after the place of a row, and how many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Elements after the row's place.
    pub offset: usize,
    /// Steps.
    pub len: usize,
}

/// A left operand `[row, k]` that is read in place.
pub struct Left<'a, P, E = f32> {
    /// All numbers.
    pub data: &'a [E],
    /// Where each row begins.
    pub place: P,
    /// The stretches of `k`, in order.
    pub segments: &'a [Segment],
    /// Elements between two steps of `k` in a stretch.
    pub step: usize,
}

/// What becomes of a finished sum before it is stored.
pub trait Finish: Sync {
    /// `sum` holds `len` numbers of `row` from `column` on; `before` is what the answer held there.
    fn finish<S: Simd>(&self, simd: S, sum: S::f32s, at: At) -> S::f32s;
}

/// Where a vector of the answer lies.
#[derive(Clone, Copy, Debug)]
pub struct At {
    /// Row of the answer.
    pub row: usize,
    /// First column.
    pub column: usize,
    /// Columns, at most a vector.
    pub len: usize,
}

/// Stores sums as they are.
pub struct Keep;

impl Finish for Keep {
    #[inline(always)]
    fn finish<S: Simd>(&self, _simd: S, sum: S::f32s, _at: At) -> S::f32s {
        sum
    }
}

/// `out` `[row, n]` = finish(left x right), on the threads of rayon where that pays.
pub fn multiply<E: Element, P: Fn(usize) -> usize + Sync>(
    left: &Left<'_, P, E>,
    right: &Packed<E>,
    out: &mut [f32],
    finish: &impl Finish,
) {
    let rows = rows_of(out, right.n);
    if rows * right.n * right.k < WORTH_THREADS || rows <= TASK_ROWS {
        return multiply_rows(left, right, 0, out, finish);
    }
    out.par_chunks_mut(TASK_ROWS * right.n)
        .enumerate()
        .for_each(|(task, part)| multiply_rows(left, right, task * TASK_ROWS, part, finish));
}

/// The same for the rows from `first` on, on this thread alone.
pub fn multiply_rows<E: Element, P: Fn(usize) -> usize>(
    left: &Left<'_, P, E>,
    right: &Packed<E>,
    first: usize,
    out: &mut [f32],
    finish: &impl Finish,
) {
    dispatch(left, right, first, out, finish, Before::Forgotten);
}

/// `out` `[row, n]` += left x right, on this thread alone.
pub fn add_rows<E: Element, P: Fn(usize) -> usize>(
    left: &Left<'_, P, E>,
    right: &Packed<E>,
    out: &mut [f32],
) {
    dispatch(left, right, 0, out, &Keep, Before::Added);
}

/// What becomes of the numbers that an answer held.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Forgotten,
    Added,
}

fn dispatch<E: Element, P: Fn(usize) -> usize>(
    left: &Left<'_, P, E>,
    right: &Packed<E>,
    first: usize,
    out: &mut [f32],
    finish: &impl Finish,
    before: Before,
) {
    let steps = left.segments.iter().map(|segment| segment.len).sum::<usize>();
    assert_eq!(steps, right.k, "steps of the left and of the right operand");
    let rows = rows_of(out, right.n);
    if rows == 0 {
        return;
    }
    let reach = left.segments.iter().filter(|segment| segment.len > 0);
    let reach = reach.map(|segment| segment.offset + (segment.len - 1) * left.step).max();
    E::dispatch(Rows { left, right, first, rows, reach, out, finish, before });
}

fn rows_of(out: &[f32], n: usize) -> usize {
    if n == 0 {
        return 0;
    }
    assert!(out.len().is_multiple_of(n), "an answer of {} numbers in rows of {n}", out.len());
    out.len() / n
}

struct Rows<'a, 'b, P, F, E> {
    left: &'a Left<'b, P, E>,
    right: &'a Packed<E>,
    first: usize,
    rows: usize,
    /// Elements after a row's place that are read, none where `k` is 0.
    reach: Option<usize>,
    out: &'a mut [f32],
    finish: &'a F,
    before: Before,
}

impl<P: Fn(usize) -> usize, F: Finish, E: Element> WithSimd for Rows<'_, '_, P, F, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let lanes = S::F32_LANES;
        let mut begun = 0;
        // A block of `k` at a time; the pieces of the segments that lie in it.
        let mut few = [Segment { offset: 0, len: 0 }; FEW_SEGMENTS];
        let mut many = Vec::new();
        let room = match self.left.segments.len() {
            ..=FEW_SEGMENTS => &mut few[..],
            count => {
                many.resize(count, few[0]);
                &mut many[..]
            }
        };
        loop {
            let block = begun..(begun + BLOCK).min(self.right.k);
            let pieces = cut(self.left.segments, self.left.step, &block, room);
            for column in (0..self.right.n).step_by(TILE_VECTORS * lanes) {
                match (self.right.n - column).div_ceil(lanes) {
                    1 => self.column::<S, 1>(simd, column, &block, pieces),
                    2 => self.column::<S, 2>(simd, column, &block, pieces),
                    3 => self.column::<S, 3>(simd, column, &block, pieces),
                    _ => self.column::<S, TILE_VECTORS>(simd, column, &block, pieces),
                }
            }
            begun = block.end;
            if begun >= self.right.k {
                return;
            }
        }
    }
}

impl<P: Fn(usize) -> usize, F: Finish, E: Element> Rows<'_, '_, P, F, E> {
    /// All rows of one panel.
    #[inline(always)]
    fn column<S: Simd, const VECTORS: usize>(
        &mut self,
        simd: S,
        column: usize,
        block: &Range<usize>,
        pieces: &[Segment],
    ) {
        let mut row = 0;
        while row + TILE_ROWS <= self.rows {
            self.tile::<S, TILE_ROWS, VECTORS>(simd, row, column, block, pieces);
            row += TILE_ROWS;
        }
        match self.rows - row {
            1 => self.tile::<S, 1, VECTORS>(simd, row, column, block, pieces),
            2 => self.tile::<S, 2, VECTORS>(simd, row, column, block, pieces),
            3 => self.tile::<S, 3, VECTORS>(simd, row, column, block, pieces),
            4 => self.tile::<S, 4, VECTORS>(simd, row, column, block, pieces),
            5 => self.tile::<S, 5, VECTORS>(simd, row, column, block, pieces),
            _ => {}
        }
    }

    #[inline(always)]
    fn tile<S: Simd, const ROWS: usize, const VECTORS: usize>(
        &mut self,
        simd: S,
        row: usize,
        column: usize,
        block: &Range<usize>,
        pieces: &[Segment],
    ) {
        let (lanes, n) = (S::F32_LANES, self.right.n);
        let data = self.left.data;
        let places: [usize; ROWS] = std::array::from_fn(|idx| (self.left.place)(self.first + row + idx));
        if let Some(reach) = self.reach {
            for place in places {
                assert!(
                    place + reach < data.len(),
                    "row at {place} reaches {reach} in {} numbers",
                    data.len()
                );
            }
        }
        let panel = &self.right.data[column * self.right.k..][..VECTORS * lanes * self.right.k];
        let panel = &panel[block.start * VECTORS * lanes..];
        let sums = {
            let rows: [*const E; ROWS] = places.map(|place| data[place.min(data.len())..].as_ptr());
            // SAFETY: each row was checked to reach its last element, and the panel holds all steps of the block.
            unsafe {
                register_tile::<S, E, ROWS, VECTORS>(simd, rows, pieces, self.left.step, panel.as_ptr())
            }
        };
        for (idx, sums) in sums.into_iter().enumerate() {
            for (vector, sum) in sums.into_iter().enumerate() {
                let from = column + vector * lanes;
                let at = At { row: self.first + row + idx, column: from, len: lanes.min(n - from) };
                let place = &mut self.out[(row + idx) * n + from..][..at.len];
                let fresh = block.start == 0 && self.before == Before::Forgotten;
                let sum = if fresh { sum } else { simd.add_f32s(sum, load(simd, place)) };
                let sum = if block.end == self.right.k { self.finish.finish(simd, sum, at) } else { sum };
                store(simd, place, sum);
            }
        }
    }
}

/// The parts of segments that lie in a block of `k`, written to `room`.
fn cut<'a>(
    segments: &[Segment],
    step: usize,
    block: &Range<usize>,
    room: &'a mut [Segment],
) -> &'a [Segment] {
    let (mut begun, mut count) = (0, 0);
    for segment in segments {
        let (from, to) = (block.start.max(begun), block.end.min(begun + segment.len));
        if from < to {
            room[count] = Segment { offset: segment.offset + (from - begun) * step, len: to - from };
            count += 1;
        }
        begun += segment.len;
    }
    &room[..count]
}

/// Sums of `ROWS` rows over the pieces, for `VECTORS` vectors of columns.
///
/// # Safety
/// Every row must be readable at each piece's offsets, and `panel` for as many vectors as the pieces have steps.
#[inline(always)]
unsafe fn register_tile<S: Simd, E: Element, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    rows: [*const E; ROWS],
    pieces: &[Segment],
    step: usize,
    mut panel: *const E,
) -> [[S::f32s; VECTORS]; ROWS] {
    let mut sums = [[simd.splat_f32s(0.0); VECTORS]; ROWS];
    for piece in pieces {
        let mut offset = piece.offset;
        for _ in 0..piece.len {
            // SAFETY: the caller's promise; an element is as wide as an `f32`, and is only ever used through its bits.
            unsafe {
                let right: [S::f32s; VECTORS] =
                    std::array::from_fn(|vector| panel.cast::<S::f32s>().add(vector).read_unaligned());
                for (sums, row) in sums.iter_mut().zip(rows) {
                    let left = simd.splat_f32s((*row.add(offset)).bits());
                    for (sum, right) in sums.iter_mut().zip(right) {
                        *sum = E::add_product(simd, *sum, left, right);
                    }
                }
                panel = panel.add(VECTORS * S::F32_LANES);
            }
            offset += step;
        }
    }
    sums
}

#[cfg(test)]
mod tests;
