//! The transformer: noisy latents, the frame before, and actions to the clean latents of each frame.
//!
//! Tokens of a frame, in order: latents of the pictures, camera by camera, and of the state vector, one action token,
//! registers, one reader.
//! Space attention mixes the tokens of a frame, time attention (every second layer) mixes each token with its own past.
//! Nothing reads the reader, so the frames do not change when the heads do.
//! A pass is told how far along it is (the level) and how far it is to go (the share), which makes few passes as good
//! as many (shortcut models, 2410.12557).

use burn::{
    module::{Module, Param},
    nn::Linear,
    tensor::{Device, Tensor},
};
use dreamlane_nn::{
    Conditioner, FeedForward, Init, Rotary, SpaceAttention, TimeAttention, TimeMemory,
    kernels::{Activation, applied, gated_residual, modulated_norm, rms_norm, silu},
    linear_flops, sinusoid,
};

use super::{
    config::TrunkConfig,
    vector::{Scales, Vector, code, decode},
};

const WAVES: usize = 16;
/// Tokens that read and are not read.
pub(super) const READERS: usize = 1;

/// What the reader says before rewards: the logarithm of the frame's error, and the logit of the ending.
pub(crate) const ERROR: usize = 0;
pub(crate) const ENDING: usize = 1;
/// Where its bins of the reward begin.
pub(crate) const BINS: usize = 2;

/// The least share that can be told, as a power of one half.
const MOST_HALVINGS: f32 = 10.0;

/// Sizes that follow from the data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Latent tokens per column and per row of each camera's picture.
    pub(crate) grids: Vec<[usize; 2]>,
    /// Numbers in a latent token.
    pub(crate) token_dim: usize,
    /// Numbers of the state vector.
    pub(crate) state: usize,
    /// Numbers in the action history of a frame.
    pub(crate) features: usize,
    /// Whether the data has rewards and endings.
    pub(crate) rewards: bool,
}

impl Layout {
    /// Latent tokens of a frame: those of its pictures, then those of its state.
    pub(crate) fn tokens(&self) -> usize {
        self.pictured() + self.state.div_ceil(self.token_dim)
    }

    /// Latent tokens of all pictures.
    pub(crate) fn pictured(&self) -> usize {
        self.grids.iter().map(|[rows, columns]| rows * columns).sum()
    }

    /// Where each token of a frame of `all` tokens is: latents of pictures by row and column, one camera below the
    /// other; what is no picture beyond them, each at a place of its own.
    pub(crate) fn places(&self, all: usize) -> Vec<Vec<f64>> {
        let (mut places, mut first, mut widest) = (Vec::with_capacity(all), 0, 0);
        for &[rows, columns] in &self.grids {
            places.extend(
                (0..rows * columns).map(|idx| vec![(first + idx / columns) as f64, (idx % columns) as f64]),
            );
            (first, widest) = (first + rows, widest.max(columns));
        }
        let others = all - places.len();
        places.extend((0..others).map(|idx| vec![(first + idx) as f64, widest as f64]));
        places
    }

    /// Numbers that the reader says, where rewards have so many bins.
    pub(crate) fn said(&self, bins: usize) -> usize {
        BINS + if self.rewards { bins } else { 0 }
    }
}

/// One call of the trunk: `batch` clips of `time` frames.
pub(crate) struct Pass<'a> {
    /// `[batch, time, token, token_dim]`, at the noise levels of `levels`.
    pub(crate) noisy: Tensor<4>,
    /// `[batch, time, token, token_dim]`: the frame before each, with a little noise beside it; zeros where there is none.
    pub(crate) previous: Tensor<4>,
    /// `[batch * time, features]`: the actions that led here, newest first, each with a flag that it is known.
    pub(crate) actions: Tensor<2>,
    /// `[batch * time]`: τ, 0 noise to 1 data.
    pub(crate) levels: &'a [f32],
    /// `[batch * time]`: how far the pass is to go, as a share of the whole way; a power of one half.
    pub(crate) shares: &'a [f32],
    /// Positions in time, one per time or one per (batch * token, time).
    pub(crate) positions: Rotary,
    pub(crate) reach: Reach<'a>,
}

/// What frames see of other frames.
#[expect(clippy::large_enum_variant, reason = "one is made for a pass")]
pub(crate) enum Reach<'a> {
    /// Those of their own clip: so many frames, themselves among them. Nothing is remembered.
    Clip(usize),
    /// What the mask allows of the past and of their own clip; their keys and values are remembered.
    Past {
        /// `[batch or 1, time, past + time]`.
        mask: Tensor<3>,
        /// One per time-attention layer, or none at all.
        past: &'a [TimeMemory],
    },
}

/// What a call gives.
pub(crate) struct Outcome {
    /// `[batch, time, token, token_dim]`: the clean latents.
    pub(crate) predicted: Tensor<4>,
    /// Of the state, where there is one, how `predicted` came about.
    pub(crate) news: Option<News>,
    /// `[batch * time, token, dim]`: what the latents were read from, normed.
    pub(crate) features: Tensor<3>,
    /// `[batch * time, said]`: see [`ERROR`], [`ENDING`] and [`BINS`].
    pub(crate) readout: Tensor<2>,
    /// Keys and values of these frames, one per time-attention layer; none of a clip that is not remembered.
    pub(crate) fresh: Vec<TimeMemory>,
}

/// What is new of a state, both `[batch * time, state token, token_dim]`.
pub(crate) struct News {
    /// The code of the change, see `vector.rs`.
    pub(crate) code: Tensor<3>,
    /// What it is new to: the state before, with a little noise beside it.
    pub(crate) since: Tensor<3>,
}

#[derive(Module, Debug)]
struct Block {
    space: SpaceAttention,
    time: Option<TimeAttention>,
    feed_forward: FeedForward,
    /// `[9, dim]`: what this block adds to the shared modulation.
    offsets: Param<Tensor<2>>,
}

/// The network.
#[derive(Module, Debug)]
pub(crate) struct Trunk {
    enter: Linear,
    enter_state: Option<Linear>,
    places: Param<Tensor<2>>,
    action_token: Linear,
    action_condition: Conditioner,
    level_condition: Conditioner,
    modulation: Linear,
    blocks: Vec<Block>,
    leave: Linear,
    leave_state: Option<Linear>,
    scales: Option<Scales>,
    heads: Linear,
    /// What the student's features are asked for beside latents, see `objective.rs`; none where they are not.
    foresee: Option<Linear>,
    /// Latent tokens of pictures.
    pictured: usize,
    /// Whether pictures before are the anchor: an untrained trunk then predicts that nothing moves.
    anchored: bool,
    head_dim: usize,
}

impl Trunk {
    pub(crate) fn new(config: &TrunkConfig, layout: &Layout, init: &mut Init<'_>) -> Self {
        let dim = config.dim;
        let tokens = layout.tokens() + 1 + config.registers + READERS;
        let has_state = layout.state > 0;
        let block = |idx: usize, init: &mut Init<'_>| Block {
            space: SpaceAttention::new(dim, config.heads, init),
            time: (idx % 2 == 1).then(|| TimeAttention::new(dim, config.heads, init)),
            feed_forward: FeedForward::new(dim, config.hidden, init),
            offsets: offsets(dim, init),
        };
        Self {
            enter: init.linear(2 * layout.token_dim, dim, 1.0),
            enter_state: has_state.then(|| init.linear(2 * layout.token_dim, dim, 1.0)),
            places: init.normal([tokens, dim], 0.5),
            action_token: init.linear(layout.features, dim, 1.0),
            action_condition: Conditioner::new(layout.features, dim, init),
            level_condition: Conditioner::new(4 * WAVES, dim, init),
            modulation: init.linear(dim, 9 * dim, 0.1),
            blocks: (0..config.depth).map(|idx| block(idx, init)).collect(),
            leave: init.linear(dim, layout.token_dim, 0.0),
            leave_state: has_state.then(|| init.linear(dim, layout.token_dim, 0.0)),
            scales: has_state.then(|| {
                let dims = [layout.tokens() - layout.pictured(), layout.token_dim];
                Scales::unknown(dims, init.device())
            }),
            heads: init.linear(dim, layout.said(config.bins), 0.0),
            foresee: config.foresees.then(|| init.linear(dim, dim, 1.0)),
            pictured: layout.pictured(),
            anchored: config.anchored,
            head_dim: dim / config.heads,
        }
    }

    /// Takes in how much larger than their spread the numbers of the state are, see `vector.rs`.
    pub(crate) fn measure(&mut self, vector: &Vector) {
        self.scales = Some(vector.scales());
    }

    /// Time-attention layers, each of which needs a memory.
    pub(crate) fn memories(&self) -> usize {
        self.blocks.iter().filter(|block| block.time.is_some()).count()
    }

    /// Tokens of a frame, all kinds.
    pub(crate) fn frame_tokens(&self) -> usize {
        self.places.dims()[0]
    }

    /// Floating point operations of one pass of one frame of `latents` latent tokens that sees `reach` frames, its own
    /// among them.
    pub(crate) fn flops(&self, reach: usize, latents: usize) -> f64 {
        let tokens = self.frame_tokens();
        let around = linear_flops(&self.enter, latents)
            + linear_flops(&self.action_token, 1)
            + self.action_condition.flops(1)
            + self.level_condition.flops(1)
            + linear_flops(&self.modulation, 1)
            + linear_flops(&self.leave, latents)
            + linear_flops(&self.heads, 1);
        let block = |block: &Block| {
            block.space.flops(tokens, READERS)
                + block.time.as_ref().map_or(0.0, |time| time.flops(tokens, reach))
                + block.feed_forward.flops(tokens)
        };
        around + self.blocks.iter().map(block).sum::<f64>()
    }

    pub(crate) fn forward(&self, pass: Pass<'_>, layout: &Layout) -> Outcome {
        let [batch, time, token, token_dim] = pass.noisy.dims();
        let frame = batch * time;
        let previous = pass.previous.reshape([frame, token, token_dim]);
        let latents =
            self.shown(pass.noisy.reshape([frame, token, token_dim]), previous.clone(), pass.levels);
        let mut x = self.tokens(latents, pass.actions.clone());
        let shared = self.condition(pass.actions, [pass.levels, pass.shares]);
        let places = layout.places(self.frame_tokens());
        let places = Rotary::new(&places, self.head_dim, 100.0, &x.device());
        let mut fresh = Vec::new();
        for block in &self.blocks {
            let [space, time_offsets, feed_forward] = block.offsets();
            let seen = modulated_norm(x.clone(), shared[0].clone(), space.clone());
            x = gated_residual(x, block.space.forward(seen, READERS, &places), shared[0].clone(), space);
            if let Some(attention) = &block.time {
                let seen = modulated_norm(x.clone(), shared[1].clone(), time_offsets.clone());
                let mixed = match &pass.reach {
                    Reach::Clip(width) => attention.clip(seen, time, &pass.positions, *width),
                    Reach::Past { mask, past } => {
                        let past = past.get(fresh.len());
                        let (mixed, memory) = attention.remember(seen, time, &pass.positions, mask, past);
                        fresh.push(memory);
                        mixed
                    }
                };
                x = gated_residual(x, mixed, shared[1].clone(), time_offsets);
            }
            let seen = modulated_norm(x.clone(), shared[2].clone(), feed_forward.clone());
            x = gated_residual(x, block.feed_forward.forward(seen), shared[2].clone(), feed_forward);
        }
        let x = rms_norm(x);
        let reader = x.clone().narrow(1, self.frame_tokens() - 1, 1).squeeze_dim::<2>(1);
        let readout = self.heads.forward(reader);
        let features = x.narrow(1, 0, token);
        let part = |of: &Tensor<3>, first: usize, len: usize| of.clone().narrow(1, first, len);
        let (pictured, others) = (self.pictured, token - self.pictured);
        let mut predicted = applied(&self.leave, part(&features, 0, pictured), Activation::None);
        if self.anchored {
            predicted = predicted + part(&previous, 0, pictured);
        }
        let news = self.leave_state.as_ref().map(|leave| {
            let code = applied(leave, part(&features, pictured, others), Activation::None);
            News { code, since: part(&previous, pictured, others) }
        });
        if let (Some(News { code, since }), Some(scales)) = (&news, &self.scales) {
            let change = decode(scales.bounded(code.clone()));
            predicted = Tensor::cat(vec![predicted, since.clone() + change], 1);
        }
        let predicted = predicted.reshape([batch, time, token, token_dim]);
        Outcome { predicted, news, features, readout, fresh }
    }

    /// What is foreseen of the features of the clean frames, where it is asked for.
    pub(crate) fn foreseen(&self, features: Tensor<3>) -> Option<Tensor<3>> {
        self.foresee.as_ref().map(|layer| applied(layer, features, Activation::None))
    }

    /// What is shown of each token, `[frame, token, 2 * token_dim]`: itself beside the one before.
    ///
    /// Of the state, whose numbers are many times as large as what changes of them, it is the code of what is new beside
    /// what was before on the scale of its spread: a norm would hide the change of a number that it has to make small.
    fn shown(&self, noisy: Tensor<3>, previous: Tensor<3>, levels: &[f32]) -> Tensor<3> {
        let Some(scales) = &self.scales else { return Tensor::cat(vec![noisy, previous], 2) };
        let (token, pictured) = (noisy.dims()[1], self.pictured);
        let part = |of: &Tensor<3>, first: usize, len: usize| of.clone().narrow(1, first, len);
        let levels = Tensor::<1>::from_data(levels, &noisy.device()).reshape([-1, 1, 1]);
        let [now, before] = [&noisy, &previous].map(|of| part(of, pictured, token - pictured));
        let new = code(now - before.clone() * levels);
        let state = Tensor::cat(vec![new, before * scales.shrink.val().unsqueeze()], 2);
        let pictures = [&noisy, &previous].map(|of| part(of, 0, pictured));
        Tensor::cat(vec![Tensor::cat(pictures.to_vec(), 2), state], 1)
    }

    /// Latents `[frame, token, 2 * token_dim]` and the other tokens of each frame: `[frame, all tokens, dim]`.
    fn tokens(&self, latents: Tensor<3>, actions: Tensor<2>) -> Tensor<3> {
        let frame = latents.dims()[0];
        let [all, dim] = self.places.dims();
        let (token, pictured) = (latents.dims()[1], self.pictured);
        let through =
            |layer, first, len| applied(layer, latents.clone().narrow(1, first, len), Activation::None);
        let state = self.enter_state.as_ref().map(|layer| through(layer, pictured, token - pictured));
        let seen = Tensor::cat([through(&self.enter, 0, pictured)].into_iter().chain(state).collect(), 1);
        let action = applied(&self.action_token, actions, Activation::None).unsqueeze_dim::<3>(1);
        let blank = all - seen.dims()[1] - 1;
        let blank = Tensor::zeros([frame, blank, dim], &seen.device());
        Tensor::cat(vec![seen, action, blank], 1) + self.places.val().unsqueeze::<3>()
    }

    /// Shift, scale and gate of space, of time and of the feed-forward layer: `[frame, 3 * dim]` each.
    fn condition(&self, actions: Tensor<2>, told: [&[f32]; 2]) -> [Tensor<2>; 3] {
        let level = self.level_condition.forward(told_level(told, &actions.device()));
        let condition = silu(level + self.action_condition.forward(actions));
        let shared = applied(&self.modulation, condition, Activation::None);
        let width = shared.dims()[1] / 3;
        [0, 1, 2].map(|layer| shared.clone().narrow(1, layer * width, width))
    }
}

/// What a conditioner is told of levels and shares, `[frame, 4 * WAVES]`.
pub(super) fn told_level([levels, shares]: [&[f32]; 2], device: &Device) -> Tensor<2> {
    let halvings = shares.iter().map(|share| -share.log2() / MOST_HALVINGS).collect::<Vec<_>>();
    Tensor::cat(vec![sinusoid(levels, WAVES, device), sinusoid(&halvings, WAVES, device)], 1)
}

impl Block {
    /// What this block adds to shift, scale and gate of space, time and feed-forward: `[3, dim]` each.
    fn offsets(&self) -> [Tensor<2>; 3] {
        let all = self.offsets.val();
        [0, 3, 6].map(|row| all.clone().narrow(0, row, 3))
    }
}

/// Shifts and scales begin at 0, gates at 1.
fn offsets(dim: usize, init: &mut Init<'_>) -> Param<Tensor<2>> {
    let rows =
        (0..9).map(|idx| Tensor::<2>::full([1, dim], if idx % 3 == 2 { 1.0 } else { 0.0 }, init.device()));
    Param::from_tensor(Tensor::cat(rows.collect(), 0))
}

#[cfg(test)]
impl Trunk {
    /// Output layers as if they had learned something.
    pub(crate) fn randomise_outputs(&mut self, init: &mut Init<'_>) {
        let [dim, token_dim] = self.leave.weight.dims();
        self.leave = init.linear(dim, token_dim, 0.5);
        let [_, said] = self.heads.weight.dims();
        self.heads = init.linear(dim, said, 1.0);
        self.leave_state = self.leave_state.as_ref().map(|_| init.linear(dim, token_dim, 0.5));
    }

    /// Another reader token and other heads.
    pub(crate) fn disturb_reader(&mut self) {
        let [all, dim] = self.places.dims();
        self.places = self.places.clone().map(|places| {
            let reader = places.clone().narrow(0, all - 1, 1).add_scalar(1.0);
            Tensor::cat(vec![places.narrow(0, 0, all - 1), reader], 0)
        });
        self.heads.weight = self.heads.weight.clone().map(|weight| weight.mul_scalar(2.0));
        assert_eq!(self.places.dims(), [all, dim]);
    }
}
