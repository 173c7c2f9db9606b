//! How near a dream stays to the recording, per horizon: MSE, PSNR and skill = 1 - MSE / MSE(last frame repeated),
//! of one dream and of the mean of several, on all pixels and on those that changed.

use dreamlane_core::Result;
use serde::{Deserialize, Serialize};

use crate::{
    Case, Clusters, Interval, LikenessScore, Settings,
    bootstrap::bootstrap,
    case::Layout,
    drift::features::FeatureMap,
    driver::Judging,
    likeness::{Likeness, likeness_score},
    pixels::{FrameError, floats, frame_error, is_changed, psnr_db},
    statistics::Tally,
    tile::{Kept, Start, TILE, Told, dream, dream_all},
    video_distance::{CLIP, RecordedClips, clip_features},
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
    /// How alike one dream and the recording look; absent in reports of old.
    #[serde(default)]
    pub likeness: Option<LikenessScore>,
}

/// Errors of one case at one horizon.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CaseErrors {
    pub(crate) one: FrameError,
    pub(crate) mean: FrameError,
    pub(crate) still: FrameError,
    likeness: Likeness,
}

/// All dreams of a world, scored.
pub(crate) struct Dreamed {
    /// `[case][horizon]`.
    pub(crate) errors: Vec<Vec<CaseErrors>>,
    /// `[case][horizon]`: the pictures of the first dream.
    pub(crate) first: Vec<Vec<Vec<u8>>>,
    /// `[case]`: what the first dream said beside its pictures; states are at each horizon.
    pub(crate) told: Vec<Told>,
    /// `[horizon][case]`: features of the clip of the first dream that ends there.
    clips: Vec<Vec<Option<Vec<f64>>>>,
}

/// Dreams every case under its recorded actions. `done` hears how many cases are through.
pub(crate) fn dream_cases(judging: &Judging<'_>, done: &mut dyn FnMut(usize)) -> Result<Dreamed> {
    let Judging { world, layout, cases, settings, .. } = *judging;
    let (map, horizons) = (FeatureMap::new(), &settings.horizons);
    let looked_at = looked_at(horizons);
    let mut dreamed = Dreamed {
        errors: Vec::new(),
        first: Vec::new(),
        told: Vec::new(),
        clips: vec![Vec::new(); horizons.len()],
    };
    for (chunk_idx, chunk) in cases.chunks(TILE).enumerate() {
        let start = |idx: usize, pass: usize| Start {
            context: &chunk[idx].context,
            actions: &chunk[idx].actions,
            seed: settings.noise(chunk_idx * TILE + idx, pass),
        };
        let firsts: Vec<Start<'_>> = (0..chunk.len()).map(|idx| start(idx, 0)).collect();
        let kept = Kept { steps: &looked_at, until: looked_at.last().copied().unwrap_or(0) };
        let firsts = dream_all(world, layout, &firsts, &kept, &settings.device)?;
        let others: Vec<Start<'_>> = (0..chunk.len())
            .flat_map(|idx| (1..settings.dreams).map(move |pass| (idx, pass)))
            .map(|(idx, pass)| start(idx, pass))
            .collect();
        let others = dream(world, layout, &others, horizons, &settings.device)?;
        for (idx, (case, mut told)) in chunk.iter().zip(firsts).enumerate() {
            let frames = std::mem::take(&mut told.frames);
            for (of_horizon, &horizon) in dreamed.clips.iter_mut().zip(horizons) {
                of_horizon.push(clip(&map, &frames, &looked_at, horizon, layout.width));
            }
            let at_horizons: Vec<usize> =
                horizons.iter().filter_map(|horizon| looked_at.binary_search(horizon).ok()).collect();
            let first: Vec<Vec<u8>> = at_horizons.iter().map(|&place| frames[place].clone()).collect();
            told.states = at_horizons.iter().map(|&place| std::mem::take(&mut told.states[place])).collect();
            let more = settings.dreams - 1;
            let passes: Vec<&Vec<Vec<u8>>> =
                std::iter::once(&first).chain(&others[idx * more..(idx + 1) * more]).collect();
            dreamed.errors.push(case_errors(layout, case, &passes, horizons, &map));
            dreamed.first.push(first);
            dreamed.told.push(told);
        }
        done(dreamed.first.len());
    }
    Ok(dreamed)
}

/// All steps of the first dream whose pictures are needed: those of the clips that end at the horizons.
fn looked_at(horizons: &[usize]) -> Vec<usize> {
    let clips = horizons.iter().flat_map(|&horizon| (horizon + 1).saturating_sub(CLIP).max(1)..=horizon);
    clips.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
}

/// Features of the clip that ends at a horizon; `frames` are those at `steps`.
fn clip(
    map: &FeatureMap,
    frames: &[Vec<u8>],
    steps: &[usize],
    horizon: usize,
    width: usize,
) -> Option<Vec<f64>> {
    let first = (horizon + 1).checked_sub(CLIP).filter(|&first| first > 0)?;
    let place = steps.binary_search(&first).ok()?;
    let clip: Vec<&[u8]> = frames[place..place + CLIP].iter().map(Vec::as_slice).collect();
    Some(clip_features(map, &clip, width))
}

/// Errors of one case at each horizon; `passes` is `[dream][horizon]`.
fn case_errors(
    layout: &Layout,
    case: &Case,
    passes: &[&Vec<Vec<u8>>],
    horizons: &[usize],
    map: &FeatureMap,
) -> Vec<CaseErrors> {
    let last = layout.recorded(case, 0);
    let score = |(idx, &horizon): (usize, &usize)| {
        let recorded = layout.recorded(case, horizon);
        let error = |predicted: &[f32]| frame_error(predicted, recorded, last);
        let changed: Vec<bool> =
            (0..recorded.len() / 3).map(|pixel| is_changed(recorded, last, pixel)).collect();
        CaseErrors {
            one: error(&floats(&passes[0][idx])),
            mean: error(&mean_frame(passes.iter().map(|pass| pass[idx].as_slice()))),
            still: error(&floats(last)),
            likeness: Likeness::of(map, &passes[0][idx], recorded, &changed, layout.width),
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
pub(crate) fn scores(
    dreamed: &Dreamed,
    recorded: &RecordedClips,
    clusters: &Clusters,
    settings: &Settings,
) -> Vec<HorizonScore> {
    let score = |(idx, &horizon): (usize, &usize)| {
        let over = |which: fn(&CaseErrors) -> [Tally; 2]| {
            pixel_score(clusters, settings, &|case_idx| which(&dreamed.errors[case_idx][idx]))
        };
        HorizonScore {
            horizon,
            one_all: over(|errors| [errors.one.all, errors.still.all]),
            one_changed: over(|errors| [errors.one.changed, errors.still.changed]),
            mean_all: over(|errors| [errors.mean.all, errors.still.all]),
            mean_changed: over(|errors| [errors.mean.changed, errors.still.changed]),
            likeness: Some(likeness_score(
                clusters,
                settings,
                &|case_idx| dreamed.errors[case_idx][idx].likeness,
                recorded.distance(idx, &dreamed.clips[idx], clusters, settings),
            )),
        }
    };
    settings.horizons.iter().enumerate().map(score).collect()
}

/// `errors` gives the world's and the still picture's error of a case.
fn pixel_score(
    clusters: &Clusters,
    settings: &Settings,
    errors: &dyn Fn(usize) -> [Tally; 2],
) -> Option<PixelScore> {
    let means = |cases: &[usize]| {
        let mut sums = [Tally::default(); 2];
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
