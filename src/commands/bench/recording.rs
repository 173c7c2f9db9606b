//! What recording costs: the same rollout without and with a recorder, again and again in turn.
//!
//! Rounds go off, on, on, off, off, on: a machine that grows slower grows slower for both. The cost is the median over
//! rounds of on divided by off. Two rates are told: while stepping, when what is recorded may still lie in memory,
//! and until the data set is complete on disk.

use std::{
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
    time::Instant,
};

use dreamlane::{
    core::{Error, Format, Policy, Provenance, Result, Seed},
    rollouts::{Plan, rollout},
};

use super::{Bench, process, quantiles::median, report::RecordingReport, stepping::Stepped};
use crate::{commands::sources::Source, progress::Bar};

/// Episodes that a lane plays one after the other, at least, so that some are written while others are played.
const EPISODES_PER_LANE: usize = 2;

/// Actions of the episodes that are played before anything is timed.
const WARM_UP: usize = 4;

/// The rollouts to be timed.
pub(crate) struct Rounds {
    rounds: usize,
    plan: Plan,
    n_lanes: usize,
    scratch: PathBuf,
}

/// What one rollout came to.
struct Played {
    steps: u64,
    /// Lane steps per second until the last step.
    stepping: f64,
    /// Lane steps per second until all is on disk.
    complete: f64,
    bytes: u64,
    cpu_secs_per_step: Option<f64>,
}

impl Rounds {
    /// Rollouts that last about as long as was asked for, from what the bare loop measured.
    pub(crate) fn planned(bench: &Bench, n_lanes: usize, stepped: &Stepped) -> Self {
        let batches = stepped.step_secs.len();
        let steps = bench.steps.unwrap_or_else(|| {
            let each = (stepped.secs() + stepped.reset_secs) / batches as f64;
            (bench.seconds / each).ceil() as usize
        });
        let most = bench.max_steps.unwrap_or(usize::MAX).min(steps.div_ceil(EPISODES_PER_LANE));
        let usual = match stepped.resets {
            0 => most,
            resets => (stepped.lane_steps / resets).clamp(1, most as u64) as usize,
        };
        let episodes = n_lanes as u64 * steps.div_ceil(usual) as u64;
        let plan = Plan {
            episodes: 0..episodes,
            run_seed: Seed::new(bench.seed),
            task: format!("{}, driven by {}", bench.env, bench.policy),
            max_steps: Some(most),
        };
        let scratch = bench.scratch.clone().unwrap_or_else(std::env::temp_dir);
        Self { rounds: bench.rounds, plan, n_lanes, scratch }
    }

    /// The cost of one format.
    pub(crate) fn measure(
        &self,
        format: &dyn Format,
        source: &mut Source,
        policy: &mut dyn Policy,
        stop: &AtomicBool,
    ) -> Result<RecordingReport> {
        let can_tell = process::forget_peak();
        let few = Plan { episodes: 0..self.n_lanes as u64, max_steps: Some(WARM_UP), ..self.plan.clone() };
        self.play(&few, Some(format), source, policy, stop)?;
        let mut bar = Bar::new(format.name());
        let (mut off, mut on) = (Vec::new(), Vec::new());
        for round in 0..self.rounds {
            // The order turns around from round to round.
            for turn in 0..2 {
                match (round + turn) % 2 {
                    0 => off.push(self.play(&self.plan, None, source, policy, stop)?),
                    _ => on.push(self.play(&self.plan, Some(format), source, policy, stop)?),
                }
                let done = off.len() + on.len();
                bar.say(done as u64, 2 * self.rounds as u64, &format!("{} lanes", self.n_lanes));
            }
        }
        bar.finish();
        let middle =
            |played: &[Played], of: fn(&Played) -> f64| median(&played.iter().map(of).collect::<Vec<_>>());
        let ratio = |of: fn(&Played) -> f64| {
            median(&off.iter().zip(&on).map(|(off, on)| of(on) / off.stepping).collect::<Vec<_>>())
        };
        let (steps, bytes) = (on[0].steps, on[0].bytes);
        Ok(RecordingReport {
            format: format.name(),
            rounds: self.rounds,
            episodes: self.plan.episodes.end,
            real_steps: steps,
            off_steps_per_sec: middle(&off, |played| played.stepping),
            on_steps_per_sec: middle(&on, |played| played.stepping),
            complete_steps_per_sec: middle(&on, |played| played.complete),
            on_ratio: ratio(|played| played.stepping),
            complete_ratio: ratio(|played| played.complete),
            off_cpu_ms: cpu_ms(&off),
            on_cpu_ms: cpu_ms(&on),
            bytes_per_step: bytes as f64 / steps.max(1) as f64,
            memory: process::now(can_tell),
        })
    }

    /// One rollout; what it recorded is removed.
    fn play(
        &self,
        plan: &Plan,
        format: Option<&dyn Format>,
        source: &mut Source,
        policy: &mut dyn Policy,
        stop: &AtomicBool,
    ) -> Result<Played> {
        let folder = tempfile::Builder::new()
            .prefix("dreamlane-bench-")
            .tempdir_in(&self.scratch)
            .map_err(Error::io(&self.scratch))?;
        let path = folder.path().join("recording");
        let provenance = Provenance { max_steps: plan.max_steps, ..source.provenance.clone() };
        let sink = format.map(|format| format.create(&path, source.env.spec(), &provenance)).transpose()?;
        let (began, computed) = (Instant::now(), process::cpu_secs());
        let summary = rollout(source.env.as_mut(), policy, plan, sink, stop, &mut |_| {})?;
        let complete = summary.steps as f64 / began.elapsed().as_secs_f64();
        let computed = process::cpu_secs().zip(computed).map(|(now, before)| now - before);
        for fault in &summary.faults {
            eprintln!("episode {} broke at step {}: {:?}", fault.episode, fault.step, fault.fault);
        }
        let bytes = if path.exists() { size(&path)? } else { 0 };
        Ok(Played {
            steps: summary.steps,
            stepping: summary.env_steps_per_sec,
            complete,
            bytes,
            cpu_secs_per_step: computed.map(|secs| secs / summary.steps.max(1) as f64),
        })
    }
}

/// Milliseconds per lane step, the median of rounds.
fn cpu_ms(played: &[Played]) -> Option<f64> {
    let secs = played.iter().map(|played| played.cpu_secs_per_step).collect::<Option<Vec<_>>>()?;
    Some(1e3 * median(&secs))
}

/// Bytes of a file, or of all files in a folder.
fn size(path: &Path) -> Result<u64> {
    let about = path.metadata().map_err(Error::io(path))?;
    if !about.is_dir() {
        return Ok(about.len());
    }
    let entries = path.read_dir().map_err(Error::io(path))?;
    entries.map(|entry| size(&entry.map_err(Error::io(path))?.path())).sum()
}
