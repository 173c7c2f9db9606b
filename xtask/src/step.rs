//! A step of a plan: one cargo call, timed. The first step that fails ends the plan.

use std::{
    env,
    fmt::Write as _,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

/// One call of cargo.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) args: &'static [&'static str],
    pub(crate) env: &'static [(&'static str, &'static str)],
}

/// What became of a step.
pub(crate) struct Outcome {
    name: &'static str,
    result: StepResult,
}

/// How a step ended, and after how long.
#[derive(Clone, Copy)]
pub(crate) enum StepResult {
    /// The call succeeded.
    Passed(Duration),
    /// The call failed or could not be started.
    Failed(Duration),
    /// An earlier step failed.
    NotRun,
}

impl Outcome {
    /// Whether the step was run and succeeded.
    pub(crate) fn passed(&self) -> bool {
        matches!(self.result, StepResult::Passed(_))
    }
}

/// Runs the steps in order by `call` until one fails; the later ones are not run.
pub(crate) fn run_all(steps: &[Step], mut call: impl FnMut(&Step) -> StepResult) -> Vec<Outcome> {
    let mut going = true;
    let mut outcomes = Vec::with_capacity(steps.len());
    for step in steps {
        let result = if going { call(step) } else { StepResult::NotRun };
        going = matches!(result, StepResult::Passed(_));
        outcomes.push(Outcome { name: step.name, result });
    }
    outcomes
}

/// Calls cargo in the folder of the workspace and waits for it.
pub(crate) fn run(step: &Step) -> StepResult {
    eprintln!("\n==> {}: cargo {}", step.name, step.args.join(" "));
    let begun = Instant::now();
    let passed = match command(step).status() {
        Ok(status) => status.success(),
        Err(error) => {
            eprintln!("cargo could not be started: {error}");
            false
        }
    };
    let took = begun.elapsed();
    eprintln!("    {}: {:.1} s", step.name, took.as_secs_f64());
    if passed { StepResult::Passed(took) } else { StepResult::Failed(took) }
}

/// The folder of the workspace: that of this crate's manifest, one up; the present one outside of cargo.
pub(crate) fn workspace() -> PathBuf {
    env::var_os("CARGO_MANIFEST_DIR")
        .and_then(|folder| Some(Path::new(&folder).parent()?.to_path_buf()))
        .unwrap_or_default()
}

fn command(step: &Step) -> Command {
    let mut command = cargo();
    command.args(step.args).envs(step.env.iter().copied());
    command
}

/// Cargo, in the folder of the workspace.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    if let Some(folder) = env::var_os("CARGO_MANIFEST_DIR") {
        command.current_dir(std::path::Path::new(&folder).join(".."));
    }
    // What `cargo run` tells this program about itself would make build scripts that watch it run again.
    for (name, _) in env::vars_os() {
        let told = name.to_string_lossy();
        if told.starts_with("CARGO_PKG_") || told.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// One line per step, and one for the plan.
pub(crate) fn summary(plan: &str, outcomes: &[Outcome]) -> String {
    let mut text = String::new();
    let mut total = Duration::ZERO;
    for outcome in outcomes {
        let (word, took) = match outcome.result {
            StepResult::Passed(took) => ("ok", took),
            StepResult::Failed(took) => ("FAILED", took),
            StepResult::NotRun => ("not run", Duration::ZERO),
        };
        total += took;
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{:<8} {word:<8} {:>8.1} s", outcome.name, took.as_secs_f64());
    }
    let verdict = if outcomes.iter().all(Outcome::passed) { "passed" } else { "failed" };
    let _ = writeln!(text, "{plan} {verdict} in {:.1} s", total.as_secs_f64());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(name: &'static str) -> Step {
        Step { name, args: &[], env: &[] }
    }

    #[test]
    fn the_first_failure_ends_the_plan() {
        let second = Duration::from_secs(1);
        let outcomes = run_all(&[step("a"), step("b"), step("c")], |step| match step.name {
            "a" => StepResult::Passed(second),
            _ => StepResult::Failed(second),
        });
        let lines = summary("check", &outcomes);
        let words: Vec<_> = lines.lines().map(|line| line.split_whitespace().nth(1).unwrap()).collect();
        assert_eq!(words, ["ok", "FAILED", "not", "failed"]);
        assert!(lines.ends_with("check failed in 2.0 s\n"), "{lines}");
    }
}
