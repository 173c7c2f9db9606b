//! How the figures of a world are told: a table or JSON on the screen, and a file beside the world.

use std::path::{Path, PathBuf};

use clap::Args;
use dreamlane::{
    core::{Error, Result},
    datasets::durable,
};
use serde_json::Value;

/// What commands that judge a world share.
#[derive(Args, Clone)]
pub(super) struct Telling {
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
    /// Folder for the report; `evaluation` in the run when not given.
    #[arg(long)]
    out: Option<PathBuf>,
}

impl Telling {
    /// Leaves the figures of a run in a file of this name, and prints them or the table.
    pub(super) fn tell(&self, run: &Path, file: &str, figures: &Value, table: &str) -> Result<()> {
        let out = self.out.clone().unwrap_or_else(|| run.join("evaluation"));
        let figures =
            serde_json::to_string_pretty(figures).map_err(|error| Error::Invalid(error.to_string()))?;
        std::fs::create_dir_all(&out).map_err(Error::io(&out))?;
        durable::write(&out.join(file), figures.as_bytes())?;
        match self.json {
            true => println!("{figures}"),
            false => println!("{table}\n{}", out.join(file).display()),
        }
        Ok(())
    }
}
