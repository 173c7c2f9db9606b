//! Attention over the tokens of a frame, and causal attention of each token over past frames.
//!
//! Queries and keys are normed (QK-norm, 2302.05442) and rotated. Tokens are `[batch, time, token, dim]`,
//! handled as `[batch * time, token, dim]`.

use burn::{
    module::{Module, Param},
    nn::Linear,
    tensor::{Device, Tensor, TensorData},
};

use crate::{
    Init, Rotary,
    flops::{attention_flops, linear_flops},
    kernels::{
        Activation, Placing, applied, attend, by_token, from_tokens, placed, space_attention, time_attention,
    },
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

    /// `[.., dim]` to `[.., 3 * dim]`.
    fn project(&self, x: Tensor<3>) -> Tensor<3> {
        applied(&self.qkv, x, Activation::None)
    }

    fn leave(&self, mixed: Tensor<3>) -> Tensor<3> {
        applied(&self.out, mixed, Activation::None)
    }

    fn placing<'a>(&self, positions: &'a Rotary) -> Placing<'a> {
        Placing { query_gain: self.query_gain.val(), key_gain: self.key_gain.val(), positions }
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
        let heads = &self.heads;
        heads.leave(space_attention(heads.project(x), heads.placing(positions), readers))
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

    /// A whole clip, whose frames see `width` frames each, themselves among them.
    ///
    /// `x` is `[batch * time, token, dim]`, `positions` holds one position per time.
    #[must_use]
    pub fn clip(&self, x: Tensor<3>, time: usize, positions: &Rotary, width: usize) -> Tensor<3> {
        let heads = &self.heads;
        heads.leave(time_attention(heads.project(x), heads.placing(positions), time, width))
    }

    /// `x` is `[batch * time, token, dim]`, `mask` `[batch or 1, time, past + time]` is added to the scores.
    ///
    /// `positions` holds one position per time, or one per (batch * token, time).
    /// Gives the mixed tokens, and the keys and values of these frames.
    #[must_use]
    pub fn remember(
        &self,
        x: Tensor<3>,
        time: usize,
        positions: &Rotary,
        mask: &Tensor<3>,
        past: Option<&TimeMemory>,
    ) -> (Tensor<3>, TimeMemory) {
        let dims = x.dims();
        let [_, token, dim] = dims;
        let heads = &self.heads;
        let qkv = by_token(heads.project(x), time, dim / heads.heads);
        let [q, k, v] = placed(qkv, &heads.placing(positions));
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
            _ => {
                let each = mask.clone().unsqueeze_dim::<4>(1).repeat_dim(1, token);
                each.reshape([masks * token, 1, time, reach])
            }
        };
        let mixed = from_tokens(attend(q, keys, values, Some(mask)), dims, time);
        (heads.leave(mixed), fresh)
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
