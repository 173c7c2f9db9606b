//! The subcommands, one file each: parse into a plain struct, resolve, act.

mod bench;
mod calibrate;
mod choices;
mod command_line;
mod continued;
mod demo;
mod evaluate;
mod export;
mod fork;
mod import;
mod info;
mod paired;
mod probe;
mod provenance;
mod recording;
mod repair;
mod report;
mod rollout;
mod ship;
mod sources;
mod store;
mod telling;
mod train;
mod training_log;
mod usefulness;

use std::{
    process::ExitCode,
    sync::{Arc, atomic::AtomicBool},
};

use burn::tensor::Device;
use clap::{Parser, Subcommand};
use dreamlane::{core::Error, device};

/// A learned video world model is the environment.
#[derive(Parser)]
#[command(version, about)]
pub(crate) struct Arguments {
    /// Where to compute: flex (CPU), wgpu or cuda, as far as built in.
    #[arg(long, global = true, env = device::VARIABLE, default_value = "")]
    device: String,
    /// Threads to use; all cores when not given.
    #[arg(long, global = true)]
    threads: Option<usize>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Turn foreign recordings into a data set.
    Import(import::Import),
    /// Train a world on a data set.
    Train(train::Train),
    /// Play episodes in the truth or in a dream, and record them.
    Rollout(rollout::Rollout),
    /// Go on from one beginning under several action sequences, side by side, as a picture.
    Fork(fork::Fork),
    /// Hold a world against recordings, or against the truth.
    Evaluate(evaluate::Evaluate),
    /// Measure how fast an environment steps, and what recording it costs.
    Bench(bench::Bench),
    /// Fit how drivers follow to recorded platoons.
    Calibrate(calibrate::Calibrate),
    /// Copy a data set into another format.
    Export(export::Export),
    /// Say what a data set, checkpoint, run or frame cache is.
    Info(info::Info),
    /// Make a trained world small and give it beginnings, so that it can be handed on and dreams at once.
    Ship(ship::Ship),
    /// Put right what an interrupted recording left.
    Repair(repair::Repair),
    /// The whole loop in minutes: collect, train, dream, record, evaluate.
    Demo(demo::Demo),
}

/// What every subcommand is given.
pub(crate) struct Surroundings {
    pub(crate) device: Device,
    /// Raised by Ctrl-C.
    pub(crate) stop: Arc<AtomicBool>,
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<()> {
    if let Some(threads) = arguments.threads {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build_global()?;
    }
    // A dream asks for the same buffers at every step; the system clears each page that it hands out again.
    crate::allocator::keep_pages();
    let surroundings =
        Surroundings { device: device::choose(&arguments.device)?, stop: stop_on_interrupt()? };
    match arguments.command {
        Command::Import(import) => import.run(),
        Command::Train(train) => train.run(&surroundings),
        Command::Rollout(rollout) => rollout.run(&surroundings).map(|_| ()),
        Command::Fork(fork) => fork.run(&surroundings),
        Command::Evaluate(evaluate) => evaluate.run(&surroundings),
        Command::Bench(bench) => bench.run(&surroundings),
        Command::Calibrate(calibrate) => calibrate.run(&surroundings),
        Command::Export(export) => export.run(&surroundings),
        Command::Info(info) => info.run(),
        Command::Ship(ship) => ship.run(&surroundings),
        Command::Repair(repair) => repair.run(),
        Command::Demo(demo) => demo.run(&surroundings),
    }
}

/// Says what went wrong, and with which exit code: 130 for a stop that was asked for, 2 for anything else.
pub(crate) fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("dreamlane: {}", message(error));
    match error.downcast_ref::<Error>() {
        Some(Error::Stopped) => ExitCode::from(130),
        _ => ExitCode::from(2),
    }
}

/// The error and its causes, each said once: a cause may already stand in the text above it.
fn message(error: &anyhow::Error) -> String {
    let mut said = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !said.contains(&cause) {
            said += if said.is_empty() { "" } else { ": " };
            said += &cause;
        }
    }
    said
}

/// The first Ctrl-C asks for a clean stop, the second ends the process.
fn stop_on_interrupt() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let raised = stop.clone();
    ctrlc::set_handler(move || {
        if raised.swap(true, std::sync::atomic::Ordering::Relaxed) {
            std::process::exit(130);
        }
        eprintln!("stopping after this step; press Ctrl-C again to stop at once");
    })?;
    Ok(stop)
}
