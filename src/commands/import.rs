//! `dreamlane import`: foreign recordings to a data set.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use dreamlane::datasets::donkeycar;

use super::provenance;
use crate::progress::Bar;

/// Arguments of `import`.
#[derive(Args)]
pub(crate) struct Import {
    #[command(subcommand)]
    kind: Kind,
}

#[derive(Subcommand)]
enum Kind {
    /// DonkeyCar recordings: tub v2 folders, or tars of them.
    Donkeycar {
        /// Tub folders or tars.
        #[arg(required = true)]
        sources: Vec<PathBuf>,
        /// The data set to make.
        #[arg(long)]
        out: PathBuf,
        /// Picture size, WIDTHxHEIGHT.
        #[arg(long, default_value = "64x64", value_parser = size)]
        size: [usize; 2],
        /// Licence of the recordings.
        #[arg(long)]
        licence: Option<String>,
    },
}

impl Import {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let Kind::Donkeycar { sources, out, size, licence } = self.kind;
        let provenance = provenance::imported("donkeycar", licence);
        let mut bar = Bar::new("import");
        let report =
            donkeycar::import(&sources, &out, size, &provenance, &mut |done, total| bar.at(done, total))?;
        bar.finish();
        for skipped in &report.skipped {
            eprintln!("skipped: {skipped}");
        }
        println!(
            "{}: {} episodes, {} frames, {} skipped",
            out.display(),
            report.episodes,
            report.frames,
            report.n_skipped
        );
        Ok(())
    }
}

/// `[height, width]` of `WIDTHxHEIGHT`.
fn size(text: &str) -> Result<[usize; 2], String> {
    let wanted = || format!("expected WIDTHxHEIGHT such as 64x64, found `{text}`");
    let (width, height) = text.split_once('x').ok_or_else(wanted)?;
    let number = |part: &str| part.parse::<usize>().ok().filter(|&number| number > 0).ok_or_else(wanted);
    Ok([number(height)?, number(width)?])
}
