//! What the codec is trained on: absolute and squared error, error of the slopes between neighbouring pixels, and error
//! of their local energy, which is the mean size of slopes in half-overlapping patches of 8x8.
//!
//! Channels are innermost. Planes `[picture, channel, height, width]` are as good: each then is a picture of one channel.

use pulp::Simd;

use self::slopes::Slopes;
use super::super::lanes::{Elementwise, Pieces, each, in_pieces};

mod slopes;

/// Pictures `[picture, height, width, channel]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pictures {
    /// Pictures.
    pub picture: usize,
    /// Rows of pixels.
    pub height: usize,
    /// Columns of pixels.
    pub width: usize,
    /// Numbers of a pixel.
    pub channel: usize,
}

impl Pictures {
    /// `[picture, channel, height, width]`, each plane as a picture.
    #[must_use]
    pub fn planes([picture, channel, height, width]: [usize; 4]) -> Self {
        Self { picture: picture * channel, height, width, channel: 1 }
    }

    fn row(&self) -> usize {
        self.width * self.channel
    }
}

/// What the terms count, beside the absolute error, which counts 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TermWeights {
    /// Squared error.
    pub square: f32,
    /// Absolute error of slopes, down and across.
    pub gradient: f32,
    /// Absolute error of the local mean of slopes' sizes, down and across.
    pub energy: f32,
}

/// The loss of `drawn` against `wanted`, and its gradient: `[picture, height, width, channel]` each.
///
/// Pictures are at least 2x2, with energy at least 9x9.
#[must_use]
pub fn reconstruction_loss(
    pictures: Pictures,
    weights: TermWeights,
    drawn: &[f32],
    wanted: &[f32],
    d_drawn: &mut [f32],
) -> f64 {
    let Pictures { picture, height, width, .. } = pictures;
    let least = if weights.energy == 0.0 { 2 } else { 9 };
    assert!(height.min(width) >= least, "pictures of {height}x{width}, at least {least}x{least} are needed");
    let numbers = height * pictures.row();
    assert_eq!(drawn.len(), picture * numbers, "drawn {pictures:?}");
    assert_eq!(wanted.len(), picture * numbers, "wanted {pictures:?}");
    let kernel = Reconstruction { pictures, weights, drawn, wanted };
    in_pieces(&kernel, 12 * numbers, picture, [numbers], [d_drawn]).iter().sum()
}

struct Reconstruction<'a> {
    pictures: Pictures,
    weights: TermWeights,
    drawn: &'a [f32],
    wanted: &'a [f32],
}

impl Pieces<1> for Reconstruction<'_> {
    type Found = f64;

    #[inline(always)]
    fn piece<S: Simd>(&self, simd: S, picture_idx: usize, [gradient]: [&mut [f32]; 1]) -> f64 {
        let Pictures { picture, height, width, channel } = self.pictures;
        let row = self.pictures.row();
        let numbers = picture_idx * gradient.len()..(picture_idx + 1) * gradient.len();
        let pair = [&self.drawn[numbers.clone()], &self.wanted[numbers]];
        let mut loss = self.pixels(simd, pair, gradient);
        let down = Slopes { pair, picture, rows: height - 1, columns: width, channel, row, step: row };
        let across = Slopes { pair, picture, rows: height, columns: width - 1, channel, row, step: channel };
        for slopes in [down, across] {
            let (energy, pull) = slopes.energy(simd, self.weights.energy);
            loss += energy + slopes.errors(simd, self.weights.gradient, &pull, gradient);
        }
        loss
    }
}

impl Reconstruction<'_> {
    /// The terms of single pixels; writes the gradient.
    #[inline(always)]
    fn pixels<S: Simd>(&self, simd: S, pair: [&[f32]; 2], gradient: &mut [f32]) -> f64 {
        let each_counts = 1.0 / self.drawn.len() as f64;
        let square = f64::from(self.weights.square);
        let op = PixelError { step: each_counts as f32, slope: (2.0 * square * each_counts) as f32 };
        let row = self.pictures.row();
        let [drawn, wanted] = pair.map(|picture| picture.chunks_exact(row));
        let mut sums = [0.0; 2];
        for ((drawn, wanted), gradient) in drawn.zip(wanted).zip(gradient.chunks_exact_mut(row)) {
            let [size, squares] = each(simd, op, [drawn, wanted], [gradient]);
            sums[0] += f64::from(size);
            sums[1] += f64::from(squares);
        }
        (sums[0] + square * sums[1]) * each_counts
    }
}

/// `size` with the sign of x, and 0 where x is 0.
#[inline(always)]
fn signed<S: Simd>(simd: S, size: f32, x: S::f32s) -> S::f32s {
    let signed = simd.or_f32s(simd.splat_f32s(size), simd.and_f32s(x, simd.splat_f32s(-0.0)));
    let zero = simd.splat_f32s(0.0);
    simd.select_f32s(simd.equal_f32s(x, zero), zero, signed)
}

#[derive(Clone, Copy)]
struct PixelError {
    /// Gradient of the absolute error.
    step: f32,
    /// Gradient of the squared error, per error.
    slope: f32,
}

impl Elementwise<2, 1, 2> for PixelError {
    #[inline(always)]
    fn at<S: Simd>(
        self,
        simd: S,
        [drawn, wanted]: [S::f32s; 2],
        _: [S::f32s; 1],
    ) -> ([S::f32s; 1], [S::f32s; 2]) {
        let error = simd.sub_f32s(drawn, wanted);
        let gradient =
            simd.mul_add_e_f32s(error, simd.splat_f32s(self.slope), signed(simd, self.step, error));
        ([gradient], [simd.abs_f32s(error), simd.mul_f32s(error, error)])
    }
}

#[cfg(test)]
mod tests;
