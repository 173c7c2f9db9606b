//! `dreamlane info`: what a path holds, on one screen and as JSON.

mod data_set;
mod description;
mod disk;
mod frames;
mod run;
mod weights;
mod world;

use std::{
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
};

use clap::Args;
use dreamlane::{
    core::{Error, Result},
    datasets::open_named,
    worlds::checkpoint,
};

use description::Description;

/// Arguments of `info`.
#[derive(Args)]
pub(crate) struct Info {
    /// A data set, a checkpoint, a run or a frame cache.
    path: PathBuf,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

impl Info {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let description = described(&self.path)?;
        let text = if self.json { description.to_json() + "\n" } else { description.to_text() };
        match std::io::stdout().write_all(text.as_bytes()) {
            // Whoever reads has seen enough, as `head` has.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            written => Ok(written?),
        }
    }
}

/// Finds out what lies at a path, cheapest signs first.
fn described(path: &Path) -> Result<Description> {
    if !path.exists() {
        return Err(Error::mismatch(path, "path", wanted(""), "nothing there"));
    }
    if frames::is_cache(path) {
        return frames::describe(path);
    }
    if path.join(checkpoint::SPEC).is_file() {
        return world::describe(path);
    }
    if run::is_run(path) {
        return run::describe(path);
    }
    match open_named(path) {
        Ok((format, source)) => data_set::describe(path, format.name(), source.as_ref()),
        // No format knows it: the message says what each of them misses, and what else was looked for.
        Err(Error::Mismatch { expected, found, .. }) if found == "none of them" => {
            Err(Error::mismatch(path, "path", wanted(&format!(": {expected}")), found))
        }
        Err(error) => Err(error),
    }
}

fn wanted(formats: &str) -> String {
    format!(
        "a data set{formats}; a checkpoint (no {}), a run (no run.toml, log.jsonl or checkpoints) or a frame cache",
        checkpoint::SPEC
    )
}
