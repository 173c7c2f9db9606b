//! The backward pass of a group.

use pulp::{Simd, WithSimd};

use super::{
    super::{
        padding::{Pieces, RowsMut, padded},
        transpose::transpose,
    },
    Group, scale,
};

/// Arguments of `Group::backward`.
pub(super) struct Backward<'a, 'b, R> {
    pub(super) group: Group<'a>,
    pub(super) qkv: &'b [f32],
    pub(super) d_mixed: &'b [f32],
    pub(super) scratch: &'b mut [f32],
    pub(super) d_gains: &'b mut [f32],
    pub(super) d_qkv: &'b mut R,
}

impl<R: RowsMut> WithSimd for Backward<'_, '_, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { group, qkv, d_mixed, scratch, d_gains, d_qkv } = self;
        let (dim, stride, width) = (group.head_dim, padded(group.head_dim), group.heads * group.head_dim);
        let mut pieces = Pieces::new(scratch);
        let (mut scratch, gradients) = (group.pieces(&mut pieces), group.gradients(&mut pieces));
        let (d_query_gain, d_key_gain) = d_gains.split_at_mut(dim);
        for head in 0..group.heads {
            group.gather(simd, qkv, head, &mut scratch);
            for row in 0..group.rows {
                let from = &d_mixed[row * group.step * width + head * dim..][..dim];
                scale(simd, 1.0, from, &mut gradients.d_mixed[row * stride..][..dim]);
            }
            let (turned, rows) = (&mut *gradients.d_mixed_turned, padded(group.rows));
            transpose([group.rows, dim], gradients.d_mixed, stride, turned, rows);
            group.pair(simd, scratch.key, scratch.query_turned, scratch.weights);
            group.soften(simd, scratch.weights, scratch.sum_inverses);
            group.pair(simd, scratch.value, gradients.d_mixed_turned, gradients.d_weights);
            group.soften_backward(simd, scratch.weights, scratch.sum_inverses, gradients.d_weights);

            group.onto_keys(simd, scratch.weights, gradients.d_mixed, scratch.mixed);
            for row in 0..group.rows {
                let out = &mut d_qkv.row(row)[2 * width + head * dim..][..dim];
                match row < group.keys {
                    true => scale(simd, 1.0, &scratch.mixed[row * stride..][..dim], out),
                    false => out.fill(0.0),
                }
            }
            group.onto_queries(simd, gradients.d_weights, scratch.key, scratch.mixed);
            for row in 0..group.rows {
                let x = &qkv[group.at(row, 0, head)..][..dim];
                let d_placed = &scratch.mixed[row * stride..][..dim];
                let (place, inverse) = (group.placing.query(row), scratch.query_inverses[row]);
                let out = &mut d_qkv.row(row)[head * dim..][..dim];
                place.backward(simd, [x, d_placed], inverse, d_query_gain, out);
            }
            group.onto_keys(simd, gradients.d_weights, scratch.query, scratch.mixed);
            for row in 0..group.rows {
                let out = &mut d_qkv.row(row)[width + head * dim..][..dim];
                if row >= group.keys {
                    out.fill(0.0);
                    continue;
                }
                let x = &qkv[group.at(row, 1, head)..][..dim];
                let d_placed = &scratch.mixed[row * stride..][..dim];
                let (place, inverse) = (group.placing.key(row), scratch.key_inverses[row]);
                place.backward(simd, [x, d_placed], inverse, d_key_gain, out);
            }
        }
    }
}
