//! `dreamlane rollout`: episodes in the truth or in a dream.

use std::path::{Path, PathBuf};

use clap::Args;
use dreamlane::{
    core::{EpisodeSink, Error, Provenance, Result, Seed},
    datasets::format_named,
    envs::dream::DreamLimits,
    rollouts::{Plan, Summary, rollout},
};

use super::{Surroundings, choices::DreamChoices, recording, sources};
use crate::progress::Bar;

/// Arguments of `rollout`.
#[derive(Args, Clone)]
pub(crate) struct Rollout {
    /// `drive/highway`, or `world:RUN` for a trained world.
    #[arg(long)]
    pub(crate) env: String,
    /// random, constant[:A,B], idm, rules, noisy[:STRENGTH] or replay.
    #[arg(long, default_value = "random")]
    pub(crate) policy: String,
    /// Episodes to play.
    #[arg(long, default_value_t = 64)]
    pub(crate) episodes: u64,
    /// Episodes that run side by side.
    #[arg(long, default_value_t = 64)]
    pub(crate) lanes: usize,
    /// The seed of the run: an episode is a function of it, the episode's number, the env and the policy.
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// The data set to record into; nothing is recorded when not given.
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
    /// How to record.
    #[arg(long, default_value = "lerobot")]
    pub(crate) format: String,
    /// Go on with a recording that was interrupted, or make it longer: the same command, to the same bytes.
    #[arg(long, requires = "out")]
    pub(crate) resume: bool,
    /// Most steps of an episode, cut by the clock.
    #[arg(long)]
    pub(crate) max_steps: Option<usize>,
    /// Steps that a world may dream before the episode is cut by the horizon.
    #[arg(long, default_value_t = 100)]
    pub(crate) horizon: usize,
    /// Trust below which a world's dream is cut, 0 to 1; 0 never cuts.
    #[arg(long, default_value_t = 0.0)]
    pub(crate) min_trust: f32,
    #[command(flatten)]
    pub(crate) choices: DreamChoices,
    /// Licence of what is recorded; that of the world's data when not given.
    #[arg(long)]
    pub(crate) licence: Option<String>,
}

impl Rollout {
    /// Plays the episodes and says how fast.
    pub(crate) fn run(self, surroundings: &Surroundings) -> anyhow::Result<Summary> {
        at_least_one("--lanes", self.lanes as u64)?;
        at_least_one("--episodes", self.episodes)?;
        let dreaming = sources::Dreaming {
            choices: self.choices.clone(),
            limits: DreamLimits { clock: None, horizon: self.horizon, min_trust: self.min_trust },
        };
        let format = format_named(&self.format)?;
        let mut source = sources::env(&self.env, self.lanes, &dreaming, &surroundings.device)?;
        let spec = source.env.spec().clone();
        let (mut policy, driver) = sources::policy(&self.policy, &spec, source.data.as_deref())?;
        let mut plan = Plan {
            episodes: 0..self.episodes,
            run_seed: Seed::new(self.seed),
            task: format!("{}, driven by {}", source.about, self.policy),
            max_steps: self.max_steps,
        };
        let provenance = Provenance {
            policy: Some(driver),
            run_seed: Some(self.seed),
            max_steps: self.max_steps,
            licence: self.licence.clone().or_else(|| source.provenance.licence.clone()),
            ..source.provenance
        };
        let sink = match &self.out {
            Some(out) if self.resume => Some(recording::resume(format, out, &spec, &provenance)?),
            Some(out) => Some(recording::create(format, out, &spec, &provenance)?),
            None => None,
        };
        let last = sink.as_ref().and_then(|sink| sink.last_id());
        plan.episodes.start = last.map_or(0, |last| last.saturating_add(1));
        let sink = match (sink, &self.out) {
            (Some(sink), Some(out)) if plan.episodes.is_empty() => return already_there(sink, &plan, out),
            (sink, _) => sink,
        };
        let mut bar = Bar::new("rollout");
        let stop = &surroundings.stop;
        let summary = rollout(source.env.as_mut(), policy.as_mut(), &plan, sink, stop, &mut |progress| {
            let rest = progress.episodes - progress.episodes_done;
            let per_episode = progress.steps as f64 / progress.episodes_done.max(1) as f64;
            let to_go = rest as f64 * per_episode / progress.env_steps_per_sec.max(1e-9);
            let words = format!(
                "{:.0} env-steps/s, {} to go",
                progress.env_steps_per_sec,
                crate::progress::time(to_go)
            );
            bar.say(progress.episodes_done, progress.episodes, &words);
        });
        bar.finish();
        let summary = summary.inspect_err(|error| self.say_how_to_go_on(error))?;
        for fault in &summary.faults {
            eprintln!("episode {} broke at step {}: {:?}", fault.episode, fault.step, fault.fault);
        }
        println!(
            "{} episodes, {} steps, {:.0} env-steps/s{}{}",
            summary.episodes,
            summary.steps,
            summary.env_steps_per_sec,
            if plan.episodes.start > 0 {
                format!(", after {} before", plan.episodes.start)
            } else {
                String::new()
            },
            self.out.as_ref().map_or(String::new(), |out| format!(": {}", out.display()))
        );
        Ok(summary)
    }

    /// Whatever ended the rollout, the episodes before it are kept.
    fn say_how_to_go_on(&self, error: &Error) {
        let Some(out) = self.out.as_ref().filter(|out| recording::is_begun(out)) else { return };
        let what = if matches!(error, Error::Stopped) { "stopped" } else { "ended by an error" };
        eprintln!(
            "{what}; the whole episodes are in {}; the same command with --resume goes on",
            out.display()
        );
    }
}

/// Completes what is there, which nothing has to be added to.
fn already_there(sink: Box<dyn EpisodeSink>, plan: &Plan, out: &Path) -> anyhow::Result<Summary> {
    sink.finish()?;
    println!("all {} episodes are there already: {}", plan.episodes.end, out.display());
    Ok(Summary { episodes: 0, steps: 0, faults: Vec::new(), env_steps_per_sec: 0.0 })
}

fn at_least_one(argument: &str, found: u64) -> Result<()> {
    if found == 0 {
        return Err(Error::Invalid(format!("{argument}: expected at least 1, found 0")));
    }
    Ok(())
}
