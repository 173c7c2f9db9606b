//! What a block of frames needs while it is computed.

use dreamlane_nn::kernels::cpu::element::Pair;

use super::trunk::{ROWS, Sizes};

/// Buffers of a block, used again and again.
pub(super) struct Room {
    /// The action histories `[frame, features]`.
    pub(super) features: Vec<f32>,
    /// What the frames are seen to be, each token beside that of the frame before: `[frame, token, 2, token_dim]`.
    pub(super) seen: Vec<f32>,
    /// What is told of the state of one frame, `[state token, 2, token_dim]`.
    pub(super) news: Vec<f32>,
    /// Rotations of the frames' positions, `[frame, head_dim]`.
    pub(super) cos: Vec<f32>,
    pub(super) sin: Vec<f32>,
    /// The action token and the condition of each frame, `[frame, dim]`.
    pub(super) action: Vec<f32>,
    pub(super) condition: Vec<f32>,
    /// Per level `[frame, ROWS * dim]`.
    pub(super) shared: Vec<Vec<f32>>,
    /// All tokens, before and behind a layer: `[frame, token, dim]`.
    pub(super) x: Vec<f32>,
    pub(super) y: Vec<f32>,
    /// What a layer begins with, and what attention mixes.
    pub(super) normed: Vec<f32>,
    /// Queries, keys and values, or the hidden layer.
    pub(super) wide: Vec<f32>,
    /// The left operand of a product in bf16.
    pub(super) pairs: Vec<Pair>,
    pub(super) scratch: Vec<f32>,
    /// The clean latents, `[frame, token, token_dim]`, and what the first pass took them for.
    pub(super) predicted: Vec<f32>,
    pub(super) guessed: Vec<f32>,
    /// What the reader of a frame says.
    pub(super) readout: Vec<f32>,
}

impl Room {
    /// Frames of a block at most. Two to eight are equally fast; fewer leave more blocks for more threads.
    pub(super) const FRAMES: usize = 4;

    pub(super) fn new(sizes: &Sizes) -> Self {
        let zeros = |each: usize| vec![0.0; Self::FRAMES * each];
        let Sizes { all, tokens, token_dim, dim, hidden, .. } = *sizes;
        let widest = hidden.max(3 * dim);
        Self {
            features: zeros(sizes.features),
            seen: zeros(tokens * 2 * token_dim),
            news: vec![0.0; (tokens - sizes.pictured) * 2 * token_dim],
            cos: zeros(sizes.ring.head_dim),
            sin: zeros(sizes.ring.head_dim),
            action: zeros(dim),
            condition: zeros(dim),
            shared: (0..=sizes.passes).map(|_| zeros(ROWS * dim)).collect(),
            x: zeros(all * dim),
            y: zeros(all * dim),
            normed: zeros(all * dim),
            wide: zeros(all * widest),
            pairs: vec![Pair::default(); Self::FRAMES * all * hidden.max(dim) / 2],
            scratch: vec![0.0; sizes.space.scratch_len().max(sizes.ring.scratch_len())],
            predicted: zeros(tokens * token_dim),
            guessed: zeros(tokens * token_dim),
            readout: vec![0.0; sizes.said],
        }
    }
}
