//! Dreams of up to [`TILE`] lanes at a time, as host bytes and numbers.

use std::sync::Arc;

use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use dreamlane_core::{Actions, Context, LaneMask, Prediction, Result, RowMask, Seed, WorldModel};

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

/// Everything that one dream said.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    /// Pictures at the steps that were kept.
    pub(crate) frames: Vec<Vec<u8>>,
    /// State vectors at the steps that were kept; without numbers where the world has no state.
    pub(crate) states: Vec<Vec<f32>>,
    /// `[step]` from 1: the reward, the chance that the task ends, the trust.
    pub(crate) rewards: Vec<f32>,
    pub(crate) endings: Vec<f32>,
    pub(crate) trusts: Vec<f32>,
}

/// Dreams from each start and keeps the frames at `steps` (ascending; 1 is the first dreamed frame).
pub(crate) fn dream(
    world: &Arc<dyn WorldModel>,
    layout: &Layout,
    starts: &[Start<'_>],
    steps: &[usize],
    device: &Device,
) -> Result<Frames> {
    let until = steps.last().copied().unwrap_or(0);
    let told = dream_all(world, layout, starts, &Kept { steps, until }, device)?;
    Ok(told.into_iter().map(|told| told.frames).collect())
}

/// What is kept of a dream.
pub(crate) struct Kept<'a> {
    /// Steps whose pictures and state vectors are kept, ascending.
    pub(crate) steps: &'a [usize],
    /// The last step that is dreamed.
    pub(crate) until: usize,
}

/// Dreams from each start and keeps what is said.
pub(crate) fn dream_all(
    world: &Arc<dyn WorldModel>,
    layout: &Layout,
    starts: &[Start<'_>],
    kept: &Kept<'_>,
    device: &Device,
) -> Result<Vec<Told>> {
    let mut told = Vec::with_capacity(starts.len());
    for tile in starts.chunks(TILE) {
        told.extend(dream_tile(world, layout, tile, kept, device)?);
    }
    Ok(told)
}

fn dream_tile(
    world: &Arc<dyn WorldModel>,
    layout: &Layout,
    starts: &[Start<'_>],
    kept: &Kept<'_>,
    device: &Device,
) -> Result<Vec<Told>> {
    let contexts: Vec<Context> = starts.iter().map(|start| start.context.clone()).collect();
    let seeds: Vec<Seed> = starts.iter().map(|start| start.seed).collect();
    let running = LaneMask::all(starts.len());
    let mut dream = Arc::clone(world).imagine(&contexts, &seeds)?;
    let mut told = vec![Told::default(); starts.len()];
    for step in 1..=kept.until {
        let rows = starts.iter().map(|start| start.actions);
        let prediction = dream.step(&actions_at(rows, step, layout.action_width, device), &running);
        if kept.steps.contains(&step) {
            let mut seen = world.decode(prediction.latent.clone());
            let bytes = image_bytes(seen.images.swap_remove(0));
            let pictures = bytes.chunks(layout.frame_len());
            told.iter_mut().zip(pictures).for_each(|(lane, picture)| lane.frames.push(picture.to_vec()));
            let [_, features] = seen.state.dims();
            let states = numbers(seen.state.into_data());
            for (lane_idx, lane) in told.iter_mut().enumerate() {
                lane.states.push(states[lane_idx * features..(lane_idx + 1) * features].to_vec());
            }
        }
        note(&prediction, told.iter_mut().map(Some));
    }
    Ok(told)
}

/// Adds what a step said beside its picture to what its lanes said before; a lane that is none is left out.
pub(crate) fn note<'a>(prediction: &Prediction, lanes: impl Iterator<Item = Option<&'a mut Told>>) {
    let read = |values: &Tensor<1>| numbers(values.clone().into_data());
    let (rewards, endings) = (read(&prediction.reward), read(&prediction.ending));
    let trusts = read(&prediction.trust);
    for (lane_idx, lane) in lanes.enumerate() {
        let Some(lane) = lane else { continue };
        lane.rewards.push(rewards[lane_idx]);
        lane.endings.push(endings[lane_idx]);
        lane.trusts.push(trusts[lane_idx]);
    }
}

/// Row `step` (from 1) of each lane's actions `[horizon, width]`; the last one where there are fewer.
pub(crate) fn actions_at<'a>(
    lanes: impl ExactSizeIterator<Item = &'a [f32]>,
    step: usize,
    width: usize,
    device: &Device,
) -> Actions {
    let n_lanes = lanes.len();
    let row = |actions: &'a [f32]| {
        let end = (step * width).min(actions.len());
        &actions[end - width..end]
    };
    let values: Vec<f32> = lanes.flat_map(row).copied().collect();
    Actions {
        values: Tensor::from_data(TensorData::new(values, [n_lanes, width]), device),
        given: RowMask::all(n_lanes),
    }
}

/// Numbers of any float type as those of the host.
fn numbers(data: TensorData) -> Vec<f32> {
    data.convert_dtype(DType::F32).try_into_vec().expect("the data was just converted to numbers")
}

/// The bytes of pictures `[row, channel, height, width]`, whatever integer the device uses.
pub(crate) fn image_bytes(images: Tensor<4, Int>) -> Vec<u8> {
    let data = images.into_data().convert_dtype(DType::U8);
    data.try_into_vec().expect("the data was just converted to bytes")
}
