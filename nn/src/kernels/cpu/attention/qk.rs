//! Placing queries and keys: QK-norm (2302.05442) over a head, a gain, and the rotation of a position (RoFormer 2104.09864).
//!
//! n = x / sqrt(mean(x^2) + 1e-6), m = n * gain, y = scale * (m * cos + turn(m) * sin), turn(m) = (-m2, m1) over halves.

mod halves;

use pulp::{Arch, Simd, WithSimd};

use halves::{Halves, HalvesMut, placed, plus, times, turned_back};

const EPSILON: f32 = 1e-6;

/// What places the queries and keys of a layer: its gains, and a table of rotations.
#[derive(Clone, Copy, Debug)]
pub struct Placing<'a> {
    /// `[head_dim]`.
    pub query_gain: &'a [f32],
    /// `[head_dim]`.
    pub key_gain: &'a [f32],
    /// `[position, head_dim]`.
    pub cos: &'a [f32],
    /// `[position, head_dim]`.
    pub sin: &'a [f32],
}

/// Gradients of the gains, which a backward pass adds to.
#[derive(Debug)]
pub struct GainGradients<'a> {
    /// `[head_dim]`.
    pub query: &'a mut [f32],
    /// `[head_dim]`.
    pub key: &'a mut [f32],
}

impl GainGradients<'_> {
    /// Asserts that these are gradients of gains of `head_dim` numbers.
    pub(crate) fn check(&self, head_dim: usize) {
        assert_eq!([self.query.len(), self.key.len()], [head_dim; 2], "gradients of gains of {head_dim}");
    }

    /// Adds partial sums, `[chunk, 2, head_dim]`, in order.
    pub(crate) fn add(&mut self, partial: &[f32]) {
        let dim = self.query.len();
        for chunk in partial.chunks_exact(2 * dim) {
            for (sum, part) in self.query.iter_mut().chain(self.key.iter_mut()).zip(chunk) {
                *sum += part;
            }
        }
    }
}

/// What places one head of one row.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// `[head_dim]`.
    pub gain: &'a [f32],
    /// `[head_dim]`, of one position.
    pub cos: &'a [f32],
    /// `[head_dim]`, of one position.
    pub sin: &'a [f32],
    /// Multiplies the result.
    pub scale: f32,
}

impl<'a> Placing<'a> {
    /// Asserts that gains and table fit `positions` positions of `head_dim` numbers.
    pub(crate) fn check(&self, positions: usize, head_dim: usize) {
        assert!(head_dim.is_multiple_of(2), "head_dim {head_dim} is odd");
        let gains = [self.query_gain.len(), self.key_gain.len()];
        assert_eq!(gains, [head_dim; 2], "gains of a head_dim of {head_dim}");
        let table = [self.cos.len(), self.sin.len()];
        assert_eq!(table, [positions * head_dim; 2], "rotations of {positions} positions of {head_dim}");
    }

    /// What places queries at `position`; scores come out divided by sqrt(head_dim).
    #[inline(always)]
    pub(crate) fn query(&self, position: usize) -> Place<'a> {
        self.place(self.query_gain, position, (self.query_gain.len() as f32).sqrt().recip())
    }

    /// What places keys at `position`.
    #[inline(always)]
    pub(crate) fn key(&self, position: usize) -> Place<'a> {
        self.place(self.key_gain, position, 1.0)
    }

    #[inline(always)]
    fn place(&self, gain: &'a [f32], position: usize, scale: f32) -> Place<'a> {
        let row = position * gain.len()..(position + 1) * gain.len();
        Place { gain, cos: &self.cos[row.clone()], sin: &self.sin[row], scale }
    }
}

impl Place<'_> {
    /// Places `x` `[head_dim]` into `y` `[head_dim]`; gives 1 / rms(x), which the backward pass needs.
    #[inline(always)]
    pub(crate) fn forward<S: Simd>(&self, simd: S, x: &[f32], y: &mut [f32]) -> f32 {
        let inverse = inverse_rms(simd, x);
        let factor = simd.splat_f32s(inverse * self.scale);
        let half = x.len() / 2;
        let (x, gain, cos, sin) = (
            Halves::of(x, half),
            Halves::of(self.gain, half),
            Halves::of(self.cos, half),
            Halves::of(self.sin, half),
        );
        let mut y = HalvesMut::of(y, half);
        for idx in 0..half / S::F32_LANES {
            y.set::<S>(
                idx,
                placed(simd, factor, [x.at::<S>(idx), gain.at::<S>(idx), cos.at::<S>(idx), sin.at::<S>(idx)]),
            );
        }
        if !half.is_multiple_of(S::F32_LANES) {
            y.set_tail(
                simd,
                placed(simd, factor, [x.tail(simd), gain.tail(simd), cos.tail(simd), sin.tail(simd)]),
            );
        }
        inverse
    }

    /// Gradient of `x` from that of `y`, all `[head_dim]`; adds to `d_gain`. `inverse` is what `forward` gave.
    #[inline(always)]
    pub(crate) fn backward<S: Simd>(
        &self,
        simd: S,
        [x, d_y]: [&[f32]; 2],
        inverse: f32,
        d_gain: &mut [f32],
        d_x: &mut [f32],
    ) {
        let (dim, half) = (x.len(), x.len() / 2);
        let (norm, factor) = (simd.splat_f32s(inverse), simd.splat_f32s(self.scale));
        let mut products = simd.splat_f32s(0.0);
        {
            let (x, d_y, gain) = (Halves::of(x, half), Halves::of(d_y, half), Halves::of(self.gain, half));
            let (cos, sin) = (Halves::of(self.cos, half), Halves::of(self.sin, half));
            let (mut d_gain, mut d_x) = (HalvesMut::of(d_gain, half), HalvesMut::of(d_x, half));
            for idx in 0..half / S::F32_LANES {
                let d_m = turned_back(simd, factor, [d_y.at::<S>(idx), cos.at::<S>(idx), sin.at::<S>(idx)]);
                let n = times(simd, x.at::<S>(idx), [norm; 2]);
                d_gain.set::<S>(idx, plus(simd, d_m, n, d_gain.get::<S>(idx)));
                let d_n = times(simd, d_m, gain.at::<S>(idx));
                products = simd.mul_add_f32s(d_n[0], n[0], simd.mul_add_f32s(d_n[1], n[1], products));
                d_x.set::<S>(idx, d_n);
            }
            if !half.is_multiple_of(S::F32_LANES) {
                let d_m = turned_back(simd, factor, [d_y.tail(simd), cos.tail(simd), sin.tail(simd)]);
                let n = times(simd, x.tail(simd), [norm; 2]);
                d_gain.set_tail(simd, plus(simd, d_m, n, d_gain.get_tail(simd)));
                let d_n = times(simd, d_m, gain.tail(simd));
                products = simd.mul_add_f32s(d_n[0], n[0], simd.mul_add_f32s(d_n[1], n[1], products));
                d_x.set_tail(simd, d_n);
            }
        }
        // Dividing by the rms takes away the part of the gradient that points along n.
        let along = simd.splat_f32s(simd.reduce_sum_f32s(products) * inverse / dim as f32);
        let ((d_x, d_x_tail), (x, x_tail)) = (S::as_mut_simd_f32s(&mut d_x[..dim]), S::as_simd_f32s(x));
        for (d_x, x) in d_x.iter_mut().zip(x) {
            *d_x = simd.mul_f32s(simd.sub_f32s(*d_x, simd.mul_f32s(*x, along)), norm);
        }
        if !x_tail.is_empty() {
            let (d_n, x) = (simd.partial_load_f32s(d_x_tail), simd.partial_load_f32s(x_tail));
            let across = simd.sub_f32s(d_n, simd.mul_f32s(x, along));
            simd.partial_store_f32s(d_x_tail, simd.mul_f32s(across, norm));
        }
    }
}

/// 1 / sqrt(mean(x^2) + epsilon).
#[inline(always)]
fn inverse_rms<S: Simd>(simd: S, x: &[f32]) -> f32 {
    let (vectors, tail) = S::as_simd_f32s(x);
    let mut squares = simd.splat_f32s(0.0);
    for vector in vectors {
        squares = simd.mul_add_f32s(*vector, *vector, squares);
    }
    if !tail.is_empty() {
        let tail = simd.partial_load_f32s(tail);
        squares = simd.mul_add_f32s(tail, tail, squares);
    }
    (simd.reduce_sum_f32s(squares) / x.len() as f32 + EPSILON).sqrt().recip()
}

/// Places the heads of one row: `x` and `placed` are `[head, head_dim]`.
pub fn place_heads(place: Place<'_>, x: &[f32], placed: &mut [f32]) {
    assert_eq!(x.len(), placed.len(), "a row and its placed row");
    Arch::new().dispatch(Forward { place, x, placed });
}

/// Gradient `d_x` of a row from that of its placed row, all `[head, head_dim]`; adds to `d_gain` `[head_dim]`.
pub fn place_heads_backward(
    place: Place<'_>,
    x: &[f32],
    d_placed: &[f32],
    d_gain: &mut [f32],
    d_x: &mut [f32],
) {
    assert_eq!([x.len(); 2], [d_placed.len(), d_x.len()], "a row and its gradients");
    assert_eq!(place.gain.len(), d_gain.len(), "a gain and its gradient");
    Arch::new().dispatch(Backward { place, x, d_placed, d_gain, d_x });
}

struct Forward<'a> {
    place: Place<'a>,
    x: &'a [f32],
    placed: &'a mut [f32],
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let dim = self.place.gain.len().max(1);
        for (x, placed) in self.x.chunks_exact(dim).zip(self.placed.chunks_exact_mut(dim)) {
            self.place.forward(simd, x, placed);
        }
    }
}

struct Backward<'a> {
    place: Place<'a>,
    x: &'a [f32],
    d_placed: &'a [f32],
    d_gain: &'a mut [f32],
    d_x: &'a mut [f32],
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let dim = self.place.gain.len().max(1);
        let gradients = self.d_placed.chunks_exact(dim).zip(self.d_x.chunks_exact_mut(dim));
        for (x, (d_placed, d_x)) in self.x.chunks_exact(dim).zip(gradients) {
            let inverse = inverse_rms(simd, x);
            self.place.backward(simd, [x, d_placed], inverse, self.d_gain, d_x);
        }
    }
}

#[cfg(test)]
mod tests;
