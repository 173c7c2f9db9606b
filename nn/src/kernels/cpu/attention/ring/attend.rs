//! One query a head against the keys of a ring and its own.

use pulp::{Simd, WithSimd};

use crate::kernels::cpu::math::exp;

use super::{
    super::{
        group::FORBIDDEN,
        padding::{Pieces, load, padded, store},
        qk::Placing,
    },
    Ring, RingSizes,
};

/// Arguments of `Ring::attend`.
pub(super) struct Attend<'a, 'b> {
    pub(super) ring: &'a Ring,
    pub(super) placing: &'a Placing<'b>,
    pub(super) qkv: &'a [f32],
    pub(super) scratch: &'a mut [f32],
    pub(super) mixed: &'a mut [f32],
}

impl WithSimd for Attend<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let sizes = self.ring.sizes;
        let RingSizes { heads, head_dim, past, .. } = sizes;
        let (query_place, key_place) = (self.placing.query(0), self.placing.key(0));
        let mut pieces = Pieces::new(self.scratch);
        let (query, key) = (&mut pieces.take(head_dim)[..head_dim], &mut pieces.take(head_dim)[..head_dim]);
        let (penalties, weights) = (pieces.take(past), pieces.take(past));
        penalties.fill(FORBIDDEN);
        penalties[..self.ring.known()].fill(0.0);
        for (head_idx, mixed) in self.mixed.chunks_exact_mut(head_dim.max(1)).enumerate() {
            let at = |part: usize| ((head_idx / heads * 3 + part) * heads + head_idx % heads) * head_dim;
            query_place.forward(simd, &self.qkv[at(0)..][..head_dim], query);
            key_place.forward(simd, &self.qkv[at(1)..][..head_dim], key);
            let own = &self.qkv[at(2)..][..head_dim];
            let stored = &self.ring.stored[head_idx * sizes.head_len()..][..sizes.head_len()];
            let (keys, values) = stored.split_at(head_dim * padded(past));
            let [own_weight, inverse] = weigh(simd, [query, key, keys], penalties, weights);
            mix(simd, [own_weight, inverse], own, &weights[..self.ring.known()], values, mixed);
        }
    }
}

/// Scores of `query` `[head_dim]` against `keys` `[head_dim, slot]` and its own `key` `[head_dim]`, softened.
///
/// Gives the weight of its own key and 1 / the sum; `weights` `[slot]` are those of the slots, not divided by the sum.
#[inline(always)]
fn weigh<S: Simd>(
    simd: S,
    [query, key, keys]: [&[f32]; 3],
    penalties: &[f32],
    weights: &mut [f32],
) -> [f32; 2] {
    let mut products = simd.splat_f32s(0.0);
    for at in (0..query.len()).step_by(S::F32_LANES) {
        products = simd.mul_add_f32s(load(simd, query, at), load(simd, key, at), products);
    }
    let own = simd.reduce_sum_f32s(products);
    let mut largest = simd.splat_f32s(own);
    let (keys, penalties) = (S::as_simd_f32s(keys).0, S::as_simd_f32s(penalties).0);
    let weights = S::as_mut_simd_f32s(weights).0;
    let stride = weights.len();
    for (column, (weight, penalty)) in weights.iter_mut().zip(penalties).enumerate() {
        *weight = weighted_sum(simd, *penalty, query, &keys[column..], stride);
        largest = simd.max_f32s(largest, *weight);
    }
    let largest = simd.splat_f32s(simd.reduce_max_f32s(largest));
    let mut sum = simd.splat_f32s(0.0);
    for weight in weights {
        *weight = exp(simd, simd.sub_f32s(*weight, largest));
        sum = simd.add_f32s(sum, *weight);
    }
    let own = simd.reduce_max_f32s(exp(simd, simd.sub_f32s(simd.splat_f32s(own), largest)));
    [own, (own + simd.reduce_sum_f32s(sum)).recip()]
}

/// `mixed` `[head_dim]`: `own` `[head_dim]` and `values` `[slot, padded(head_dim)]` by their weights.
#[inline(always)]
fn mix<S: Simd>(
    simd: S,
    [own_weight, inverse]: [f32; 2],
    own: &[f32],
    weights: &[f32],
    values: &[f32],
    mixed: &mut [f32],
) {
    let (values, stride) = (S::as_simd_f32s(values).0, padded(own.len()) / S::F32_LANES);
    let (own_weight, inverse) = (simd.splat_f32s(own_weight), simd.splat_f32s(inverse));
    for column in 0..own.len().div_ceil(S::F32_LANES) {
        let at = column * S::F32_LANES;
        let first = simd.mul_f32s(own_weight, load(simd, own, at));
        // An empty ring has no vector to begin at.
        let sum = weighted_sum(simd, first, weights, values.get(column..).unwrap_or_default(), stride);
        store(simd, mixed, at, simd.mul_f32s(sum, inverse));
    }
}

/// `first`, and every `stride`-th vector of `vectors` times its factor.
#[inline(always)]
fn weighted_sum<S: Simd>(
    simd: S,
    first: S::f32s,
    factors: &[f32],
    vectors: &[S::f32s],
    stride: usize,
) -> S::f32s {
    // Four sums, so that an addition need not wait for the one before.
    let mut sums = [first, simd.splat_f32s(0.0), simd.splat_f32s(0.0), simd.splat_f32s(0.0)];
    let (quads, rest) = factors.as_chunks::<4>();
    let mut at = 0;
    for quad in quads {
        for idx in 0..4 {
            sums[idx] = simd.mul_add_f32s(simd.splat_f32s(quad[idx]), vectors[at + idx * stride], sums[idx]);
        }
        at += 4 * stride;
    }
    for factor in rest {
        sums[0] = simd.mul_add_f32s(simd.splat_f32s(*factor), vectors[at], sums[0]);
        at += stride;
    }
    simd.add_f32s(simd.add_f32s(sums[0], sums[1]), simd.add_f32s(sums[2], sums[3]))
}
