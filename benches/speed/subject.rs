//! The world that is measured: a checkpoint, or an untrained one of a registered size.

use std::path::PathBuf;

use burn::tensor::Device;
use clap::Args;
use dreamlane::{
    core::{Measures, Result, Seed, WorldModel as _},
    worlds::{Dit, DitConfig, DitLearner, checkpoint},
};

use crate::made;

/// Which world.
#[derive(Args, Clone, Debug)]
pub(crate) struct Subject {
    /// A checkpoint or a run.
    #[arg(long, conflicts_with = "preset")]
    pub(crate) checkpoint: Option<PathBuf>,
    /// An untrained world of this size instead [default: nano].
    #[arg(long)]
    pub(crate) preset: Option<String>,
    /// Whether the untrained world predicts rewards.
    #[arg(long, requires = "preset")]
    pub(crate) rewards: bool,
}

impl Subject {
    pub(crate) fn world(&self, device: &Device) -> Result<Dit> {
        match &self.checkpoint {
            Some(path) => Dit::load(&checkpoint::locate(path)?, device),
            None => {
                let config = DitConfig::sized(self.preset.as_deref().unwrap_or("nano"))?;
                Dit::new(config, made::spec(self.rewards), Seed::new(0), device)
            }
        }
    }

    /// A learner of this world that stands at the beginning of the transformer's stage.
    pub(crate) fn trunk_learner(&self, device: &Device) -> Result<DitLearner> {
        let world = self.world(device)?;
        let mut config = world.config().clone();
        config.learning.codec_steps = 0;
        match &self.checkpoint {
            Some(path) => {
                let folder = checkpoint::locate(path)?;
                DitLearner::from_weights(&config, &folder, world.spec(), Seed::new(0), device)
            }
            None => fresh(config, &world, device),
        }
    }

    /// A learner of a world of this size that stands at the beginning of the codec's stage; its weights are untrained.
    pub(crate) fn codec_learner(&self, device: &Device) -> Result<DitLearner> {
        let world = self.world(device)?;
        let mut config = world.config().clone();
        // More than are made here.
        config.learning.codec_steps = usize::MAX >> 1;
        config.learning.steps = 0;
        fresh(config, &world, device)
    }
}

/// A learner of a world that knows nothing of its data.
fn fresh(config: DitConfig, world: &Dit, device: &Device) -> Result<DitLearner> {
    let measures = Measures::unknown(world.spec().state.len());
    DitLearner::new(config, world.spec().clone(), &measures, Seed::new(0), device)
}
