//! The state vector of a frame as latent tokens: its numbers, moved and scaled, fill as many tokens as they need.
//!
//! So the state is dreamed together with the picture, by the same passes and from the same noise.
//! A number that changes little from step to step, such as a speed, is made so much larger that its change is not lost
//! in the noise of frames that are known: what an action does to it would be. A change that is many times as large as
//! usual, as when another car becomes the one ahead, is told and predicted by its [`code`].

use burn::{
    module::{Module, Param},
    tensor::{Device, Tensor, TensorData},
};
use dreamlane_core::Spread;

/// Numbers that hardly change are not blown up by more than this.
const LEAST_DEVIATION: f32 = 1e-3;
/// And no number is made larger than its spread by more than this.
const MOST_GAIN: f32 = 128.0;

/// No number changes in a step by more than this times its largest change in the data.
const MOST_JUMP: f32 = 1.2;

/// Changes up to so many usual ones are told as they are.
const USUAL: f32 = 4.0;

/// A usual change as it is, a jump by its logarithm, where the two meet with one slope.
pub(crate) fn code<const D: usize>(change: Tensor<D>) -> Tensor<D> {
    let beyond = change.clone().abs().clamp_min(USUAL).div_scalar(USUAL).log().mul_scalar(USUAL);
    change.clone().clamp(-USUAL, USUAL) + beyond * change.sign()
}

/// The inverse of [`code`].
pub(crate) fn decode<const D: usize>(code: Tensor<D>) -> Tensor<D> {
    let beyond = code.clone().abs().clamp_min(USUAL).div_scalar(USUAL).sub_scalar(1.0).exp();
    let beyond = beyond.sub_scalar(1.0).mul_scalar(USUAL);
    code.clone().clamp(-USUAL, USUAL) + beyond * code.sign()
}

/// [`code`] of one number.
pub(crate) fn code_of(change: f32) -> f32 {
    change.clamp(-USUAL, USUAL) + change.signum() * USUAL * (change.abs().max(USUAL) / USUAL).ln()
}

/// [`decode`] of one number.
pub(crate) fn decode_of(code: f32) -> f32 {
    let beyond = (code.abs().max(USUAL) / USUAL - 1.0).exp() - 1.0;
    code.clamp(-USUAL, USUAL) + code.signum() * USUAL * beyond
}

/// What a trunk knows of the numbers of a state, measured, not learned; both `[state token, token_dim]`.
#[derive(Module, Debug)]
pub(crate) struct Scales {
    /// What makes each number, as a token holds it, as large as its spread is.
    pub(crate) shrink: Param<Tensor<2>>,
    /// The largest code of a change: a dream must not leap further than the data does.
    pub(crate) most: Param<Tensor<2>>,
}

impl Scales {
    /// Of numbers nothing is known of.
    pub(crate) fn unknown(dims: [usize; 2], device: &Device) -> Self {
        let fixed =
            |number: f32| Param::from_tensor(Tensor::full(dims, number, device)).set_require_grad(false);
        Self { shrink: fixed(1.0), most: fixed(3.0) }
    }

    /// Codes `[.., state token, token_dim]` drawn back to those of the data.
    pub(crate) fn bounded(&self, code: Tensor<3>) -> Tensor<3> {
        let most = self.most.val().unsqueeze::<3>();
        code.max_pair(most.clone().neg()).min_pair(most)
    }
}

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
    /// The largest change in a step.
    jump: Param<Tensor<3>>,
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
            jump: fixed(0.0, &|spread| MOST_JUMP * spread.jump / scale(spread)),
            features: spreads.len(),
        }
    }

    /// What a trunk is to know of it.
    pub(crate) fn scales(&self) -> Scales {
        let fixed = |of: Tensor<3>| Param::from_tensor(of.squeeze_dim::<2>(0)).set_require_grad(false);
        Scales { shrink: fixed(self.gain.val().recip()), most: fixed(code(self.jump.val())) }
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
        let spread = |mean: f32| Spread {
            mean,
            deviation: 2.0,
            low: mean - 3.0,
            high: mean + 5.0,
            change: 0.5,
            jump: 2.0,
        };
        let vector = Vector::new(&[0.0, 1.0, 2.0, 3.0, 4.0].map(spread), 4, &device);
        let state = Tensor::<2>::from_data([[0.5, -1.0, 2.0, 8.0, 100.0]], &device);
        let tokens = vector.encode(state.clone());
        assert_eq!(tokens.dims(), [1, 2, 4]);
        let changes = Tensor::<1>::from_data([-1000.0, -1.0, -1e-3, 0.0, 0.2, 3000.0], &device);
        for (back, change) in numbers(&decode(code(changes.clone()))).iter().zip(numbers(&changes)) {
            assert!((back - change).abs() <= 1e-4 * change.abs().max(1e-2), "{back} for {change}");
            assert!((decode_of(code_of(change)) - back).abs() <= 1e-4 * change.abs(), "{change}");
        }
        // A change of one step is as large as noise.
        assert_eq!(numbers(&tokens)[0], 1.0);
        assert_eq!(numbers(&vector.decode(tokens.clone())), numbers(&state));
        assert_eq!(numbers(&vector.decode(vector.bounded(tokens))), [0.5, -1.0, 2.0, 8.0, 9.0]);
    }
}
