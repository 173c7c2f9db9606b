//! Slopes between neighbouring pixels in one direction, and their terms of the reconstruction loss.
//!
//! A patch of 8x8 is made of four blocks of 4x4, so that half-overlapping patches share their sums and their gradients.

use pulp::{Scalar, Simd};

use super::{
    super::super::lanes::{Elementwise, each},
    signed,
};

/// Pixels between patches; a patch has two of them on each side.
const BLOCK: usize = 4;
/// Pixels of a patch.
const PATCH: f32 = 64.0;

/// Slopes of a drawn and a wanted picture in one direction.
pub(super) struct Slopes<'a> {
    /// Drawn and wanted: `[height, width, channel]` each.
    pub(super) pair: [&'a [f32]; 2],
    /// Pictures in all.
    pub(super) picture: usize,
    /// Rows of slopes.
    pub(super) rows: usize,
    /// Columns of slopes.
    pub(super) columns: usize,
    /// Numbers of a pixel.
    pub(super) channel: usize,
    /// Numbers in a row of the picture.
    pub(super) row: usize,
    /// Numbers from a pixel to its neighbour.
    pub(super) step: usize,
}

impl<'a> Slopes<'a> {
    /// Numbers in a row of slopes.
    fn slope_row(&self) -> usize {
        self.columns * self.channel
    }

    /// Slopes of all pictures.
    fn count(&self) -> f64 {
        (self.picture * self.rows * self.slope_row()) as f64
    }

    /// Pixels of a row and their neighbours, drawn and wanted.
    fn ends(&self, row_idx: usize) -> [&'a [f32]; 4] {
        let [near, far] = [row_idx * self.row, row_idx * self.row + self.step];
        let [drawn, wanted] = self.pair;
        let length = self.slope_row();
        [
            &drawn[far..][..length],
            &drawn[near..][..length],
            &wanted[far..][..length],
            &wanted[near..][..length],
        ]
    }

    /// Rows and columns of blocks.
    fn blocks(&self) -> [usize; 2] {
        [self.rows / BLOCK, self.columns / BLOCK]
    }

    /// Sums of the sizes of slopes over blocks, drawn and wanted: `[block row, block column, channel]`.
    #[inline(always)]
    fn block_sums<S: Simd>(&self, simd: S) -> [Vec<f32>; 2] {
        let [down, across] = self.blocks();
        let mut sums = [0, 1].map(|_| Vec::with_capacity(down * across * self.channel));
        let mut columns = [0, 1].map(|_| vec![0.0; self.slope_row()]);
        for block_row in 0..down {
            columns.iter_mut().for_each(|column| column.fill(0.0));
            for row_idx in block_row * BLOCK..(block_row + 1) * BLOCK {
                let [drawn, wanted] = &mut columns;
                let [] = each(simd, Sizes, self.ends(row_idx), [drawn, wanted]);
            }
            for (sums, columns) in sums.iter_mut().zip(&columns) {
                for block in columns.chunks_exact(BLOCK * self.channel) {
                    sums.extend(
                        (0..self.channel).map(|channel_idx| {
                            block[channel_idx..].iter().step_by(self.channel).sum::<f32>()
                        }),
                    );
                }
            }
        }
        sums
    }

    /// The energy term, and its derivative by the size of any slope of a block: `[block row, block column, channel]`.
    #[inline(always)]
    pub(super) fn energy<S: Simd>(&self, simd: S, weight: f32) -> (f64, Vec<f32>) {
        let [down, across] = self.blocks();
        let row = across * self.channel;
        let mut pulls = vec![0.0; down * row];
        if weight == 0.0 {
            return (0.0, pulls);
        }
        let sums = self.block_sums(simd);
        let patches = self.picture * (down - 1) * (across - 1) * self.channel;
        let scale = f64::from(weight) / patches as f64;
        let pull = scale as f32 / PATCH;
        let mut loss = 0.0;
        for corner in
            (0..down - 1).flat_map(|block_row| block_row * row..(block_row + 1) * row - self.channel)
        {
            let blocks = [corner, corner + self.channel, corner + row, corner + row + self.channel];
            let [drawn, wanted] =
                sums.each_ref().map(|sums| blocks.iter().map(|&block| sums[block]).sum::<f32>() / PATCH);
            let error = drawn - wanted;
            loss += f64::from(error.abs());
            if error != 0.0 {
                blocks.iter().for_each(|&block| pulls[block] += pull.copysign(error));
            }
        }
        (loss * scale, pulls)
    }

    /// The term of single slopes; adds its gradient and that of the energy.
    #[inline(always)]
    pub(super) fn errors<S: Simd>(&self, simd: S, weight: f32, pulls: &[f32], gradient: &mut [f32]) -> f64 {
        let scale = f64::from(weight) / self.count();
        let op = SlopeError { step: scale as f32 };
        let mut pulled = vec![0.0; self.slope_row()];
        let mut pulls = pulls.chunks_exact((self.blocks()[1] * self.channel).max(1));
        let mut loss = 0.0;
        for row_idx in 0..self.rows {
            if row_idx.is_multiple_of(BLOCK) {
                spread(pulls.next(), self.channel, &mut pulled);
            }
            let ends = self.ends(row_idx);
            let row = &mut gradient[row_idx * self.row..];
            let sizes = if self.step == self.row {
                let (near, far) = row[..2 * self.row].split_at_mut(self.row);
                let [drawn_far, drawn, wanted_far, wanted] = ends;
                let [sizes] = each(simd, op, [drawn_far, drawn, wanted_far, wanted, &pulled], [near, far]);
                sizes
            } else {
                across(simd, op, self.channel, ends, &pulled, &mut row[..self.row])
            };
            loss += f64::from(sizes);
        }
        loss * scale
    }
}

/// Adds the gradients of a row of slopes across to that of its pixels, and gives the sum of the errors' sizes.
///
/// Between the first and the last pixel both slopes of a pixel are computed at once, though each is so twice: a sum that
/// was just written cannot be read back at another alignment without a stall.
#[inline(always)]
fn across<S: Simd>(
    simd: S,
    op: SlopeError,
    channel: usize,
    ends: [&[f32]; 4],
    pulled: &[f32],
    gradient: &mut [f32],
) -> f32 {
    let last = pulled.len() - channel;
    let (first_pixel, others) = gradient.split_at_mut(channel);
    let (inner, last_pixel) = others.split_at_mut(last);
    let slope = |start: usize, length: usize| ends.map(|end| &end[start..start + length]);
    let [far, near, wanted_far, wanted_near] = slope(0, channel);
    let begin = [far, near, wanted_far, wanted_near, &pulled[..channel]];
    let [first_size] = each(Scalar, Begin(op), begin, [first_pixel]);
    let [far, near, wanted_far, wanted_near] = slope(last, channel);
    let end = [far, near, wanted_far, wanted_near, &pulled[last..]];
    let [] = each(Scalar, End(op), end, [last_pixel]);
    let [_, left, _, wanted_left] = slope(0, last);
    let [right, middle, wanted_right, wanted_middle] = slope(channel, last);
    let pictures = [left, middle, right, wanted_left, wanted_middle, wanted_right];
    let [a, b, c, d, e, f] = pictures;
    let [sizes] = each(simd, Inner(op), [a, b, c, d, e, f, &pulled[..last], &pulled[channel..]], [inner]);
    first_size + sizes
}

/// The pull of each block at each of its columns; none where there is no block.
fn spread(pulls: Option<&[f32]>, channel: usize, pulled: &mut [f32]) {
    let Some(pulls) = pulls else { return pulled.fill(0.0) };
    for (columns, pull) in pulled.chunks_mut(BLOCK * channel).zip(pulls.chunks_exact(channel)) {
        columns.chunks_exact_mut(channel).for_each(|column| column.copy_from_slice(pull));
    }
}

/// Adds the sizes of slopes.
#[derive(Clone, Copy)]
struct Sizes;

impl Elementwise<4, 2, 0> for Sizes {
    #[inline(always)]
    fn at<S: Simd>(
        self,
        simd: S,
        [far, near, wanted_far, wanted_near]: [S::f32s; 4],
        [drawn, wanted]: [S::f32s; 2],
    ) -> ([S::f32s; 2], [S::f32s; 0]) {
        let slope = simd.abs_f32s(simd.sub_f32s(far, near));
        let wanted_slope = simd.abs_f32s(simd.sub_f32s(wanted_far, wanted_near));
        ([simd.add_f32s(drawn, slope), simd.add_f32s(wanted, wanted_slope)], [])
    }
}

#[derive(Clone, Copy)]
struct SlopeError {
    /// Gradient of the absolute error.
    step: f32,
}

impl SlopeError {
    /// The error and the gradient of a slope.
    #[inline(always)]
    fn of<S: Simd>(self, simd: S, slope: S::f32s, wanted: S::f32s, pull: S::f32s) -> [S::f32s; 2] {
        let error = simd.sub_f32s(slope, wanted);
        let of_size = simd.mul_f32s(pull, signed(simd, 1.0, slope));
        [error, simd.add_f32s(signed(simd, self.step, error), of_size)]
    }
}

/// Both ends of slopes down.
impl Elementwise<5, 2, 1> for SlopeError {
    #[inline(always)]
    fn at<S: Simd>(
        self,
        simd: S,
        [far, near, wanted_far, wanted_near, pull]: [S::f32s; 5],
        [d_near, d_far]: [S::f32s; 2],
    ) -> ([S::f32s; 2], [S::f32s; 1]) {
        let (slope, wanted) = (simd.sub_f32s(far, near), simd.sub_f32s(wanted_far, wanted_near));
        let [error, gradient] = self.of(simd, slope, wanted, pull);
        ([simd.sub_f32s(d_near, gradient), simd.add_f32s(d_far, gradient)], [simd.abs_f32s(error)])
    }
}

/// The first pixel of a row.
#[derive(Clone, Copy)]
struct Begin(SlopeError);

impl Elementwise<5, 1, 1> for Begin {
    #[inline(always)]
    fn at<S: Simd>(
        self,
        simd: S,
        inputs: [S::f32s; 5],
        [near]: [S::f32s; 1],
    ) -> ([S::f32s; 1], [S::f32s; 1]) {
        let ([near, _], sizes) = self.0.at(simd, inputs, [near; 2]);
        ([near], sizes)
    }
}

/// The last pixel of a row.
#[derive(Clone, Copy)]
struct End(SlopeError);

impl Elementwise<5, 1, 0> for End {
    #[inline(always)]
    fn at<S: Simd>(self, simd: S, inputs: [S::f32s; 5], [far]: [S::f32s; 1]) -> ([S::f32s; 1], [S::f32s; 0]) {
        let ([_, far], _) = self.0.at(simd, inputs, [far; 2]);
        ([far], [])
    }
}

/// Pixels between two others; the errors are those of the slopes to the right.
#[derive(Clone, Copy)]
struct Inner(SlopeError);

impl Elementwise<8, 1, 1> for Inner {
    #[inline(always)]
    fn at<S: Simd>(
        self,
        simd: S,
        [left, middle, right, wanted_left, wanted_middle, wanted_right, pull_left, pull_right]: [S::f32s; 8],
        [d_middle]: [S::f32s; 1],
    ) -> ([S::f32s; 1], [S::f32s; 1]) {
        let (slope, wanted) = (simd.sub_f32s(middle, left), simd.sub_f32s(wanted_middle, wanted_left));
        let [_, before] = self.0.of(simd, slope, wanted, pull_left);
        let (slope, wanted) = (simd.sub_f32s(right, middle), simd.sub_f32s(wanted_right, wanted_middle));
        let [error, after] = self.0.of(simd, slope, wanted, pull_right);
        ([simd.add_f32s(d_middle, simd.sub_f32s(before, after))], [simd.abs_f32s(error)])
    }
}
