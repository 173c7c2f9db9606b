//! The softmax over the keys of each query, with queries in the lanes of vectors, and the band that limits what they see.

use std::ops::Range;

use pulp::Simd;

use crate::kernels::cpu::math::exp;

use super::{
    super::padding::{load, padded, store},
    Group,
};

/// What masked scores come down to: finite, so that padding makes no NaN, and far enough for weights of exactly 0.
pub(crate) const FORBIDDEN: f32 = -1e30;

/// Row t sees rows t - width + 1 ..= t.
pub(crate) struct Band {
    pub(super) width: usize,
    rows: usize,
    /// `[2 * rows and padding]`: what to add to a score, at (rows - 1) + query - key.
    penalties: Vec<f32>,
}

impl Band {
    pub(crate) fn new(rows: usize, width: usize) -> Self {
        let seen = |idx: usize| idx + 1 >= rows && idx + 1 < rows.saturating_add(width);
        let penalties = (0..rows + padded(rows)).map(|idx| if seen(idx) { 0.0 } else { FORBIDDEN }).collect();
        Self { width, rows, penalties }
    }

    /// What to add to the scores of `key`: `[query]`, padded.
    #[inline(always)]
    fn penalties(&self, key: usize) -> &[f32] {
        &self.penalties[self.rows - 1 - key..]
    }
}

impl Group<'_> {
    /// Scores `[key, query stride]` to exp(score - largest of the query); `inverses` `[query]` gets 1 / their sums.
    #[inline(always)]
    pub(super) fn soften<S: Simd>(&self, simd: S, weights: &mut [f32], inverses: &mut [f32]) {
        let stride = padded(self.rows) / S::F32_LANES;
        let (weights, zero) = (S::as_mut_simd_f32s(weights).0, simd.splat_f32s(0.0));
        for query in 0..self.rows.div_ceil(S::F32_LANES) {
            let seen = self.seen::<S>(query);
            let mut largest = simd.splat_f32s(FORBIDDEN);
            for key in seen.clone() {
                let score = &mut weights[key * stride + query];
                if let Some(band) = self.band {
                    *score = simd.add_f32s(*score, load(simd, band.penalties(key), query * S::F32_LANES));
                }
                largest = simd.max_f32s(largest, *score);
            }
            let mut sum = zero;
            for key in seen.clone() {
                let weight = &mut weights[key * stride + query];
                *weight = exp(simd, simd.sub_f32s(*weight, largest));
                sum = simd.add_f32s(sum, *weight);
            }
            // Blocks of rows reach a little further than each of their rows.
            for key in (0..seen.start).chain(seen.end..self.keys) {
                weights[key * stride + query] = zero;
            }
            store(simd, inverses, query * S::F32_LANES, simd.div_f32s(simd.splat_f32s(1.0), sum));
        }
    }

    /// Weights not yet divided by their sums, and gradients of weights, to weights and gradients of scores.
    #[inline(always)]
    pub(super) fn soften_backward<S: Simd>(
        &self,
        simd: S,
        weights: &mut [f32],
        inverses: &[f32],
        d_weights: &mut [f32],
    ) {
        let stride = padded(self.rows) / S::F32_LANES;
        let (weights, d_weights) = (S::as_mut_simd_f32s(weights).0, S::as_mut_simd_f32s(d_weights).0);
        let zero = simd.splat_f32s(0.0);
        for query in 0..self.rows.div_ceil(S::F32_LANES) {
            let seen = self.seen::<S>(query);
            let inverse = load(simd, inverses, query * S::F32_LANES);
            let mut mean = zero;
            for key in seen.clone() {
                let weight = &mut weights[key * stride + query];
                *weight = simd.mul_f32s(*weight, inverse);
                mean = simd.mul_add_f32s(*weight, d_weights[key * stride + query], mean);
            }
            for key in seen.clone() {
                let d_weight = &mut d_weights[key * stride + query];
                *d_weight = simd.mul_f32s(weights[key * stride + query], simd.sub_f32s(*d_weight, mean));
            }
            for key in (0..seen.start).chain(seen.end..self.keys) {
                d_weights[key * stride + query] = zero;
            }
        }
    }

    /// Keys that some query of vector `query` sees.
    #[inline(always)]
    fn seen<S: Simd>(&self, query: usize) -> Range<usize> {
        self.reaches()[1].of(query * S::F32_LANES..(query + 1) * S::F32_LANES, self.keys)
    }
}
