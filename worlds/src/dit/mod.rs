//! `dit`: a latent spacetime diffusion transformer, causal and conditioned on actions.
//!
//! In the manner of Sora (a diffusion transformer over spacetime patches) and of DiT (2212.09748), made causal
//! by diffusion forcing (2407.01392): every frame carries its own noise level, so that the past can be clean
//! while the next frame is drawn. Data is the target (x-prediction).
//! Each frame also sees, lightly noised, the frame before it: DIAMOND (2405.12399) found that to beat attention alone.

mod actions;
mod beginnings;
mod calibration;
mod codec;
mod config;
mod doubt;
mod dream;
mod dreamed;
mod foresight;
mod frozen;
mod gradients;
mod half;
mod hazard;
mod lane;
mod learner;
mod network;
mod objective;
mod optimizer;
mod readout;
mod reward;
mod seen;
mod shortcut;
mod state;
#[cfg(test)]
mod tests;
mod trace;
mod trunk;
mod vector;
mod weights;

use std::{path::Path, sync::Arc};

use burn::{
    module::Module as _,
    tensor::{Device, Tensor},
};
use dreamlane_core::{Context, Error, Imagination, Observation, Result, Seed, Window, WorldModel, WorldSpec};
use dreamlane_nn::kernels::is_fused;

pub use config::{CodecConfig, DitConfig, LearningConfig, SIZES, TrunkConfig};
pub use frozen::Precision;
pub use learner::DitLearner;

use self::{
    actions::ActionHistory,
    codec::{STRIDE, to_bytes, to_unit},
    frozen::Learned,
    network::Network,
    trunk::Layout,
};
use crate::checkpoint;

/// Pixels; larger sides are mistakes, or meant to exhaust memory.
const LARGEST_SIDE: usize = 1 << 13;
/// More cameras, or more numbers of state, are mistakes too.
const MOST_CAMERAS: usize = 16;
const MOST_NUMBERS: usize = 1 << 12;

/// The world.
pub struct Dit {
    network: Learned,
    /// What it is stepped and drawn in, where its device has a choice; it learns in single precision.
    precision: Precision,
    /// What the noise of dreams is multiplied by.
    temperature: f32,
    config: DitConfig,
    spec: WorldSpec,
    layout: Layout,
    device: Device,
}

impl Dit {
    /// An untrained world.
    ///
    /// # Errors
    /// When the configuration cannot work, or the cameras do not fit the codec.
    pub fn new(config: DitConfig, mut spec: WorldSpec, seed: Seed, device: &Device) -> Result<Self> {
        config.check()?;
        let layout = layout(&config, &spec)?;
        spec.context = config.trunk.wants;
        let network = Network::new(&config, &layout, seed, device).into();
        let precision = Precision::F32;
        Ok(Self { network, precision, temperature: 1.0, config, spec, layout, device: device.clone() })
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

    /// The same world, whose dreams draw noise that is multiplied by this: 1 is what it learned, below it dreams are
    /// more alike, above it wilder. A dream that is too certain is cheated, one that is too wild teaches nothing
    /// (World Models, 1803.10122).
    ///
    /// # Errors
    /// When it is not a number from 0 to 10.
    pub fn with_temperature(self, temperature: f32) -> Result<Self> {
        if !(0.0..=10.0).contains(&temperature) {
            return Err(Error::Invalid(format!("temperature: expected 0 to 10, found {temperature}")));
        }
        Ok(Self { temperature, ..self })
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

    /// The same in half precision: half as large, and its dreams differ a little.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn save_half(&self, folder: &Path) -> Result<()> {
        let weights = half::rounded(&weights::to_bytes(&*self.network, folder)?, folder)?;
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
        let of = |config: &DitConfig, spec: &WorldSpec| {
            (
                config.codec.clone(),
                config.trunk.clone(),
                spec.cameras.clone(),
                spec.state.clone(),
                spec.action.clone(),
            )
        };
        let (trained, wanted) = (of(&self.config, &self.spec), of(config, spec));
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
             A latent spacetime diffusion transformer: it predicts the next pictures and the state vector from the last \
             ones and the actions taken.\n\
             {} weights, pictures of {} and {} numbers of state at {} steps a second, {} frames of memory, {} denoising \
             passes a step, actions {}.\n\n\
             ## Known limits\n\n\
             - It knows nothing outside the data it was trained on.\n\
             - Dreams drift: the further from their context, the less they can be believed.\n\
             - It is no evidence of the safety of anything that was tested in it.\n",
            self.parameters(),
            cameras.collect::<Vec<_>>().join(", "),
            spec.state.len(),
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
        let [batch, time, ..] = seen.images[0].dims();
        let pictures = seen.images.iter().map(|images| images.clone().flatten::<4>(0, 1));
        // Data may have a state vector that the world does not know.
        let state = match self.layout.state {
            0 => Tensor::zeros([batch * time, 0], &self.device),
            features => seen.state.clone().reshape([batch * time, features]),
        };
        let tokens = match is_fused(&self.device) {
            true => self.see(&pictures.collect::<Vec<_>>(), &state),
            false => self.network.encode_all(pictures.map(to_unit), state),
        };
        let [_, token, dim] = tokens.dims();
        tokens.reshape([batch, time, token, dim])
    }

    fn decode(&self, latents: Tensor<3>) -> Observation {
        let state = self.network.state(&latents);
        if is_fused(&self.device) {
            return Observation { images: self.draw(&latents), state };
        }
        let mut first = 0;
        let pictures = self.layout.grids.iter().map(|&grid| {
            let token = grid[0] * grid[1];
            let tokens = latents.clone().narrow(1, first, token);
            first += token;
            // Fixed tiles: the arithmetic of a picture must not depend on how many are drawn.
            crate::tiles::mapped(tokens, dream::TILE, |tile| to_bytes(self.network.decode(tile, grid)))
        });
        Observation { images: pictures.collect(), state }
    }

    fn flops(&self) -> Option<f64> {
        let TrunkConfig { passes, context, .. } = self.config.trunk;
        let pass = self.network.trunk.flops(context, self.layout.tokens());
        let latent_pixels = self.config.codec.patch.pow(2) * self.layout.pictured();
        // One more pass commits the frame.
        Some((passes + 1) as f64 * pass + self.network.codec.decode_flops(latent_pixels))
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
    if spec.cameras.is_empty() || spec.cameras.len() > MOST_CAMERAS {
        let found = spec.cameras.len();
        return Err(Error::Invalid(format!("`dit` wants 1 to {MOST_CAMERAS} cameras, the data has {found}")));
    }
    if spec.state.len() > MOST_NUMBERS {
        let found = spec.state.len();
        return Err(Error::Invalid(format!(
            "`dit` wants a state vector of at most {MOST_NUMBERS} numbers, the data has {found}"
        )));
    }
    let side = config.codec.patch * STRIDE;
    for camera in &spec.cameras {
        if camera.height.max(camera.width) > LARGEST_SIDE {
            return Err(Error::Invalid(format!(
                "`dit` wants picture sides of at most {LARGEST_SIDE}, the data has {}x{}",
                camera.width, camera.height
            )));
        }
        if !camera.height.is_multiple_of(side)
            || !camera.width.is_multiple_of(side)
            || camera.frame_len() == 0
        {
            return Err(Error::Invalid(format!(
                "`dit` wants picture sides that are multiples of {side}, the data has {}x{}",
                camera.width, camera.height
            )));
        }
    }
    Ok(Layout {
        grids: spec.cameras.iter().map(|camera| [camera.height / side, camera.width / side]).collect(),
        state: spec.state.len(),
        token_dim: config.codec.token_dim(),
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
