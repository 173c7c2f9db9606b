//! The state vector on the host: to latent tokens and back, and where a dream of it must stay.

use super::super::vector::Vector as Learned;
use crate::host::numbers;

/// All `[token, token_dim]`, flat.
pub(super) struct Vector {
    mean: Vec<f32>,
    scale: Vec<f32>,
    low: Vec<f32>,
    high: Vec<f32>,
}

impl Vector {
    pub(super) fn new(learned: &Learned) -> Self {
        let [mean, scale, low, high] =
            [&learned.mean, &learned.scale, &learned.low, &learned.high].map(|param| numbers(&param.val()));
        Self { mean, scale, low, high }
    }

    /// Numbers of the tokens of one frame.
    pub(super) fn len(&self) -> usize {
        self.mean.len()
    }

    /// Writes the tokens of one state vector, which may be shorter.
    pub(super) fn encode(&self, state: &[f32], tokens: &mut [f32]) {
        let known = state.iter().copied().chain(std::iter::repeat(0.0));
        let measures = self.mean.iter().zip(&self.scale);
        for ((token, number), (mean, scale)) in tokens.iter_mut().zip(known).zip(measures) {
            *token = (number - mean) / scale;
        }
    }

    /// Draws tokens back to where the data lies. What is no number stays none.
    pub(super) fn bound(&self, tokens: &mut [f32]) {
        let bounds = self.low.iter().zip(&self.high);
        tokens.iter_mut().zip(bounds).for_each(|(token, (low, high))| *token = token.clamp(*low, *high));
    }
}
