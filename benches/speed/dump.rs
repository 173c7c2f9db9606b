//! What a world computes of made-up clips, as a file that PyTorch reads: the fact behind "the same model".

use std::path::Path;

use anyhow::Context as _;
use burn::tensor::Device;
use dreamlane::core::{Seed, WorldModel as _};
use safetensors::{Dtype, tensor::TensorView};

use crate::{made, subject::Subject};

/// Clips, and frames of each beyond those that a frame can see, so that the oldest are forgotten.
const CLIPS: usize = 2;
const BEYOND: usize = 4;

pub(crate) fn write(subject: &Subject, out: &Path, device: &Device) -> anyhow::Result<()> {
    let world = subject.world(device)?;
    let time = world.config().trunk.context + BEYOND;
    let clips = made::batch(world.spec(), CLIPS, time, Seed::new(3));
    let trace = world.trace(&clips, Seed::new(4));
    let views = trace.iter().map(|(name, data)| {
        TensorView::new(Dtype::F32, data.shape().to_vec(), data.as_bytes()).map(|view| (*name, view))
    });
    let views = views.collect::<Result<Vec<_>, _>>().context("the shape of a tensor")?;
    safetensors::serialize_to_file(views, None, out).with_context(|| format!("writing {}", out.display()))
}
