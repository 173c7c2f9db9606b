//! Data sets: formats that keep episodes, imports of foreign recordings, and windows for training.
//!
//! - [`FORMATS`] lists the formats; [`open_any`] finds the one a folder is of.
//! - [`donkeycar::import`] turns DonkeyCar recordings into a data set, [`convert`] any data set into one of our own.
//! - [`FrameCache`] keeps all frames decoded in one memory-mapped file.
//! - [`WindowSampler`] draws training cuts from it, [`DatasetContexts`] beginnings of dreams.

mod area;
mod aside;
mod augment;
mod contexts;
#[cfg(test)]
mod crash;
mod convert;
pub mod donkeycar;
pub mod durable;
mod encoders;
mod fits;
mod frames;
#[doc(hidden)]
pub mod fuzzing;
pub mod lerobot;
mod light;
pub mod mcap;
mod pages;
mod picture;
mod split;
mod video;
mod windows;

use std::path::Path;

pub use augment::{Augmentation, Mirror, mirrored_columns};
pub use contexts::DatasetContexts;
pub use convert::{Converted, Selection, convert};
use dreamlane_core::{EpisodeSource, Error, Format, Result};
pub use frames::FrameCache;
pub use split::{Split, SplitRule, ranges};
pub use windows::WindowSampler;

/// What is wrong with a part of a file, in words; whoever knows the path makes it an [`Error`].
pub(crate) type Checked<T> = std::result::Result<T, String>;

/// Every format, in the order in which [`open_any`] tries them.
pub static FORMATS: &[&dyn Format] = &[&lerobot::LeRobot, &lerobot::LeRobotAv1, &mcap::Mcap];

/// Opens a data set of any known format.
///
/// # Errors
/// When no format knows the path (the message names the formats and what each misses), or when the one
/// that does finds it broken.
pub fn open_any(path: &Path) -> Result<Box<dyn EpisodeSource>> {
    if !path.exists() {
        return Err(Error::mismatch(path, "data set", "a folder", "nothing there"));
    }
    let mut reasons = Vec::new();
    for format in FORMATS {
        match format.open(path) {
            Err(Error::Incompatible { reason, .. }) => reasons.push(format!("{} ({reason})", format.name())),
            answer => return answer,
        }
    }
    Err(Error::mismatch(path, "data set", reasons.join(", "), "none of them"))
}

/// The format with this name.
///
/// # Errors
/// When there is none; the message names those that exist.
pub fn format_named(name: &str) -> Result<&'static dyn Format> {
    FORMATS
        .iter()
        .copied()
        .find(|format| format.name() == name)
        .ok_or_else(|| Error::unknown("format", name, FORMATS.iter().map(|format| format.name())))
}
