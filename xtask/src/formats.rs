//! `cargo xtask formats`: what we record, read by the programs of others.
//!
//! Records a few episodes of the truth in every format, and runs the scripts of `checks/` on them in a virtual
//! environment below `target/checks/`. The episodes are a function of their seed, so all formats hold the same ones
//! and a script may take a second set as the truth of the first.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    time::Instant,
};

use crate::{
    python::{Environment, Missing, Requirements, link_ffmpeg},
    step::workspace,
};

/// One line of help.
pub(crate) const ABOUT: &str =
    "recordings, read by the programs of others (Python 3.12 and PyPI; 9 GB); --light: a part of them";

/// What a script is run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    /// A recording in this format.
    Set(&'static str),
    /// Two recordings: the second has the truth about the first.
    Pair(&'static str, &'static str),
    /// The folder of a training run.
    Run,
}

/// When a script is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// Always.
    Light,
    /// Without `--light`.
    Full,
}

const PNG: &str = "lerobot";
const AV1: &str = "lerobot-av1";

/// Every check: a script of `checks/`, and its subject.
const CHECKS: &[(Part, &str, Subject)] = &[
    (Part::Light, "parquet_check.py", Subject::Set(PNG)),
    (Part::Light, "mcap_check.py", Subject::Set("mcap")),
    (Part::Full, "lerobot_check.py", Subject::Set(PNG)),
    (Part::Full, "lerobot_check.py", Subject::Pair(AV1, PNG)),
    (Part::Full, "ray_check.py", Subject::Set(PNG)),
    (Part::Full, "ray_check.py", Subject::Pair(AV1, PNG)),
    (Part::Full, "minari_check.py", Subject::Pair("minari", PNG)),
    (Part::Full, "tensorboard_check.py", Subject::Run),
];

/// How a set is recorded: short enough for a minute, long enough for endings by clock and by crash.
const ROLLOUT: &[&str] = &[
    "rollout",
    "--env",
    "drive/highway",
    "--policy",
    "noisy:0.5",
    "--episodes",
    "24",
    "--lanes",
    "4",
    "--seed",
    "3",
    "--max-steps",
    "40",
];

/// A run of a few steps, for what a training run writes beside its checkpoints.
const TRAIN: &[&str] = &["train", "world", "--preset", "debug"];

/// Runs the checks.
pub(crate) fn run(words: &[String]) -> ExitCode {
    let part = match words {
        [] => Part::Full,
        [word] if word == "--light" => Part::Light,
        _ => {
            eprintln!("usage: cargo xtask formats [--light]");
            return ExitCode::from(2);
        }
    };
    match check_all(&workspace(), part) {
        Ok(passed) if passed => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(Missing::Here(what)) if part == Part::Light => {
            eprintln!("formats skipped: {what}");
            ExitCode::SUCCESS
        }
        Err(Missing::Here(what) | Missing::Wrong(what)) => {
            eprintln!("formats failed: {what}");
            ExitCode::FAILURE
        }
    }
}

fn check_all(root: &Path, part: Part) -> Result<bool, Missing> {
    let begun = Instant::now();
    let bench = Bench::prepare(root, part)?;
    let (mut scripts, mut checks, mut failed, mut skipped) = (0, 0, Vec::new(), Vec::new());
    for (needed, script, subject) in CHECKS {
        if part == Part::Light && *needed == Part::Full {
            continue;
        }
        match bench.arguments(script, *subject)? {
            Arguments::Ready(arguments) => {
                scripts += 1;
                match bench.check(script, &arguments)? {
                    Some(passed) => checks += passed,
                    None => failed.push(format!("{script} {subject:?}")),
                }
            }
            Arguments::Unknown(why) => skipped.push(format!("{script}: {why}")),
        }
    }
    skipped.iter().for_each(|what| eprintln!("not run: {what}"));
    failed.iter().for_each(|what| eprintln!("FAILED: {what}"));
    let verdict = if failed.is_empty() { "passed" } else { "failed" };
    eprintln!(
        "formats {verdict}: {scripts} scripts, {checks} checks, {:.1} s",
        begun.elapsed().as_secs_f64()
    );
    Ok(failed.is_empty())
}

/// What a script is called with.
enum Arguments {
    Ready(Vec<PathBuf>),
    /// This version of dreamlane does not know the format, or the script is not there.
    Unknown(String),
}

/// Where the checks take place.
struct Bench<'a> {
    root: &'a Path,
    folder: PathBuf,
    python: PathBuf,
    part: Part,
}

impl<'a> Bench<'a> {
    /// Environment and command first; the sets are recorded when a check wants them.
    fn prepare(root: &'a Path, part: Part) -> Result<Self, Missing> {
        let folder = root.join("target/checks");
        fs::create_dir_all(&folder)?;
        let python = match part {
            Part::Light => environment_light(&folder).python(root)?,
            Part::Full => environment_full(root, &folder)?,
        };
        eprintln!("==> cargo build --release");
        let built =
            Command::new("cargo").args(["build", "--release", "--quiet"]).current_dir(root).status()?;
        if !built.success() {
            return Err(Missing::Wrong("dreamlane does not build".to_owned()));
        }
        for made in ["sets", "run"] {
            remove(&folder.join(made))?;
        }
        Ok(Self { root, folder, python, part })
    }

    fn arguments(&self, script: &str, subject: Subject) -> Result<Arguments, Missing> {
        if !self.root.join("checks").join(script).exists() {
            return Ok(Arguments::Unknown("there is no such script".to_owned()));
        }
        let formats = match subject {
            Subject::Set(format) => vec![format],
            Subject::Pair(format, truth) => vec![format, truth],
            Subject::Run => return Ok(Arguments::Ready(vec![self.train()?])),
        };
        let mut paths = Vec::new();
        for format in formats {
            match self.record(format)? {
                Some(path) => paths.push(path),
                None => return Ok(Arguments::Unknown(format!("there is no format `{format}`"))),
            }
        }
        Ok(Arguments::Ready(paths))
    }

    /// The set in this format; none where the format is not known.
    fn record(&self, format: &str) -> Result<Option<PathBuf>, Missing> {
        let path = self.folder.join("sets").join(format);
        if path.exists() {
            return Ok(Some(path));
        }
        let answer =
            self.dreamlane().args(ROLLOUT).args(["--format", format, "--out"]).arg(&path).output()?;
        if answer.status.success() {
            return Ok(Some(path));
        }
        let told = String::from_utf8_lossy(&answer.stderr).into_owned();
        if told.contains("unknown format") {
            return Ok(None);
        }
        Err(Missing::Wrong(format!("recording as {format}: {}", told.trim())))
    }

    fn train(&self) -> Result<PathBuf, Missing> {
        let run = self.folder.join("run");
        let data = self.record(PNG)?.unwrap_or_default();
        let answer = self.dreamlane().args(TRAIN).arg("--data").arg(data).arg("--out").arg(&run).output()?;
        if answer.status.success() {
            return Ok(run);
        }
        Err(Missing::Wrong(format!("training: {}", String::from_utf8_lossy(&answer.stderr).trim())))
    }

    fn dreamlane(&self) -> Command {
        Command::new(self.root.join("target/release/dreamlane"))
    }

    /// Runs a script and shows what it says; the number of its checks, or none where one failed.
    fn check(&self, script: &str, arguments: &[PathBuf]) -> Result<Option<u64>, Missing> {
        let shown: Vec<_> = arguments.iter().filter_map(|path| path.file_name()?.to_str()).collect();
        eprintln!("\n==> {script} {}", shown.join(" "));
        let mut command = Command::new(&self.python);
        command.arg(self.root.join("checks").join(script)).args(arguments);
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        if self.part == Part::Full {
            command.env("LD_LIBRARY_PATH", self.folder.join("ffmpeg"));
        }
        if script.starts_with("ray_") {
            command.env("PYTHONPATH", self.folder.join("full/lerobot-ray"));
        }
        let answer = command.output()?;
        let said = String::from_utf8_lossy(&answer.stdout).into_owned();
        eprint!("{said}");
        if !answer.status.success() {
            eprint!("{}", String::from_utf8_lossy(&answer.stderr));
            return Ok(None);
        }
        Ok(Some(counted(&said)))
    }
}

/// `N checks passed` in the last line; a script that does not count has made one check.
fn counted(said: &str) -> u64 {
    let last = said.lines().last().unwrap_or_default();
    last.strip_suffix(" checks passed").and_then(|count| count.parse().ok()).unwrap_or(1)
}

fn environment_light(folder: &Path) -> Environment<'static> {
    Environment {
        folder: folder.join("light"),
        minors: [10, 13],
        requirements: &[Requirements { file: "checks/requirements-light.txt", options: &[] }],
    }
}

fn environment_full(root: &Path, folder: &Path) -> Result<PathBuf, Missing> {
    let environment = Environment {
        folder: folder.join("full"),
        minors: [12, 13],
        requirements: &[
            Requirements { file: "checks/requirements.txt", options: &[] },
            Requirements { file: "checks/requirements-alone.txt", options: &["--no-deps"] },
            Requirements {
                file: "checks/requirements-ray.txt",
                options: &["--no-deps", "--target", "target/checks/full/lerobot-ray"],
            },
        ],
    };
    let python = environment.python(root)?;
    link_ffmpeg(&environment.folder, &folder.join("ffmpeg"))?;
    Ok(python)
}

fn remove(path: &Path) -> io::Result<()> {
    if path.exists() { fs::remove_dir_all(path) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_counted_by_their_last_line() {
        assert_eq!(counted("lerobot 0.4.4\n  3 x index\n2962 checks passed\n"), 2962);
        assert_eq!(counted("all well\n"), 1);
    }
}
