//! Attention over the tokens of a frame, and causal attention of each token over past frames.
//!
//! Queries and keys are normed (QK-norm, 2302.05442) and rotated. Tokens are `[batch, time, token, dim]`,
//! handled as `[batch * time, token, dim]`.

use burn::{
    module::{Module, Param},
    nn::Linear,
    tensor::{Device, Tensor, TensorData, activation::softmax},
};

use crate::{
    Init, Rotary,
    flops::{attention_flops, linear_flops},
    rms_norm,
};

/// What masked-out scores become.
const FORBIDDEN: f32 = -1e9;

/// What both attentions share: projections of normed heads.
#[derive(Module, Debug)]
struct Heads {
    qkv: Linear,
    query_gain: Param<Tensor<1>>,
    key_gain: Param<Tensor<1>>,
    out: Linear,
    heads: usize,
}

/// Attention among the tokens of one frame. The last tokens may be readers: they see all, nobody sees them.
#[derive(Module, Debug)]
pub struct SpaceAttention {
    heads: Heads,
}

/// Attention of each token over the same token of earlier frames.
#[derive(Module, Debug)]
pub struct TimeAttention {
    heads: Heads,
}

/// Keys and values of past frames, `[batch * token, head, time, head_dim]` each, keys already rotated.
#[derive(Clone, Debug)]
pub struct TimeMemory {
    /// Rotated keys.
    pub keys: Tensor<4>,
    /// Values.
    pub values: Tensor<4>,
}

impl Heads {
    fn new(dim: usize, heads: usize, init: &mut Init<'_>) -> Self {
        Self {
            qkv: init.projection(dim, 3 * dim, 1.0),
            query_gain: init.constant([dim / heads], 1.0),
            key_gain: init.constant([dim / heads], 1.0),
            out: init.linear(dim, dim, 0.5),
            heads,
        }
    }

    /// Of `tokens` tokens, each of which sees `keys` keys.
    fn flops(&self, tokens: usize, keys: usize) -> f64 {
        let [dim, _] = self.out.weight.dims();
        linear_flops(&self.qkv, tokens) + attention_flops(tokens, keys, dim) + linear_flops(&self.out, tokens)
    }

    /// Queries and keys, normed and rotated, and values, of `[3, batch, head, token, head_dim]`.
    fn placed(&self, qkv: Tensor<5>, positions: &Rotary) -> [Tensor<4>; 3] {
        let [q, k, v] = [0, 1, 2].map(|idx| qkv.clone().narrow(0, idx, 1).squeeze_dim::<4>(0));
        let gained = |x: Tensor<4>, gain: &Param<Tensor<1>>| rms_norm(x) * gain.val().unsqueeze::<4>();
        [positions.apply(gained(q, &self.query_gain)), positions.apply(gained(k, &self.key_gain)), v]
    }
}

impl SpaceAttention {
    /// `dim` is split over `heads`.
    pub fn new(dim: usize, heads: usize, init: &mut Init<'_>) -> Self {
        Self { heads: Heads::new(dim, heads, init) }
    }

    /// Floating point operations of one frame of `tokens` tokens, the last `readers` of which nobody sees.
    #[must_use]
    pub fn flops(&self, tokens: usize, readers: usize) -> f64 {
        self.heads.flops(tokens, tokens - readers)
    }

    /// `x` is `[frame, token, dim]`; the last `readers` tokens are not seen by any other token.
    #[must_use]
    pub fn forward(&self, x: Tensor<3>, readers: usize, positions: &Rotary) -> Tensor<3> {
        let [frame, token, dim] = x.dims();
        let heads = self.heads.heads;
        // [frame, token, 3, head, head_dim] -> [3, frame, head, token, head_dim]
        let qkv =
            self.heads.qkv.forward(x).reshape([frame, token, 3, heads, dim / heads]).permute([2, 0, 3, 1, 4]);
        let [q, k, v] = self.heads.placed(qkv, positions);
        let seen = token - readers;
        let mixed = attend(q, k.narrow(2, 0, seen), v.narrow(2, 0, seen), None);
        self.heads.out.forward(mixed.swap_dims(1, 2).reshape([frame, token, dim]))
    }
}

impl TimeAttention {
    /// `dim` is split over `heads`.
    pub fn new(dim: usize, heads: usize, init: &mut Init<'_>) -> Self {
        Self { heads: Heads::new(dim, heads, init) }
    }

    /// Floating point operations of one frame of `tokens` tokens, each of which sees `reach` frames, its own among them.
    #[must_use]
    pub fn flops(&self, tokens: usize, reach: usize) -> f64 {
        self.heads.flops(tokens, reach)
    }

    /// `x` is `[batch * time, token, dim]`, `mask` `[batch or 1, time, past + time]` is added to the scores.
    ///
    /// `positions` holds one position per time, or one per (batch * token, time).
    /// Gives the mixed tokens, and the keys and values of these frames.
    #[must_use]
    pub fn forward(
        &self,
        x: Tensor<3>,
        time: usize,
        positions: &Rotary,
        mask: &Tensor<3>,
        past: Option<&TimeMemory>,
    ) -> (Tensor<3>, TimeMemory) {
        let [frame, token, dim] = x.dims();
        let heads = self.heads.heads;
        let (batch, head_dim) = (frame / time, dim / heads);
        // [batch, time, token, 3, head, head_dim] -> [3, batch, token, head, time, head_dim]
        let qkv = self
            .heads
            .qkv
            .forward(x)
            .reshape([batch, time, token, 3, heads, head_dim])
            .permute([3, 0, 2, 4, 1, 5])
            .reshape([3, batch * token, heads, time, head_dim]);
        let [q, k, v] = self.heads.placed(qkv, positions);
        let fresh = TimeMemory { keys: k, values: v };
        let (keys, values) = match past {
            None => (fresh.keys.clone(), fresh.values.clone()),
            Some(past) => (
                Tensor::cat(vec![past.keys.clone(), fresh.keys.clone()], 2),
                Tensor::cat(vec![past.values.clone(), fresh.values.clone()], 2),
            ),
        };
        let [masks, _, reach] = mask.dims();
        let mask = match masks {
            1 => mask.clone().reshape([1, 1, time, reach]),
            _ => mask.clone().unsqueeze_dim::<4>(1).repeat_dim(1, token).reshape([
                batch * token,
                1,
                time,
                reach,
            ]),
        };
        let mixed = attend(q, keys, values, Some(mask));
        let mixed = mixed
            .reshape([batch, token, heads, time, head_dim])
            .permute([0, 3, 1, 2, 4])
            .reshape([frame, token, dim]);
        (self.heads.out.forward(mixed), fresh)
    }
}

/// The mask of a clip: frame `t` sees frames `t - width + 1 ..= t`. `[1, time, time]`.
#[must_use]
pub fn band_mask(time: usize, width: usize, device: &Device) -> Tensor<3> {
    let scores = (0..time * time)
        .map(|idx| {
            let (query, key) = (idx / time, idx % time);
            if key <= query && query - key < width { 0.0 } else { FORBIDDEN }
        })
        .collect::<Vec<f32>>();
    Tensor::from_data(TensorData::new(scores, [1, time, time]), device)
}

/// `q` `[batch, head, query, head_dim]`, `k` and `v` `[batch, head, key, head_dim]`.
fn attend(q: Tensor<4>, k: Tensor<4>, v: Tensor<4>, mask: Option<Tensor<4>>) -> Tensor<4> {
    let scale = (q.dims()[3] as f32).sqrt().recip();
    let scores = q.mul_scalar(scale).matmul(k.swap_dims(2, 3));
    let scores = match mask {
        Some(mask) => scores + mask,
        None => scores,
    };
    softmax(scores, 3).matmul(v)
}
