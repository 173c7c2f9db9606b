//! Whether trust is to be trusted: does it fall where the true error is large, among dreams of equal age too? A clock
//! that only says how old a dream is passes for calibrated trust over all ages together, and says nothing within one.

mod threshold;

use serde::{Deserialize, Serialize};

use crate::{
    Bounds, Interval,
    bootstrap::bootstrap,
    driver::Judging,
    features::Features,
    fidelity::Dreamed,
    statistics::{Scored, auroc, spearman},
};
pub use threshold::Threshold;

/// Trust against error at one horizon. A figure is absent where it is not defined, as where trust is constant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustScore {
    /// Steps after the context's last frame.
    pub horizon: usize,
    /// Spearman's correlation of 1 - trust and the error; a clock has none within a horizon.
    pub spearman: Option<Interval>,
    /// Area under the curve of 1 - trust for an error over its bound; a clock has 0.5 within a horizon.
    pub auroc: Option<Interval>,
    /// Share of cases over the bound.
    pub over_bound: f64,
}

/// Trust against one kind of error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustOn {
    /// Within each horizon, ascending.
    pub horizons: Vec<TrustScore>,
    /// Spearman's correlation over all horizons together.
    pub pooled_spearman: Option<Interval>,
    /// The same of a clock, which trusts a dream the less the older it is.
    pub clock_spearman: Option<Interval>,
    /// Area under the curve over all horizons together.
    pub pooled_auroc: Option<Interval>,
    /// The same of a clock.
    pub clock_auroc: Option<Interval>,
    /// The threshold to recommend; absent where no step is good.
    pub threshold: Option<Threshold>,
    /// What the same choice makes of a clock.
    pub clock_threshold: Option<Threshold>,
}

/// Trust against the errors of pictures and of state vectors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustReport {
    /// Against the mean squared error of the picture, over `picture_mse`.
    pub picture: TrustOn,
    /// Against the mean squared error of the state vector as it stands; over the bound where the own speed or place
    /// across is. Absent where the world predicts no state.
    pub state: Option<TrustOn>,
}

/// One dreamed step.
struct Step {
    case_idx: usize,
    horizon: usize,
    trust: f64,
    /// The lowest trust up to it, which decides whether a dream that is cut at a threshold gets here.
    lowest: f64,
    error: f64,
    is_over: bool,
}

impl Step {
    fn doubted(&self) -> Scored {
        Scored { score: 1.0 - self.trust, happened: self.is_over, weight: 1.0 }
    }

    fn clocked(&self) -> Scored {
        Scored { score: self.horizon as f64, happened: self.is_over, weight: 1.0 }
    }
}

/// Holds the trust of the first dreams against their errors; none where trust never varies.
pub(crate) fn trust(judging: &Judging<'_>, dreamed: &Dreamed, features: &Features) -> Option<TrustReport> {
    let mut values = dreamed.told.iter().flat_map(|told| &told.trusts);
    let first = values.next()?;
    if values.all(|value| value == first) {
        return None;
    }
    let bounds = &judging.settings.bounds;
    let picture = |case_idx: usize, idx: usize| {
        let error = dreamed.errors[case_idx][idx].one.all.mean()?;
        Some((error, error > bounds.picture_mse))
    };
    let state = |case_idx: usize, idx: usize| {
        let told = &dreamed.told[case_idx].states[idx];
        let recorded = judging.layout.state(&judging.cases[case_idx], judging.settings.horizons[idx]);
        let error = features.squared_error(told, recorded)?;
        Some((error, is_astray(features, bounds, told, recorded)))
    };
    let has_state = features.any() && judging.layout.features > 0;
    Some(TrustReport {
        picture: trust_on(judging, &steps(judging, dreamed, &picture)),
        state: has_state.then(|| trust_on(judging, &steps(judging, dreamed, &state))),
    })
}

/// Whether the own speed or place across is further off than its bound.
fn is_astray(features: &Features, bounds: &Bounds, told: &[f32], recorded: &[f32]) -> bool {
    [("ego.speed", bounds.speed_mps), ("ego.lateral", bounds.lateral_m)].into_iter().any(|(name, bound)| {
        let error = |column: usize| {
            Some(features.in_unit(features.told(told, column)? - recorded[column], column).abs())
        };
        features.named(name).and_then(error).is_some_and(|error| error > bound)
    })
}

/// Every horizon of every case; `error_of` gives error and whether it is over its bound.
fn steps(
    judging: &Judging<'_>,
    dreamed: &Dreamed,
    error_of: &dyn Fn(usize, usize) -> Option<(f64, bool)>,
) -> Vec<Step> {
    let step = |case_idx: usize, idx: usize| {
        let horizon = judging.settings.horizons[idx];
        let trusts = &dreamed.told[case_idx].trusts[..horizon];
        let (error, is_over) = error_of(case_idx, idx)?;
        Some(Step {
            case_idx,
            horizon,
            trust: f64::from(trusts[horizon - 1]),
            lowest: trusts.iter().copied().map(f64::from).fold(f64::INFINITY, f64::min),
            error,
            is_over,
        })
    };
    let horizons = 0..judging.settings.horizons.len();
    (0..judging.cases.len())
        .flat_map(|case_idx| horizons.clone().filter_map(move |idx| step(case_idx, idx)))
        .collect()
}

fn trust_on(judging: &Judging<'_>, steps: &[Step]) -> TrustOn {
    let n_cases = judging.cases.len();
    let at = |horizon: usize| -> Vec<&Step> { steps.iter().filter(|step| step.horizon == horizon).collect() };
    let over = |steps: &[&Step], statistic: &dyn Fn(&[&Step]) -> Option<f64>| {
        let mut of_case = vec![Vec::new(); n_cases];
        steps.iter().for_each(|step| of_case[step.case_idx].push(*step));
        bootstrap(judging.clusters, judging.settings.seed.split(14), &|cases: &[usize]| {
            let drawn: Vec<&Step> = cases.iter().flat_map(|&case_idx| &of_case[case_idx]).copied().collect();
            statistic(&drawn)
        })
    };
    let correlation = |steps: &[&Step]| {
        spearman(&steps.iter().map(|step| (1.0 - step.trust, step.error)).collect::<Vec<_>>())
    };
    let area = |steps: &[&Step]| auroc(&steps.iter().map(|step| step.doubted()).collect::<Vec<_>>());
    let score = |&horizon: &usize| {
        let steps = at(horizon);
        let over_bound = steps.iter().filter(|step| step.is_over).count();
        TrustScore {
            horizon,
            spearman: over(&steps, &correlation),
            auroc: over(&steps, &area),
            over_bound: over_bound as f64 / steps.len().max(1) as f64,
        }
    };
    let all: Vec<&Step> = steps.iter().collect();
    TrustOn {
        horizons: judging.settings.horizons.iter().map(score).collect(),
        pooled_spearman: over(&all, &correlation),
        clock_spearman: over(&all, &|steps| {
            spearman(&steps.iter().map(|step| (step.horizon as f64, step.error)).collect::<Vec<_>>())
        }),
        pooled_auroc: over(&all, &area),
        clock_auroc: over(&all, &|steps| auroc(&steps.iter().map(|step| step.clocked()).collect::<Vec<_>>())),
        threshold: threshold::threshold(judging, steps, |step| step.lowest),
        clock_threshold: threshold::threshold(judging, steps, |step| -(step.horizon as f64)),
    }
}
