//! `mean`: the mean training frame, which wins many pixel scores on long horizons and knows nothing.

use std::{collections::HashMap, path::Path, sync::Arc};

use burn::tensor::{Device, Tensor, TensorData};
use dreamlane_core::{Context, Error, Imagination, Observation, Result, Seed, Window, WorldModel, WorldSpec};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use crate::{
    checkpoint,
    host::numbers,
    opponent::{Picture, Standing, drawn, last_frames, seen},
};

const NAME: &str = "mean";

/// Always shows one picture.
pub struct Mean {
    spec: WorldSpec,
    /// `[1, 1, pixels]`, 0 to 255.
    picture: Tensor<3>,
    device: Device,
}

impl Mean {
    /// For data of this spec, with the mean of its training frames `[channel, height, width]`, 0 to 255.
    ///
    /// # Errors
    /// When the mean is not of the spec's size.
    pub fn new(spec: &WorldSpec, mean: Vec<f32>, device: &Device) -> Result<Self> {
        let spec = WorldSpec {
            world: NAME.into(),
            context: 1,
            rewards: false,
            draws: true,
            state: Vec::new(),
            ..spec.clone()
        };
        let len = spec.cameras.first().map_or(0, dreamlane_core::CameraSpec::frame_len);
        if mean.len() != len {
            return Err(Error::mismatch("mean frame", "pixels", len, mean.len()));
        }
        let picture = Tensor::from_data(TensorData::new(mean, [1, 1, len]), device);
        Ok(Self { spec, picture, device: device.clone() })
    }

    /// Reads a checkpoint folder.
    ///
    /// # Errors
    /// When a file is missing or broken.
    pub fn load(folder: &Path, device: &Device) -> Result<Self> {
        let path = folder.join(checkpoint::WEIGHTS);
        let (bytes, _) = checkpoint::read_weights(&path)?;
        let tensors = SafeTensors::deserialize(&bytes).map_err(|error| Error::broken(&path, error))?;
        let mean = tensors.tensor(NAME).map_err(|error| Error::broken(&path, error))?;
        if mean.dtype() != Dtype::F32 {
            return Err(Error::mismatch(&path, "numbers of `mean`", "F32", format!("{:?}", mean.dtype())));
        }
        let (words, _) = mean.data().as_chunks::<4>();
        let pixels = words.iter().map(|&word| f32::from_le_bytes(word)).collect();
        Self::new(&checkpoint::spec(folder)?, pixels, device)
    }

    /// Writes a checkpoint folder.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, folder: &Path) -> Result<()> {
        let pixels = numbers(&self.picture);
        let bytes = pixels.iter().flat_map(|pixel| pixel.to_le_bytes()).collect::<Vec<_>>();
        let camera = &self.spec.cameras[0];
        let broken = |error: safetensors::SafeTensorError| Error::broken(folder, error);
        let view =
            TensorView::new(Dtype::F32, vec![3, camera.height, camera.width], &bytes).map_err(broken)?;
        let weights = safetensors::serialize(HashMap::from([(NAME, view)]), None).map_err(broken)?;
        checkpoint::write(folder, &self.spec, "", Some(&weights), "# `mean`: the mean training frame\n")
    }
}

impl WorldModel for Mean {
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
        // The contexts are not used, but a wrong one is still an error.
        last_frames(&self.spec, contexts, &self.device)?;
        let latents = self.picture.clone().repeat_dim(0, contexts.len());
        Ok(Box::new(Standing::new(self.spec.clone(), Picture::Fixed, latents)))
    }
}
