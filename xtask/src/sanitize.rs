//! `cargo xtask sanitize`: the tests of the kernels, which hold the unsafe code, under LLVM's address sanitizer.
//!
//! The kernels are built without burn (`fuzz/kernels`). The pinned stable compiler brings the sanitizer's runtime;
//! the flag that switches it on is unstable, so this is a check for people and not a part of the build.

use std::{
    env,
    process::{Command, ExitCode},
};

use crate::step::workspace;

/// One line of help.
pub(crate) const ABOUT: &str = "the tests of the kernels under an address sanitizer; x86-64 Linux";

/// Builds and runs the tests.
pub(crate) fn run(words: &[String]) -> ExitCode {
    if !words.is_empty() {
        eprintln!("usage: cargo xtask sanitize");
        return ExitCode::from(2);
    }
    let root = workspace();
    let ran = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["test", "--release", "--target", "x86_64-unknown-linux-gnu"])
        .current_dir(root.join("fuzz/kernels"))
        .env("CARGO_TARGET_DIR", root.join("fuzz/target/sanitize"))
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", "-Zsanitizer=address")
        .status();
    match ran {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("sanitize failed: {error}");
            ExitCode::FAILURE
        }
    }
}
