//! Attention within one group of rows, such as the tokens of a frame: what space and time attention share.
//!
//! A head is gathered into scratch that stays in the nearest cache. Scores are held as `[key, query]`, so that the softmax
//! runs lane by lane, without sums across a vector and without padding between keys. The backward pass keeps nothing
//! from the forward pass but computes the weights again, so a layer's scores are never in memory.

mod backward;
mod soften;

use pulp::{Arch, Simd, WithSimd};

use super::{
    padding::{Pieces, RowsMut, padded},
    product::{Product, Reach},
    qk::Placing,
    transpose::transpose,
};
use backward::Backward;
pub(crate) use soften::{Band, FORBIDDEN};

/// Rows that attend to each other, and how they lie in memory.
#[derive(Clone, Copy)]
pub(crate) struct Group<'a> {
    /// Rows; each is a query.
    pub(crate) rows: usize,
    /// The first `keys` rows are keys.
    pub(crate) keys: usize,
    /// Rows of the input between two rows of this group, plus one.
    pub(crate) step: usize,
    pub(crate) heads: usize,
    pub(crate) head_dim: usize,
    pub(crate) placing: Placing<'a>,
    /// Limits how far back a row sees.
    pub(crate) band: Option<&'a Band>,
}

/// The rows of one head, padded to `[row, stride]`, and scores `[key, query stride]`.
struct Scratch<'a> {
    query: &'a mut [f32],
    key: &'a mut [f32],
    value: &'a mut [f32],
    /// `[head_dim, query stride]`.
    query_turned: &'a mut [f32],
    weights: &'a mut [f32],
    mixed: &'a mut [f32],
    /// `[row]`: 1 / the sum of a query's weights.
    sum_inverses: &'a mut [f32],
    query_inverses: &'a mut [f32],
    key_inverses: &'a mut [f32],
}

/// What the backward pass needs besides.
struct Gradients<'a> {
    d_mixed: &'a mut [f32],
    d_mixed_turned: &'a mut [f32],
    d_weights: &'a mut [f32],
}

/// Numbers of scratch that `Group::forward` needs.
pub(crate) fn scratch_len(rows: usize, head_dim: usize) -> usize {
    let (rows, dim) = (padded(rows), padded(head_dim));
    5 * rows * dim + rows * rows + 3 * rows + Pieces::SLACK
}

/// Numbers of scratch that `Group::backward` needs.
pub(crate) fn backward_scratch_len(rows: usize, head_dim: usize) -> usize {
    let (rows, dim) = (padded(rows), padded(head_dim));
    scratch_len(rows, dim) + 2 * rows * dim + rows * rows
}

impl<'a> Group<'a> {
    /// `qkv` `[row * step, 3, head, head_dim]`, of which every `step`-th row counts; rows of `mixed` are `[head, head_dim]`.
    pub(crate) fn forward(self, qkv: &[f32], scratch: &mut [f32], mixed: &mut impl RowsMut) {
        Arch::new().dispatch(Forward { group: self, qkv, scratch, mixed });
    }

    /// Rows of `d_qkv` are `[3, head, head_dim]`; `d_mixed` is `[row * step, head, head_dim]`. Adds to `d_gains` `[2, head_dim]`.
    pub(crate) fn backward(
        self,
        qkv: &[f32],
        d_mixed: &[f32],
        scratch: &mut [f32],
        d_gains: &mut [f32],
        d_qkv: &mut impl RowsMut,
    ) {
        Arch::new().dispatch(Backward { group: self, qkv, d_mixed, scratch, d_gains, d_qkv });
    }

    fn pieces<'b>(&self, pieces: &mut Pieces<'b>) -> Scratch<'b> {
        let (rows, dim) = (padded(self.rows), padded(self.head_dim));
        Scratch {
            query: pieces.take(rows * dim),
            key: pieces.take(rows * dim),
            value: pieces.take(rows * dim),
            query_turned: pieces.take(rows * dim),
            weights: pieces.take(rows * rows),
            mixed: pieces.take(rows * dim),
            sum_inverses: pieces.take(rows),
            query_inverses: pieces.take(rows),
            key_inverses: pieces.take(rows),
        }
    }

    fn gradients<'b>(&self, pieces: &mut Pieces<'b>) -> Gradients<'b> {
        let (rows, dim) = (padded(self.rows), padded(self.head_dim));
        Gradients {
            d_mixed: pieces.take(rows * dim),
            d_mixed_turned: pieces.take(rows * dim),
            d_weights: pieces.take(rows * rows),
        }
    }

    /// Where query, key or value (`part` 0, 1, 2) of a head begin in `qkv`.
    #[inline(always)]
    fn at(&self, row: usize, part: usize, head: usize) -> usize {
        ((row * self.step * 3 + part) * self.heads + head) * self.head_dim
    }

    /// Queries of which a key has to do, and keys of which a query has to do.
    #[inline(always)]
    fn reaches(&self) -> [Reach; 2] {
        match self.band {
            None => [Reach::All; 2],
            Some(band) => [Reach::Future(band.width), Reach::Past(band.width)],
        }
    }

    /// Gathers and places a head.
    #[inline(always)]
    fn gather<S: Simd>(&self, simd: S, qkv: &[f32], head: usize, scratch: &mut Scratch<'_>) {
        let (dim, stride) = (self.head_dim, padded(self.head_dim));
        for row in 0..self.rows {
            let x = &qkv[self.at(row, 0, head)..][..dim];
            let placed = &mut scratch.query[row * stride..][..dim];
            scratch.query_inverses[row] = self.placing.query(row).forward(simd, x, placed);
        }
        for row in 0..self.keys {
            let x = &qkv[self.at(row, 1, head)..][..dim];
            let placed = &mut scratch.key[row * stride..][..dim];
            scratch.key_inverses[row] = self.placing.key(row).forward(simd, x, placed);
        }
        for row in 0..self.keys {
            scale(simd, 1.0, &qkv[self.at(row, 2, head)..][..dim], &mut scratch.value[row * stride..][..dim]);
        }
        transpose([self.rows, dim], scratch.query, stride, scratch.query_turned, padded(self.rows));
    }

    /// Scores or their gradients, `[key, query stride]`, of `left` `[key, stride]` and `right` `[head_dim, query stride]`.
    #[inline(always)]
    fn pair<S: Simd>(&self, simd: S, left: &[f32], right: &[f32], out: &mut [f32]) {
        simd.vectorize(Product {
            sizes: [self.keys, self.head_dim, self.rows],
            left,
            left_strides: [padded(self.head_dim), 1],
            right,
            out,
            stride: padded(self.rows),
            inner: Reach::All,
            columns: self.reaches()[0],
        });
    }

    /// `out` `[query, stride]`: sums of `right` `[key, stride]` by `weights` `[key, query stride]`.
    #[inline(always)]
    fn onto_queries<S: Simd>(&self, simd: S, weights: &[f32], right: &[f32], out: &mut [f32]) {
        simd.vectorize(Product {
            sizes: [self.rows, self.keys, self.head_dim],
            left: weights,
            left_strides: [1, padded(self.rows)],
            right,
            out,
            stride: padded(self.head_dim),
            inner: self.reaches()[1],
            columns: Reach::All,
        });
    }

    /// `out` `[key, stride]`: sums of `right` `[query, stride]` by `weights` `[key, query stride]`.
    #[inline(always)]
    fn onto_keys<S: Simd>(&self, simd: S, weights: &[f32], right: &[f32], out: &mut [f32]) {
        simd.vectorize(Product {
            sizes: [self.keys, self.rows, self.head_dim],
            left: weights,
            left_strides: [padded(self.rows), 1],
            right,
            out,
            stride: padded(self.head_dim),
            inner: self.reaches()[0],
            columns: Reach::All,
        });
    }
}

/// Copies a row `[head_dim]`, times `factor`.
#[inline(always)]
fn scale<S: Simd>(simd: S, factor: f32, from: &[f32], into: &mut [f32]) {
    let factor = simd.splat_f32s(factor);
    let (into, from) = (&mut into[..from.len()], from);
    let ((from, from_tail), (into, into_tail)) = (S::as_simd_f32s(from), S::as_mut_simd_f32s(into));
    for (from, into) in from.iter().zip(into) {
        *into = simd.mul_f32s(*from, factor);
    }
    if !from_tail.is_empty() {
        simd.partial_store_f32s(into_tail, simd.mul_f32s(simd.partial_load_f32s(from_tail), factor));
    }
}

struct Forward<'a, 'b, R> {
    group: Group<'a>,
    qkv: &'b [f32],
    scratch: &'b mut [f32],
    mixed: &'b mut R,
}

impl<R: RowsMut> WithSimd for Forward<'_, '_, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { group, qkv, scratch, mixed } = self;
        let (dim, stride) = (group.head_dim, padded(group.head_dim));
        let mut scratch = group.pieces(&mut Pieces::new(scratch));
        for head in 0..group.heads {
            group.gather(simd, qkv, head, &mut scratch);
            group.pair(simd, scratch.key, scratch.query_turned, scratch.weights);
            group.soften(simd, scratch.weights, scratch.sum_inverses);
            group.onto_queries(simd, scratch.weights, scratch.value, scratch.mixed);
            for row in 0..group.rows {
                let sums = &scratch.mixed[row * stride..][..dim];
                let out = &mut mixed.row(row)[head * dim..][..dim];
                scale(simd, scratch.sum_inverses[row], sums, out);
            }
        }
    }
}

#[cfg(test)]
mod tests;
