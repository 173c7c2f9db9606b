//! The halves of a head, which a rotation turns into each other, vector by vector.

use pulp::Simd;

/// A vector of each half of a head.
pub(super) type Pair<S> = [<S as Simd>::f32s; 2];

/// A head as two halves, each of whole vectors and a tail.
pub(super) struct Halves<'a>([&'a [f32]; 2]);

impl<'a> Halves<'a> {
    #[inline(always)]
    pub(super) fn of(values: &'a [f32], half: usize) -> Self {
        Self([&values[..half], &values[half..][..half]])
    }

    #[inline(always)]
    pub(super) fn at<S: Simd>(&self, idx: usize) -> Pair<S> {
        [S::as_simd_f32s(self.0[0]).0[idx], S::as_simd_f32s(self.0[1]).0[idx]]
    }

    #[inline(always)]
    pub(super) fn tail<S: Simd>(&self, simd: S) -> Pair<S> {
        [
            simd.partial_load_f32s(S::as_simd_f32s(self.0[0]).1),
            simd.partial_load_f32s(S::as_simd_f32s(self.0[1]).1),
        ]
    }
}

/// `Halves` to write to.
pub(super) struct HalvesMut<'a>([&'a mut [f32]; 2]);

impl<'a> HalvesMut<'a> {
    #[inline(always)]
    pub(super) fn of(values: &'a mut [f32], half: usize) -> Self {
        let (low, high) = values.split_at_mut(half);
        Self([low, &mut high[..half]])
    }

    #[inline(always)]
    pub(super) fn get<S: Simd>(&self, idx: usize) -> Pair<S> {
        [S::as_simd_f32s(self.0[0]).0[idx], S::as_simd_f32s(self.0[1]).0[idx]]
    }

    #[inline(always)]
    pub(super) fn get_tail<S: Simd>(&self, simd: S) -> Pair<S> {
        [
            simd.partial_load_f32s(S::as_simd_f32s(self.0[0]).1),
            simd.partial_load_f32s(S::as_simd_f32s(self.0[1]).1),
        ]
    }

    #[inline(always)]
    pub(super) fn set<S: Simd>(&mut self, idx: usize, pair: Pair<S>) {
        S::as_mut_simd_f32s(self.0[0]).0[idx] = pair[0];
        S::as_mut_simd_f32s(self.0[1]).0[idx] = pair[1];
    }

    #[inline(always)]
    pub(super) fn set_tail<S: Simd>(&mut self, simd: S, pair: Pair<S>) {
        simd.partial_store_f32s(S::as_mut_simd_f32s(self.0[0]).1, pair[0]);
        simd.partial_store_f32s(S::as_mut_simd_f32s(self.0[1]).1, pair[1]);
    }
}

/// factor * (m * cos + turn(m) * sin), where m = x * gain.
#[inline(always)]
pub(super) fn placed<S: Simd>(simd: S, factor: S::f32s, [x, gain, cos, sin]: [Pair<S>; 4]) -> Pair<S> {
    let m = times(simd, times(simd, x, [factor; 2]), gain);
    let low = simd.sub_f32s(simd.mul_f32s(m[0], cos[0]), simd.mul_f32s(m[1], sin[0]));
    [low, simd.mul_add_f32s(m[1], cos[1], simd.mul_f32s(m[0], sin[1]))]
}

/// Gradient of m from that of factor * (m * cos + turn(m) * sin).
#[inline(always)]
pub(super) fn turned_back<S: Simd>(simd: S, factor: S::f32s, [d_y, cos, sin]: [Pair<S>; 3]) -> Pair<S> {
    let d = times(simd, d_y, [factor; 2]);
    let high = simd.sub_f32s(simd.mul_f32s(d[1], cos[1]), simd.mul_f32s(d[0], sin[0]));
    [simd.mul_add_f32s(d[0], cos[0], simd.mul_f32s(d[1], sin[1])), high]
}

#[inline(always)]
pub(super) fn times<S: Simd>(simd: S, a: Pair<S>, b: Pair<S>) -> Pair<S> {
    [simd.mul_f32s(a[0], b[0]), simd.mul_f32s(a[1], b[1])]
}

/// a * b + c.
#[inline(always)]
pub(super) fn plus<S: Simd>(simd: S, a: Pair<S>, b: Pair<S>, c: Pair<S>) -> Pair<S> {
    [simd.mul_add_f32s(a[0], b[0], c[0]), simd.mul_add_f32s(a[1], b[1], c[1])]
}
