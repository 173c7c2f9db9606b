//! Group norm (Wu and He 2018) over channels-last pictures, with the nonlinearity behind it in the same pass.
//!
//! Mean and spread are those of one picture and one group of neighbouring channels, so pictures do not know each other.
//! Nothing is kept for the way back: the moments are cheaper to find again than to store.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::{
    nonlinearity::Nonlinearity,
    simd::{load, store},
};

/// Vectors of channels that are summed side by side, since an addition takes longer than a load.
const SIDE_BY_SIDE: usize = 4;

/// What the norm learns, and how it is cut.
#[derive(Clone, Debug)]
pub struct GroupNorm {
    /// Groups, a divisor of the channels.
    pub groups: usize,
    /// Factor behind the norm `[channel]`.
    pub scale: Vec<f32>,
    /// Summand behind the norm `[channel]`.
    pub shift: Vec<f32>,
    /// Added to the variance.
    pub epsilon: f32,
}

impl GroupNorm {
    /// Channels of a pixel.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.scale.len()
    }

    /// `out` = f(norm(x)), both `[picture, pixel, channel]`, on the threads of rayon.
    pub fn forward(&self, f: Nonlinearity, pixels: usize, x: &[f32], out: &mut [f32]) {
        assert_eq!(x.len(), out.len(), "numbers before and after the norm");
        let len = self.picture_len(pixels, x.len());
        x.par_chunks(len).zip(out.par_chunks_mut(len)).for_each(|(x, out)| {
            let mut moments = vec![0.0; 2 * self.channels()];
            Arch::new().dispatch(Forward { norm: self, f, x, out, moments: &mut moments });
        });
    }

    /// `d_x` from `x` and `d_out`, all `[picture, pixel, channel]`, and `[d_scale, d_shift]`, both `[channel]`.
    pub fn backward(
        &self,
        f: Nonlinearity,
        pixels: usize,
        x: &[f32],
        d_out: &[f32],
        d_x: &mut [f32],
        [d_scale, d_shift]: [&mut [f32]; 2],
    ) {
        assert_eq!((x.len(), d_out.len()), (d_x.len(), d_x.len()), "numbers and their gradients");
        let (len, channels) = (self.picture_len(pixels, x.len()), self.channels());
        assert_eq!((d_scale.len(), d_shift.len()), (channels, channels), "gradients of channels");
        d_x.copy_from_slice(d_out);
        let mut sums = vec![0.0; x.len() / len * 2 * channels];
        let pictures = x.par_chunks(len).zip(d_x.par_chunks_mut(len));
        pictures.zip(sums.par_chunks_mut(2 * channels)).for_each(|((x, d), sums)| {
            self.pull_back(f, x, d, sums, &mut vec![0.0; 4 * channels]);
        });
        d_scale.fill(0.0);
        d_shift.fill(0.0);
        for sums in sums.chunks_exact(2 * channels) {
            let (scale, shift) = sums.split_at(channels);
            d_scale.iter_mut().zip(scale).for_each(|(to, x)| *to += x);
            d_shift.iter_mut().zip(shift).for_each(|(to, x)| *to += x);
        }
    }

    fn picture_len(&self, pixels: usize, len: usize) -> usize {
        let (channels, groups) = (self.channels(), self.groups);
        assert_eq!(self.shift.len(), channels, "summands and factors of a norm");
        assert!(groups > 0 && channels.is_multiple_of(groups), "{channels} channels in {groups} groups");
        let picture = (pixels * channels).max(1);
        assert!(len.is_multiple_of(picture), "{len} numbers in pictures of {pixels} x {channels}");
        picture
    }

    /// Turns `d`, the gradient behind norm and nonlinearity of one picture `x` `[pixel, channel]`, into that before
    /// them, adds the picture's `[d_scale, d_shift]` to `sums`; `scratch` is `[4, channel]`.
    pub(crate) fn pull_back(
        &self,
        f: Nonlinearity,
        x: &[f32],
        d: &mut [f32],
        sums: &mut [f32],
        scratch: &mut [f32],
    ) {
        Arch::new().dispatch(PullBack { norm: self, f, x, d, sums, scratch });
    }

    /// `[mean, 1 / spread]` of every channel's group in one picture `[pixel, channel]`.
    #[inline(always)]
    pub(crate) fn moments<S: Simd>(&self, simd: S, x: &[f32], moments: &mut [f32]) {
        let channels = self.channels();
        let (means, rates) = moments.split_at_mut(channels);
        let count = (x.len() / self.groups) as f64;
        means.fill(0.0);
        sum_pixels(simd, channels, x, means, |x, _| x);
        self.spread(means, |sum| sum / count);
        rates.fill(0.0);
        sum_pixels(simd, channels, x, rates, |x, columns| {
            let off = simd.sub_f32s(x, load(simd, &means[columns]));
            simd.mul_f32s(off, off)
        });
        let epsilon = f64::from(self.epsilon);
        self.spread(rates, |sum| (sum / count + epsilon).sqrt().recip());
    }

    /// Sums the channels of each group and gives all of them what `f` makes of the sum.
    #[inline(always)]
    fn spread(&self, values: &mut [f32], f: impl Fn(f64) -> f64) {
        for group in values.chunks_exact_mut((self.channels() / self.groups).max(1)) {
            let sum = group.iter().map(|&x| f64::from(x)).sum::<f64>();
            group.fill(f(sum) as f32);
        }
    }

    /// f(norm(x)) of some pixels `[pixel, channel]`, for moments that are known.
    #[inline(always)]
    pub(crate) fn copy<S: Simd>(
        &self,
        simd: S,
        f: Nonlinearity,
        moments: &[f32],
        x: &[f32],
        out: &mut [f32],
    ) {
        let channels = self.channels();
        for (x, out) in x.chunks_exact(channels).zip(out.chunks_exact_mut(channels)) {
            for columns in vectors::<S>(channels) {
                let normal = self.normal(simd, moments, x, columns.clone());
                let y = self.scaled(simd, normal, columns.clone());
                store(simd, &mut out[columns], f.value(simd, y));
            }
        }
    }

    /// (x - mean) / spread, for a vector of a pixel.
    #[inline(always)]
    fn normal<S: Simd>(&self, simd: S, moments: &[f32], x: &[f32], columns: Range<usize>) -> S::f32s {
        let (means, rates) = moments.split_at(self.channels());
        let off = simd.sub_f32s(load(simd, &x[columns.clone()]), load(simd, &means[columns.clone()]));
        simd.mul_f32s(off, load(simd, &rates[columns]))
    }

    #[inline(always)]
    fn scaled<S: Simd>(&self, simd: S, normal: S::f32s, columns: Range<usize>) -> S::f32s {
        simd.mul_add_e_f32s(
            normal,
            load(simd, &self.scale[columns.clone()]),
            load(simd, &self.shift[columns]),
        )
    }
}

struct Forward<'a> {
    norm: &'a GroupNorm,
    f: Nonlinearity,
    x: &'a [f32],
    out: &'a mut [f32],
    moments: &'a mut [f32],
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.norm.moments(simd, self.x, self.moments);
        self.norm.copy(simd, self.f, self.moments, self.x, self.out);
    }
}

struct PullBack<'a> {
    norm: &'a GroupNorm,
    f: Nonlinearity,
    x: &'a [f32],
    d: &'a mut [f32],
    sums: &'a mut [f32],
    scratch: &'a mut [f32],
}

impl WithSimd for PullBack<'_> {
    type Output = ();

    /// With z = norm(x) and g the gradient behind the norm times scale:
    /// `d_x` = (g - mean(g) - z mean(g z)) / spread, the means over a group.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { norm, f, x, d, sums, scratch } = self;
        let channels = norm.channels();
        let (moments, own) = scratch[..4 * channels].split_at_mut(2 * channels);
        norm.moments(simd, x, moments);
        own.fill(0.0);
        let (scales, shifts) = own.split_at_mut(channels);
        for (x, d) in x.chunks_exact(channels).zip(d.chunks_exact_mut(channels)) {
            for columns in vectors::<S>(channels) {
                let normal = norm.normal(simd, moments, x, columns.clone());
                let slope = f.slope(simd, norm.scaled(simd, normal, columns.clone()));
                let behind = simd.mul_f32s(load(simd, &d[columns.clone()]), slope);
                store(simd, &mut d[columns.clone()], behind);
                let scale = simd.mul_add_e_f32s(behind, normal, load(simd, &scales[columns.clone()]));
                store(simd, &mut scales[columns.clone()], scale);
                let shift = simd.add_f32s(behind, load(simd, &shifts[columns.clone()]));
                store(simd, &mut shifts[columns], shift);
            }
        }
        sums[..channels].iter_mut().zip(&*scales).for_each(|(to, x)| *to += x);
        sums[channels..].iter_mut().zip(&*shifts).for_each(|(to, x)| *to += x);
        // From here on the sums are the group's means of g z and of g.
        let count = (x.len() / norm.groups) as f64;
        for values in [&mut *scales, &mut *shifts] {
            values.iter_mut().zip(&norm.scale).for_each(|(x, scale)| *x *= scale);
            norm.spread(values, |sum| sum / count);
        }
        for (x, d) in x.chunks_exact(channels).zip(d.chunks_exact_mut(channels)) {
            for columns in vectors::<S>(channels) {
                let normal = norm.normal(simd, moments, x, columns.clone());
                let shift = load(simd, &shifts[columns.clone()]);
                let mean = simd.mul_add_e_f32s(normal, load(simd, &scales[columns.clone()]), shift);
                let g =
                    simd.mul_f32s(load(simd, &d[columns.clone()]), load(simd, &norm.scale[columns.clone()]));
                let rate = load(simd, &moments[channels..][columns.clone()]);
                store(simd, &mut d[columns], simd.mul_f32s(simd.sub_f32s(g, mean), rate));
            }
        }
    }
}

/// The channels of a pixel, a vector at a time.
#[inline(always)]
fn vectors<S: Simd>(channels: usize) -> impl Iterator<Item = Range<usize>> {
    (0..channels).step_by(S::F32_LANES).map(move |from| from..channels.min(from + S::F32_LANES))
}

/// Adds f of all pixels `[pixel, channel]` to `sums` `[channel]`; `f` is told which channels it has.
#[inline(always)]
pub(crate) fn sum_pixels<S: Simd>(
    simd: S,
    channels: usize,
    x: &[f32],
    sums: &mut [f32],
    f: impl Fn(S::f32s, Range<usize>) -> S::f32s,
) {
    let mut from = 0;
    let wide = SIDE_BY_SIDE * S::F32_LANES;
    while from + wide <= channels {
        let parts: [Range<usize>; SIDE_BY_SIDE] =
            std::array::from_fn(|idx| from + idx * S::F32_LANES..from + (idx + 1) * S::F32_LANES);
        let mut totals = parts.clone().map(|part| load(simd, &sums[part]));
        for pixel in x.chunks_exact(channels) {
            for (total, part) in totals.iter_mut().zip(&parts) {
                *total = simd.add_f32s(*total, f(load(simd, &pixel[part.clone()]), part.clone()));
            }
        }
        for (total, part) in totals.into_iter().zip(parts) {
            store(simd, &mut sums[part], total);
        }
        from += wide;
    }
    for part in vectors::<S>(channels - from) {
        let part = from + part.start..from + part.end;
        let mut total = load(simd, &sums[part.clone()]);
        for pixel in x.chunks_exact(channels) {
            total = simd.add_f32s(total, f(load(simd, &pixel[part.clone()]), part.clone()));
        }
        store(simd, &mut sums[part], total);
    }
}

#[cfg(test)]
pub(crate) mod tests;
