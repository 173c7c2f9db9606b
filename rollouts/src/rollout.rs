//! The loop: reset, act, step, refill.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

use burn::tensor::{Bool, Tensor, TensorData};
use dreamlane_core::{Env, EpisodeSink, Error, LaneMask, Policy, Result, Timestep, Truncation};

use crate::{
    EpisodeFault, Plan, Progress, Summary,
    lanes::{Lanes, Playing},
    recorder::{Message, Outcome, Recorder, Seen, SeenLane},
};

/// Plays the episodes of `plan` with `policy` in `env`, as many side by side as the env has lanes.
///
/// A lane whose episode is over gets the next one at once, while the others go on; lanes left without one stand still.
/// With a sink, whole episodes are written to it in the order of their ids; it is completed in every case, so after an
/// error or a stop it holds all episodes before the first unfinished one. `progress` is called after every batched step.
///
/// # Errors
/// What the env, the policy or the sink report; [`Error::Stopped`] once `stop` is set;
/// [`Error::Unsupported`] for an env with several seats in a lane.
pub fn rollout(
    env: &mut dyn Env,
    policy: &mut dyn Policy,
    plan: &Plan,
    sink: Option<Box<dyn EpisodeSink>>,
    stop: &AtomicBool,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Summary> {
    let spec = env.spec();
    if spec.seats != 1 {
        return Err(Error::Unsupported("a rollout with several seats in a lane", spec.name.clone()));
    }
    let recorder = sink.map(|sink| Recorder::start(sink, spec, plan)).transpose()?;
    let played = Drive {
        lanes: Lanes::new(spec.lanes, plan.episodes.clone(), plan.run_seed),
        plan,
        recorder: recorder.as_ref(),
        began: Instant::now(),
        summary: Summary { episodes: 0, steps: 0, faults: Vec::new(), env_steps_per_sec: 0.0 },
    }
    .play(env, policy, stop, progress);
    let recorded = recorder.map_or(Ok(()), Recorder::finish);
    match (played, recorded) {
        // A loop that was stopped may have been stopped by the recorder's failure, which then is the reason.
        (Ok(_) | Err(Error::Stopped), Err(error)) => Err(error),
        (played, _) => played,
    }
}

/// What the loop carries from step to step.
struct Drive<'a> {
    lanes: Lanes,
    plan: &'a Plan,
    recorder: Option<&'a Recorder>,
    began: Instant,
    summary: Summary,
}

impl Drive<'_> {
    fn play(
        mut self,
        env: &mut dyn Env,
        policy: &mut dyn Policy,
        stop: &AtomicBool,
        progress: &mut dyn FnMut(&Progress),
    ) -> Result<Summary> {
        let mut now = self.refill(env, None)?;
        while let Some(seen) = now {
            if stop.load(Ordering::Relaxed) {
                return Err(Error::Stopped);
            }
            let actions = policy.act(&seen, &self.lanes.policy_seeds())?;
            let running = self.lanes.running();
            let next = env.step(&actions, &running)?;
            if self.recorder.is_some() {
                // Who was given no action drove itself, and is recorded by what it did.
                let all_given = running.indices().all(|lane| actions.given.get(lane));
                let values = if all_given { actions.values } else { env.driven()? };
                self.record(|| Message::Acted {
                    values: Box::new(values),
                    lanes: running.indices().collect(),
                })?;
            }
            self.lanes.advance();
            self.summary.steps += running.count() as u64;
            self.note(env, &next, running.indices().collect())?;
            now = self.refill(env, Some(next))?;
            progress(&self.progress());
        }
        self.summary.faults.sort_by_key(|fault| fault.episode);
        self.summary.env_steps_per_sec = self.rate();
        Ok(self.summary)
    }

    /// Begins episodes in all free lanes. None when no lane plays any more.
    fn refill(&mut self, env: &mut dyn Env, mut now: Option<Timestep>) -> Result<Option<Timestep>> {
        // An episode can be over at its first observation, so a lane may have to be filled again.
        loop {
            let fresh = self.lanes.fill();
            if fresh.is_empty() {
                return Ok(now.filter(|_| self.lanes.running().any()));
            }
            let mask = LaneMask::only(self.lanes.running().len(), &fresh);
            let begun = env.reset(&mask, &self.lanes.env_seeds(&fresh))?;
            self.note(env, &begun, fresh)?;
            now = Some(match now {
                Some(before) => merged(before, begun, &mask),
                None => begun,
            });
        }
    }

    /// Records what the lanes see and frees those whose episode is over.
    fn note(&mut self, env: &dyn Env, seen: &Timestep, lanes: Vec<usize>) -> Result<()> {
        let (records, tells) = (self.recorder.is_some(), self.recorder.is_some() && env.spec().scenes);
        let lanes: Vec<SeenLane> = lanes
            .into_iter()
            .map(|lane_idx| {
                let playing = self.lanes.playing(lane_idx);
                let outcome = outcome(seen, lane_idx, playing, self.plan.max_steps);
                let begins = records && playing.step == 0;
                let beginning = if begins { env.beginning(lane_idx).to_owned() } else { String::new() };
                let scene = if tells { env.scene(lane_idx) } else { None };
                SeenLane { lane_idx, id: playing.id, outcome, scene, beginning }
            })
            .collect();
        for lane in lanes.iter().filter(|lane| lane.outcome != Outcome::Continues) {
            let step = self.lanes.playing(lane.lane_idx).step.saturating_sub(1);
            if let Some(fault) = seen.fault[lane.lane_idx].clone() {
                self.summary.faults.push(EpisodeFault { episode: lane.id, step, fault });
            }
            self.summary.episodes += 1;
            self.lanes.free(lane.lane_idx);
        }
        self.record(|| {
            Message::Seen(Box::new(Seen {
                observation: seen.observation.clone(),
                reward: seen.reward.clone(),
                trust: seen.trust.clone(),
                lanes,
            }))
        })
    }

    fn record(&self, message: impl FnOnce() -> Message) -> Result<()> {
        match self.recorder {
            Some(recorder) if !recorder.send(message()) => Err(Error::Stopped),
            _ => Ok(()),
        }
    }

    fn progress(&self) -> Progress {
        Progress {
            episodes_done: self.summary.episodes,
            episodes: self.plan.episodes.end.saturating_sub(self.plan.episodes.start),
            steps: self.summary.steps,
            lanes_running: self.lanes.running().count(),
            env_steps_per_sec: self.rate(),
        }
    }

    fn rate(&self) -> f64 {
        self.summary.steps as f64 / self.began.elapsed().as_secs_f64().max(1e-9)
    }
}

fn outcome(seen: &Timestep, lane_idx: usize, playing: Playing, max_steps: Option<usize>) -> Outcome {
    if seen.fault[lane_idx].is_some() {
        return Outcome::Breaks;
    }
    let terminated = seen.terminated.get(lane_idx);
    let clock = max_steps.is_some_and(|most| playing.step >= most).then_some(Truncation::Clock);
    // A task that ends with the last step of the clock has ended; it was not cut.
    let truncated = seen.truncated[lane_idx].or(clock.filter(|_| !terminated));
    if terminated || truncated.is_some() {
        Outcome::Ends { terminated, truncated }
    } else {
        Outcome::Continues
    }
}

/// What all lanes see after some of them, marked in `reset`, began anew.
fn merged(before: Timestep, begun: Timestep, reset: &LaneMask) -> Timestep {
    let device = begun.reward.device();
    let data = TensorData::new(reset.as_slice().to_vec(), [reset.len()]);
    let mask = Tensor::<1, Bool>::from_data(data, &device);
    let mut merged = Timestep {
        // Lanes that were not reset stand still, so the newer observation holds theirs too.
        observation: begun.observation,
        reward: before.reward.mask_where(mask.clone(), begun.reward),
        trust: before.trust.mask_where(mask, begun.trust),
        ..before
    };
    for lane_idx in reset.indices() {
        merged.first.set(lane_idx, begun.first.get(lane_idx));
        merged.terminated.set(lane_idx, begun.terminated.get(lane_idx));
        merged.truncated[lane_idx] = begun.truncated[lane_idx];
        merged.fault[lane_idx] = begun.fault[lane_idx].clone();
    }
    merged
}
