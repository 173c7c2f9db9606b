//! The steering response under imposed steering: a world that repeats what usually comes next looks right under
//! the recorded steering, so the steering is replaced, and the dreamed picture has to follow the replacement.

use dreamlane_core::{ActionSpace, Result, Seed};
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use crate::{
    Case, Clusters, Interval,
    bootstrap::bootstrap,
    case::Layout,
    driver::Judging,
    shift::{Moments, profile_shift, profiles},
    tile::{Frames, Start, dream},
};

/// Lags that are tried, in frames: 0 to 8.
pub const LAGS: usize = 9;

/// A random command holds for this many frames.
const HOLD_FRAMES: std::ops::RangeInclusive<usize> = 5..=15;

/// How the horizontal image shift follows the steering: the shift from frame t + lag to t + lag + 1 against the
/// steering at frame t, over all sequences together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SteeringResponse {
    /// The lag, in frames, with the strongest correlation.
    pub lag: usize,
    /// The correlation at that lag. The sign is the camera's and the command's convention.
    pub correlation: Interval,
    /// The correlation at each lag from 0 to 8.
    pub by_lag: Vec<f64>,
}

/// Responses in the recording and in dreams from the same contexts; one is absent where its steering never changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SteeringResponses {
    /// Frames of each sequence after the context.
    pub steps: usize,
    /// Sequences.
    pub cases: usize,
    /// The recording under its own steering.
    pub recorded: Option<SteeringResponse>,
    /// Dreams under the recorded steering.
    pub replayed: Option<SteeringResponse>,
    /// Dreams with left and right exchanged.
    pub flipped: Option<SteeringResponse>,
    /// Dreams under random piecewise constant steering.
    pub random: Option<SteeringResponse>,
}

/// Dreams from up to `response_cases` of the cases, spread evenly, under each steering. `done` hears how many
/// of the three dreams of all cases are through.
pub(crate) fn steering_responses(
    judging: &Judging<'_>,
    column: usize,
    done: &mut dyn FnMut(usize),
) -> Result<SteeringResponses> {
    let Judging { world, layout, cases, settings, .. } = *judging;
    let steps = settings.response_steps.min(layout.horizon);
    let count = settings.response_cases.clamp(1, cases.len());
    let chosen: Vec<Case> = (0..count).map(|k| cases[k * cases.len() / count].clone()).collect();
    let clusters = Clusters::of(&chosen);
    let response = |steerings: &[Vec<f32>], shifts: &[Vec<f64>]| {
        response(steerings, shifts, &clusters, settings.seed.split(6))
    };
    let recorded: Vec<Vec<f32>> = chosen.iter().map(|case| steering(layout, case, steps, column)).collect();
    let shifts = |(case, frames): (&Case, &[Vec<u8>])| sequence_shifts(layout, case, frames);
    let recorded_shifts: Vec<Vec<f64>> = (chosen.iter())
        .map(|case| {
            let frames: Vec<Vec<u8>> = (1..=steps).map(|step| layout.recorded(case, step).to_vec()).collect();
            shifts((case, &frames))
        })
        .collect();
    let mut dreams = 0;
    let mut dreamed = |steerings: &[Vec<f32>]| -> Result<Option<SteeringResponse>> {
        let frames = imposed_dreams(&Judging { cases: &chosen, ..*judging }, steerings, column)?;
        dreams += 1;
        done(dreams);
        let shifts: Vec<Vec<f64>> =
            chosen.iter().zip(&frames).map(|(case, frames)| shifts((case, frames))).collect();
        Ok(response(steerings, &shifts))
    };
    let flipped: Vec<Vec<f32>> =
        recorded.iter().map(|row| row.iter().map(|value| -value).collect()).collect();
    let range = bounds(&world.spec().action, column);
    let random: Vec<Vec<f32>> = (0..count as u64)
        .map(|idx| piecewise_constant(settings.seed.split(5).split(idx), steps, range))
        .collect();
    Ok(SteeringResponses {
        steps,
        cases: count,
        recorded: response(&recorded, &recorded_shifts),
        replayed: dreamed(&recorded)?,
        flipped: dreamed(&flipped)?,
        random: dreamed(&random)?,
    })
}

/// The recorded steering of the first `steps` actions.
fn steering(layout: &Layout, case: &Case, steps: usize, column: usize) -> Vec<f32> {
    (0..steps).map(|step| case.actions[step * layout.action_width + column]).collect()
}

/// Smallest and largest steering.
fn bounds(space: &ActionSpace, column: usize) -> [f32; 2] {
    match space {
        ActionSpace::Continuous { low, high, .. } => [low[column].max(-1.0), high[column].min(1.0)],
        ActionSpace::Discrete { .. } => [0.0, 1.0],
    }
}

/// Levels drawn uniformly from `range`, each held for 5 to 15 frames.
fn piecewise_constant(seed: Seed, len: usize, [low, high]: [f32; 2]) -> Vec<f32> {
    let mut rng = seed.rng();
    let mut values = Vec::with_capacity(len);
    while values.len() < len {
        let hold = rng.random_range(HOLD_FRAMES);
        let level = low + (high - low) * rng.random::<f32>();
        values.extend(std::iter::repeat_n(level, hold.min(len - values.len())));
    }
    values
}

/// All frames `[case][step]` of dreams whose steering is replaced; the other action values stay as recorded.
fn imposed_dreams(judging: &Judging<'_>, steerings: &[Vec<f32>], column: usize) -> Result<Frames> {
    let Judging { world, layout, cases, settings, .. } = *judging;
    let imposed: Vec<Vec<f32>> = (cases.iter().zip(steerings))
        .map(|(case, steering)| {
            let mut actions = case.actions[..steering.len() * layout.action_width].to_vec();
            let rows = actions.chunks_mut(layout.action_width);
            rows.zip(steering).for_each(|(row, &value)| row[column] = value);
            actions
        })
        .collect();
    let starts: Vec<Start<'_>> = (cases.iter().zip(&imposed).enumerate())
        .map(|(idx, (case, actions))| Start { context: &case.context, actions, seed: settings.noise(idx, 0) })
        .collect();
    let steps: Vec<usize> = (1..=steerings.first().map_or(0, Vec::len)).collect();
    dream(world, layout, &starts, &steps, &settings.device)
}

/// Shifts from the context's last frame through all following `frames`.
fn sequence_shifts(layout: &Layout, case: &Case, frames: &[Vec<u8>]) -> Vec<f64> {
    let all: Vec<_> = std::iter::once(layout.recorded(case, 0))
        .chain(frames.iter().map(Vec::as_slice))
        .map(|frame| profiles(frame, layout.width))
        .collect();
    all.windows(2).map(|pair| profile_shift(&pair[0], &pair[1])).collect()
}

/// The lag is chosen on all sequences and kept while resampling, so the interval is that of one lag's correlation.
fn response(
    steerings: &[Vec<f32>],
    shifts: &[Vec<f64>],
    clusters: &Clusters,
    seed: Seed,
) -> Option<SteeringResponse> {
    let moments: Vec<Vec<Moments>> = (steerings.iter().zip(shifts))
        .map(|(steering, shifts)| {
            let steering: Vec<f64> = steering.iter().map(|&value| f64::from(value)).collect();
            (0..LAGS).map(|lag| Moments::of(&steering, shifts, lag)).collect()
        })
        .collect();
    let at = |lag: usize, cases: &[usize]| {
        let mut sum = Moments::default();
        cases.iter().for_each(|&case_idx| sum.add(&moments[case_idx][lag]));
        sum.correlation()
    };
    let everything = clusters.members.concat();
    let by_lag: Vec<f64> = (0..LAGS).map(|lag| at(lag, &everything)).collect::<Option<_>>()?;
    let lag = (0..LAGS).max_by(|&a, &b| by_lag[a].abs().total_cmp(&by_lag[b].abs()))?;
    let correlation = bootstrap(clusters, seed, &|cases: &[usize]| at(lag, cases))?;
    Some(SteeringResponse { lag, correlation, by_lag })
}
