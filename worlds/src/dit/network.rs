//! The weights of a `dit`, and the numbers that were measured rather than learned.

use burn::{
    module::{Module, Param},
    tensor::{Device, Tensor},
};
use dreamlane_core::{Measures, Seed};
use dreamlane_nn::Init;

use super::{
    codec::Codec,
    config::DitConfig,
    doubt::Judge,
    hazard::Hazard,
    reward::Bins,
    trunk::{Layout, Trunk},
    vector::Vector,
};
use crate::host::numbers;

/// All weights, and what was measured.
#[derive(Module, Debug)]
pub(crate) struct Network {
    pub(super) codec: Codec,
    pub(super) trunk: Trunk,
    /// `[1, 1, token_dim]`: what latents are moved and scaled by, so that noise of variance 1 is their equal.
    pub(super) latent_mean: Param<Tensor<3>>,
    pub(super) latent_scale: Param<Tensor<3>>,
    /// The same for the state vector, where there is one.
    pub(super) vector: Option<Vector>,
    /// `[2]`: least and largest reward.
    pub(super) rewards: Param<Tensor<1>>,
    /// `[3]`: how the logit of an ending becomes its chance, see `hazard.rs`.
    pub(super) ending: Param<Tensor<1>>,
    /// `[JUDGE]`: the judge of trust, see `doubt.rs`.
    pub(super) judge: Param<Tensor<1>>,
}

impl Network {
    pub(super) fn new(config: &DitConfig, layout: &Layout, seed: Seed, device: &Device) -> Self {
        let mut draws = 0;
        let mut normal = |len: usize| {
            draws += 1;
            seed.split(draws).normal(len)
        };
        let mut init = Init::new(device, &mut normal);
        Self {
            codec: Codec::new(&config.codec, &mut init),
            trunk: Trunk::new(&config.trunk, layout, &mut init),
            latent_mean: init.constant([1, 1, layout.token_dim], 0.0),
            latent_scale: init.constant([1, 1, layout.token_dim], 1.0),
            vector: (layout.state > 0)
                .then(|| Vector::new(&Measures::unknown(layout.state).state, layout.token_dim, device)),
            rewards: fixed(&[-1.0, 1.0], device),
            ending: fixed(&Hazard::UNKNOWN.numbers(), device),
            judge: fixed(&Judge::CREDULOUS, device),
        }
    }

    /// Takes in what the data is like that it will learn from.
    pub(super) fn measure(&mut self, measures: &Measures, config: &DitConfig, device: &Device) {
        if self.vector.is_some() {
            let vector = Vector::new(&measures.state, config.codec.token_dim(), device);
            self.trunk.measure(&vector);
            self.vector = Some(vector);
        }
        self.rewards = fixed(&measures.rewards, device);
        let learning = &config.learning;
        // Some clips are drawn to end with an ending, which counts for more besides: both move the logit of an ending
        // by a known amount, which is taken back.
        let there = measures.endings.clamp(1e-6, 1.0);
        let shown = there + learning.ends * (1.0 / learning.clip as f32 - there).max(0.0);
        let hazard = Hazard { slope: 1.0, added: (there / shown / learning.ending_weight).ln(), rate: there };
        self.ending = fixed(&hazard.numbers(), device);
    }

    /// `[picture, 3, height, width]` bytes as floats in [-1, 1] to normalised tokens `[picture, token, dim]`.
    pub(super) fn encode(&self, pictures: Tensor<4>) -> Tensor<3> {
        let tokens = self.codec.gathered(self.codec.encode(pictures));
        (tokens - self.latent_mean.val()) / self.latent_scale.val()
    }

    /// All tokens of frames: pictures of each camera as [`Network::encode`] takes them, and states `[frame, feature]`.
    pub(super) fn encode_all(
        &self,
        pictures: impl Iterator<Item = Tensor<4>>,
        state: Tensor<2>,
    ) -> Tensor<3> {
        let state = self.vector.as_ref().map(|vector| vector.encode(state));
        Tensor::cat(pictures.map(|pictures| self.encode(pictures)).chain(state).collect(), 1)
    }

    /// Tokens drawn back to where the codec's own latents, and states of the data, lie: a dream must not leave them.
    pub(super) fn bounded(&self, tokens: Tensor<3>) -> Tensor<3> {
        let (mean, scale) = (self.latent_mean.val(), self.latent_scale.val());
        let pictured = |tokens: Tensor<3>| {
            ((tokens * scale.clone() + mean.clone()).clamp(-1.0, 1.0) - mean.clone()) / scale.clone()
        };
        let Some(vector) = &self.vector else { return pictured(tokens) };
        let (token, of_state) = (tokens.dims()[1], vector.mean.dims()[1]);
        let pictures = pictured(tokens.clone().narrow(1, 0, token - of_state));
        let state = vector.bounded(tokens.narrow(1, token - of_state, of_state));
        Tensor::cat(vec![pictures, state], 1)
    }

    /// The state vectors `[frame, feature]` of all tokens of frames.
    pub(super) fn state(&self, tokens: &Tensor<3>) -> Tensor<2> {
        let [frame, token, _] = tokens.dims();
        let Some(vector) = &self.vector else { return Tensor::zeros([frame, 0], &tokens.device()) };
        let of_state = vector.mean.dims()[1];
        vector.decode(tokens.clone().narrow(1, token - of_state, of_state))
    }

    /// What the squared error of each number of `token` latent tokens counts, flat: so much that those of all numbers
    /// are on the scale of their spread.
    pub(super) fn error_weights(&self, token: usize) -> Vec<f32> {
        let dim = self.latent_mean.dims()[2];
        let of_state = self.vector.as_ref().map_or_else(Vec::new, |vector| {
            numbers(&vector.gain.val()).iter().map(|gain| 1.0 / (gain * gain)).collect()
        });
        let mut weights = vec![1.0; token * dim - of_state.len()];
        weights.extend(of_state);
        weights
    }

    /// How endings are told.
    pub(super) fn hazard(&self) -> Hazard {
        Hazard::of(&numbers(&self.ending.val()))
    }

    /// The judge of trust.
    pub(super) fn judge(&self) -> Judge {
        let numbers = numbers(&self.judge.val());
        Judge { numbers: std::array::from_fn(|idx| numbers[idx]) }
    }

    /// Bins of the reward.
    pub(super) fn bins(&self, count: usize) -> Bins {
        let range = numbers(&self.rewards.val());
        Bins::new(count, [range[0], range[1]])
    }

    /// Whether the codec's latents have been measured, which ends its training.
    pub(super) fn is_measured(&self) -> bool {
        !self.latent_scale.val().equal_scalar(1.0).all().into_scalar::<bool>()
    }

    /// The inverse of [`Network::encode`], for one camera.
    pub(super) fn decode(&self, tokens: Tensor<3>, grid: [usize; 2]) -> Tensor<4> {
        let tokens = tokens * self.latent_scale.val() + self.latent_mean.val();
        self.codec.decode(self.codec.spread(tokens, grid))
    }
}

/// Numbers that are measured, not learned.
pub(super) fn fixed(numbers: &[f32], device: &Device) -> Param<Tensor<1>> {
    Param::from_tensor(Tensor::from_data(numbers, device)).set_require_grad(false)
}
