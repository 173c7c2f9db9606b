//! `cargo xtask bench`: learning and stepping against the same model in PyTorch, in turns within one run.
//!
//! First `benches/pytorch/parity.py` says whether it is the same model; only then is there a table. PyTorch is measured
//! as it comes and, where a C compiler can make what it takes, with the instructions that its MKL keeps from processors
//! that Intel did not make.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
};

use crate::{
    python::{Environment, Missing, Requirements},
    step::{cargo, workspace},
};

/// One line of help.
pub(crate) const ABOUT: &str = "[--checkpoint RUN] [--rounds R] [--json OUT]: learning and stepping against PyTorch (Python and PyPI; 5 GB)";

const USAGE: &str = "usage: cargo xtask bench [--checkpoint RUN] [--rounds R] [--seconds S] [--lanes A,B] [--threads N] \
                     [--bf16] [--json OUT]\n\n\
                     Without a checkpoint, an untrained world of the size `nano` is measured.\n\
                     PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu spares the libraries for GPUs.";

/// Options that `benches/pytorch/compare.py` takes as they are: those with a value, and those without.
const WITH_VALUE: &[&str] = &["--rounds", "--seconds", "--lanes", "--threads", "--json"];
const WITHOUT_VALUE: &[&str] = &["--bf16"];

/// What is asked for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Options {
    checkpoint: Option<PathBuf>,
    /// For `compare.py`.
    others: Vec<String>,
}

/// Sets up, checks and measures.
pub(crate) fn run(words: &[String]) -> ExitCode {
    let Some(options) = Options::parse(words) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match measure(&workspace(), options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Missing::Here(what)) => {
            eprintln!("bench skipped: {what}");
            ExitCode::SUCCESS
        }
        Err(Missing::Wrong(what)) => {
            eprintln!("bench failed: {what}");
            ExitCode::FAILURE
        }
    }
}

impl Options {
    fn parse(words: &[String]) -> Option<Self> {
        let mut options = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--checkpoint" => options.checkpoint = Some(PathBuf::from(words.next()?)),
                option if WITHOUT_VALUE.contains(&option) => options.others.push(word.clone()),
                option if WITH_VALUE.contains(&option) => {
                    options.others.extend([word.clone(), words.next()?.clone()]);
                }
                _ => return None,
            }
        }
        Some(options)
    }
}

fn measure(root: &Path, options: Options) -> Result<(), Missing> {
    let folder = root.join("target/benches");
    fs::create_dir_all(&folder)?;
    let requirements = [Requirements { file: "benches/pytorch/requirements.txt", options: &[] }];
    let environment =
        Environment { folder: folder.join("pytorch"), minors: [10, 14], requirements: &requirements };
    let python = environment.python(root)?;
    let speed = build()?;
    let script = |name: &str| {
        let mut command = Command::new(&python);
        command.arg(root.join("benches/pytorch").join(name)).env("PYTHONDONTWRITEBYTECODE", "1");
        command
    };
    let checkpoint = match options.checkpoint {
        Some(checkpoint) => checkpoint,
        None => {
            let untrained = folder.join("untrained");
            succeed(script("untrained.py").arg(&untrained))?;
            untrained
        }
    };
    let dump = folder.join("dump.safetensors");
    succeed(Command::new(&speed).args(["dump", "--checkpoint"]).arg(&checkpoint).arg("--out").arg(&dump))?;
    eprintln!("==> is it the same model?");
    succeed(script("parity.py").arg(&checkpoint).arg(&dump))?;
    eprintln!("==> measuring, for some minutes; leave the machine alone");
    let mut compare = script("compare.py");
    compare.arg("--rust-bin").arg(&speed).arg("--checkpoint").arg(&checkpoint).args(&options.others);
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) && has_compiler() {
        compare.arg("--unlock-mkl");
    }
    succeed(&mut compare)
}

/// The bench, built; where it lies.
fn build() -> Result<PathBuf, Missing> {
    eprintln!("==> cargo build --release --bench speed");
    let built = cargo()
        .args(["build", "--release", "--quiet", "--bench", "speed"])
        .arg("--message-format=json-render-diagnostics")
        .stderr(Stdio::inherit())
        .output()?;
    if !built.status.success() {
        return Err(Missing::Wrong("the bench does not build".to_owned()));
    }
    let told = String::from_utf8_lossy(&built.stdout).into_owned();
    let found = told.lines().find_map(executable);
    found.ok_or_else(|| Missing::Wrong("cargo does not say where the bench lies".to_owned()))
}

/// The path in cargo's message about the bench; none in other messages.
fn executable(message: &str) -> Option<PathBuf> {
    if !message.contains(r#""kind":["bench"]"#) || !message.contains(r#""name":"speed""#) {
        return None;
    }
    let (_, path) = message.split_once(r#""executable":""#)?;
    let (path, _) = path.split_once('"')?;
    Some(PathBuf::from(path.replace(r"\\", r"\")))
}

fn has_compiler() -> bool {
    let asked = Command::new("cc").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

fn succeed(command: &mut Command) -> Result<(), Missing> {
    let status = command.status()?;
    if status.success() { Ok(()) } else { Err(Missing::Wrong(format!("{command:?} ended with {status}"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bench_is_found_among_the_messages_of_cargo() {
        let library = r#"{"target":{"kind":["lib"],"name":"speed"},"executable":null}"#;
        let bench =
            r#"{"target":{"kind":["bench"],"name":"speed"},"executable":"C:\\a\\speed-1.exe","fresh":true}"#;
        assert_eq!([library, bench].map(executable), [None, Some(PathBuf::from(r"C:\a\speed-1.exe"))]);
    }

    #[test]
    fn options_are_for_compare_but_the_checkpoint() {
        let parse =
            |line: &str| Options::parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        let others = ["--bf16", "--rounds", "3"].map(str::to_owned).to_vec();
        let checkpoint = Some(PathBuf::from("runs/nano"));
        assert_eq!(parse("--bf16 --checkpoint runs/nano --rounds 3"), Some(Options { checkpoint, others }));
        assert_eq!(parse(""), Some(Options::default()));
        assert_eq!([parse("--rounds"), parse("--fast"), parse("nano")], [None, None, None]);
    }
}
