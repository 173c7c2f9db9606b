//! `still`: the last frame again and again. A world must beat it before it can be called one.

use std::{path::Path, sync::Arc};

use burn::tensor::{Device, Tensor};
use dreamlane_core::{Context, Imagination, Observation, Result, Seed, Window, WorldModel, WorldSpec};

use crate::{
    checkpoint,
    opponent::{Picture, Standing, drawn, last_frames, seen},
};

/// Repeats the last frame.
pub struct Still {
    spec: WorldSpec,
    device: Device,
}

impl Still {
    /// For data of this spec; it promises no rewards.
    #[must_use]
    pub fn new(spec: &WorldSpec, device: &Device) -> Self {
        let spec = WorldSpec {
            world: "still".into(),
            context: 1,
            rewards: false,
            draws: true,
            state: Vec::new(),
            ..spec.clone()
        };
        Self { spec, device: device.clone() }
    }

    /// Reads a checkpoint folder, which holds a spec alone.
    ///
    /// # Errors
    /// When the spec is missing or broken.
    pub fn load(folder: &Path, device: &Device) -> Result<Self> {
        Ok(Self::new(&checkpoint::spec(folder)?, device))
    }

    /// Writes a checkpoint folder.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, folder: &Path) -> Result<()> {
        checkpoint::write(folder, &self.spec, "", None, "# `still`: repeats the last frame\n")
    }
}

impl WorldModel for Still {
    fn spec(&self) -> &WorldSpec {
        &self.spec
    }

    fn encode(&self, window: &Window) -> Tensor<4> {
        seen(window)
    }

    fn decode(&self, latents: Tensor<3>) -> Observation {
        drawn(&self.spec, latents)
    }

    fn imagine(self: Arc<Self>, contexts: &[Context], _seeds: &[Seed]) -> Result<Box<dyn Imagination>> {
        let frames = last_frames(&self.spec, contexts, &self.device)?;
        Ok(Box::new(Standing::new(self.spec.clone(), Picture::LastSeen, frames)))
    }
}
