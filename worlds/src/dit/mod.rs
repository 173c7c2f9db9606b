//! `dit`: a latent spacetime diffusion transformer, causal and conditioned on actions.
//!
//! In the manner of Sora (a diffusion transformer over spacetime patches) and of DiT (2212.09748), made causal
//! by diffusion forcing (2407.01392): every frame carries its own noise level, so that the past can be clean
//! while the next frame is drawn. Data is the target (x-prediction).
//! Each frame also sees, lightly noised, the frame before it: DIAMOND (2405.12399) found that to beat attention alone.

mod actions;
mod codec;
mod config;
mod dream;
mod frozen;
mod gradients;
mod lane;
mod learner;
mod objective;
mod optimizer;
mod state;
#[cfg(test)]
mod tests;
mod trace;
mod trunk;
mod weights;

use std::{path::Path, sync::Arc};

use burn::{
    module::{Module, Param},
    tensor::{Device, Tensor},
};
use dreamlane_core::{Context, Error, Imagination, Observation, Result, Seed, Window, WorldModel, WorldSpec};
use dreamlane_nn::{Init, kernels::is_fused};

pub use config::{CodecConfig, DitConfig, LearningConfig, SIZES, TrunkConfig};
pub use frozen::Precision;
pub use learner::DitLearner;

use self::{
    actions::ActionHistory,
    codec::{Codec, STRIDE, from_tokens, to_bytes, to_tokens, to_unit},
    frozen::Learned,
    trunk::{Layout, Trunk},
};
use crate::checkpoint;

/// Pixels; larger sides are mistakes, or meant to exhaust memory.
const LARGEST_SIDE: usize = 1 << 13;

/// All weights.
#[derive(Module, Debug)]
pub(crate) struct Network {
    codec: Codec,
    trunk: Trunk,
    /// `[1, 1, token_dim]`: what latents are moved and scaled by, so that noise of variance 1 is their equal.
    latent_mean: Param<Tensor<3>>,
    latent_scale: Param<Tensor<3>>,
}

/// The world.
pub struct Dit {
    network: Learned,
    /// What it is stepped and drawn in, where its device has a choice; it learns in single precision.
    precision: Precision,
    config: DitConfig,
    spec: WorldSpec,
    layout: Layout,
    device: Device,
}

impl Network {
    fn new(config: &DitConfig, layout: &Layout, seed: Seed, device: &Device) -> Self {
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
        }
    }

    /// `[picture, 3, height, width]` bytes as floats in [-1, 1] to normalised tokens `[picture, token, dim]`.
    fn encode(&self, pictures: Tensor<4>) -> Tensor<3> {
        let tokens = to_tokens(self.codec.encode(pictures));
        (tokens - self.latent_mean.val()) / self.latent_scale.val()
    }

    /// Tokens drawn back to where the codec's own latents lie: a dream must not leave them.
    fn bounded(&self, tokens: Tensor<3>) -> Tensor<3> {
        let (mean, scale) = (self.latent_mean.val(), self.latent_scale.val());
        ((tokens * scale.clone() + mean.clone()).clamp(-1.0, 1.0) - mean) / scale
    }

    /// Whether the codec's latents have been measured, which ends its training.
    fn is_measured(&self) -> bool {
        !self.latent_scale.val().equal_scalar(1.0).all().into_scalar::<bool>()
    }

    /// The inverse of [`Network::encode`].
    fn decode(&self, tokens: Tensor<3>, grid: [usize; 2]) -> Tensor<4> {
        let tokens = tokens * self.latent_scale.val() + self.latent_mean.val();
        self.codec.decode(from_tokens(tokens, grid[0], grid[1]))
    }
}

impl Dit {
    /// An untrained world.
    ///
    /// # Errors
    /// When the configuration cannot work, or the cameras do not fit the codec.
    pub fn new(config: DitConfig, mut spec: WorldSpec, seed: Seed, device: &Device) -> Result<Self> {
        config.check()?;
        let layout = layout(&config, &spec)?;
        spec.context = config.trunk.context;
        let network = Network::new(&config, &layout, seed, device).into();
        let precision = Precision::F32;
        Ok(Self { network, precision, config, spec, layout, device: device.clone() })
    }

    /// Reads a checkpoint folder.
    ///
    /// # Errors
    /// When a file is missing or broken, or the weights do not fit the configuration.
    pub fn load(folder: &Path, device: &Device) -> Result<Self> {
        let config: DitConfig = checkpoint::read_toml(&folder.join(checkpoint::CONFIG))?;
        let spec: WorldSpec = checkpoint::read_toml(&folder.join(checkpoint::SPEC))?;
        config.check()?;
        let path = folder.join(checkpoint::WEIGHTS);
        let (bytes, found) = checkpoint::read_weights(&path)?;
        let least = least_weights(&config, &layout(&config, &spec)?);
        // Before a few lines of settings can ask for more memory than there is.
        if (found as f64) < least {
            return Err(Error::mismatch(&path, "weights", format!("at least {least}"), found));
        }
        let mut world = Self::new(config, spec, Seed::new(0), device)?;
        weights::fill(&mut *world.network, bytes, &path)?;
        Ok(world)
    }

    /// The same world, stepped and drawn with products of this precision.
    ///
    /// # Errors
    /// When the processor or the device cannot do it.
    pub fn with_precision(self, precision: Precision) -> Result<Self> {
        precision.check(&self.device)?;
        // What was packed before is of the other precision.
        let network = Learned::from(self.network.clone());
        Ok(Self { network, precision, ..self })
    }

    /// Writes a checkpoint folder: weights that PyTorch reads, configuration, spec and a card.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn save(&self, folder: &Path) -> Result<()> {
        let weights = weights::to_bytes(&*self.network, folder)?;
        let card = format!("---\nlibrary_name: dreamlane\n---\n{}", self.about());
        checkpoint::write(folder, &self.spec, &checkpoint::to_toml(&self.config)?, Some(&weights), &card)
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &DitConfig {
        &self.config
    }

    /// Number of weights.
    #[must_use]
    pub fn parameters(&self) -> usize {
        self.network.num_params()
    }

    /// Whether a trained world can learn on with this configuration and data.
    fn fits(&self, config: &DitConfig, spec: &WorldSpec, folder: &Path) -> Result<()> {
        let trained = (&self.config.codec, &self.config.trunk, &self.spec.cameras, &self.spec.action);
        let wanted = (&config.codec, &config.trunk, &spec.cameras, &spec.action);
        if trained != wanted || self.spec.rewards != spec.rewards {
            return Err(Error::mismatch(
                folder,
                "weights to begin with",
                format!("{wanted:?}, rewards {}", spec.rewards),
                format!("{trained:?}, rewards {}", self.spec.rewards),
            ));
        }
        Ok(())
    }

    /// What it is, for its card.
    fn about(&self) -> String {
        let Self { config, spec, .. } = self;
        let cameras = spec.cameras.iter().map(|camera| format!("{}x{}", camera.width, camera.height));
        format!(
            "# A `dit` world\n\n\
             A latent spacetime diffusion transformer: it predicts the next picture of a camera from the last pictures \
             and the actions taken.\n\
             {} weights, pictures of {} at {} steps a second, {} frames of context, {} denoising passes a step, \
             actions {}.\n\n\
             ## Known limits\n\n\
             - It knows one camera and no state vector, and nothing outside the data it was trained on.\n\
             - Dreams drift: the further from their context, the less they can be believed.\n\
             - It is no evidence of the safety of anything that was tested in it.\n",
            self.parameters(),
            cameras.collect::<Vec<_>>().join(", "),
            spec.steps_per_second,
            config.trunk.context,
            config.trunk.passes,
            spec.action.names().join(", "),
        )
    }
}

impl WorldModel for Dit {
    fn spec(&self) -> &WorldSpec {
        &self.spec
    }

    fn encode(&self, seen: &Window) -> Tensor<4> {
        let [batch, time, channel, height, width] = seen.images[0].dims();
        let pictures = seen.images[0].clone().reshape([batch * time, channel, height, width]);
        let tokens = match is_fused(&self.device) {
            true => self.see(&pictures),
            false => self.network.encode(to_unit(pictures)),
        };
        let [_, token, dim] = tokens.dims();
        tokens.reshape([batch, time, token, dim])
    }

    fn decode(&self, latents: Tensor<3>) -> Observation {
        let rows = latents.dims()[0];
        let state = Tensor::zeros([rows, 0], &self.device);
        if is_fused(&self.device) {
            return Observation { images: vec![self.draw(&latents)], state };
        }
        // Fixed tiles: the arithmetic of a picture must not depend on how many are drawn.
        let pictures = crate::tiles::mapped(latents, dream::TILE, |tile| {
            to_bytes(self.network.decode(tile, self.layout.grid))
        });
        Observation { images: vec![pictures], state }
    }

    fn flops(&self) -> Option<f64> {
        let TrunkConfig { passes, context, .. } = self.config.trunk;
        let pass = self.network.trunk.flops(context);
        // A token is 2x2 latent pixels.
        Some(passes as f64 * pass + self.network.codec.decode_flops(4 * self.layout.tokens()))
    }

    fn imagine(self: Arc<Self>, contexts: &[Context], seeds: &[Seed]) -> Result<Box<dyn Imagination>> {
        Ok(match is_fused(&self.device) {
            true => Box::new(frozen::Dream::begin(self, contexts, seeds)?),
            false => Box::new(dream::Dream::begin(self, contexts, seeds)?),
        })
    }
}

/// Sizes that follow from configuration and data, checked.
fn layout(config: &DitConfig, spec: &WorldSpec) -> Result<Layout> {
    let [camera] = spec.cameras.as_slice() else {
        return Err(Error::Invalid(format!("`dit` wants one camera, the data has {}", spec.cameras.len())));
    };
    let side = 2 * STRIDE;
    if camera.height.max(camera.width) > LARGEST_SIDE {
        return Err(Error::Invalid(format!(
            "`dit` wants picture sides of at most {LARGEST_SIDE}, the data has {}x{}",
            camera.width, camera.height
        )));
    }
    if !camera.height.is_multiple_of(side) || !camera.width.is_multiple_of(side) || camera.frame_len() == 0 {
        return Err(Error::Invalid(format!(
            "`dit` wants picture sides that are multiples of {side}, the data has {}x{}",
            camera.width, camera.height
        )));
    }
    Ok(Layout {
        grid: [camera.height / side, camera.width / side],
        token_dim: 4 * config.codec.latent,
        features: ActionHistory::len(config.trunk.actions, spec.action.width()),
        rewards: spec.rewards,
    })
}

/// Fewer weights than these sizes can have, as a float: sizes of strangers may multiply to anything.
fn least_weights(config: &DitConfig, layout: &Layout) -> f64 {
    let size = |size: usize| size as f64;
    let (codec, trunk) = (&config.codec, &config.trunk);
    let dim = size(trunk.dim);
    let block = dim * (dim + size(trunk.hidden));
    let entry = dim * (size(layout.tokens()) + size(trunk.registers) + size(layout.features));
    let convolutions = size(codec.blocks) * (size(codec.fine).powi(2) + size(codec.coarse).powi(2));
    size(trunk.depth) * block + entry + convolutions + size(codec.coarse) * size(codec.latent)
}
