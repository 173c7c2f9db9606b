//! Figures of answers beside what was recorded.

use crate::statistics::{self, Forecast, Scored};

/// An answer and what was recorded.
pub(super) type Pair = [f64; 2];

/// 1 - squared error / squared distance from the mean of what was recorded; none where that never changes.
pub(super) fn r2(pairs: &[Pair]) -> Option<f64> {
    statistics::r2(&forecasts(pairs))
}

/// Root of the mean squared error.
pub(super) fn rmse(pairs: &[Pair]) -> Option<f64> {
    statistics::rmse(&forecasts(pairs))
}

fn forecasts(pairs: &[Pair]) -> Vec<Forecast> {
    pairs.iter().map(|&[said, came]| Forecast { said, came, weight: 1.0 }).collect()
}

/// Mean absolute error.
pub(super) fn mae(pairs: &[Pair]) -> Option<f64> {
    let error: f64 = pairs.iter().map(|[said, truth]| (said - truth).abs()).sum();
    (!pairs.is_empty()).then(|| error / pairs.len() as f64)
}

/// Pearson's; none where either never changes.
pub(super) fn correlation(pairs: &[Pair]) -> Option<f64> {
    let count = pairs.len() as f64;
    let mean = |idx: usize| pairs.iter().map(|pair| pair[idx]).sum::<f64>() / count;
    let means = [mean(0), mean(1)];
    let product = |a: usize, b: usize| {
        pairs.iter().map(|pair| (pair[a] - means[a]) * (pair[b] - means[b])).sum::<f64>()
    };
    let spread = (product(0, 0) * product(1, 1)).sqrt();
    (spread > 1e-12).then(|| product(0, 1) / spread)
}

/// The share of chances that lie on the side of one half where the truth is.
pub(super) fn accuracy(pairs: &[Pair]) -> Option<f64> {
    let right = pairs.iter().filter(|[said, truth]| (*said >= 0.5) == (*truth >= 0.5)).count();
    (!pairs.is_empty()).then(|| right as f64 / pairs.len() as f64)
}

/// The chance that a 1 is given a higher chance than a 0, ties half; none where there is but one kind.
pub(super) fn auroc(pairs: &[Pair]) -> Option<f64> {
    let scored = pairs.iter().map(|&[score, truth]| Scored { score, happened: truth >= 0.5, weight: 1.0 });
    statistics::auroc(&scored.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_known_answers() {
        let near = |found: Option<f64>, expected: f64| {
            assert!(found.is_some_and(|found| (found - expected).abs() < 1e-9), "{found:?}, not {expected}");
        };
        let pairs = [[1.0, 0.0], [1.0, 2.0], [4.0, 4.0]];
        near(mae(&pairs), 2.0 / 3.0);
        near(correlation(&[[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]), 1.0);
        near(accuracy(&[[0.9, 1.0], [0.2, 1.0], [0.1, 0.0]]), 2.0 / 3.0);
        assert_eq!((correlation(&[[1.0, 2.0]; 3]), mae(&[]), accuracy(&[])), (None, None, None));
    }
}
