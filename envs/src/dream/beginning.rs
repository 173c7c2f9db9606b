//! What a dream shows before it dreams, and how rows of one observation replace rows of another.

use burn::tensor::{Bool, DType, Device, Int, Tensor, TensorData};
use dreamlane_core::{Context, EnvSpec, Error, LaneMask, Observation, Result};

/// Black pictures and a state of zeros.
pub(super) fn blank(spec: &EnvSpec, device: &Device) -> Observation {
    let images = spec.cameras.iter().map(|camera| vec![0; spec.lanes * camera.frame_len()]).collect();
    observation(spec, images, vec![0.0; spec.lanes * spec.state.len()], device)
}

/// The last real frame of each context in its lane; other lanes are blank. A context has at least `wanted` frames.
pub(super) fn last_frames(
    spec: &EnvSpec,
    wanted: usize,
    lanes: &[usize],
    contexts: &[Context],
    device: &Device,
) -> Result<Observation> {
    let mut images: Vec<Vec<u8>> =
        spec.cameras.iter().map(|camera| vec![0; spec.lanes * camera.frame_len()]).collect();
    let width = spec.state.len();
    let mut state = vec![0.0; spec.lanes * width];
    for (&lane_idx, context) in lanes.iter().zip(contexts) {
        check(spec, wanted, context)?;
        for ((all, bytes), camera) in images.iter_mut().zip(&context.images).zip(&spec.cameras) {
            let len = camera.frame_len();
            all[lane_idx * len..(lane_idx + 1) * len].copy_from_slice(&bytes[(context.len - 1) * len..]);
        }
        state[lane_idx * width..(lane_idx + 1) * width]
            .copy_from_slice(&context.state[(context.len - 1) * width..context.len * width]);
    }
    Ok(observation(spec, images, state, device))
}

/// An observation of all rows from host values, per camera `[row, channel, height, width]` and `[row, feature]`.
pub(super) fn observation(
    spec: &EnvSpec,
    images: Vec<Vec<u8>>,
    state: Vec<f32>,
    device: &Device,
) -> Observation {
    let images = images.into_iter().zip(&spec.cameras).map(|(bytes, camera)| {
        let data = TensorData::new(bytes, [spec.lanes, 3, camera.height, camera.width]);
        Tensor::<4, Int>::from_data(data, (device, DType::U8))
    });
    Observation {
        images: images.collect(),
        state: Tensor::from_data(TensorData::new(state, [spec.lanes, spec.state.len()]), device),
    }
}

/// `below` with the marked rows taken from `above`.
pub(super) fn overlay(
    below: &Observation,
    above: Observation,
    rows: &LaneMask,
    device: &Device,
) -> Observation {
    if !rows.any() {
        return below.clone();
    }
    let all = rows.count() == rows.len();
    let mask =
        || Tensor::<1, Bool>::from_data(TensorData::new(rows.as_slice().to_vec(), [rows.len()]), device);
    let images = below.images.iter().zip(above.images).map(|(below, above)| {
        // A world may decode into wider integers than bytes.
        let above = above.cast(DType::U8);
        let mask = || mask().reshape([rows.len(), 1, 1, 1]).expand(above.dims());
        if all { above } else { below.clone().mask_where(mask(), above.clone()) }
    });
    let images = images.collect();
    let state = if all || above.state.dims()[1] == 0 {
        above.state
    } else {
        let mask = mask().reshape([rows.len(), 1]).expand(above.state.dims());
        below.state.clone().mask_where(mask, above.state)
    };
    Observation { images, state }
}

/// Checks that a context can be cut into frames of the spec.
fn check(spec: &EnvSpec, wanted: usize, context: &Context) -> Result<()> {
    let mismatch = |what: &str, expected: usize, found: usize| {
        Err(Error::mismatch(&context.source, format!("context {what}"), expected, found))
    };
    // A world that sees less than it learned with dreams on, and wrongly.
    if context.len < wanted.max(1) {
        return mismatch("frames, at least", wanted.max(1), context.len);
    }
    if context.images.len() != spec.cameras.len() {
        return mismatch("cameras", spec.cameras.len(), context.images.len());
    }
    for (camera, bytes) in spec.cameras.iter().zip(&context.images) {
        let expected = context.len * camera.frame_len();
        if bytes.len() != expected {
            return mismatch(&format!("picture bytes of camera {}", camera.name), expected, bytes.len());
        }
    }
    let expected = context.len * spec.state.len();
    // A world of pictures alone may begin from data that has a state vector too; it is not read.
    if expected != 0 && context.state.len() != expected {
        return mismatch("state numbers", expected, context.state.len());
    }
    Ok(())
}
