//! The feed-forward layer: squared ReLU (Primer, 2109.08668), which needs no exponential.

use burn::{module::Module, nn::Linear, tensor::Tensor};

use crate::{
    Init,
    kernels::{Activation, applied},
    linear_flops,
};

/// `out(relu(in(x))²)`.
#[derive(Module, Debug)]
pub struct FeedForward {
    widen: Linear,
    narrow: Linear,
}

impl FeedForward {
    /// Widens `dim` to `hidden` and back.
    pub fn new(dim: usize, hidden: usize, init: &mut Init<'_>) -> Self {
        Self { widen: init.linear(dim, hidden, 1.0), narrow: init.linear(hidden, dim, 0.3) }
    }

    /// Floating point operations of `tokens` tokens.
    #[must_use]
    pub fn flops(&self, tokens: usize) -> f64 {
        linear_flops(&self.widen, tokens) + linear_flops(&self.narrow, tokens)
    }

    /// `x` is `[frame, token, dim]`.
    #[must_use]
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        applied(&self.narrow, applied(&self.widen, x, Activation::SquaredRelu), Activation::None)
    }
}
