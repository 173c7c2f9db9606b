//! Pixel shuffle (Shi and others 2016) and its inverse: space for channels, as copies between layouts.
//!
//! A block of `block` x `block` pixels becomes the channels `c * block² + by * block + bx` of one pixel, as in
//! `pixel_unshuffle`. Every copy is a permutation: its inverse is its gradient.

use rayon::prelude::*;

mod bytes;

/// Sizes of both sides of a shuffle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shuffle {
    /// Rows of the folded picture.
    pub height: usize,
    /// Columns of the folded picture.
    pub width: usize,
    /// Channels of the unfolded picture.
    pub channels: usize,
    /// Pixels per side of a block.
    pub block: usize,
}

impl Shuffle {
    /// `planes` `[picture, channel, height * block, width * block]` to
    /// `folded` `[picture, height, width, channel * block²]`.
    pub fn fold_planes(&self, planes: &[f32], folded: &mut [f32]) {
        let len = self.picture_len(planes.len(), folded.len());
        folded.par_chunks_mut(len).zip(planes.par_chunks(len)).for_each(|(folded, planes)| {
            self.each_run(|plane, at, step| {
                let places = folded[at..].chunks_mut(step).zip(planes[plane..].chunks_exact(self.block));
                places.take(self.width).for_each(|(to, from)| copy_run(&mut to[..self.block], from));
            });
        });
    }

    /// The inverse of [`Shuffle::fold_planes`].
    pub fn unfold_planes(&self, folded: &[f32], planes: &mut [f32]) {
        let len = self.picture_len(planes.len(), folded.len());
        planes.par_chunks_mut(len).zip(folded.par_chunks(len)).for_each(|(planes, folded)| {
            self.each_run(|plane, at, step| {
                let places = folded[at..].chunks(step).zip(planes[plane..].chunks_exact_mut(self.block));
                places.take(self.width).for_each(|(from, to)| copy_run(to, &from[..self.block]));
            });
        });
    }

    /// `pixels` `[picture, height * block, width * block, channel]` to
    /// `folded` `[picture, height, width, channel * block²]`.
    pub fn fold(&self, pixels: &[f32], folded: &mut [f32]) {
        let len = self.picture_len(pixels.len(), folded.len());
        folded
            .par_chunks_mut(len)
            .zip(pixels.par_chunks(len))
            .for_each(|(to, from)| self.fold_here(from, to));
    }

    /// [`Shuffle::fold`] on this thread.
    pub fn fold_here(&self, pixels: &[f32], folded: &mut [f32]) {
        let len = self.picture_len(pixels.len(), folded.len());
        for (folded, pixels) in folded.chunks_exact_mut(len).zip(pixels.chunks_exact(len)) {
            self.each_pixel(|pixel, at| {
                let to = folded[at..].iter_mut().step_by(self.block * self.block);
                to.zip(&pixels[pixel..][..self.channels]).for_each(|(to, x)| *to = *x);
            });
        }
    }

    /// The inverse of [`Shuffle::fold`].
    pub fn unfold(&self, folded: &[f32], pixels: &mut [f32]) {
        let len = self.picture_len(pixels.len(), folded.len());
        pixels
            .par_chunks_mut(len)
            .zip(folded.par_chunks(len))
            .for_each(|(to, from)| self.unfold_here(from, to));
    }

    /// [`Shuffle::unfold`] on this thread.
    pub fn unfold_here(&self, folded: &[f32], pixels: &mut [f32]) {
        let len = self.picture_len(pixels.len(), folded.len());
        for (pixels, folded) in pixels.chunks_exact_mut(len).zip(folded.chunks_exact(len)) {
            self.each_pixel(|pixel, at| {
                let from = folded[at..].iter().step_by(self.block * self.block);
                pixels[pixel..][..self.channels].iter_mut().zip(from).for_each(|(to, x)| *to = *x);
            });
        }
    }

    fn picture_len(&self, unfolded: usize, folded: usize) -> usize {
        assert_eq!(unfolded, folded, "numbers on both sides of a shuffle");
        let len = (self.height * self.width * self.channels * self.block * self.block).max(1);
        assert!(folded.is_multiple_of(len), "{folded} numbers in pictures of {len}");
        len
    }

    /// Calls `f` for each row of each plane: where it begins in the planes, where its first run of `block` numbers
    /// lies in the folded picture, and how far it is to the next run.
    fn each_run(&self, mut f: impl FnMut(usize, usize, usize)) {
        let Self { height, width, channels, block } = *self;
        let step = channels * block * block;
        // Rows outside and channels inside, so that a folded row stays in the cache.
        for y in 0..height {
            for channel in 0..channels {
                for by in 0..block {
                    let plane = (channel * height * block + y * block + by) * width * block;
                    f(plane, y * width * step + (channel * block + by) * block, step);
                }
            }
        }
    }

    /// Calls `f` for each unfolded pixel: where it begins, and where its first channel lies in the folded picture.
    fn each_pixel(&self, mut f: impl FnMut(usize, usize)) {
        let Self { height, width, channels, block } = *self;
        for y in 0..height * block {
            for x in 0..width * block {
                let pixel = (y * width * block + x) * channels;
                let folded = (y / block * width + x / block) * channels * block * block;
                f(pixel, folded + y % block * block + x % block);
            }
        }
    }
}

/// A copy of few numbers: four of them are one vector, and no call of a function that must look how many there are.
#[inline]
fn copy_run(to: &mut [f32], from: &[f32]) {
    match (&mut *to, from) {
        ([a, b], [x, y]) => (*a, *b) = (*x, *y),
        ([_, _, _, _], &[x, y, z, w]) => to.copy_from_slice(&[x, y, z, w]),
        _ => to.copy_from_slice(from),
    }
}

#[cfg(test)]
mod tests;
