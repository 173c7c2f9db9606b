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

pub use dit::{CodecConfig, Dit, DitConfig, DitLearner, LearningConfig, Precision, SIZES, TrunkConfig};
pub use mean::Mean;
pub use still::Still;

/// One registered world.
pub struct WorldEntry {
    /// The name in a checkpoint's `spec.toml`.
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    /// Reads a checkpoint folder, to be stepped with products of a precision.
    pub load: fn(&Path, &Device, Precision) -> Result<Arc<dyn WorldModel>>,
}

/// Every world that can be loaded.
pub static WORLDS: &[WorldEntry] = &[
    WorldEntry {
        name: "dit",
        about: "latent spacetime diffusion transformer",
        load: |folder, device, precision| Ok(Arc::new(Dit::load(folder, device)?.with_precision(precision)?)),
    },
    WorldEntry {
        name: "still",
        about: "repeats the last frame it was shown",
        load: |folder, device, precision| {
            in_f32_alone("still", precision)?;
            Ok(Arc::new(Still::load(folder, device)?))
        },
    },
    WorldEntry {
        name: "mean",
        about: "always shows the mean training frame",
        load: |folder, device, precision| {
            in_f32_alone("mean", precision)?;
            Ok(Arc::new(Mean::load(folder, device)?))
        },
    },
];

/// Reads the checkpoint or run at `path`, whatever world it holds.
///
/// # Errors
/// When there is none, it is broken, or its world is not registered.
pub fn load(path: &Path, device: &Device) -> Result<Arc<dyn WorldModel>> {
    load_with(path, device, Precision::F32)
}

/// The same, to be stepped and drawn with products of this precision.
///
/// # Errors
/// As of [`load`], and when the world, the processor or the device has no other products than f32.
pub fn load_with(path: &Path, device: &Device, precision: Precision) -> Result<Arc<dyn WorldModel>> {
    let folder = checkpoint::locate(path)?;
    let spec = checkpoint::spec(&folder)?;
    let entry = WORLDS
        .iter()
        .find(|entry| entry.name == spec.world)
        .ok_or_else(|| Error::unknown("world", &spec.world, WORLDS.iter().map(|entry| entry.name)))?;
    (entry.load)(&folder, device, precision)
}

fn in_f32_alone(name: &str, precision: Precision) -> Result<()> {
    match precision {
        Precision::F32 => Ok(()),
        Precision::Bf16 => Err(Error::Unsupported("products in bf16", format!("world {name}"))),
    }
}
