//! Whether a dream keeps the detail of the recording: gradient energy, the mean squared difference of the luma of
//! neighbouring pixels. The codec's reconstruction of the recorded frame is the best a dream can do.

use std::sync::Arc;

use burn::tensor::Device;
use dreamlane_core::{Batch, WorldModel};
use serde::{Deserialize, Serialize};

use crate::{
    Clusters, Interval, Settings,
    bootstrap::bootstrap,
    case::Layout,
    driver::Judging,
    fidelity::Dreamed,
    tile::{TILE, image_bytes},
};

/// Ratios of gradient energy, each summed over all cases.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharpnessScore {
    /// One dream against the recording.
    pub dream_to_recording: Interval,
    /// The codec's reconstruction against the recording.
    pub codec_to_recording: Interval,
    /// One dream against the codec's reconstruction of the recording.
    pub dream_to_codec: Interval,
}

/// Sharpness at one horizon; absent where recording or reconstruction are flat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HorizonSharpness {
    /// Steps after the context's last frame.
    pub horizon: usize,
    /// Of whole pictures.
    pub full: Option<SharpnessScore>,
    /// Of pictures halved by averaging 2x2 pixels, which forgives the loss of the finest detail.
    pub half: Option<SharpnessScore>,
}

/// Energies of dream, recording and reconstruction.
type Energies = [f64; 3];

/// Scores the first dream of every case at each horizon.
pub(crate) fn sharpness(judging: &Judging<'_>, dreamed: &Dreamed) -> Vec<HorizonSharpness> {
    let Judging { world, layout, cases, clusters, settings } = *judging;
    let mut scores = Vec::new();
    for (idx, &horizon) in settings.horizons.iter().enumerate() {
        let recorded: Vec<&[u8]> = cases.iter().map(|case| layout.recorded(case, horizon)).collect();
        let rebuilt = reconstructions(world, layout, &recorded, &settings.device);
        let energies = |measure: fn(&[u8], &Layout) -> f64| -> Vec<Energies> {
            (dreamed.first.iter().zip(recorded.iter().zip(&rebuilt)))
                .map(|(dream, (recorded, rebuilt))| {
                    [dream[idx].as_slice(), recorded, rebuilt].map(|frame| measure(frame, layout))
                })
                .collect()
        };
        let full = |frame: &[u8], layout: &Layout| gradient_energy(&luma(frame), layout.width);
        let half = |frame: &[u8], layout: &Layout| {
            gradient_energy(&half_size(&luma(frame), layout.width), layout.width / 2)
        };
        scores.push(HorizonSharpness {
            horizon,
            full: ratios(&energies(full), clusters, settings),
            half: ratios(&energies(half), clusters, settings),
        });
    }
    scores
}

fn ratios(energies: &[Energies], clusters: &Clusters, settings: &Settings) -> Option<SharpnessScore> {
    let ratio = |above: usize, below: usize| {
        bootstrap(clusters, settings.seed.split(2), &|cases: &[usize]| {
            let sum = |which: usize| cases.iter().map(|&case_idx| energies[case_idx][which]).sum::<f64>();
            (sum(below) > 0.0).then(|| sum(above) / sum(below))
        })
    };
    Some(SharpnessScore {
        dream_to_recording: ratio(0, 1)?,
        codec_to_recording: ratio(2, 1)?,
        dream_to_codec: ratio(0, 2)?,
    })
}

/// What the world's codec makes of recorded frames `[channel, height, width]`.
fn reconstructions(
    world: &Arc<dyn WorldModel>,
    layout: &Layout,
    frames: &[&[u8]],
    device: &Device,
) -> Vec<Vec<u8>> {
    let mut rebuilt = Vec::with_capacity(frames.len());
    for tile in frames.chunks(TILE) {
        let batch = Batch {
            batch: tile.len(),
            time: 1,
            sizes: vec![[layout.height, layout.width]],
            images: vec![tile.concat()],
            // Cases keep no recorded state; a picture is coded without it.
            state: vec![0.0; tile.len() * world.spec().state.len()],
            actions: vec![0.0; tile.len() * layout.action_width],
            rewards: Vec::new(),
            ends: Vec::new(),
        };
        let latents = world.encode(&batch.to_device(device)).squeeze_dim(1); // [batch, token, dim]
        let bytes = image_bytes(world.decode(latents).images.swap_remove(0));
        rebuilt.extend(bytes.chunks(layout.frame_len()).map(<[u8]>::to_vec));
    }
    rebuilt
}

/// Brightness `[height, width]` of a picture `[channel, height, width]`, full scale 1 (weights of ITU-R BT.601).
#[must_use]
pub fn luma(frame: &[u8]) -> Vec<f32> {
    let plane = frame.len() / 3;
    let weigh = |idx: usize| {
        0.299 * f32::from(frame[idx])
            + 0.587 * f32::from(frame[idx + plane])
            + 0.114 * f32::from(frame[idx + 2 * plane])
    };
    (0..plane).map(|idx| weigh(idx) / 255.0).collect()
}

/// Mean squared difference between neighbours, across plus down, of a plane `[height, width]`.
#[must_use]
pub fn gradient_energy(plane: &[f32], width: usize) -> f64 {
    let height = plane.len() / width;
    let squared = |a: f32, b: f32| f64::from(a - b).powi(2);
    let across: f64 =
        plane.chunks(width).flat_map(|row| row.windows(2)).map(|pair| squared(pair[0], pair[1])).sum();
    let down: f64 = plane.iter().zip(&plane[width..]).map(|(&a, &b)| squared(a, b)).sum();
    across / (height * (width - 1)).max(1) as f64 + down / ((height - 1) * width).max(1) as f64
}

/// A plane `[height, width]` at half size: the mean of each 2x2 pixels; an odd row or column is left out.
#[must_use]
pub fn half_size(plane: &[f32], width: usize) -> Vec<f32> {
    let height = plane.len() / width;
    let at = |row: usize, column: usize| plane[row * width + column];
    let mean = |row: usize, column: usize| {
        (at(row, column) + at(row, column + 1) + at(row + 1, column) + at(row + 1, column + 1)) / 4.0
    };
    (0..height / 2)
        .flat_map(|row| (0..width / 2).map(move |column| (2 * row, 2 * column)))
        .map(|(row, column)| mean(row, column))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ramp_has_the_energy_of_its_slope() {
        let plane: Vec<f32> = (0..48).map(|idx| 0.1 * (idx % 8) as f32 + 0.2 * (idx / 8) as f32).collect();
        assert!((gradient_energy(&plane, 8) - (0.01 + 0.04)).abs() < 1e-6);
        // At half size a step spans two pixels.
        assert!((gradient_energy(&half_size(&plane, 8), 4) - (0.04 + 0.16)).abs() < 1e-6);
    }

    #[test]
    fn the_finest_checkerboard_vanishes_at_half_size() {
        let plane: Vec<f32> = (0..64).map(|idx| ((idx % 8 + idx / 8) % 2) as f32).collect();
        assert!((gradient_energy(&plane, 8) - 2.0).abs() < 1e-9);
        assert!(gradient_energy(&half_size(&plane, 8), 4) < 1e-9);
    }
}
