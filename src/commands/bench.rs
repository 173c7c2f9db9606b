//! `dreamlane bench`: how fast an environment steps, and what recording it costs.
//!
//! Latency comes from a bare loop of policy and env; recording is measured through `rollout`, which is what users run,
//! in alternating rounds without and with a recorder, so that a machine that drifts drifts in both.

mod beside;
mod machine;
mod process;
mod quantiles;
mod recording;
mod report;
mod stepping;
mod table;

use std::path::PathBuf;

use clap::Args;
use dreamlane::{
    core::{Error, Format, Result},
    datasets::format_named,
    envs::dream::DreamLimits,
};

use self::{
    recording::Rounds,
    report::{LanesReport, Report},
    stepping::Amount,
};
use super::{Surroundings, choices::DreamChoices, sources};

/// What stands for recording nothing.
const NO_FORMAT: &str = "none";

/// Arguments of `bench`.
#[derive(Args)]
pub(crate) struct Bench {
    /// `drive/highway` or another scenario with its options, or `world:RUN` for a trained world.
    #[arg(long)]
    env: String,
    /// Numbers of lanes to measure, one after the other.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8, 64])]
    lanes: Vec<usize>,
    /// Batched steps of each measurement.
    #[arg(long, conflicts_with = "seconds")]
    steps: Option<usize>,
    /// Length of each measurement where --steps is not given.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// random, constant[:A,B], idm, rules, noisy[:STRENGTH] or replay.
    #[arg(long, default_value = "random")]
    policy: String,
    /// Formats whose cost is measured; `none` measures stepping alone.
    #[arg(long, value_delimiter = ',', default_values_t = ["lerobot".to_owned()])]
    format: Vec<String>,
    /// Pairs of rollouts, one without and one with a recorder, per format.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Folder to record into for the time of the measurement; the system's temporary folder when not given.
    #[arg(long)]
    scratch: Option<PathBuf>,
    /// The seed of the run.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Most steps of an episode, cut by the clock.
    #[arg(long)]
    max_steps: Option<usize>,
    /// Steps that a world may dream before the episode is cut by the horizon.
    #[arg(long, default_value_t = 100)]
    horizon: usize,
    #[command(flatten)]
    choices: DreamChoices,
    /// A simulator of others to measure in turns with the env, for as long as each measurement lasts.
    #[arg(long, value_enum)]
    beside: Option<beside::Other>,
    /// The Python that has it.
    #[arg(long, default_value = "python3", requires = "beside")]
    python: PathBuf,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
}

impl Bench {
    /// Measures and prints.
    pub(crate) fn run(self, surroundings: &Surroundings) -> anyhow::Result<()> {
        let formats = self.checked()?;
        let mut report = Report {
            env: self.env.clone(),
            policy: self.policy.clone(),
            precision: self.choices.precision,
            seed: self.seed,
            machine: machine::facts(&surroundings.device),
            lanes: Vec::new(),
            beside: None,
        };
        for &n_lanes in &self.lanes {
            self.round_beside(&mut report)?;
            report.lanes.push(self.measure(n_lanes, &formats, surroundings)?);
        }
        self.round_beside(&mut report)?;
        if self.json {
            println!("{}", serde_json::to_string_pretty(&report)?);
        } else {
            print!("{}", table::of(&report));
        }
        Ok(())
    }

    /// One round of what stands beside, if anything does.
    fn round_beside(&self, report: &mut Report) -> Result<()> {
        if let Some(other) = self.beside {
            report.beside =
                Some(beside::Beside::round(report.beside.take(), other, &self.python, self.seconds)?);
        }
        Ok(())
    }

    /// The formats, after a look at the numbers.
    fn checked(&self) -> Result<Vec<&'static dyn Format>> {
        let invalid = |message: String| Err(Error::Invalid(message));
        if let Some(&found) = self.lanes.iter().find(|&&lanes| lanes == 0) {
            return invalid(format!("--lanes: expected at least 1, found {found}"));
        }
        if self.steps == Some(0) {
            return invalid("--steps: expected at least 1, found 0".into());
        }
        if self.max_steps == Some(0) {
            return invalid("--max-steps: expected at least 1, found 0".into());
        }
        if !(self.seconds > 0.0 && self.seconds.is_finite()) {
            return invalid(format!("--seconds: expected a time above 0, found {}", self.seconds));
        }
        if self.rounds == 0 {
            return invalid("--rounds: expected at least 1, found 0".into());
        }
        if self.format == [NO_FORMAT] {
            return Ok(Vec::new());
        }
        if let Some(scratch) = self.scratch.as_ref().filter(|scratch| !scratch.is_dir()) {
            return Err(Error::mismatch(scratch, "--scratch", "a folder", "nothing there"));
        }
        self.format.iter().map(|name| format_named(name)).collect()
    }

    /// Everything about one number of lanes.
    fn measure(
        &self,
        n_lanes: usize,
        formats: &[&'static dyn Format],
        surroundings: &Surroundings,
    ) -> anyhow::Result<LanesReport> {
        let can_tell = process::forget_peak();
        let dreaming = sources::Dreaming {
            choices: self.choices.clone(),
            limits: DreamLimits { clock: None, horizon: self.horizon, min_trust: 0.0 },
        };
        let mut source = sources::env(&self.env, n_lanes, &dreaming, &surroundings.device)?;
        let spec = source.env.spec().clone();
        let (mut policy, driver) = sources::policy(&self.policy, &spec, source.data.as_deref())?;
        let amount = match self.steps {
            Some(steps) => Amount::Steps(steps),
            None => Amount::Seconds(self.seconds),
        };
        let stepped = stepping::Loop {
            env: source.env.as_mut(),
            policy: policy.as_mut(),
            device: &surroundings.device,
            stop: &surroundings.stop,
            seed: self.seed,
            max_steps: self.max_steps,
        }
        .measure(amount)?;
        let decode =
            source.world.as_deref().map(|world| stepping::decode_secs(world, n_lanes, &surroundings.device));
        let memory = process::now(can_tell);
        let rounds = Rounds::planned(self, n_lanes, &stepped);
        source.provenance.policy = Some(driver);
        source.provenance.run_seed = Some(self.seed);
        let recordings = formats
            .iter()
            .map(|&format| rounds.measure(format, &mut source, policy.as_mut(), &surroundings.stop))
            .collect::<Result<_>>()?;
        let flops = source.world.as_ref().and_then(|world| world.flops());
        Ok(LanesReport::new(&stepped, decode, flops, memory, recordings))
    }
}
