//! MCAP with Foxglove's schemas: recordings that Foxglove, Rerun and the Python packages `mcap` and
//! `mcap-protobuf-support` open as they are. <https://mcap.dev/spec>
//!
//! A path that ends in `.mcap` is one file with all episodes one after another, a second apart; it appears when it is
//! finished. Any other path is a folder with `episode-000000.mcap` and so on, each durable once written, and
//! `dreamlane.json`, which is replaced last, so that a reader always sees a valid prefix.
//!
//! | topic | message | what |
//! |---|---|---|
//! | `/camera/<name>/image` | `foxglove.CompressedImage` | PNG, so pictures come back as they were |
//! | `/camera/<name>/calibration` | `foxglove.CameraCalibration` | where the lens is known |
//! | `/tf` | `foxglove.FrameTransforms` | `map` to `body` where scenes are told, `body` to `camera/<name>` |
//! | `/scene` | `foxglove.SceneUpdate` | a box per body; those that vanish are deleted |
//! | `/action`, `/state` | `dreamlane.Action`, `dreamlane.State` | protobuf, a `float` per name |
//! | `/reward`, `/trust` | `dreamlane.Reward`, `dreamlane.Trust` | protobuf, a `float value` |
//! | `/episode` | JSON | `begin` with id, task and beginning; `end` with how it ended |
//!
//! Axes of `map` and `body` are ahead, left, up; those of a camera right, down, ahead. Log time and publish time of
//! step k are k / steps per second after the episode's start, rounded down to nanoseconds. The messages of one time
//! are observation t, action t and reward t+1, and the final observation has messages too.
//! The metadata record `dreamlane` holds spec, provenance and the list of episodes; an MCAP without it is not read.
//!
//! Foreign bytes are not trusted: a summary or the metadata takes at most 256 MiB, a message 64 MiB, a scene 1 MiB,
//! a picture's side 4096 pixels, the pictures of an episode 16 GiB; a part is only read where the file has so many
//! bytes.

mod channels;
mod clock;
mod decode;
mod descriptor;
mod folder;
mod foxglove;
mod index;
mod manifest;
mod records;
mod scalars;
mod scenes;
mod schemas;
mod single;
mod source;
mod stream;

use std::path::Path;

use dreamlane_core::{EnvSpec, EpisodeSink, EpisodeSource, Error, Format, Provenance, Repair, Result};

pub use source::read_bytes;

/// The registered name.
const NAME: &str = "mcap";
/// The metadata record by which we know our own files.
const METADATA: &str = "dreamlane";
/// Of what the metadata record and `dreamlane.json` say.
const VERSION: u32 = 1;
/// Largest message; a picture of the largest size takes less.
const MAX_MESSAGE_BYTES: usize = 64 << 20;

/// MCAP files with Foxglove's schemas. See the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct Mcap;

impl Format for Mcap {
    fn name(&self) -> &'static str {
        NAME
    }

    fn open(&self, path: &Path) -> Result<Box<dyn EpisodeSource>> {
        if path.is_dir() {
            return Ok(Box::new(source::Folder::open(path)?));
        }
        Ok(Box::new(source::Single::open(path)?))
    }

    fn create(&self, path: &Path, spec: &EnvSpec, provenance: &Provenance) -> Result<Box<dyn EpisodeSink>> {
        if is_single(path) {
            return Ok(Box::new(single::Writer::create(path, spec, provenance)?));
        }
        Ok(Box::new(folder::Writer::create(path, spec, provenance)?))
    }

    fn resume(&self, path: &Path, spec: &EnvSpec, provenance: &Provenance) -> Result<Box<dyn EpisodeSink>> {
        if is_single(path) {
            return Err(Error::Unsupported(
                "going on with a recording",
                format!("a single file, {}", path.display()),
            ));
        }
        Ok(Box::new(folder::Writer::resume(path, spec, provenance)?))
    }

    fn repair(&self, path: &Path) -> Result<Repair> {
        if path.is_dir() {
            return folder::repair(path);
        }
        if is_single(path) {
            return single::repair(path);
        }
        let reason = "neither a folder nor a file that ends in .mcap".to_owned();
        Err(Error::Incompatible { format: NAME, reason, path: path.to_path_buf() })
    }
}

fn is_single(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "mcap")
}
