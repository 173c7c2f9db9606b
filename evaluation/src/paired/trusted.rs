//! Trust beside the true error, step by step, so that it can be judged where the error is known.

use serde::{Deserialize, Serialize};

use super::{Branches, Judging, branches::Act, features::Shown, prediction::error};
use crate::{Interval, bootstrap, spearman};

/// One step of one dream under the driver's own actions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustStep {
    /// Which episode of the truth.
    pub episode: usize,
    /// Steps after the context's last frame.
    pub horizon: usize,
    /// What the world says.
    pub trust: f32,
    /// Mean squared error of the picture, full scale 1.
    pub mse: f64,
    /// On pixels that changed since the context's last frame; absent where none did.
    pub changed_mse: Option<f64>,
    /// Root mean squared error of the scaled state vector; absent where the world shows none.
    pub state_rmse: Option<f64>,
}

/// How trust goes with the true error within one horizon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustedHorizon {
    /// Steps after the context's last frame.
    pub horizon: usize,
    /// Mean trust.
    pub trust: f64,
    /// Spearman's rank correlation of distrust with the picture's error on changed pixels; absent where trust never
    /// changes.
    pub spearman_pixels: Option<Interval>,
    /// With the error of the state vector.
    pub spearman_state: Option<Interval>,
}

/// Every kept step of every case.
pub(super) fn steps(judging: &Judging<'_>, dreamed: &[Branches], shown: &Shown) -> Vec<TrustStep> {
    let furthest = judging.settings.furthest();
    let each = (0..judging.cases.len()).flat_map(|case_idx| {
        (1..=furthest).filter_map(move |horizon| step(judging, dreamed, shown, case_idx, horizon))
    });
    each.collect()
}

fn step(
    judging: &Judging<'_>,
    dreamed: &[Branches],
    shown: &Shown,
    case_idx: usize,
    horizon: usize,
) -> Option<TrustStep> {
    let dream = &dreamed[case_idx][Act::Own.idx()];
    let error = error(judging, case_idx, horizon, dream.frame(horizon))?;
    let state_rmse = || {
        let truth = judging.truth[case_idx][Act::Own.idx()].state(horizon)?;
        let squares = truth.iter().zip(dream.state(horizon)?).map(|(a, b)| f64::from(a - b).powi(2));
        Some((squares.sum::<f64>() / truth.len() as f64).sqrt())
    };
    Some(TrustStep {
        episode: judging.cases[case_idx].run,
        horizon,
        trust: *dream.trust.get(horizon - 1)?,
        mse: error.all.mean()?,
        changed_mse: error.changed.mean(),
        state_rmse: if *shown == Shown::State { state_rmse() } else { None },
    })
}

/// The correlations at each horizon.
pub(super) fn horizons(judging: &Judging<'_>, dreamed: &[Branches], shown: &Shown) -> Vec<TrustedHorizon> {
    let at = |&horizon: &usize| {
        let steps: Vec<Option<TrustStep>> = (0..judging.cases.len())
            .map(|case_idx| step(judging, dreamed, shown, case_idx, horizon))
            .collect();
        let over = |error: fn(&TrustStep) -> Option<f64>| {
            bootstrap(judging.clusters, judging.settings.seed.split(7), &|drawn: &[usize]| {
                let pairs = drawn.iter().filter_map(|&idx| {
                    let step = steps[idx].as_ref()?;
                    Some((-f64::from(step.trust), error(step)?))
                });
                spearman(&pairs.collect::<Vec<_>>())
            })
        };
        let all: Vec<f64> = steps.iter().flatten().map(|step| f64::from(step.trust)).collect();
        TrustedHorizon {
            horizon,
            trust: all.iter().sum::<f64>() / (all.len() as f64).max(1.0),
            spearman_pixels: over(|step| step.changed_mse),
            spearman_state: over(|step| step.state_rmse),
        }
    };
    judging.settings.horizons.iter().map(at).collect()
}
