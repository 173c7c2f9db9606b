//! `cargo xtask crash`: kills recordings (and trainings) at random moments, and fills the disk under them; every
//! folder must repair to a valid prefix and, resumed, reach the bytes of a run that was never disturbed.
//!
//! Random moments come from a seed, but a process is killed by the clock, so no two runs kill at the same byte:
//! that is the point. The moments that a test can name are tried one by one in `datasets/src/crash.rs`.

mod disk;
mod files;
mod kill;
mod options;

use std::{path::Path, process::ExitCode};

use options::Options;

/// The command, as `cargo build --release` makes it.
const DREAMLANE: &str = "target/release/dreamlane";

/// Runs the harness with the words of the command line after `crash`.
pub(crate) fn run(words: &[String]) -> ExitCode {
    let outcome = Options::parse(words).and_then(|options| {
        let folder = Path::new("target").join("crash");
        files::emptied(&folder)?;
        let mut lines = Vec::new();
        for format in &options.formats {
            lines.push(kill::rollouts(&options, &folder, format)?);
            lines.push(disk::full(&folder, format)?);
        }
        if options.train {
            lines.push(kill::trainings(&options, &folder)?);
        }
        Ok(lines)
    });
    match outcome {
        Ok(lines) => {
            lines.iter().for_each(|line| eprintln!("{line}"));
            eprintln!("crash passed");
            ExitCode::SUCCESS
        }
        Err(reason) => {
            eprintln!("crash failed: {reason}");
            ExitCode::FAILURE
        }
    }
}
