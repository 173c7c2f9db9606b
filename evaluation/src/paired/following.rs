//! Whether a dream heeds its actions, with exact counterfactuals: of two action sequences from one state, the dream of
//! each must be nearer to the truth under that sequence than to the truth under the other.
//!
//! Only what the two truths do differently is looked at: pixels in which they differ by more than 12 of 255, numbers of
//! the state vector that differ by more than [`DIFFERS`].

use serde::{Deserialize, Serialize};

use super::{Branch, Branches, Judging, branches::Act, features::Shown};
use crate::{Interval, bootstrap, pixels::CHANGED_LEVELS};

/// Numbers of the state vector are scaled to be about 1 at most; a speed differs by 0.15 m/s.
pub(super) const DIFFERS: f32 = 0.005;

/// Pairs of action sequences.
const PAIRS: [(&str, Act, Act); 3] = [
    ("actions of another episode", Act::Own, Act::Wrong),
    ("steering", Act::Left, Act::Right),
    ("acceleration", Act::Brake, Act::Accelerate),
];

/// How well two branches are told apart by what is seen of them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToldApart {
    /// Cases in which the truth differs.
    pub cases: usize,
    /// Part of the dreams that are nearer to their own truth than to the other; a tie counts half, so that a world that
    /// hears nothing has 0.5.
    pub following: Interval,
    /// Part of the truths to which the dream under the same actions is nearer than the dream under the others: action
    /// following as it is measured where there is but one truth. A dream that is off in the same way under all actions
    /// is forgiven here, and not in `following`.
    pub right_dream: Interval,
    /// Squared distance to the other truth divided by that to their own; 1 for a world that hears nothing. Absent
    /// where dreams are exact.
    pub counterfactual_ratio: Option<Interval>,
}

/// One pair of action sequences at one horizon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FollowingScore {
    /// What is changed.
    pub changed: String,
    /// Steps after the context's last frame.
    pub horizon: usize,
    /// By pictures.
    pub pixels: Option<ToldApart>,
    /// By the state vector, where the world shows one.
    pub state: Option<ToldApart>,
}

/// Squared distances of the dreams of two branches: each to its own truth, and each to the other.
#[derive(Clone, Copy)]
struct Distances {
    own: [f64; 2],
    other: [f64; 2],
}

/// Distances of the dreams of two branches from the truths of them.
type Between<'a> = dyn Fn([&Branch; 2], [&Branch; 2]) -> Option<Distances> + 'a;

/// All pairs at all horizons up to the settings'.
pub(super) fn scores(judging: &Judging<'_>, dreamed: &[Branches], shown: &Shown) -> Vec<FollowingScore> {
    let each = PAIRS.iter().flat_map(|&(changed, one, two)| {
        (1..=judging.settings.following).map(move |horizon| {
            let distances = |between: &Between<'_>| {
                let found: Vec<Option<Distances>> = (judging.truth.iter().zip(dreamed))
                    .map(|(truth, dream)| {
                        let [truth, dream] = [truth, dream].map(|of| [&of[one.idx()], &of[two.idx()]]);
                        between(truth, dream)
                    })
                    .collect();
                followed(judging, &found)
            };
            FollowingScore {
                changed: changed.to_owned(),
                horizon,
                pixels: distances(&|truth, dream| by_pixels(truth, dream, horizon)),
                state: match shown {
                    Shown::State => distances(&|truth, dream| by_state(truth, dream, horizon)),
                    Shown::PicturesOnly => None,
                },
            }
        })
    });
    each.collect()
}

fn by_pixels(truth: [&Branch; 2], dream: [&Branch; 2], horizon: usize) -> Option<Distances> {
    let [true_one, true_two] = [truth[0].frame(horizon)?, truth[1].frame(horizon)?];
    let [one, two] = [dream[0].frame(horizon)?, dream[1].frame(horizon)?];
    let plane = true_one.len() / 3;
    let differs = |pixel: usize| {
        (0..3).any(|channel| {
            let idx = channel * plane + pixel;
            true_one[idx].abs_diff(true_two[idx]) > CHANGED_LEVELS
        })
    };
    let salient: Vec<usize> = (0..plane).filter(|&pixel| differs(pixel)).collect();
    let distance = |seen: &[u8], truth: &[u8]| {
        let places = salient.iter().flat_map(|&pixel| [pixel, plane + pixel, 2 * plane + pixel]);
        let squared = |idx: usize| ((f64::from(seen[idx]) - f64::from(truth[idx])) / 255.0).powi(2);
        places.map(squared).sum::<f64>() / (3 * salient.len()) as f64
    };
    (!salient.is_empty()).then(|| Distances {
        own: [distance(one, true_one), distance(two, true_two)],
        other: [distance(one, true_two), distance(two, true_one)],
    })
}

fn by_state(truth: [&Branch; 2], dream: [&Branch; 2], horizon: usize) -> Option<Distances> {
    let [true_one, true_two] = [truth[0].state(horizon)?, truth[1].state(horizon)?];
    let [one, two] = [dream[0].state(horizon)?, dream[1].state(horizon)?];
    let salient: Vec<usize> =
        (0..true_one.len()).filter(|&idx| (true_one[idx] - true_two[idx]).abs() > DIFFERS).collect();
    let distance = |seen: &[f32], truth: &[f32]| {
        let squared = |&idx: &usize| f64::from(seen[idx] - truth[idx]).powi(2);
        salient.iter().map(squared).sum::<f64>() / salient.len() as f64
    };
    (!salient.is_empty()).then(|| Distances {
        own: [distance(one, true_one), distance(two, true_two)],
        other: [distance(one, true_two), distance(two, true_one)],
    })
}

fn followed(judging: &Judging<'_>, distances: &[Option<Distances>]) -> Option<ToldApart> {
    let seed = judging.settings.seed.split(3);
    // Of two distances each, whether the first is the smaller one.
    let won = |pairs: [[f64; 2]; 2]| {
        let each = pairs.map(|[own, other]| match own.total_cmp(&other) {
            std::cmp::Ordering::Less => 1.0,
            std::cmp::Ordering::Equal => 0.5,
            std::cmp::Ordering::Greater => 0.0,
        });
        (each[0] + each[1]) / 2.0
    };
    let over = |pairs: &dyn Fn(&Distances) -> [[f64; 2]; 2]| {
        bootstrap(judging.clusters, seed, &|drawn: &[usize]| {
            let found: Vec<f64> =
                drawn.iter().filter_map(|&idx| Some(won(pairs(distances[idx].as_ref()?)))).collect();
            (!found.is_empty()).then(|| found.iter().sum::<f64>() / found.len() as f64)
        })
    };
    let following = over(&|found| [0, 1].map(|idx| [found.own[idx], found.other[idx]]))?;
    // `other` of one dream is its distance to the truth of the other.
    let right_dream = over(&|found| [0, 1].map(|idx| [found.own[idx], found.other[1 - idx]]))?;
    let counterfactual_ratio = bootstrap(judging.clusters, seed, &|drawn: &[usize]| {
        let (mut own, mut other) = (0.0, 0.0);
        for found in drawn.iter().filter_map(|&idx| distances[idx].as_ref()) {
            own += found.own.iter().sum::<f64>();
            other += found.other.iter().sum::<f64>();
        }
        (own > 0.0).then(|| other / own)
    });
    Some(ToldApart {
        cases: distances.iter().flatten().count(),
        following,
        right_dream,
        counterfactual_ratio,
    })
}
