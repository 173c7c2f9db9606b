//! The `dreamlane` command.

#![expect(clippy::print_stdout, reason = "what a command was asked for goes to standard output")]

mod allocator;
mod commands;
mod progress;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    match commands::run(commands::Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => commands::failed(&error),
    }
}
