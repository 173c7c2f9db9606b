//! How learning begins: afresh, from all weights of a trained world, or with its codec alone.

use std::path::Path;

use burn::{module::Module as _, tensor::Device};
use dreamlane_core::{Error, Measures, Result, Seed, WorldSpec};

use super::{Dit, config::DitConfig, learner::DitLearner, optimizer::Optimizer};

impl DitLearner {
    /// A fresh world for data of this spec, whose numbers are like so; weights and noise come from `seed`.
    ///
    /// # Errors
    /// When the configuration does not fit the data, or what was measured does not fit the spec.
    pub fn new(
        config: DitConfig,
        spec: WorldSpec,
        measures: &Measures,
        seed: Seed,
        device: &Device,
    ) -> Result<Self> {
        if measures.state.len() != spec.state.len() {
            let (wanted, found) = (spec.state.len(), measures.state.len());
            return Err(Error::mismatch("measures of the data", "numbers of the state", wanted, found));
        }
        let mut world = Dit::new(config, spec, seed.split(0), device)?;
        let config = world.config.clone();
        world.network.measure(measures, &config, device);
        Ok(Self::starting(world, 0, seed))
    }

    /// Goes on from the weights of a trained world: its codec stays as it is, its transformer learns on.
    ///
    /// # Errors
    /// When the checkpoint cannot be read or does not fit the data.
    pub fn from_weights(
        config: &DitConfig,
        folder: &Path,
        spec: &WorldSpec,
        seed: Seed,
        device: &Device,
    ) -> Result<Self> {
        let mut world = Dit::load(folder, device)?;
        world.fits(config, spec, folder)?;
        let codec_steps = config.learning.codec_steps;
        world.config.learning = config.learning.clone();
        Ok(Self::starting(world, codec_steps, seed))
    }

    /// A fresh world whose codec, and the measure of its latents, are those of a trained world and stay as they are.
    ///
    /// # Errors
    /// When the checkpoint cannot be read, its codec is of another size, or the rest does not fit as for
    /// [`DitLearner::new`].
    pub fn with_codec(
        config: DitConfig,
        folder: &Path,
        (spec, measures): (WorldSpec, &Measures),
        seed: Seed,
        device: &Device,
    ) -> Result<Self> {
        let trained = Dit::load(folder, device)?;
        if trained.config.codec != config.codec {
            let (wanted, found) = (format!("{:?}", config.codec), format!("{:?}", trained.config.codec));
            return Err(Error::mismatch(folder, "codec to begin with", wanted, found));
        }
        let mut learner = Self::new(config, spec, measures, seed, device)?;
        let network = &mut learner.world.network;
        network.codec = trained.network.codec.clone();
        network.latent_mean = trained.network.latent_mean.clone();
        network.latent_scale = trained.network.latent_scale.clone();
        (learner.codec, learner.network) = (network.codec.clone(), network.clone().train());
        learner.step = learner.world.config.learning.codec_steps;
        Ok(learner)
    }

    fn starting(world: Dit, step: usize, seed: Seed) -> Self {
        let (decay, turns) = (world.config.learning.weight_decay, world.config.learning.muon);
        let network = world.network.clone().train();
        Self {
            codec: network.codec.clone(),
            network,
            world,
            codec_optimizer: Optimizer::new(decay, false),
            optimizer: Optimizer::new(decay, turns),
            step,
            seed: seed.split(1),
        }
    }
}
