//! The state vector of a frame as latent tokens: its numbers, moved and scaled, fill as many tokens as they need.
//!
//! So the state is dreamed together with the picture, by the same passes and from the same noise.
//! A number that changes little from step to step, such as a speed, is made so much larger that its change is not lost
//! in the noise of frames that are known: what an action does to it would be.

use burn::{
    module::{Module, Param},
    tensor::{Device, Tensor, TensorData},
};
use dreamlane_core::Spread;

/// Numbers that hardly change are not blown up by more than this.
const LEAST_DEVIATION: f32 = 1e-3;
/// And no number is made larger than its spread by more than this.
const MOST_GAIN: f32 = 16.0;

/// How state vectors become tokens; padding is 0 and stays 0. All are `[1, token, token_dim]`.
#[derive(Module, Debug)]
pub(crate) struct Vector {
    pub(crate) mean: Param<Tensor<3>>,
    pub(crate) scale: Param<Tensor<3>>,
    /// How much larger than its spread each number was made; 1 for padding.
    pub(crate) gain: Param<Tensor<3>>,
    /// Where the data lies, after it was moved and scaled: a dream must not leave it.
    pub(crate) low: Param<Tensor<3>>,
    pub(crate) high: Param<Tensor<3>>,
    features: usize,
}

impl Vector {
    /// For state vectors that lie like so, one entry per number.
    pub(crate) fn new(spreads: &[Spread], token_dim: usize, device: &Device) -> Self {
        let token = spreads.len().div_ceil(token_dim);
        let fixed = |blank: f32, of: &dyn Fn(&Spread) -> f32| {
            let mut numbers = spreads.iter().map(of).collect::<Vec<_>>();
            numbers.resize(token * token_dim, blank);
            let data = TensorData::new(numbers, [1, token, token_dim]);
            Param::from_tensor(Tensor::from_data(data, device)).set_require_grad(false)
        };
        let gain = |spread: &Spread| (spread.deviation / spread.change.max(1e-9)).clamp(1.0, MOST_GAIN);
        let scale = |spread: &Spread| spread.deviation.max(LEAST_DEVIATION) / gain(spread);
        Self {
            mean: fixed(0.0, &|spread| spread.mean),
            scale: fixed(1.0, &scale),
            gain: fixed(1.0, &gain),
            low: fixed(0.0, &|spread| (spread.low - spread.mean) / scale(spread)),
            high: fixed(0.0, &|spread| (spread.high - spread.mean) / scale(spread)),
            features: spreads.len(),
        }
    }

    /// `[frame, feature]` to `[frame, token, token_dim]`.
    pub(crate) fn encode(&self, state: Tensor<2>) -> Tensor<3> {
        let [frame, features] = state.dims();
        let [_, token, dim] = self.mean.dims();
        let padding = Tensor::zeros([frame, token * dim - features], &state.device());
        let padded = Tensor::cat(vec![state, padding], 1).reshape([frame, token, dim]);
        (padded - self.mean.val()) / self.scale.val()
    }

    /// The inverse of [`Vector::encode`].
    pub(crate) fn decode(&self, tokens: Tensor<3>) -> Tensor<2> {
        let [frame, token, dim] = tokens.dims();
        let numbers = tokens * self.scale.val() + self.mean.val();
        numbers.reshape([frame, token * dim]).narrow(1, 0, self.features)
    }

    /// Tokens drawn back to where the data lies.
    pub(crate) fn bounded(&self, tokens: Tensor<3>) -> Tensor<3> {
        tokens.max_pair(self.low.val()).min_pair(self.high.val())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::numbers;

    #[test]
    fn a_state_vector_comes_back_and_stays_where_the_data_lies() {
        let device = Device::flex();
        let spread =
            |mean: f32| Spread { mean, deviation: 2.0, low: mean - 3.0, high: mean + 5.0, change: 0.5 };
        let vector = Vector::new(&[0.0, 1.0, 2.0, 3.0, 4.0].map(spread), 4, &device);
        let state = Tensor::<2>::from_data([[0.5, -1.0, 2.0, 8.0, 100.0]], &device);
        let tokens = vector.encode(state.clone());
        assert_eq!(tokens.dims(), [1, 2, 4]);
        // A change of one step is as large as noise.
        assert_eq!(numbers(&tokens)[0], 1.0);
        assert_eq!(numbers(&vector.decode(tokens.clone())), numbers(&state));
        assert_eq!(numbers(&vector.decode(vector.bounded(tokens))), [0.5, -1.0, 2.0, 8.0, 9.0]);
    }
}
