//! Dreams of up to [`TILE`] lanes at a time, as host bytes.

use std::sync::Arc;

use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use dreamlane_core::{Actions, Context, LaneMask, Result, RowMask, Seed, WorldModel};

use crate::case::Layout;

/// Most lanes that dream side by side.
pub(crate) const TILE: usize = 64;

/// Where one dream begins and what is done in it.
pub(crate) struct Start<'a> {
    pub(crate) context: &'a Context,
    /// `[horizon, width]`, at least as many rows as steps are dreamed.
    pub(crate) actions: &'a [f32],
    pub(crate) seed: Seed,
}

/// Pictures of several dreams: `[start][step]`, each `[channel, height, width]`.
pub(crate) type Frames = Vec<Vec<Vec<u8>>>;

/// Dreams from each start and keeps the frames at `steps` (ascending; 1 is the first dreamed frame).
pub(crate) fn dream(
    world: &Arc<dyn WorldModel>,
    layout: &Layout,
    starts: &[Start<'_>],
    steps: &[usize],
    device: &Device,
) -> Result<Frames> {
    let mut frames = Vec::with_capacity(starts.len());
    for tile in starts.chunks(TILE) {
        frames.extend(dream_tile(world, layout, tile, steps, device)?);
    }
    Ok(frames)
}

fn dream_tile(
    world: &Arc<dyn WorldModel>,
    layout: &Layout,
    starts: &[Start<'_>],
    steps: &[usize],
    device: &Device,
) -> Result<Frames> {
    let contexts: Vec<Context> = starts.iter().map(|start| start.context.clone()).collect();
    let seeds: Vec<Seed> = starts.iter().map(|start| start.seed).collect();
    let (n_lanes, width) = (starts.len(), layout.action_width);
    let running = LaneMask::all(n_lanes);
    let mut dream = Arc::clone(world).imagine(&contexts, &seeds)?;
    let mut frames = vec![Vec::with_capacity(steps.len()); n_lanes];
    for step in 1..=steps.last().copied().unwrap_or(0) {
        let row = (step - 1) * width..step * width;
        let values: Vec<f32> = starts.iter().flat_map(|start| &start.actions[row.clone()]).copied().collect();
        let actions = Actions {
            values: Tensor::from_data(TensorData::new(values, [n_lanes, width]), device),
            given: RowMask::all(n_lanes),
        };
        let prediction = dream.step(&actions, &running);
        if steps.contains(&step) {
            let mut seen = world.decode(prediction.latent);
            let bytes = image_bytes(seen.images.swap_remove(0));
            let pictures = bytes.chunks(layout.frame_len());
            frames.iter_mut().zip(pictures).for_each(|(lane, picture)| lane.push(picture.to_vec()));
        }
    }
    Ok(frames)
}

/// The bytes of pictures `[row, channel, height, width]`, whatever integer the device uses.
pub(crate) fn image_bytes(images: Tensor<4, Int>) -> Vec<u8> {
    let data = images.into_data().convert_dtype(DType::U8);
    data.try_into_vec().expect("the data was just converted to bytes")
}
