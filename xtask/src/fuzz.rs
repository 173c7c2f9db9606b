//! `cargo xtask fuzz`: every target of `fuzz/fuzz_targets`, with libFuzzer, on the pinned stable compiler.
//!
//! Coverage is measured by passes of LLVM that stable flags switch on. No reader has unsafe code to sanitize
//! (`sanitize.rs` is for the kernels, which have), and the allocator of `fuzz/src/allocator.rs` keeps the caps.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Output},
};

use crate::step::workspace;

/// One line of help.
pub(crate) const ABOUT: &str =
    "[--runs N] [TARGET...]: foreign bytes against every reader, N inputs per target";

/// Inputs per target when not given: a minute or so each.
const RUNS: u64 = 200_000;

/// What cargo-fuzz passes, without a sanitizer.
const FLAGS: &[&str] = &[
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "--cfg fuzzing",
];

/// What libFuzzer is told: seconds for one input, and the length of the longest.
const LIMITS: &[&str] = &["-timeout=10", "-rss_limit_mb=2048", "-max_len=16384"];

/// Builds and runs the targets.
pub(crate) fn run(words: &[String]) -> ExitCode {
    let (runs, named) = match words {
        [option, runs, named @ ..] if option == "--runs" => (runs.parse().ok(), named),
        named => (Some(RUNS), named),
    };
    let Some(runs) = runs.filter(|_| !named.iter().any(|word| word.starts_with('-'))) else {
        eprintln!("usage: cargo xtask fuzz [--runs N] [TARGET...]");
        return ExitCode::from(2);
    };
    match fuzz(&workspace(), runs, named) {
        Ok(failed) if failed.is_empty() => ExitCode::SUCCESS,
        Ok(failed) => {
            eprintln!("fuzz failed: {}", failed.join(", "));
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("fuzz failed: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The targets that failed.
fn fuzz(root: &Path, runs: u64, named: &[String]) -> io::Result<Vec<String>> {
    let targets = targets(root, named)?;
    let built = build(root)?;
    // Readers of paths read from memory where there is such a folder.
    let memory = Path::new("/dev/shm");
    let scratch = if memory.is_dir() { memory.to_path_buf() } else { root.join("fuzz/target") };
    let scratch = scratch.join(format!("dreamlane-fuzz-{}", std::process::id()));
    fs::create_dir_all(&scratch)?;
    let answer = fuzz_in(root, &built, &scratch, &targets, runs);
    fs::remove_dir_all(&scratch)?;
    answer
}

fn fuzz_in(
    root: &Path,
    built: &Path,
    scratch: &Path,
    targets: &[String],
    runs: u64,
) -> io::Result<Vec<String>> {
    let corpora = root.join("fuzz/corpus");
    let seeded = Command::new(built.join("seeds")).arg(&corpora).env("TMPDIR", scratch).status()?;
    if !seeded.success() {
        return Err(io::Error::other("no seeds were written"));
    }
    let (mut failed, mut total) = (Vec::new(), 0);
    for target in targets {
        let corpus = corpora.join(target);
        let artifacts = root.join("fuzz/artifacts").join(target);
        fs::create_dir_all(&corpus)?;
        fs::create_dir_all(&artifacts)?;
        let answer = Command::new(built.join(target))
            .args(LIMITS)
            .arg(format!("-runs={runs}"))
            .arg(format!("-artifact_prefix={}/", artifacts.display()))
            .arg(&corpus)
            .env("TMPDIR", scratch)
            // Threads that wait for each other would hide what one input costs.
            .env("RAYON_NUM_THREADS", "1")
            .output()?;
        match finished(&answer) {
            Some((runs, seconds)) => {
                total += runs;
                eprintln!("{target:<24} {runs:>10} inputs {seconds:>6} s");
            }
            None => {
                eprintln!("{target}: see {}\n{}", artifacts.display(), end_of(&answer));
                failed.push(target.clone());
            }
        }
    }
    eprintln!("{total} inputs, {} targets, {} failed", targets.len(), failed.len());
    Ok(failed)
}

/// Inputs and seconds, from libFuzzer's last line, `Done N runs in S second(s)`.
fn finished(answer: &Output) -> Option<(u64, u64)> {
    let told = String::from_utf8_lossy(&answer.stderr).into_owned();
    let done = told.lines().rev().find_map(|line| line.strip_prefix("Done "))?;
    let (runs, rest) = done.split_once(" runs in ")?;
    let seconds = rest.split_once(' ')?.0;
    answer.status.success().then_some((runs.parse().ok()?, seconds.parse().ok()?))
}

fn end_of(answer: &Output) -> String {
    let told = String::from_utf8_lossy(&answer.stderr).into_owned();
    let lines: Vec<_> = told.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}

/// The named targets, or all.
fn targets(root: &Path, named: &[String]) -> io::Result<Vec<String>> {
    let mut known = Vec::new();
    for entry in fs::read_dir(root.join("fuzz/fuzz_targets"))? {
        known.extend(entry?.path().file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    known.sort();
    if let Some(unknown) = named.iter().find(|name| !known.contains(name)) {
        return Err(io::Error::other(format!("no target `{unknown}`, known: {}", known.join(", "))));
    }
    Ok(if named.is_empty() { known } else { named.to_vec() })
}

/// Builds every target; the folder that they are in.
fn build(root: &Path) -> io::Result<PathBuf> {
    let host = host()?;
    let target = root.join("fuzz/target");
    eprintln!("==> building the fuzz targets (the first time takes ten minutes)");
    // `--target` keeps the flags away from build scripts and procedural macros.
    let built = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--release", "--bins", "--manifest-path"])
        .arg(root.join("fuzz/Cargo.toml"))
        .args(["--target", &host, "--target-dir"])
        .arg(&target)
        .env("RUSTFLAGS", FLAGS.join(" "))
        .status()?;
    if !built.success() {
        return Err(io::Error::other("the targets do not build"));
    }
    Ok(target.join(host).join("release"))
}

fn host() -> io::Result<String> {
    let answer = Command::new("rustc").arg("-vV").output()?;
    let told = String::from_utf8_lossy(&answer.stdout).into_owned();
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| io::Error::other("rustc does not say its host"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_is_in_the_manifest() {
        let root = workspace();
        let manifest = fs::read_to_string(root.join("fuzz/Cargo.toml")).unwrap();
        for target in targets(&root, &[]).unwrap() {
            assert!(manifest.contains(&format!("path = \"fuzz_targets/{target}.rs\"")), "{target}");
        }
    }

    #[test]
    fn a_target_that_does_not_exist_is_named() {
        let error = targets(&workspace(), &["nothing".to_owned()]).unwrap_err();
        assert!(error.to_string().contains("no target `nothing`"), "{error}");
    }
}
