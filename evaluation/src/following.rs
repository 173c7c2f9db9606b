//! Action following: whether a dream under the true actions comes nearer the recording than one under wrong actions,
//! case by case, from the same context with the same noise. A world that does not heed its actions wins half.
//!
//! The wrong action is what another run did at a similar speed, so that it is one that could have been taken. Each
//! number of the action is exchanged by itself, and all together.

mod donors;

use dreamlane_core::{ActionSpace, Result};
use serde::{Deserialize, Serialize};

use crate::{
    Clusters, Interval,
    bootstrap::bootstrap,
    driver::Judging,
    features::Features,
    fidelity::Dreamed,
    pixels::{FrameError, floats, frame_error},
    statistics::Tally,
    tile::{Kept, Start, TILE, dream_all},
};

/// Actions count as different when they lie further apart than this share of their range, on average over the steps
/// up to the horizon: where both did nearly the same, no world can tell them apart.
pub const DIFFERENT: f64 = 0.1;

/// How often the true actions win, on one kind of error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Followed {
    /// P(error under wrong actions > error under true ones), ties half; absent where no pair could be judged.
    pub probability: Option<Interval>,
    /// Pairs behind it.
    pub pairs: usize,
    /// The same over pairs whose actions are different.
    pub probability_different: Option<Interval>,
    /// Pairs behind that.
    pub pairs_different: usize,
    /// Mean squared error under wrong actions / under true ones, over all pairs; 1 for a world that does not heed.
    pub counterfactual_ratio: Option<Interval>,
}

/// Action following at one horizon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HorizonFollowing {
    /// Steps after the context's last frame.
    pub horizon: usize,
    /// On the pixels that changed since the context's last frame.
    pub changed: Followed,
    /// On all pixels.
    pub all: Followed,
    /// On the state vector, where the world predicts one.
    #[serde(default)]
    pub state: Option<Followed>,
}

/// Action following of one number of the action, or of all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnFollowing {
    /// Its name, or `all`.
    pub action: String,
    /// Per horizon, ascending.
    pub horizons: Vec<HorizonFollowing>,
}

/// Action following of every number of the action and of all together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FollowingReport {
    /// Where wrong actions come from, in words.
    pub wrong: String,
    /// Share of their range by which actions must differ to count as different.
    pub different: f64,
    /// Each number of the action, then all.
    pub columns: Vec<ColumnFollowing>,
}

/// What is exchanged: one number of the action, or all of them.
#[derive(Clone, Copy)]
enum Exchanged {
    One(usize),
    All,
}

/// One case under wrong actions at one horizon.
struct Pair {
    changed: [Tally; 2],
    all: [Tally; 2],
    state: Option<[Tally; 2]>,
    is_different: bool,
}

/// Dreams every case again under wrong actions, once per number of the action and once for all. `done` hears how many
/// of these dreams of all cases are through.
pub(crate) fn following(
    judging: &Judging<'_>,
    dreamed: &Dreamed,
    features: &Features,
    done: &mut dyn FnMut(usize),
) -> Result<FollowingReport> {
    let space = &judging.world.spec().action;
    let donors = donors::donors(judging, features);
    let mut columns = Vec::new();
    for (name, exchanged) in exchanges(space) {
        let pairs = pairs(judging, dreamed, features, &donors.of_case, exchanged)?;
        let score = |(idx, &horizon): (usize, &usize)| {
            let of_horizon: Vec<&Pair> = pairs.iter().map(|horizons| &horizons[idx]).collect();
            horizon_following(judging, horizon, &of_horizon)
        };
        let horizons = judging.settings.horizons.iter().enumerate().map(score).collect();
        columns.push(ColumnFollowing { action: name, horizons });
        done(columns.len());
    }
    Ok(FollowingReport { wrong: donors.about, different: DIFFERENT, columns })
}

/// How many dreams of every case [`following`] takes.
pub(crate) fn exchanged(space: &ActionSpace) -> usize {
    exchanges(space).len()
}

/// A choice is exchanged as a whole: half of a one-hot row is no action.
fn exchanges(space: &ActionSpace) -> Vec<(String, Exchanged)> {
    let mut exchanges: Vec<(String, Exchanged)> = match space {
        ActionSpace::Continuous { names, .. } if names.len() > 1 => {
            names.iter().enumerate().map(|(column, name)| (name.clone(), Exchanged::One(column))).collect()
        }
        _ => Vec::new(),
    };
    exchanges.push(("all".to_owned(), Exchanged::All));
    exchanges
}

/// Pairs `[case][horizon]`.
fn pairs(
    judging: &Judging<'_>,
    dreamed: &Dreamed,
    features: &Features,
    donors: &[usize],
    exchanged: Exchanged,
) -> Result<Vec<Vec<Pair>>> {
    let Judging { world, layout, cases, settings, .. } = *judging;
    let until = settings.horizons.last().copied().unwrap_or(0);
    let mut pairs = Vec::with_capacity(cases.len());
    for (chunk_idx, chunk) in cases.chunks(TILE).enumerate() {
        let first = chunk_idx * TILE;
        let wrong: Vec<Vec<f32>> = (chunk.iter().enumerate())
            .map(|(idx, case)| {
                let donor = &cases[donors[first + idx]];
                exchange(&case.actions, &donor.actions, layout.action_width, exchanged)
            })
            .collect();
        let starts: Vec<Start<'_>> = (chunk.iter().zip(&wrong).enumerate())
            .map(|(idx, (case, actions))| Start {
                context: &case.context,
                actions,
                seed: settings.noise(first + idx, 0),
            })
            .collect();
        let kept = Kept { steps: &settings.horizons, until };
        let told = dream_all(world, layout, &starts, &kept, &settings.device)?;
        for (idx, (case, told)) in chunk.iter().zip(&told).enumerate() {
            let case_idx = first + idx;
            let last = layout.recorded(case, 0);
            let pair = |(at, &horizon): (usize, &usize)| {
                let wrong_error: FrameError =
                    frame_error(&floats(&told.frames[at]), layout.recorded(case, horizon), last);
                let own = dreamed.errors[case_idx][at].one;
                let recorded = layout.state(case, horizon);
                let squared = |state: &[f32]| features.squared_error(state, recorded).map(Tally::one);
                let state = squared(&dreamed.told[case_idx].states[at]).zip(squared(&told.states[at]));
                let end = horizon * layout.action_width;
                let apart = apart(&case.actions[..end], &wrong[idx][..end], &world.spec().action);
                Pair {
                    changed: [own.changed, wrong_error.changed],
                    all: [own.all, wrong_error.all],
                    state: state.map(|(own, wrong)| [own, wrong]),
                    is_different: apart > DIFFERENT,
                }
            };
            pairs.push(settings.horizons.iter().enumerate().map(pair).collect());
        }
    }
    Ok(pairs)
}

/// `own` actions `[step, width]` with one number, or all, of the other's.
fn exchange(own: &[f32], other: &[f32], width: usize, exchanged: Exchanged) -> Vec<f32> {
    match exchanged {
        Exchanged::All => other.to_vec(),
        Exchanged::One(column) => (own.iter().zip(other).enumerate())
            .map(|(idx, (&own, &other))| if idx % width == column { other } else { own })
            .collect(),
    }
}

/// How far two stretches of actions lie apart: the mean over steps of the largest difference as a share of its range.
fn apart(a: &[f32], b: &[f32], space: &ActionSpace) -> f64 {
    let width = space.width();
    let range = |column: usize| match space {
        // A range without end is taken as that of a pedal.
        ActionSpace::Continuous { low, high, .. } => {
            let range = f64::from(high[column]) - f64::from(low[column]);
            if range.is_finite() && range > 0.0 { range } else { 2.0 }
        }
        ActionSpace::Discrete { .. } => 1.0,
    };
    let steps = (a.len() / width).max(1) as f64;
    let largest = |(a, b): (&[f32], &[f32])| {
        let share = |column: usize| f64::from(a[column] - b[column]).abs() / range(column);
        (0..width).map(share).fold(0.0, f64::max)
    };
    a.chunks(width).zip(b.chunks(width)).map(largest).sum::<f64>() / steps
}

fn horizon_following(judging: &Judging<'_>, horizon: usize, pairs: &[&Pair]) -> HorizonFollowing {
    let followed = |which: &dyn Fn(&Pair) -> Option<[Tally; 2]>| {
        let errors: Vec<Option<[Tally; 2]>> =
            pairs.iter().map(|pair| which(pair).filter(|[own, _]| own.count > 0.0)).collect();
        let different: Vec<bool> = pairs.iter().map(|pair| pair.is_different).collect();
        followed(judging.clusters, judging.settings.seed.split(11), &errors, &different)
    };
    let has_state = pairs.iter().any(|pair| pair.state.is_some());
    HorizonFollowing {
        horizon,
        changed: followed(&|pair| Some(pair.changed)),
        all: followed(&|pair| Some(pair.all)),
        state: has_state.then(|| followed(&|pair| pair.state)),
    }
}

/// `errors` are those under true and under wrong actions, none where the case cannot be judged.
fn followed(
    clusters: &Clusters,
    seed: dreamlane_core::Seed,
    errors: &[Option<[Tally; 2]>],
    different: &[bool],
) -> Followed {
    let won = |[own, wrong]: [Tally; 2]| match wrong.sum.total_cmp(&own.sum) {
        std::cmp::Ordering::Greater => 1.0,
        std::cmp::Ordering::Equal => 0.5,
        std::cmp::Ordering::Less => 0.0,
    };
    let probability = |all: bool| {
        bootstrap(clusters, seed, &|cases: &[usize]| {
            let judged = cases.iter().filter(|&&case_idx| all || different[case_idx]);
            let won = judged.filter_map(|&case_idx| Some(Tally::one(won(errors[case_idx]?))));
            won.sum::<Tally>().mean()
        })
    };
    let ratio = bootstrap(clusters, seed, &|cases: &[usize]| {
        let side = |side: usize| {
            let errors = cases.iter().filter_map(|&case_idx| Some(errors[case_idx]?[side]));
            errors.sum::<Tally>().mean()
        };
        let own = side(0)?;
        (own > 0.0).then_some(())?;
        Some(side(1)? / own)
    });
    let pairs = || (0..errors.len()).filter(|&case_idx| errors[case_idx].is_some());
    Followed {
        probability: probability(true),
        pairs: pairs().count(),
        probability_different: probability(false),
        pairs_different: pairs().filter(|&case_idx| different[case_idx]).count(),
        counterfactual_ratio: ratio,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_or_all_are_exchanged() {
        let (own, other) = ([1.0, 2.0, 3.0, 4.0], [10.0, 20.0, 30.0, 40.0]);
        assert_eq!(exchange(&own, &other, 2, Exchanged::One(1)), [1.0, 20.0, 3.0, 40.0]);
        assert_eq!(exchange(&own, &other, 2, Exchanged::All), other);
    }

    #[test]
    fn actions_are_apart_by_a_share_of_their_range() {
        let space = ActionSpace::Continuous {
            names: vec!["a".into(), "b".into()],
            low: vec![-1.0, 0.0],
            high: vec![1.0, 10.0],
        };
        // Step 1: 0.5 / 2 against 1 / 10; step 2: equal.
        assert!((apart(&[0.0, 0.0, 1.0, 1.0], &[0.5, 1.0, 1.0, 1.0], &space) - 0.125).abs() < 1e-9);
        let choice = ActionSpace::Discrete { names: vec!["left".into(), "right".into()] };
        assert_eq!(apart(&[1.0, 0.0], &[0.0, 1.0], &choice), 1.0);
        assert_eq!((exchanged(&space), exchanged(&choice)), (3, 1));
    }

    #[test]
    fn ties_count_half_and_cases_without_pixels_not_at_all() {
        let clusters = Clusters { members: (0..4).map(|idx| vec![idx]).collect(), resampling: String::new() };
        let pair = |own: f64, wrong: f64| Some([Tally::one(own), Tally::one(wrong)]);
        let errors = [pair(1.0, 2.0), pair(1.0, 1.0), None, pair(2.0, 5.0)];
        let found = followed(&clusters, dreamlane_core::Seed::new(1), &errors, &[true, false, true, false]);
        assert!((found.probability.unwrap().value - 2.5 / 3.0).abs() < 1e-12);
        assert_eq!(found.probability_different.unwrap().value, 1.0);
        assert_eq!((found.pairs, found.pairs_different), (3, 1));
        assert_eq!(found.counterfactual_ratio.unwrap().value, 2.0);
    }
}
