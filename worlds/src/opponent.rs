//! The dream of a world whose picture never changes, shared by `still` and `mean`.
//!
//! Its latent is the picture itself, one token of all pixels.

use burn::tensor::{Device, Tensor, TensorData};
use dreamlane_core::{
    Actions, Context, Error, Imagination, LaneMask, Observation, Prediction, Result, Seed, Snapshot, Window,
    WorldSpec,
};

use crate::host::numbers;

/// Where the constant picture comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Picture {
    /// The last frame that was seen.
    LastSeen,
    /// The one the dream began with, whatever is seen.
    Fixed,
}

/// A dream that stands still.
pub(crate) struct Standing {
    spec: WorldSpec,
    picture: Picture,
    /// `[lane, 1, pixels]`, 0 to 255.
    latents: Tensor<3>,
    device: Device,
}

impl Standing {
    /// `latents` is `[lane, 1, pixels]`.
    pub(crate) fn new(spec: WorldSpec, picture: Picture, latents: Tensor<3>) -> Self {
        let device = latents.device();
        Self { spec, picture, latents, device }
    }

    fn put(&mut self, lane: usize, pixels: Tensor<3>) {
        let [_, token, dim] = self.latents.dims();
        self.latents = self.latents.clone().slice_assign([lane..lane + 1, 0..token, 0..dim], pixels);
    }
}

/// The last frame of each context: `[context, 1, pixels]`.
///
/// # Errors
/// When a context does not hold frames of the spec's size.
pub(crate) fn last_frames(spec: &WorldSpec, contexts: &[Context], device: &Device) -> Result<Tensor<3>> {
    let len = spec.cameras.first().map_or(0, dreamlane_core::CameraSpec::frame_len);
    let mut pixels = Vec::with_capacity(contexts.len() * len);
    for context in contexts {
        let bytes = context.images.first().map_or(&[][..], Vec::as_slice);
        if context.len == 0 || bytes.len() != context.len * len {
            return Err(Error::mismatch(
                &context.source,
                "bytes of a context",
                context.len * len,
                bytes.len(),
            ));
        }
        pixels.extend(bytes[bytes.len() - len..].iter().map(|&byte| f32::from(byte)));
    }
    Ok(Tensor::from_data(TensorData::new(pixels, [contexts.len(), 1, len]), device))
}

/// Frames as latents of one token: `[batch, time, 1, pixels]`.
pub(crate) fn seen(window: &Window) -> Tensor<4> {
    let [batch, time, channel, height, width] = window.images[0].dims();
    window.images[0].clone().float().reshape([batch, time, 1, channel * height * width])
}

/// `[lane, 1, pixels]` back to pictures.
pub(crate) fn drawn(spec: &WorldSpec, latents: Tensor<3>) -> Observation {
    let rows = latents.dims()[0];
    let camera = &spec.cameras[0];
    let device = latents.device();
    let images = latents.reshape([rows, 3, camera.height, camera.width]).round().int();
    Observation { images: vec![images], state: Tensor::zeros([rows, 0], &device) }
}

impl Imagination for Standing {
    fn step(&mut self, _actions: &Actions, _running: &LaneMask) -> Prediction {
        let lanes = self.latents.dims()[0];
        Prediction {
            latent: self.latents.clone(),
            reward: Tensor::zeros([lanes], &self.device),
            ending: Tensor::zeros([lanes], &self.device),
            trust: Tensor::ones([lanes], &self.device),
        }
    }

    fn observe(&mut self, actions: &Actions, seen: &Observation, lanes: &LaneMask) -> Result<Prediction> {
        if self.picture == Picture::LastSeen {
            let [rows, channel, height, width] = seen.images[0].dims();
            let pixels = seen.images[0].clone().float().reshape([rows, 1, channel * height * width]);
            for lane in lanes.indices() {
                self.put(lane, pixels.clone().narrow(0, lane, 1));
            }
        }
        Ok(self.step(actions, lanes))
    }

    fn replace(&mut self, lanes: &[usize], contexts: &[Context], _seeds: &[Seed]) -> Result<()> {
        if self.picture == Picture::LastSeen {
            let frames = last_frames(&self.spec, contexts, &self.device)?;
            for (idx, &lane) in lanes.iter().enumerate() {
                self.put(lane, frames.clone().narrow(0, idx, 1));
            }
        }
        Ok(())
    }

    fn fork(&self, lanes: &[usize], _noise: Option<&[Seed]>) -> Box<dyn Imagination> {
        let rows = lanes.iter().map(|&lane| self.latents.clone().narrow(0, lane, 1)).collect();
        Box::new(Self::new(self.spec.clone(), self.picture, Tensor::cat(rows, 0)))
    }

    fn latents(&self) -> Tensor<3> {
        self.latents.clone()
    }

    fn snapshot(&self, lane: usize) -> Snapshot {
        let pixels = numbers(&self.latents.clone().narrow(0, lane, 1));
        // Pixels of a picture are whole numbers from 0 to 255; those of a mean are not, so floats are kept.
        let bytes = pixels.iter().flat_map(|pixel| pixel.to_le_bytes()).collect();
        Snapshot { origin: self.spec.world.clone(), bytes }
    }

    fn restore(&mut self, lane: usize, from: &Snapshot) -> Result<()> {
        let [_, _, dim] = self.latents.dims();
        if from.origin != self.spec.world || from.bytes.len() != 4 * dim {
            return Err(Error::mismatch(
                "snapshot",
                "origin and size",
                format!("{} {}", self.spec.world, 4 * dim),
                format!("{} {}", from.origin, from.bytes.len()),
            ));
        }
        let (words, _) = from.bytes.as_chunks::<4>();
        let pixels = words.iter().map(|&word| f32::from_le_bytes(word)).collect::<Vec<_>>();
        self.put(lane, Tensor::from_data(TensorData::new(pixels, [1, 1, dim]), &self.device));
        Ok(())
    }
}
