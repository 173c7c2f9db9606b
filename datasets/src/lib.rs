//! Data sets: formats that keep episodes, imports of foreign recordings, and windows for training.
//!
//! - [`FORMATS`] lists the formats; [`open_any`] finds the one a folder is of, [`repair_any`] puts it right.
//! - [`donkeycar::import`] turns DonkeyCar recordings into a data set, [`convert`] any data set into one of our own.
//! - [`FrameCache`] keeps all frames decoded in one memory-mapped file.
//! - [`WindowSampler`] draws training cuts from it, [`DatasetContexts`] beginnings of dreams.

mod area;
mod aside;
mod augment;
mod contexts;
mod convert;
#[cfg(test)]
mod crash;
pub mod donkeycar;
pub mod durable;
mod encoders;
mod fits;
mod frames;
#[doc(hidden)]
pub mod fuzzing;
mod guard;
pub mod lerobot;
mod light;
pub mod mcap;
mod measures;
pub mod minari;
mod pages;
mod picture;
mod remains;
mod split;
mod video;
mod windows;

use std::path::Path;

pub use augment::{Augmentation, Mirror, mirrored_columns};
pub use contexts::DatasetContexts;
pub use convert::{Converted, Selection, convert};
use dreamlane_core::{EpisodeSource, Error, Format, Repair, Result};
pub use frames::FrameCache;
pub use split::{Split, SplitRule, ranges};
pub use windows::WindowSampler;

/// What is wrong with a part of a file, in words; whoever knows the path makes it an [`Error`].
pub(crate) type Checked<T> = std::result::Result<T, String>;

/// Every format, in the order in which [`open_any`] tries them.
pub static FORMATS: &[&dyn Format] = &[&lerobot::LeRobot, &lerobot::LeRobotAv1, &mcap::Mcap, &minari::Minari];

/// Opens a data set of any known format.
///
/// # Errors
/// When no format knows the path (the message names the formats and what each misses), or when the one
/// that does finds it broken.
pub fn open_any(path: &Path) -> Result<Box<dyn EpisodeSource>> {
    recognise(path)?.1
}

/// The format of a data set, and the data set.
///
/// # Errors
/// As [`open_any`] has them.
pub fn open_named(path: &Path) -> Result<(&'static dyn Format, Box<dyn EpisodeSource>)> {
    let (format, answer) = recognise(path)?;
    Ok((format, answer?))
}

/// Puts right what an interrupted writer left, whatever the format, see [`Format::repair`]; and which format it is.
/// Where nothing had been written yet there is none, and what is there of temporary files is removed.
///
/// # Errors
/// When no format knows the path, or the one that does cannot repair it.
pub fn repair_any(path: &Path) -> Result<(Option<&'static dyn Format>, Repair)> {
    match recognise(path) {
        Ok((format, _)) => Ok((Some(format), format.repair(path)?)),
        Err(unknown) => {
            if let Some(done) = remains::clear(path)? {
                return Ok((None, Repair { episodes: 0, done }));
            }
            // What one format cannot open it may still repair.
            for format in FORMATS.iter().copied() {
                match format.repair(path) {
                    Err(Error::Incompatible { .. } | Error::Unsupported(..)) => {}
                    answer => return Ok((Some(format), answer?)),
                }
            }
            Err(unknown)
        }
    }
}

/// What a format answers when it is asked to open a path.
type Opened = Result<Box<dyn EpisodeSource>>;

/// The first format that does not call the path incompatible, with its answer.
fn recognise(path: &Path) -> Result<(&'static dyn Format, Opened)> {
    if !path.exists() {
        return Err(Error::mismatch(path, "data set", "a folder", "nothing there"));
    }
    let mut reasons = Vec::new();
    for format in FORMATS.iter().copied() {
        match format.open(path) {
            Err(Error::Incompatible { reason, .. }) => reasons.push(format!("{} ({reason})", format.name())),
            answer => return Ok((format, answer)),
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
