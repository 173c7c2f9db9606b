//! Scratch in which rows are padded to whole vectors, and loads and stores that also work at an unpadded end.
//!
//! What lies in the padding is never read into a result: vectors are summed lane by lane, and padded lanes are dropped.

use pulp::Simd;

/// Lanes of the widest vector; padded lengths are multiples of it whatever the machine.
pub(crate) const LANES: usize = 16;

/// `len` rounded up to whole vectors.
pub(crate) const fn padded(len: usize) -> usize {
    len.next_multiple_of(LANES)
}

/// The vector at `at`, with zeros past the end.
#[inline(always)]
pub(crate) fn load<S: Simd>(simd: S, values: &[f32], at: usize) -> S::f32s {
    let rest = &values[at..];
    match S::as_simd_f32s(rest).0.first() {
        Some(&vector) => vector,
        None => simd.partial_load_f32s(rest),
    }
}

/// Writes the vector to `at`, without what falls past the end.
#[inline(always)]
pub(crate) fn store<S: Simd>(simd: S, values: &mut [f32], at: usize, vector: S::f32s) {
    let rest = &mut values[at..];
    match S::as_mut_simd_f32s(rest) {
        ([first, ..], _) => *first = vector,
        (_, rest) => simd.partial_store_f32s(rest, vector),
    }
}

/// Cuts pieces off caller-given scratch, each on a cache line of its own.
pub(crate) struct Pieces<'a> {
    rest: &'a mut [f32],
}

impl<'a> Pieces<'a> {
    /// What a caller gives beyond the sum of the pieces, for alignment.
    pub(crate) const SLACK: usize = LANES;

    pub(crate) fn new(scratch: &'a mut [f32]) -> Self {
        let skipped = scratch.as_ptr().align_offset(LANES * size_of::<f32>()).min(LANES);
        Self { rest: &mut scratch[skipped..] }
    }

    /// The next `len` numbers, holding anything.
    pub(crate) fn take(&mut self, len: usize) -> &'a mut [f32] {
        let (piece, rest) = std::mem::take(&mut self.rest).split_at_mut(padded(len));
        self.rest = rest;
        piece
    }
}

/// Rows that a kernel may write, wherever they lie.
pub(crate) trait RowsMut {
    /// Row `idx`.
    fn row(&mut self, idx: usize) -> &mut [f32];
}

/// Rows one after the other, `[row, width]`.
pub(crate) struct Contiguous<'a> {
    /// `[row, width]`.
    pub(crate) values: &'a mut [f32],
    /// Numbers of a row.
    pub(crate) width: usize,
}

impl RowsMut for Contiguous<'_> {
    #[inline(always)]
    fn row(&mut self, idx: usize) -> &mut [f32] {
        &mut self.values[idx * self.width..(idx + 1) * self.width]
    }
}

impl RowsMut for Vec<&mut [f32]> {
    #[inline(always)]
    fn row(&mut self, idx: usize) -> &mut [f32] {
        self[idx]
    }
}
