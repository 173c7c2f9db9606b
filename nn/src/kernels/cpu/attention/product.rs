//! Products of small matrices that lie padded in scratch, a few rows by two vectors at a time in registers.
//!
//! An element is summed over the inner index in order, whatever block it falls into.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::padding::{LANES, store};

/// Rows by vectors of sums held in registers: 12 of the 16 that AVX2 has, enough to hide the latency of an addition.
const ROWS: usize = 6;
const VECTORS: usize = 2;

/// Which indices a block of rows has to do with. What lies outside is zero, or unused.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reach {
    /// All of them.
    All,
    /// Row r: r - width + 1 ..= r.
    Past(usize),
    /// Row r: r ..= r + width - 1.
    Future(usize),
}

impl Reach {
    /// Indices below `len` that some row of `rows` reaches.
    #[inline(always)]
    pub(crate) fn of(self, rows: Range<usize>, len: usize) -> Range<usize> {
        match self {
            Self::All => 0..len,
            Self::Past(width) => (rows.start + 1).saturating_sub(width).min(len)..rows.end.min(len),
            Self::Future(width) => rows.start.min(len)..(rows.end - 1).saturating_add(width).min(len),
        }
    }
}

/// out\[row, column\] = sum over inner of left\[row, inner\] * right\[inner, column\].
pub(crate) struct Product<'a> {
    /// Rows of `left` and `out`, inner indices, and columns of `right` and `out`.
    pub(crate) sizes: [usize; 3],
    /// Any layout: see `left_strides`.
    pub(crate) left: &'a [f32],
    /// Distance of rows, distance of inner indices.
    pub(crate) left_strides: [usize; 2],
    /// `[inner, stride]`.
    pub(crate) right: &'a [f32],
    /// `[row, stride]`; written in whole vectors.
    pub(crate) out: &'a mut [f32],
    /// Numbers between rows of `right` and of `out`: whole vectors of the widest kind.
    pub(crate) stride: usize,
    /// Inner indices that a row needs.
    pub(crate) inner: Reach,
    /// Columns that a row needs; others may be left as they were.
    pub(crate) columns: Reach,
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let [rows, inner, columns] = self.sizes;
        let (stride, [row_stride, inner_stride]) = (self.stride, self.left_strides);
        debug_assert!(stride.is_multiple_of(LANES) && columns <= stride, "{columns} columns in {stride}");
        let blocks = rows.div_ceil(ROWS);
        let mut from = 0;
        for block in 0..blocks {
            // Even blocks: a block of one row would wait for each of its additions.
            let to = from + (rows - from).div_ceil(blocks - block);
            let inner = self.inner.of(from..to, inner);
            let columns = self.columns.of(from..to, columns);
            let end = columns.end.next_multiple_of(S::F32_LANES);
            let mut column = columns.start / S::F32_LANES * S::F32_LANES;
            while column < end {
                let tile = Tile {
                    left: &self.left[from * row_stride + inner.start * inner_stride..],
                    left_strides: self.left_strides,
                    right: &self.right[inner.start * stride + column..],
                    out: &mut self.out[from * stride + column..],
                    stride,
                    inner: inner.len(),
                };
                if column + VECTORS * S::F32_LANES <= end {
                    tile.multiply::<S, VECTORS>(simd, to - from);
                    column += VECTORS * S::F32_LANES;
                } else {
                    tile.multiply::<S, 1>(simd, to - from);
                    column += S::F32_LANES;
                }
            }
            from = to;
        }
    }
}

/// One block of sums; all slices begin at its first element.
struct Tile<'a> {
    left: &'a [f32],
    left_strides: [usize; 2],
    right: &'a [f32],
    out: &'a mut [f32],
    stride: usize,
    inner: usize,
}

impl Tile<'_> {
    #[inline(always)]
    fn multiply<S: Simd, const VECTORS: usize>(self, simd: S, rows: usize) {
        match rows {
            1 => self.multiply_rows::<S, 1, VECTORS>(simd),
            2 => self.multiply_rows::<S, 2, VECTORS>(simd),
            3 => self.multiply_rows::<S, 3, VECTORS>(simd),
            4 => self.multiply_rows::<S, 4, VECTORS>(simd),
            5 => self.multiply_rows::<S, 5, VECTORS>(simd),
            ROWS => self.multiply_rows::<S, ROWS, VECTORS>(simd),
            _ => unreachable!("{rows} rows in a tile of at most {ROWS}"),
        }
    }

    #[inline(always)]
    #[expect(unsafe_code, reason = "bounds checks in the innermost loop would cost more than its arithmetic")]
    fn multiply_rows<S: Simd, const ROWS: usize, const VECTORS: usize>(self, simd: S) {
        let Self { left, left_strides: [row_stride, inner_stride], right, out, stride, inner } = self;
        let width = VECTORS * S::F32_LANES;
        let last_out = (ROWS - 1) * stride + width;
        assert!(last_out <= out.len(), "a tile ends at {last_out}, the product at {}", out.len());
        let mut sums = [[simd.splat_f32s(0.0); VECTORS]; ROWS];
        if inner > 0 {
            let (last_left, last_right) =
                ((ROWS - 1) * row_stride + (inner - 1) * inner_stride, (inner - 1) * stride + width);
            assert!(last_left < left.len(), "a tile needs {last_left} of {}", left.len());
            assert!(last_right <= right.len(), "a tile ends at {last_right} of {}", right.len());
        }
        for idx in 0..inner {
            let mut vectors = [simd.splat_f32s(0.0); VECTORS];
            for (vector_idx, vector) in vectors.iter_mut().enumerate() {
                // SAFETY: idx < inner and vector_idx < VECTORS, so the vector ends by `last_right`, which is in
                // bounds; `f32s` is plain data, and the read asks for no alignment.
                *vector = unsafe {
                    let at = right.as_ptr().add(idx * stride + vector_idx * S::F32_LANES);
                    at.cast::<S::f32s>().read_unaligned()
                };
            }
            for (row_idx, row) in sums.iter_mut().enumerate() {
                // SAFETY: row_idx < ROWS and idx < inner, so the index is at most `last_left`, which is in bounds.
                let factor = unsafe { *left.get_unchecked(row_idx * row_stride + idx * inner_stride) };
                let factor = simd.splat_f32s(factor);
                for (sum, vector) in row.iter_mut().zip(vectors) {
                    *sum = simd.mul_add_f32s(factor, vector, *sum);
                }
            }
        }
        for (row_idx, row) in sums.iter().enumerate() {
            for (vector_idx, sum) in row.iter().enumerate() {
                store(simd, out, row_idx * stride + vector_idx * S::F32_LANES, *sum);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use pulp::Arch;

    use super::super::padding::padded;
    use super::*;

    fn numbers(len: usize, salt: usize) -> Vec<f32> {
        (0..len).map(|idx| ((idx * 37 + salt * 11) % 29) as f32 - 14.0).collect()
    }

    #[test]
    fn products_are_exact_on_whole_numbers_in_every_size_and_layout() {
        for [rows, inner, columns] in
            [[0, 3, 2], [1, 0, 1], [1, 1, 1], [3, 2, 5], [7, 3, 16], [13, 20, 17], [20, 32, 32], [6, 5, 70]]
        {
            let stride = padded(columns);
            let right = numbers(inner * stride, 1);
            for left_strides in [[inner, 1], [1, rows]] {
                let left = numbers(rows * inner, 2);
                let mut out = vec![f32::NAN; rows * stride];
                Arch::new().dispatch(Product {
                    sizes: [rows, inner, columns],
                    left: &left,
                    left_strides,
                    right: &right,
                    out: &mut out,
                    stride,
                    inner: Reach::All,
                    columns: Reach::All,
                });
                for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
                    let wanted = (0..inner)
                        .map(|idx| {
                            left[row * left_strides[0] + idx * left_strides[1]] * right[idx * stride + column]
                        })
                        .sum::<f32>();
                    assert_eq!(
                        out[row * stride + column],
                        wanted,
                        "{rows} {inner} {columns}: {row} {column}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_reach_holds_what_some_row_of_the_block_sees() {
        assert_eq!(Reach::All.of(3..5, 9), 0..9);
        assert_eq!(Reach::Past(1).of(3..5, 9), 3..5);
        assert_eq!(Reach::Past(4).of(1..5, 9), 0..5);
        assert_eq!(Reach::Past(2).of(7..9, 8), 6..8);
        assert_eq!(Reach::Future(1).of(3..5, 9), 3..5);
        assert_eq!(Reach::Future(usize::MAX).of(3..5, 9), 3..9);
    }
}
