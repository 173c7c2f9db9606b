//! `dreamlane repair`: an interrupted recording becomes its whole episodes and nothing else.

use std::path::PathBuf;

use clap::Args;
use dreamlane::datasets::repair_any;
use serde_json::json;

/// Arguments of `repair`.
#[derive(Args)]
pub(crate) struct Repair {
    /// A data set, of any format.
    path: PathBuf,
    /// Print what was done as JSON.
    #[arg(long)]
    json: bool,
}

impl Repair {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let (format, repair) = repair_any(&self.path)?;
        let format = format.map(|format| format.name());
        if self.json {
            let answer = json!({"format": format, "episodes": repair.episodes, "done": repair.done});
            println!("{answer:#}");
            return Ok(());
        }
        for line in &repair.done {
            println!("{line}");
        }
        let state = match (format, repair.done.is_empty()) {
            (None, _) => "nothing had been written".to_owned(),
            (Some(format), true) => {
                format!("{format}, {} whole episodes, nothing to repair", repair.episodes)
            }
            (Some(format), false) => format!("{format}, {} whole episodes", repair.episodes),
        };
        println!("{}: {state}", self.path.display());
        Ok(())
    }
}
