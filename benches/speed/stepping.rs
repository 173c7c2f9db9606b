//! One step of all lanes of a dream behind the env that rollouts use: actions in, pictures out.

use std::{sync::Arc, time::Instant};

use burn::tensor::Device;
use dreamlane::{
    core::{Actions, Env as _, Error, LaneMask, Result, Seed, WorldModel},
    envs::dream::{DreamLimits, WorldEnv},
    worlds::Dit,
};

use crate::{
    made::{self, MadeContexts},
    report::{Effort, Measurement},
    work::Work,
};

pub(crate) fn measure(
    world: Dit,
    lanes: &[usize],
    effort: Effort,
    device: &Device,
) -> anyhow::Result<Vec<Measurement>> {
    let world = Arc::new(world);
    let counted = Work::of(world.config(), world.spec()).step();
    let flop = world.flops().unwrap_or(counted);
    anyhow::ensure!((flop / counted - 1.0).abs() < 1e-6, "a step takes {flop} operations, or {counted}");
    let of_lanes = |&n_lanes: &usize| {
        let mut dream = Dream::begin(world.clone(), n_lanes, device)?;
        let mut broken = None;
        let measured = effort.measure(&format!("step-{n_lanes}"), || {
            dream.step().unwrap_or_else(|error| {
                broken = Some(error);
                f64::NAN
            })
        });
        match broken {
            Some(error) => Err(error.into()),
            None => Ok(Measurement { gflop: Some(n_lanes as f64 * flop / 1e9), ..measured }),
        }
    };
    lanes.iter().map(of_lanes).collect()
}

struct Dream {
    env: WorldEnv,
    actions: Actions,
    device: Device,
    /// Episodes that began.
    begun: u64,
}

impl Dream {
    fn begin(world: Arc<dyn WorldModel>, n_lanes: usize, device: &Device) -> Result<Self> {
        let actions = made::constant(&world.spec().action, n_lanes, device);
        let contexts = Arc::new(MadeContexts { spec: world.spec().clone() });
        let limits = DreamLimits { clock: None, horizon: usize::MAX, min_trust: 0.0 };
        let env = WorldEnv::new(world, contexts, n_lanes, limits, "world:made".into(), device)?;
        let mut dream = Self { env, actions, device: device.clone(), begun: 0 };
        dream.reset(&LaneMask::all(n_lanes))?;
        Ok(dream)
    }

    /// The seconds of a step of all lanes. Lanes that ended are reset behind it.
    fn step(&mut self) -> Result<f64> {
        let begun = Instant::now();
        let next = self.env.step(&self.actions, &LaneMask::all(self.actions.given.len()))?;
        self.device.sync().map_err(|error| Error::Invalid(format!("the device failed: {error:?}")))?;
        let seconds = begun.elapsed().as_secs_f64();
        self.reset(&next.finished())?;
        Ok(seconds)
    }

    fn reset(&mut self, lanes: &LaneMask) -> Result<()> {
        let seeds = (self.begun..).take(lanes.count()).map(|id| Seed::new(7).split(id)).collect::<Vec<_>>();
        self.begun += seeds.len() as u64;
        if !seeds.is_empty() {
            self.env.reset(lanes, &seeds)?;
        }
        Ok(())
    }
}
