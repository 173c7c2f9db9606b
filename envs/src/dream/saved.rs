//! A dreaming lane as it is kept in a snapshot.

use burn::tensor::Device;
use dreamlane_core::{CameraSpec, EnvSpec, Error, Observation, Result, Seed, Snapshot};
use serde::{Deserialize, Serialize};

use super::beginning::observation;
use crate::status::LaneStatus;

/// One lane: its books, what it saw last (a start is recorded, not decoded), and the world's own part.
#[derive(Serialize, Deserialize)]
pub(super) struct Saved {
    pub(super) seed: Seed,
    pub(super) status: LaneStatus,
    pub(super) beginning: String,
    /// Per camera `[channel, height, width]`.
    pub(super) images: Vec<Vec<u8>>,
    pub(super) state: Vec<f32>,
    pub(super) dream: Snapshot,
}

impl Saved {
    /// What was seen, in the row of `lane_idx`; other rows are blank.
    pub(super) fn observation(
        &self,
        spec: &EnvSpec,
        lane_idx: usize,
        device: &Device,
    ) -> Result<Observation> {
        let expected: Vec<_> = spec.cameras.iter().map(CameraSpec::frame_len).collect();
        let found: Vec<_> = self.images.iter().map(Vec::len).collect();
        if expected != found || self.state.len() != spec.state.len() {
            return Err(Error::Invalid(format!(
                "snapshot of {}: expected pictures of {expected:?} bytes and {} state numbers, found {found:?} and {}",
                spec.name,
                spec.state.len(),
                self.state.len()
            )));
        }
        let images = self.images.iter().map(|bytes| bytes_in_row(bytes, lane_idx, spec.lanes)).collect();
        let mut state = vec![0.0; spec.lanes * self.state.len()];
        state[lane_idx * self.state.len()..(lane_idx + 1) * self.state.len()].copy_from_slice(&self.state);
        Ok(observation(spec, images, state, device))
    }
}

/// Picture bytes and state numbers of one row.
pub(super) fn row_of(seen: &Observation, lane_idx: usize) -> (Vec<Vec<u8>>, Vec<f32>) {
    let images = seen.images.iter().map(|images| {
        let row = images.clone().slice_dim(0, lane_idx..lane_idx + 1);
        row.into_data().iter::<u8>().collect()
    });
    let width = seen.state.dims()[1];
    let state = seen.state.to_data().iter::<f32>().skip(lane_idx * width).take(width).collect();
    (images.collect(), state)
}

fn bytes_in_row(bytes: &[u8], row: usize, rows: usize) -> Vec<u8> {
    let mut all = vec![0; rows * bytes.len()];
    all[row * bytes.len()..(row + 1) * bytes.len()].copy_from_slice(bytes);
    all
}
