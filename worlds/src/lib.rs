//! Learned worlds, one file or folder each, and the registry [`WORLDS`].
//!
//! `dit` dreams; `still` repeats the last frame and `mean` shows the mean of the training frames:
//! the honest opponents that a dream has to beat.

pub mod checkpoint;
mod dit;
mod host;
mod mean;
mod opponent;
mod still;
mod tiles;

use std::{path::Path, sync::Arc};

use burn::tensor::Device;
use dreamlane_core::{Error, Result, WorldModel};

pub use checkpoint::BEGINNINGS;
pub use dit::{CodecConfig, Dit, DitConfig, DitLearner, LearningConfig, Precision, SIZES, TrunkConfig};
pub use mean::Mean;
pub use still::Still;

/// One registered world.
pub struct WorldEntry {
    /// The name in a checkpoint's `spec.toml`.
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    /// Reads a checkpoint folder, to be stepped in a way.
    pub load: fn(&Path, &Device, Stepping) -> Result<Arc<dyn WorldModel>>,
}

/// How a world is stepped: what decides the bytes of its dreams beside its weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stepping {
    /// What products are made of.
    pub precision: Precision,
    /// What the noise of dreams is multiplied by; 1 is what the world learned.
    pub temperature: f32,
}

impl Default for Stepping {
    fn default() -> Self {
        Self { precision: Precision::F32, temperature: 1.0 }
    }
}

/// Every world that can be loaded.
pub static WORLDS: &[WorldEntry] = &[
    WorldEntry {
        name: "dit",
        about: "latent spacetime diffusion transformer",
        load: |folder, device, stepping| {
            let world = Dit::load(folder, device)?.with_precision(stepping.precision)?;
            Ok(Arc::new(world.with_temperature(stepping.temperature)?))
        },
    },
    WorldEntry {
        name: "still",
        about: "repeats the last frame it was shown",
        load: |folder, device, stepping| {
            without_settings("still", stepping)?;
            Ok(Arc::new(Still::load(folder, device)?))
        },
    },
    WorldEntry {
        name: "mean",
        about: "always shows the mean training frame",
        load: |folder, device, stepping| {
            without_settings("mean", stepping)?;
            Ok(Arc::new(Mean::load(folder, device)?))
        },
    },
];

/// Reads the checkpoint or run at `path`, whatever world it holds.
///
/// # Errors
/// When there is none, it is broken, or its world is not registered.
pub fn load(path: &Path, device: &Device) -> Result<Arc<dyn WorldModel>> {
    load_with(path, device, Stepping::default())
}

/// The same, to be stepped and drawn in this way.
///
/// # Errors
/// As of [`load`], and when the world, the processor or the device cannot be stepped so.
pub fn load_with(path: &Path, device: &Device, stepping: Stepping) -> Result<Arc<dyn WorldModel>> {
    let folder = checkpoint::locate(path)?;
    let spec = checkpoint::spec(&folder)?;
    let entry = WORLDS
        .iter()
        .find(|entry| entry.name == spec.world)
        .ok_or_else(|| Error::unknown("world", &spec.world, WORLDS.iter().map(|entry| entry.name)))?;
    (entry.load)(&folder, device, stepping)
}

fn without_settings(name: &str, stepping: Stepping) -> Result<()> {
    if stepping.precision != Precision::F32 {
        return Err(Error::Unsupported("products in bf16", format!("world {name}")));
    }
    if stepping.temperature != 1.0 {
        return Err(Error::Unsupported("a temperature, as it draws no noise", format!("world {name}")));
    }
    Ok(())
}
