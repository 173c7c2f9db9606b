//! A learned world as an environment: imagine, decode, and keep the books of every lane.
//!
//! An episode is a function of its seed: child 0 draws the context, child 1 feeds the world's noise, child 2
//! decides endings. The imagination begins with the first reset; lanes that are not reset yet hold a placeholder
//! and are never stepped.

use std::sync::Arc;

use burn::tensor::{Device, Tensor};
use dreamlane_core::{
    Actions, Context, Contexts, Env, EnvSpec, Error, Fault, Frames, Imagination, LaneMask, Observation,
    Prediction, Result, Seed, Snapshot, Timestep, Truncation, View, WorldModel, WorldSpec,
};

mod beginning;
mod saved;

use crate::{
    frozen::{freeze, thaw},
    request::{check_actions, check_lane, check_reset, check_step},
    status::{LaneStatus, timestep},
};
use beginning::{blank, last_frames, overlay};
use saved::{Saved, row_of};

/// How long a dream may last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DreamLimits {
    /// Steps after which the task's clock cuts the episode; `None` where the task has no clock.
    pub clock: Option<usize>,
    /// Steps after which the world is no longer allowed to dream on.
    pub horizon: usize,
    /// Trust below which a step is no longer to be believed and the dream is cut; 0 never cuts.
    pub min_trust: f32,
}

/// A learned world behind [`Env`]; one seat per lane.
pub struct WorldEnv {
    spec: EnvSpec,
    world: Arc<dyn WorldModel>,
    contexts: Arc<dyn Contexts>,
    limits: DreamLimits,
    device: Device,
    imagination: Option<Box<dyn Imagination>>,
    lanes: Vec<Lane>,
    seen: Observation,
}

struct Lane {
    seed: Seed,
    status: LaneStatus,
    /// Where its context was taken from.
    beginning: String,
}

/// What a step says about one lane, on the host.
struct Verdict {
    reward: f32,
    ending: f32,
    trust: f32,
    finite: bool,
}

impl WorldEnv {
    /// Dreams of `world` in so many lanes, each beginning where `contexts` says. `name` goes into the spec.
    ///
    /// # Errors
    /// When the world cannot draw, the horizon is 0, or the least trust is not in [0, 1].
    pub fn new(
        world: Arc<dyn WorldModel>,
        contexts: Arc<dyn Contexts>,
        lanes: usize,
        limits: DreamLimits,
        name: String,
        device: &Device,
    ) -> Result<Self> {
        if !world.spec().draws {
            return Err(Error::Unsupported("drawing what is dreamed", name));
        }
        if limits.horizon == 0 || limits.clock == Some(0) {
            return Err(Error::Invalid(format!(
                "{name}: clock and horizon must be above 0, found {limits:?}"
            )));
        }
        if !(0.0..=1.0).contains(&limits.min_trust) {
            return Err(Error::Invalid(format!(
                "{name}: expected a least trust from 0 to 1, found {}",
                limits.min_trust
            )));
        }
        let spec = env_spec(world.spec(), name, lanes);
        let seen = blank(&spec, device);
        let lanes = (0..lanes)
            .map(|_| Lane { seed: Seed::new(0), status: LaneStatus::unbegun(), beginning: String::new() })
            .collect();
        Ok(Self { spec, world, contexts, limits, device: device.clone(), imagination: None, lanes, seen })
    }

    fn timestep(&self) -> Timestep {
        timestep(self.lanes.iter().map(|lane| &lane.status), self.seen.clone(), &self.device)
    }

    /// Puts the contexts into the marked lanes of the imagination, which begins here if it has not yet.
    fn imagine(&mut self, lanes: &[usize], contexts: &[Context], noise: &[Seed]) -> Result<()> {
        if let Some(imagination) = &mut self.imagination {
            return imagination.replace(lanes, contexts, noise);
        }
        let place = |lane_idx| lanes.iter().position(|&idx| idx == lane_idx).unwrap_or(0);
        let all: Vec<_> = (0..self.spec.lanes).map(|lane_idx| contexts[place(lane_idx)].clone()).collect();
        let seeds: Vec<_> = (0..self.spec.lanes).map(|lane_idx| noise[place(lane_idx)]).collect();
        self.imagination = Some(self.world.clone().imagine(&all, &seeds)?);
        Ok(())
    }

    /// Books one step of one lane; returns whether its picture is to be shown.
    fn book(&mut self, lane_idx: usize, verdict: &Verdict) -> bool {
        let (rewards, limits) = (self.spec.rewards, self.limits);
        let Lane { seed, status, .. } = &mut self.lanes[lane_idx];
        status.step += 1;
        if !verdict.finite {
            status.fault = Some(Fault::NotFinite);
            status.trust = 0.0;
            return false;
        }
        status.trust = verdict.trust.clamp(0.0, 1.0);
        if rewards {
            status.reward = verdict.reward;
            status.terminated = seed.split(2).split(status.step as u64).uniform() < verdict.ending;
        }
        let by_clock = limits.clock.is_some_and(|clock| status.step >= clock);
        // The clock belongs to the task and the rest to the dream, so the clock comes first; a dream that is no longer
        // believed at its horizon was lost before it was over.
        status.truncated = match status.terminated {
            true => None,
            false if by_clock => Some(Truncation::Clock),
            false if status.trust < limits.min_trust => Some(Truncation::Trust),
            false => (status.step >= limits.horizon).then_some(Truncation::Horizon),
        };
        true
    }
}

impl Env for WorldEnv {
    fn spec(&self) -> &EnvSpec {
        &self.spec
    }

    fn reset(&mut self, lanes: &LaneMask, seeds: &[Seed]) -> Result<Timestep> {
        check_reset(&self.spec, lanes, seeds)?;
        if lanes.any() {
            let indices: Vec<usize> = lanes.indices().collect();
            let contexts: Vec<Context> =
                seeds.iter().map(|seed| self.contexts.draw(seed.split(0))).collect::<Result<_>>()?;
            let first_seen =
                last_frames(&self.spec, self.world.spec().context, &indices, &contexts, &self.device)?;
            let noise: Vec<Seed> = seeds.iter().map(|seed| seed.split(1)).collect();
            self.imagine(&indices, &contexts, &noise)?;
            self.seen = overlay(&self.seen, first_seen, lanes, &self.device);
            for ((&lane_idx, &seed), context) in indices.iter().zip(seeds).zip(contexts) {
                self.lanes[lane_idx] =
                    Lane { seed, status: LaneStatus::beginning(), beginning: context.source };
            }
        }
        let standing = self.lanes.iter_mut().map(|lane| &mut lane.status);
        standing.for_each(|status| status.reward = 0.0);
        Ok(self.timestep())
    }

    fn step(&mut self, actions: &Actions, running: &LaneMask) -> Result<Timestep> {
        check_step(&self.spec, actions, running, self.lanes.iter().map(|lane| &lane.status))?;
        self.lanes.iter_mut().for_each(|lane| lane.status.reward = 0.0);
        let values: Vec<f32> = actions.values.to_data().iter::<f32>().collect();
        check_actions(&self.spec, &values, &actions.given, running)?;
        let Some(imagination) = self.imagination.as_mut().filter(|_| running.any()) else {
            return Ok(self.timestep());
        };
        let prediction = imagination.step(actions, running);
        let drawn = self.world.decode(prediction.latent.clone());
        let verdicts = verdicts(&prediction, &drawn.state);
        let mut shown = LaneMask::none(self.spec.lanes);
        for lane_idx in running.indices() {
            shown.set(lane_idx, self.book(lane_idx, &verdicts[lane_idx]));
        }
        self.seen = overlay(&self.seen, drawn, &shown, &self.device);
        Ok(self.timestep())
    }

    fn snapshot(&self, lane: usize) -> Result<Snapshot> {
        check_lane(&self.spec, lane)?;
        let Some(imagination) = self.imagination.as_ref().filter(|_| self.lanes[lane].status.begun) else {
            return Err(Error::Invalid(format!("{}: lane {lane} was never reset", self.spec.name)));
        };
        let Lane { seed, status, beginning } = &self.lanes[lane];
        let (images, state) = row_of(&self.seen, lane);
        let dream = imagination.snapshot(lane);
        let (status, beginning) = (status.clone(), beginning.clone());
        freeze(&self.spec.name, &Saved { seed: *seed, status, beginning, images, state, dream })
    }

    fn restore(&mut self, lane: usize, from: &Snapshot) -> Result<()> {
        check_lane(&self.spec, lane)?;
        let saved: Saved = thaw(&self.spec.name, from)?;
        let seen = saved.observation(&self.spec, lane, &self.device)?;
        if self.imagination.is_none() {
            let context = self.contexts.draw(saved.seed.split(0))?;
            self.imagine(&[lane], &[context], &[saved.seed.split(1)])?;
        }
        if let Some(imagination) = &mut self.imagination {
            imagination.restore(lane, &saved.dream)?;
        }
        self.seen = overlay(&self.seen, seen, &LaneMask::only(self.spec.lanes, &[lane]), &self.device);
        self.lanes[lane] = Lane { seed: saved.seed, status: saved.status, beginning: saved.beginning };
        Ok(())
    }

    fn render(&mut self, view: View) -> Result<Frames> {
        if view == View::Above {
            return Err(Error::Unsupported("a view from above", self.spec.name.clone()));
        }
        let (Some(camera), Some(images)) = (self.spec.cameras.first(), self.seen.images.first()) else {
            return Err(Error::Unsupported("a camera view", self.spec.name.clone()));
        };
        let rgb = images.clone().permute([0, 2, 3, 1]).into_data().iter::<u8>().collect();
        Ok(Frames { height: camera.height, width: camera.width, rgb })
    }

    fn observe(&mut self) -> Observation {
        self.seen.clone()
    }

    fn beginning(&self, lane: usize) -> &str {
        &self.lanes[lane].beginning
    }
}

/// Rewards, endings, trust and soundness of all lanes; this is where a step waits for the device.
fn verdicts(prediction: &Prediction, state: &Tensor<2>) -> Vec<Verdict> {
    let host = |values: &Tensor<1>| values.to_data().iter::<f32>().collect::<Vec<_>>();
    let [rewards, endings, trusts] = [&prediction.reward, &prediction.ending, &prediction.trust].map(host);
    let sound = |values: Tensor<2>| -> Vec<bool> {
        if values.dims()[1] == 0 {
            return vec![true; values.dims()[0]];
        }
        values.is_finite().all_dim(1).into_data().iter::<bool>().collect()
    };
    let latents = sound(prediction.latent.clone().flatten(1, 2));
    let states = sound(state.clone());
    (0..rewards.len())
        .map(|lane_idx| {
            let (reward, ending, trust) = (rewards[lane_idx], endings[lane_idx], trusts[lane_idx]);
            let numbers = [reward, ending, trust].iter().all(|number| number.is_finite());
            Verdict { reward, ending, trust, finite: numbers && latents[lane_idx] && states[lane_idx] }
        })
        .collect()
}

fn env_spec(world: &WorldSpec, name: String, lanes: usize) -> EnvSpec {
    EnvSpec {
        name,
        lanes,
        seats: 1,
        steps_per_second: world.steps_per_second,
        rewards: world.rewards,
        state: world.state.clone(),
        cameras: world.cameras.clone(),
        action: world.action.clone(),
        scenes: false,
    }
}
