//! Minari 0.5.4, the parquet flavour: what offline reinforcement learning in Python reads with `minari.load_dataset`.
//!
//! Layout: <https://minari.farama.org/content/dataset_standards/>; the loader is `minari/dataset/_storages` there.
//! `data/metadata.json` describes the set, `data/<i>/part-0.parquet` holds an episode and `data/<i>/metadata.json`
//! describes it. An episode's folder is written beside its place and renamed into it, `data/metadata.json` is
//! replaced last, so a reader that trusts it sees a valid prefix.
//! A row holds (observation t, action t, reward t+1, ends t+1); the row of the final observation is the padding that
//! Minari wants. Observations are a `Dict`: each camera's pictures by its name (raw `[height, width, channel]` bytes,
//! lossless) and `state`. `infos` holds `trust` and, where the env tells, `scene` as JSON.
//! Where there are no rewards they are NaN, since nothing may invent one.
//! Minari cannot load an episode without actions, so one that ended where it began has its only row twice; our own
//! part of the description says how many observations there were.
//! The key `dreamlane` keeps what Minari has no keys for. Sets that others made are not read.

mod columns;
mod entry;
mod manifest;
mod reader;
mod repair;
mod rows;
mod spaces;
mod table;
mod writer;

use std::path::Path;

use dreamlane_core::{EnvSpec, EpisodeSink, EpisodeSource, Format, Provenance, Repair, Result};

/// The registered name.
const NAME: &str = "minari";

/// Minari's parquet flavour with raw pictures. See the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct Minari;

impl Format for Minari {
    fn name(&self) -> &'static str {
        NAME
    }

    fn open(&self, path: &Path) -> Result<Box<dyn EpisodeSource>> {
        Ok(Box::new(reader::Reader::open(path)?))
    }

    fn create(&self, path: &Path, spec: &EnvSpec, provenance: &Provenance) -> Result<Box<dyn EpisodeSink>> {
        Ok(Box::new(writer::Writer::create(path, spec, provenance)?))
    }

    fn resume(&self, path: &Path, spec: &EnvSpec, provenance: &Provenance) -> Result<Box<dyn EpisodeSink>> {
        Ok(Box::new(writer::Writer::resume(path, spec, provenance)?))
    }

    fn repair(&self, path: &Path) -> Result<Repair> {
        repair::repair(path)
    }
}
