//! The simulator of others, measured in turns with ours in one run.

use std::{path::Path, process::Command};

use dreamlane::core::{Error, Result};
use serde::{Deserialize, Serialize};

use super::{quantiles::median, report::LanesReport};

/// What can stand beside an env.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Other {
    /// highway-v0 of highway-env, 50 vehicles, 15 ticks in a step: the equal of `drive/highway_v0:picture=0`.
    HighwayEnv,
}

/// Measures highway-env; prints one line of JSON.
const HIGHWAY_ENV: &str = include_str!("../../../checks/highway_env_speed.py");

/// What it came to.
#[derive(Debug, Serialize)]
pub(crate) struct Beside {
    pub(crate) simulator: Other,
    /// Its version, as it says itself.
    pub(crate) version: String,
    /// Vehicles beside the one that acts, and ticks in a step.
    pub(crate) vehicles: u64,
    pub(crate) ticks: u64,
    /// Steps per second of each round; one round before each of our measurements and one at the end.
    pub(crate) rounds: Vec<f64>,
    /// Their median.
    pub(crate) steps_per_sec: f64,
}

/// The line that the script prints; it prints more than is read here.
#[derive(Deserialize)]
struct Line {
    decision_steps_per_s: f64,
    substeps: u64,
    vehicles: u64,
    highway_env: String,
}

impl Beside {
    /// One more round of so many seconds, in the Python that has the simulator.
    pub(crate) fn round(before: Option<Self>, other: Other, python: &Path, seconds: f64) -> Result<Self> {
        let Other::HighwayEnv = other;
        let answer = Command::new(python)
            .args(["-c", HIGHWAY_ENV, "--seconds", &seconds.to_string()])
            .output()
            .map_err(Error::io(python))?;
        let told = String::from_utf8_lossy(&answer.stderr);
        let unfit = |found: String| {
            Error::mismatch(
                python,
                "--python",
                "a Python with highway-env: `pip install -r checks/requirements-traffic.txt`",
                found,
            )
        };
        if !answer.status.success() {
            return Err(unfit(told.lines().last().unwrap_or("an error without words").to_owned()));
        }
        let line: Line = serde_json::from_slice(&answer.stdout).map_err(|error| unfit(error.to_string()))?;
        let mut rounds = before.map_or_else(Vec::new, |before| before.rounds);
        rounds.push(line.decision_steps_per_s);
        Ok(Self {
            simulator: other,
            version: line.highway_env,
            vehicles: line.vehicles,
            ticks: line.substeps,
            steps_per_sec: median(&rounds),
            rounds,
        })
    }

    /// For people: its rate, and how many times ours is.
    pub(crate) fn told(&self, lanes: &[LanesReport]) -> String {
        let rounds: Vec<String> = self.rounds.iter().map(|rate| format!("{rate:.2}")).collect();
        let mut text = format!(
            "highway-env {}: {:.2} steps/s with {} vehicles and {} ticks in a step (rounds {})\n",
            self.version,
            self.steps_per_sec,
            self.vehicles,
            self.ticks,
            rounds.join(", ")
        );
        for ours in lanes {
            let ratio = ours.env_steps_per_sec.step / self.steps_per_sec;
            let moves = ours.moves.as_ref().map_or(0.0, |moves| moves.per_step);
            text += &format!(
                "{} lanes: {ratio:.0} times as many steps/s; {moves:.0} moves in a step, {} there\n",
                ours.lanes,
                (self.vehicles + 1) * self.ticks
            );
        }
        text
    }
}
