//! `dreamlane import`: foreign recordings to a data set.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use dreamlane::datasets::{Selection, convert, donkeycar, format_named, open_any};

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
    /// A LeRobot v3 data set of others, with PNG pictures or AV1 video.
    Lerobot {
        /// Its folder.
        source: PathBuf,
        /// The data set to make.
        #[arg(long)]
        out: PathBuf,
        /// Picture size, WIDTHxHEIGHT; as in the source when not given.
        #[arg(long, value_parser = size)]
        size: Option<[usize; 2]>,
        /// A camera to keep, by its name; may be repeated; all when not given.
        #[arg(long = "camera", value_name = "NAME")]
        cameras: Vec<String>,
        /// Licence of the recordings; what the source says when not given.
        #[arg(long)]
        licence: Option<String>,
    },
}

impl Import {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        match self.kind {
            Kind::Donkeycar { sources, out, size, licence } => import_tubs(&sources, &out, size, licence),
            Kind::Lerobot { source, out, size, cameras, licence } => {
                import_lerobot(&source, &out, &Selection { cameras, size }, licence)
            }
        }
    }
}

fn import_tubs(
    sources: &[PathBuf],
    out: &Path,
    size: [usize; 2],
    licence: Option<String>,
) -> anyhow::Result<()> {
    let provenance = provenance::imported("donkeycar", licence);
    let mut bar = Bar::new("import");
    let report = donkeycar::import(sources, out, size, &provenance, &mut |done, total| bar.at(done, total))?;
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

fn import_lerobot(
    path: &Path,
    out: &Path,
    selection: &Selection,
    licence: Option<String>,
) -> anyhow::Result<()> {
    let source = open_any(path)?;
    let known = source.provenance().and_then(|provenance| provenance.licence.clone());
    let provenance = provenance::imported("lerobot", licence.or(known));
    let mut bar = Bar::new("import");
    let progress = &mut |done, total| bar.at(done, total);
    let made = convert(source.as_ref(), selection, format_named("lerobot")?, out, &provenance, progress)?;
    bar.finish();
    println!("{}: {} episodes, {} frames", out.display(), made.episodes, made.frames);
    Ok(())
}

/// `[height, width]` of `WIDTHxHEIGHT`.
fn size(text: &str) -> Result<[usize; 2], String> {
    let wanted = || format!("expected WIDTHxHEIGHT such as 64x64, found `{text}`");
    let (width, height) = text.split_once('x').ok_or_else(wanted)?;
    let number = |part: &str| part.parse::<usize>().ok().filter(|&number| number > 0).ok_or_else(wanted);
    Ok([number(height)?, number(width)?])
}
