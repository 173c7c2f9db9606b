//! LeRobotDataset v3.0: parquet tables with the pictures embedded as PNG (dtype `image`).
//!
//! Layout: <https://huggingface.co/docs/lerobot/lerobot-dataset-v3>. One data file and one `meta/episodes`
//! file per episode, each with one row group; `meta/info.json` is replaced last, so whatever a crash leaves,
//! a reader that trusts `info.json` sees a valid prefix. Row t holds (observation t, action t, reward t+1,
//! ends t+1), and the final observation is a row too.
//! `info.json` carries our [`EnvSpec`] under the key `dreamlane`; `meta/episodes` carries the episode's id and
//! how it ended, which LeRobot has no columns for.

mod columns;
mod episodes;
mod features;
mod info;
mod numbers;
mod reader;
mod stats;
mod table;
mod tasks;
mod writer;

use std::path::Path;

pub(crate) use features::check_spec;
pub(crate) use writer::check_episode;

use dreamlane_core::{EnvSpec, EpisodeSink, EpisodeSource, Error, Format, Provenance, Repair, Result};

/// The registered name.
const NAME: &str = "lerobot";

/// LeRobotDataset v3.0 with embedded PNG pictures. See the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct LeRobot;

impl Format for LeRobot {
    fn name(&self) -> &'static str {
        NAME
    }

    fn open(&self, path: &Path) -> Result<Box<dyn EpisodeSource>> {
        Ok(Box::new(reader::Reader::open(path)?))
    }

    fn create(&self, path: &Path, spec: &EnvSpec, provenance: &Provenance) -> Result<Box<dyn EpisodeSink>> {
        Ok(Box::new(writer::Writer::create(path, spec, provenance)?))
    }

    fn resume(&self, path: &Path, _spec: &EnvSpec, _provenance: &Provenance) -> Result<Box<dyn EpisodeSink>> {
        Err(Error::Unsupported("going on with a recording", path.display().to_string()))
    }

    fn repair(&self, path: &Path) -> Result<Repair> {
        Err(Error::Unsupported("repairing a recording", path.display().to_string()))
    }
}
