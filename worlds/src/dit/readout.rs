//! What the reader of a committed frame says, as numbers for the caller: reward, chance of an ending, trust.

use burn::tensor::{Tensor, TensorData};
use dreamlane_core::Prediction;

use super::{
    Dit,
    doubt::{Doubts, Judge},
    hazard::Hazard,
    reward::Bins,
    trunk::{BINS, ENDING, ERROR},
};
/// What one step of one lane says.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Said {
    pub(super) reward: f32,
    pub(super) ending: f32,
    pub(super) trust: f32,
}

/// How a readout becomes what is said.
#[derive(Clone, Debug)]
pub(super) struct Telling {
    /// None where the data has no rewards.
    bins: Option<Bins>,
    hazard: Hazard,
    judge: Judge,
}

impl Dit {
    pub(super) fn telling(&self) -> Telling {
        Telling {
            bins: self.layout.rewards.then(|| self.network.bins(self.config.trunk.bins)),
            hazard: self.network.hazard(),
            judge: self.network.judge(),
        }
    }
}

impl Telling {
    /// Of a frame that was dreamed, whose passes lie this far apart. `readout` is `[said]`.
    pub(super) fn dreamed(&self, readout: &[f32], gap: f32, doubts: &mut Doubts) -> Said {
        doubts.step(readout[ERROR], gap);
        Said { trust: self.judge.trust(doubts), ..self.read(readout) }
    }

    /// Of a real frame.
    pub(super) fn observed(&self, readout: &[f32], doubts: &mut Doubts) -> Said {
        *doubts = Doubts::default();
        Said { trust: 1.0, ..self.read(readout) }
    }

    fn read(&self, readout: &[f32]) -> Said {
        let Some(bins) = &self.bins else { return Said::default() };
        Said { reward: bins.mean(&readout[BINS..]), ending: self.hazard.chance(readout[ENDING]), trust: 0.0 }
    }
}

/// What a step says of all lanes. `latent` is `[lane, token, dim]`.
pub(super) fn prediction(latent: Tensor<3>, said: &[Said]) -> Prediction {
    let column = |of: fn(&Said) -> f32| {
        let numbers = said.iter().map(of).collect::<Vec<_>>();
        Tensor::from_data(TensorData::new(numbers, [said.len()]), &latent.device())
    };
    Prediction {
        reward: column(|said| said.reward),
        ending: column(|said| said.ending),
        trust: column(|said| said.trust),
        latent,
    }
}
