//! Attention on the rows of one linear layer: queries and keys are normed, gained and rotated on the way.

use burn::tensor::{Tensor, activation::softmax};

use super::norm::plain_norm;
use crate::{Rotary, band_mask};

/// What both attentions take beside the rows: a gain `[head_dim]` for queries and for keys, and positions.
pub struct Placing<'a> {
    /// `[head_dim]`.
    pub query_gain: Tensor<1>,
    /// `[head_dim]`.
    pub key_gain: Tensor<1>,
    /// One per token of a frame, or one per frame of a clip.
    pub positions: &'a Rotary,
}

/// Attention among the tokens of a frame; the last `readers` tokens are seen by nobody.
///
/// `qkv` `[frame, token, 3 * dim]`, in it `[3, head, head_dim]`; gives `[frame, token, dim]`.
#[must_use]
pub fn space_attention(qkv: Tensor<3>, placing: Placing<'_>, readers: usize) -> Tensor<3> {
    #[cfg(feature = "flex")]
    if super::is_fused(&qkv.device()) {
        return fused::space(qkv, placing, readers);
    }
    plain_space(qkv, placing, readers)
}

/// Attention of each token over the same token of its frame and of the `width - 1` frames before.
///
/// `qkv` `[batch * time, token, 3 * dim]`, in it `[3, head, head_dim]`; gives `[batch * time, token, dim]`.
#[must_use]
pub fn time_attention(qkv: Tensor<3>, placing: Placing<'_>, time: usize, width: usize) -> Tensor<3> {
    #[cfg(feature = "flex")]
    if super::is_fused(&qkv.device()) {
        return fused::time(qkv, placing, time, width);
    }
    plain_time(qkv, placing, time, width)
}

pub(super) fn plain_space(qkv: Tensor<3>, placing: Placing<'_>, readers: usize) -> Tensor<3> {
    let [frame, token, width] = qkv.dims();
    let [head_dim] = placing.query_gain.dims();
    let (dim, heads) = (width / 3, width / 3 / head_dim);
    // [frame, token, 3, head, head_dim] -> [3, frame, head, token, head_dim]
    let qkv = qkv.reshape([frame, token, 3, heads, head_dim]).permute([2, 0, 3, 1, 4]);
    let [q, k, v] = placed(qkv, &placing);
    let seen = token - readers;
    let mixed = attend(q, k.narrow(2, 0, seen), v.narrow(2, 0, seen), None);
    mixed.swap_dims(1, 2).reshape([frame, token, dim])
}

pub(super) fn plain_time(qkv: Tensor<3>, placing: Placing<'_>, time: usize, width: usize) -> Tensor<3> {
    let [frame, token, dims] = qkv.dims();
    let [head_dim] = placing.query_gain.dims();
    let mask = band_mask(time, width, &qkv.device()).unsqueeze_dim::<4>(1);
    let [q, k, v] = placed(by_token(qkv, time, head_dim), &placing);
    from_tokens(attend(q, k, v, Some(mask)), [frame, token, dims / 3], time)
}

/// `[batch * time, token, 3 * dim]` to `[3, batch * token, head, time, head_dim]`.
pub(crate) fn by_token(qkv: Tensor<3>, time: usize, head_dim: usize) -> Tensor<5> {
    let [frame, token, width] = qkv.dims();
    let (batch, heads) = (frame / time, width / 3 / head_dim);
    qkv.reshape([batch, time, token, 3, heads, head_dim]).permute([3, 0, 2, 4, 1, 5]).reshape([
        3,
        batch * token,
        heads,
        time,
        head_dim,
    ])
}

/// `[batch * token, head, time, head_dim]` to `dims`, which are `[batch * time, token, dim]`.
pub(crate) fn from_tokens(mixed: Tensor<4>, dims: [usize; 3], time: usize) -> Tensor<3> {
    let [_, heads, _, head_dim] = mixed.dims();
    let [frame, token, _] = dims;
    mixed.reshape([frame / time, token, heads, time, head_dim]).permute([0, 3, 1, 2, 4]).reshape(dims)
}

/// Queries and keys, normed and rotated, and values, of `[3, batch, head, token, head_dim]`.
pub(crate) fn placed(qkv: Tensor<5>, placing: &Placing<'_>) -> [Tensor<4>; 3] {
    let [q, k, v] = [0, 1, 2].map(|idx| qkv.clone().narrow(0, idx, 1).squeeze_dim::<4>(0));
    let gained = |x: Tensor<4>, gain: &Tensor<1>| plain_norm(x) * gain.clone().unsqueeze::<4>();
    let [q, k] = [gained(q, &placing.query_gain), gained(k, &placing.key_gain)];
    [placing.positions.apply(q), placing.positions.apply(k), v]
}

/// `q` `[batch, head, query, head_dim]`, `k` and `v` `[batch, head, key, head_dim]`; the mask is added to the scores.
pub(crate) fn attend(q: Tensor<4>, k: Tensor<4>, v: Tensor<4>, mask: Option<Tensor<4>>) -> Tensor<4> {
    let scale = (q.dims()[3] as f32).sqrt().recip();
    let scores = q.mul_scalar(scale).matmul(k.swap_dims(2, 3));
    let scores = match mask {
        Some(mask) => scores + mask,
        None => scores,
    };
    softmax(scores, 3).matmul(v)
}

#[cfg(feature = "flex")]
mod fused {
    use std::sync::Arc;

    use burn::tensor::Tensor;

    use super::Placing;
    use crate::{
        Rotations,
        kernels::{
            cpu::{
                attention::{
                    qk::{self, GainGradients},
                    space::{SpaceSizes, attend_space, attend_space_backward},
                    time::{TimeSizes, attend_time, attend_time_backward},
                },
                pool,
            },
            operation::{Inputs as _, Operation, View},
        },
    };

    /// What attends to what.
    #[derive(Clone, Copy, Debug)]
    enum Sizes {
        Space(SpaceSizes),
        Time(TimeSizes),
    }

    #[derive(Debug)]
    struct Attention {
        sizes: Sizes,
        rotations: Arc<Rotations>,
    }

    pub(super) fn space(qkv: Tensor<3>, placing: Placing<'_>, readers: usize) -> Tensor<3> {
        let [_, token, width] = qkv.dims();
        let [head_dim] = placing.query_gain.dims();
        let sizes = SpaceSizes { token, readers, heads: width / 3 / head_dim, head_dim };
        attended(qkv, placing, Sizes::Space(sizes))
    }

    pub(super) fn time(qkv: Tensor<3>, placing: Placing<'_>, time: usize, width: usize) -> Tensor<3> {
        let [_, token, dims] = qkv.dims();
        let [head_dim] = placing.query_gain.dims();
        let sizes = TimeSizes { time, token, width, heads: dims / 3 / head_dim, head_dim };
        attended(qkv, placing, Sizes::Time(sizes))
    }

    fn attended(qkv: Tensor<3>, placing: Placing<'_>, sizes: Sizes) -> Tensor<3> {
        let Placing { query_gain, key_gain, positions } = placing;
        [qkv.into_dispatch(), query_gain.into_dispatch(), key_gain.into_dispatch()]
            .through(Attention { sizes, rotations: positions.rotations().clone() })
    }

    impl Attention {
        fn placing<'a>(&'a self, query_gain: View<'a>, key_gain: View<'a>) -> qk::Placing<'a> {
            let Rotations { cos, sin } = &*self.rotations;
            qk::Placing { query_gain: query_gain.numbers, key_gain: key_gain.numbers, cos, sin }
        }
    }

    impl Operation<3> for Attention {
        fn forward(&self, [qkv, query_gain, key_gain]: [View<'_>; 3]) -> (Vec<f32>, Vec<usize>) {
            let placing = self.placing(query_gain, key_gain);
            let mut mixed = pool::take(qkv.numbers.len() / 3);
            match self.sizes {
                Sizes::Space(sizes) => attend_space(sizes, &placing, qkv.numbers, &mut mixed),
                Sizes::Time(sizes) => attend_time(sizes, &placing, qkv.numbers, &mut mixed),
            }
            (mixed, vec![qkv.dims[0], qkv.dims[1], qkv.dims[2] / 3])
        }

        fn backward(
            &self,
            [qkv, query_gain, key_gain]: [View<'_>; 3],
            _answer: &[f32],
            gradient: &[f32],
            _wanted: [bool; 3],
        ) -> [Option<Vec<f32>>; 3] {
            let placing = self.placing(query_gain, key_gain);
            let mut of_qkv = pool::take(qkv.numbers.len());
            let [mut query, mut key] = [query_gain, key_gain].map(|gain| vec![0.0; gain.numbers.len()]);
            let mut gains = GainGradients { query: &mut query, key: &mut key };
            match self.sizes {
                Sizes::Space(sizes) => {
                    attend_space_backward(sizes, &placing, qkv.numbers, gradient, &mut of_qkv, &mut gains);
                }
                Sizes::Time(sizes) => {
                    attend_time_backward(sizes, &placing, qkv.numbers, gradient, &mut of_qkv, &mut gains);
                }
            }
            [Some(of_qkv), Some(query), Some(key)]
        }
    }
}
