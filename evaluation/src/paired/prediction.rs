//! How near a dream stays to what the truth does under the same actions, beside a still picture and beside the truth
//! under wrong actions: a perfect simulator that was told something else.

use serde::{Deserialize, Serialize};

use super::{
    Branch, Branches, Judging,
    branches::Act,
    features::{Feature, Shown},
};
use crate::{
    Interval, bootstrap,
    pixels::{FrameError, floats, frame_error, psnr_db},
    statistics::Tally,
};

/// Numbers of the state vector that are judged; of others only while the truth shows them.
const JUDGED: [&str; 6] =
    ["ego.speed", "ego.lateral", "ego.offset", "ego.heading", "ahead.forward", "ahead.faster"];

/// Errors over a set of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairedPixels {
    /// Mean squared error over all cases, full scale 1.
    pub mse: f64,
    /// Of that error, in dB; at most 100.
    pub psnr_db: Interval,
}

/// Errors at one horizon. A set of pixels is absent where it is empty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairedScore {
    /// Steps after the context's last frame.
    pub horizon: usize,
    /// Cases whose truth lasts that long.
    pub cases: usize,
    /// All pixels.
    pub all: Option<PairedPixels>,
    /// Pixels in which a channel of the truth changed by more than 12 of 255 since the context's last frame.
    pub changed: Option<PairedPixels>,
}

/// The error of one number of the state vector at one horizon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateScore {
    /// Name without its scale.
    pub feature: String,
    /// Unit of the errors; empty for plain numbers.
    pub unit: String,
    /// Steps after the context's last frame.
    pub horizon: usize,
    /// Cases in which the truth lasts that long and shows the number.
    pub cases: usize,
    /// Root mean squared error of the dream.
    pub rmse: Interval,
    /// Of holding the value at the context's last frame.
    pub hold_rmse: Interval,
    /// Of the truth under wrong actions; absent where it always ended before.
    pub wrong_rmse: Option<Interval>,
    /// Error of the dream divided by that of holding the value.
    pub of_hold: Option<Interval>,
}

/// Scores of dreams under the driver's own actions.
pub(super) fn scores(judging: &Judging<'_>, dreamed: &[Branches]) -> Vec<PairedScore> {
    over_horizons(judging, &|case_idx, horizon| dreamed[case_idx][Act::Own.idx()].frame(horizon))
}

/// Scores of the truth under wrong actions.
pub(super) fn wrong_scores(judging: &Judging<'_>) -> Vec<PairedScore> {
    over_horizons(judging, &|case_idx, horizon| judging.truth[case_idx][Act::Wrong.idx()].frame(horizon))
}

/// Scores of the context's last frame.
pub(super) fn still_scores(judging: &Judging<'_>) -> Vec<PairedScore> {
    over_horizons(judging, &|case_idx, _| Some(last_frame(judging, case_idx)))
}

/// What is seen where a dream begins.
pub(super) fn last_frame<'a>(judging: &Judging<'a>, case_idx: usize) -> &'a [u8] {
    let bytes = &judging.cases[case_idx].context.images[0];
    &bytes[bytes.len() - judging.camera.frame_len()..]
}

/// The error of one frame against the truth under the driver's own actions; none where either has ended.
pub(super) fn error(
    judging: &Judging<'_>,
    case_idx: usize,
    horizon: usize,
    frame: Option<&[u8]>,
) -> Option<FrameError> {
    let recorded = judging.truth[case_idx][Act::Own.idx()].frame(horizon)?;
    Some(frame_error(&floats(frame?), recorded, last_frame(judging, case_idx)))
}

fn over_horizons<'a>(
    judging: &Judging<'_>,
    frame: &dyn Fn(usize, usize) -> Option<&'a [u8]>,
) -> Vec<PairedScore> {
    let score = |&horizon: &usize| {
        let errors: Vec<Option<FrameError>> = (0..judging.cases.len())
            .map(|case_idx| error(judging, case_idx, horizon, frame(case_idx, horizon)))
            .collect();
        let pixels = |of: fn(&FrameError) -> Tally| {
            let mean = |drawn: &[usize]| {
                let mut sum = Tally::default();
                drawn.iter().filter_map(|&idx| errors[idx].as_ref()).for_each(|error| sum.add(of(error)));
                sum.mean()
            };
            let mse = mean(&judging.clusters.members.concat())?;
            let psnr = |drawn: &[usize]| mean(drawn).map(psnr_db);
            let psnr_db = bootstrap(judging.clusters, judging.settings.seed.split(1), &psnr)?;
            Some(PairedPixels { mse, psnr_db })
        };
        PairedScore {
            horizon,
            cases: errors.iter().flatten().count(),
            all: pixels(|error| error.all),
            changed: pixels(|error| error.changed),
        }
    };
    judging.settings.horizons.iter().map(score).collect()
}

/// Squared errors of one case: of the dream, of holding, of the truth under wrong actions.
type Errors = (f64, f64, Option<f64>);

/// Errors of the state vector; none where the world shows no state.
pub(super) fn state_scores(judging: &Judging<'_>, dreamed: &[Branches], shown: &Shown) -> Vec<StateScore> {
    if *shown == Shown::PicturesOnly {
        return Vec::new();
    }
    let each = judging.settings.horizons.iter().flat_map(|&horizon| {
        JUDGED.iter().filter_map(move |&name| {
            let feature = judging.features.find(name)?;
            let errors: Vec<Option<Errors>> = (0..judging.cases.len())
                .map(|case_idx| errors(judging, &dreamed[case_idx], case_idx, horizon, name, &feature))
                .collect();
            state_score(judging, horizon, name, &feature, &errors)
        })
    });
    each.collect()
}

fn errors(
    judging: &Judging<'_>,
    dreamed: &[Branch],
    case_idx: usize,
    horizon: usize,
    name: &str,
    feature: &Feature<'_>,
) -> Option<Errors> {
    let truth = judging.truth[case_idx][Act::Own.idx()].state(horizon)?;
    let last = judging.features.last(&judging.cases[case_idx])?;
    let slot = name.split('.').next().unwrap_or(name);
    let present = judging.features.find(&format!("{slot}.present"));
    let is_there = |state: &[f32]| present.is_none_or(|present| present.of(state) > 0.5);
    if !is_there(truth) || !is_there(last) {
        return None;
    }
    let squared = |state: &[f32]| (feature.of(state) - feature.of(truth)).powi(2);
    let wrong = judging.truth[case_idx][Act::Wrong.idx()].state(horizon);
    let dream = dreamed[Act::Own.idx()].state(horizon)?;
    Some((squared(dream), squared(last), wrong.filter(|state| is_there(state)).map(squared)))
}

fn state_score(
    judging: &Judging<'_>,
    horizon: usize,
    name: &str,
    feature: &Feature<'_>,
    errors: &[Option<Errors>],
) -> Option<StateScore> {
    let rmse = |drawn: &[usize], of: &dyn Fn(&Errors) -> Option<f64>| {
        let found: Vec<f64> = drawn.iter().filter_map(|&idx| of(errors[idx].as_ref()?)).collect();
        (!found.is_empty()).then(|| (found.iter().sum::<f64>() / found.len() as f64).sqrt())
    };
    let over = |statistic: &dyn Fn(&[usize]) -> Option<f64>| {
        bootstrap(judging.clusters, judging.settings.seed.split(1), statistic)
    };
    Some(StateScore {
        feature: name.to_owned(),
        unit: feature.unit().to_owned(),
        horizon,
        cases: errors.iter().flatten().count(),
        rmse: over(&|drawn: &[usize]| rmse(drawn, &|errors| Some(errors.0)))?,
        hold_rmse: over(&|drawn: &[usize]| rmse(drawn, &|errors| Some(errors.1)))?,
        wrong_rmse: over(&|drawn: &[usize]| rmse(drawn, &|errors| errors.2)),
        of_hold: over(&|drawn: &[usize]| {
            let hold = rmse(drawn, &|errors| Some(errors.1))?;
            (hold > 0.0).then(|| rmse(drawn, &|errors| Some(errors.0)).map(|rmse| rmse / hold))?
        }),
    })
}
