//! How good the probabilities of a rare event are.

use dreamlane_core::Seed;
use serde::{Deserialize, Serialize};

use crate::{
    Clusters, Interval, Scored,
    bootstrap::bootstrap,
    statistics::{average_precision, base_rate, brier, brier_skill, calibration_error},
};

/// Bins of equal mass of the calibration error.
const BINS: usize = 10;

/// How good the probabilities of one event are; a figure is absent where it is not defined, as where nothing happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventScore {
    /// Windows in which it happened, as drawn.
    pub events: usize,
    /// Its share among all starts: the average precision of a world that knows nothing.
    pub base_rate: Option<f64>,
    /// Area under the precision-recall curve.
    pub average_precision: Option<Interval>,
    /// Mean squared error of the probability.
    pub brier: Option<f64>,
    /// 1 - Brier / Brier of the base rate.
    pub brier_skill: Option<Interval>,
    /// Expected calibration error over 10 bins of equal mass.
    pub calibration_error: Option<Interval>,
}

/// `scored` is per case; none where the event is not defined.
pub(super) fn event_score(scored: Vec<Option<Scored>>, clusters: &Clusters, seed: Seed) -> EventScore {
    let of = |cases: &[usize]| cases.iter().filter_map(|&case_idx| scored[case_idx]).collect::<Vec<_>>();
    let over = |statistic: &dyn Fn(&[Scored]) -> Option<f64>| {
        bootstrap(clusters, seed, &|cases: &[usize]| statistic(&of(cases)))
    };
    let all: Vec<Scored> = scored.iter().flatten().copied().collect();
    EventScore {
        events: all.iter().filter(|one| one.happened).count(),
        base_rate: base_rate(&all),
        average_precision: over(&average_precision),
        brier: brier(&all),
        brier_skill: over(&brier_skill),
        calibration_error: over(&|scored| calibration_error(scored, BINS)),
    }
}
