//! LeRobotDataset v3.0: parquet tables with the pictures embedded as PNG (dtype `image`), or beside them as AV1 video
//! (dtype `video`).
//!
//! Layout: <https://huggingface.co/docs/lerobot/lerobot-dataset-v3>. One data file, one `meta/episodes` file and, per
//! camera, one video per episode; each parquet file is one row group. `meta/info.json` is replaced last, so whatever a
//! crash leaves, a reader that trusts `info.json` sees a valid prefix; `repair` tidies away what lies beyond.
//! Row t holds (observation t, action t, reward t+1, ends t+1), and the final observation is a row too.
//! `info.json` carries our [`EnvSpec`] and [`Provenance`] under the key `dreamlane`; `meta/episodes` carries the
//! episode's id, how it ended and where it began, which LeRobot has no columns for; the column `scene` (dtype
//! `string`) carries who was where as JSON.

mod columns;
mod episodes;
mod features;
mod info;
mod leftovers;
mod numbers;
mod reader;
mod repair;
mod resume;
mod scenes;
mod stats;
mod table;
mod tasks;
mod videos;
mod writer;

use std::path::Path;

use dreamlane_core::{EnvSpec, EpisodeSink, EpisodeSource, Format, Provenance, Repair, Result};

use features::Pictures;

/// The registered name.
const NAME: &str = "lerobot";

/// LeRobotDataset v3.0 with embedded PNG pictures: lossless. See the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct LeRobot;

/// LeRobotDataset v3.0 with AV1 videos: small. See the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct LeRobotAv1;

impl Format for LeRobot {
    fn name(&self) -> &'static str {
        NAME
    }

    fn open(&self, path: &Path) -> Result<Box<dyn EpisodeSource>> {
        Ok(Box::new(reader::Reader::open(path)?))
    }

    fn create(&self, path: &Path, spec: &EnvSpec, provenance: &Provenance) -> Result<Box<dyn EpisodeSink>> {
        Ok(Box::new(writer::Writer::create(path, spec, provenance, Pictures::Png)?))
    }

    fn resume(&self, path: &Path, spec: &EnvSpec, provenance: &Provenance) -> Result<Box<dyn EpisodeSink>> {
        Ok(Box::new(resume::resume(path, spec, provenance, Pictures::Png)?))
    }

    fn repair(&self, path: &Path) -> Result<Repair> {
        Ok(repair::repair(path)?.repair)
    }
}

/// Reads and repairs what [`LeRobot`] does; what it writes are videos.
impl Format for LeRobotAv1 {
    fn name(&self) -> &'static str {
        "lerobot-av1"
    }

    fn open(&self, path: &Path) -> Result<Box<dyn EpisodeSource>> {
        LeRobot.open(path)
    }

    fn create(&self, path: &Path, spec: &EnvSpec, provenance: &Provenance) -> Result<Box<dyn EpisodeSink>> {
        Ok(Box::new(writer::Writer::create(path, spec, provenance, Pictures::Av1)?))
    }

    fn resume(&self, path: &Path, spec: &EnvSpec, provenance: &Provenance) -> Result<Box<dyn EpisodeSink>> {
        Ok(Box::new(resume::resume(path, spec, provenance, Pictures::Av1)?))
    }

    fn repair(&self, path: &Path) -> Result<Repair> {
        LeRobot.repair(path)
    }
}
