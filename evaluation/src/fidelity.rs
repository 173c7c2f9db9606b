//! How near a dream stays to the recording, per horizon: MSE, PSNR and skill = 1 - MSE / MSE(last frame repeated),
//! of one dream and of the mean of several, on all pixels and on those that changed.

use dreamlane_core::Result;
use serde::{Deserialize, Serialize};

use crate::{
    Case, Clusters, Interval, Settings,
    bootstrap::bootstrap,
    case::Layout,
    driver::Judging,
    pixels::{FrameError, SquaredError, floats, frame_error, psnr_db},
    tile::{Start, TILE, dream},
};

/// Errors over a set of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PixelScore {
    /// Mean squared error over all cases, full scale 1.
    pub mse: f64,
    /// Of that error, in dB; at most 100.
    pub psnr_db: f64,
    /// 1 - MSE / MSE of the context's last frame; 0 for a still picture, 1 at best.
    pub skill: Interval,
}

/// Scores at one horizon. A set of pixels is absent where it is empty, or where the recording stood still.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HorizonScore {
    /// Steps after the context's last frame.
    pub horizon: usize,
    /// One dream, all pixels.
    pub one_all: Option<PixelScore>,
    /// One dream, pixels in which a channel changed by more than 12 of 255 since the context's last frame.
    pub one_changed: Option<PixelScore>,
    /// The mean of several dreams, all pixels.
    pub mean_all: Option<PixelScore>,
    /// The mean of several dreams, changed pixels.
    pub mean_changed: Option<PixelScore>,
}

/// Errors of one case at one horizon.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CaseErrors {
    pub(crate) one: FrameError,
    mean: FrameError,
    still: FrameError,
}

/// All dreams of a world, scored.
pub(crate) struct Dreamed {
    /// `[case][horizon]`.
    pub(crate) errors: Vec<Vec<CaseErrors>>,
    /// `[case][horizon]`: the pictures of the first dream.
    pub(crate) first: Vec<Vec<Vec<u8>>>,
}

/// Dreams every case under its recorded actions. `done` hears how many cases are through.
pub(crate) fn dream_cases(judging: &Judging<'_>, done: &mut dyn FnMut(usize)) -> Result<Dreamed> {
    let Judging { world, layout, cases, settings, .. } = *judging;
    let chunk_len = TILE / settings.dreams;
    let mut dreamed = Dreamed { errors: Vec::new(), first: Vec::new() };
    for (chunk_idx, chunk) in cases.chunks(chunk_len).enumerate() {
        let starts: Vec<Start<'_>> = (chunk.iter().enumerate())
            .flat_map(|(idx, case)| {
                (0..settings.dreams).map(move |pass| Start {
                    context: &case.context,
                    actions: &case.actions,
                    seed: settings.noise(chunk_idx * chunk_len + idx, pass),
                })
            })
            .collect();
        let mut frames = dream(world, layout, &starts, &settings.horizons, &settings.device)?.into_iter();
        for case in chunk {
            let passes: Vec<_> = frames.by_ref().take(settings.dreams).collect();
            dreamed.errors.push(case_errors(layout, case, &passes, &settings.horizons));
            dreamed.first.extend(passes.into_iter().next());
        }
        done(dreamed.first.len());
    }
    Ok(dreamed)
}

/// Errors of one case at each horizon; `passes` is `[dream][horizon]`.
fn case_errors(layout: &Layout, case: &Case, passes: &[Vec<Vec<u8>>], horizons: &[usize]) -> Vec<CaseErrors> {
    let last = layout.recorded(case, 0);
    let score = |(idx, &horizon): (usize, &usize)| {
        let recorded = layout.recorded(case, horizon);
        let error = |predicted: &[f32]| frame_error(predicted, recorded, last);
        CaseErrors {
            one: error(&floats(&passes[0][idx])),
            mean: error(&mean_frame(passes.iter().map(|pass| pass[idx].as_slice()))),
            still: error(&floats(last)),
        }
    };
    horizons.iter().enumerate().map(score).collect()
}

fn mean_frame<'a>(frames: impl ExactSizeIterator<Item = &'a [u8]>) -> Vec<f32> {
    let count = frames.len() as f32;
    let mut sum = Vec::new();
    for frame in frames {
        sum.resize(frame.len(), 0.0);
        sum.iter_mut().zip(frame).for_each(|(sum, &byte)| *sum += f32::from(byte));
    }
    sum.iter_mut().for_each(|value| *value /= count);
    sum
}

/// The scores at each horizon, over all cases.
pub(crate) fn scores(dreamed: &Dreamed, clusters: &Clusters, settings: &Settings) -> Vec<HorizonScore> {
    let score = |(idx, &horizon): (usize, &usize)| {
        let over = |which: fn(&CaseErrors) -> [SquaredError; 2]| {
            pixel_score(clusters, settings, &|case_idx| which(&dreamed.errors[case_idx][idx]))
        };
        HorizonScore {
            horizon,
            one_all: over(|errors| [errors.one.all, errors.still.all]),
            one_changed: over(|errors| [errors.one.changed, errors.still.changed]),
            mean_all: over(|errors| [errors.mean.all, errors.still.all]),
            mean_changed: over(|errors| [errors.mean.changed, errors.still.changed]),
        }
    };
    settings.horizons.iter().enumerate().map(score).collect()
}

/// `errors` gives the world's and the still picture's error of a case.
fn pixel_score(
    clusters: &Clusters,
    settings: &Settings,
    errors: &dyn Fn(usize) -> [SquaredError; 2],
) -> Option<PixelScore> {
    let means = |cases: &[usize]| {
        let mut sums = [SquaredError::default(); 2];
        for &case_idx in cases {
            let errors = errors(case_idx);
            sums.iter_mut().zip(errors).for_each(|(sum, error)| sum.add(error));
        }
        Some([sums[0].mean()?, sums[1].mean()?])
    };
    let skill = |cases: &[usize]| {
        let [world, still] = means(cases)?;
        (still > 0.0).then(|| 1.0 - world / still)
    };
    let [mse, _] = means(&clusters.members.concat())?;
    let skill = bootstrap(clusters, settings.seed.split(1), &skill)?;
    Some(PixelScore { mse, psnr_db: psnr_db(mse), skill })
}
