//! The expected calibration error: how far, on average, events are from as frequent as they were said to be.
//!
//! Bins hold equal mass: with bins of equal width nearly all of a rare event's probabilities lie in the first.
//! After Nixon et al. 2019, <https://arxiv.org/abs/1904.01685>.

use super::{Scored, ascending};

/// The sum over `bins` of their share of the mass times |share of events - mean probability|. Equal probabilities
/// stay in one bin, so their order does not matter; none of nothing.
#[must_use]
pub fn calibration_error(scored: &[Scored], bins: usize) -> Option<f64> {
    let total: f64 = scored.iter().map(|one| one.weight).sum();
    if total <= 0.0 || bins == 0 {
        return None;
    }
    let (mut error, mut seen) = (0.0, 0.0);
    let (mut bin, mut gap) = (1.0, 0.0);
    for tied in ascending(scored).chunk_by(|a, b| a.score.total_cmp(&b.score).is_eq()) {
        for one in tied {
            seen += one.weight;
            gap += one.weight * (f64::from(u8::from(one.happened)) - one.score);
        }
        // A sum of weights may miss the end of a bin by a rounding.
        if seen >= total * bin / bins as f64 - 1e-9 * total {
            error += f64::abs(gap) / total;
            gap = 0.0;
            bin = (seen / total * bins as f64 + 1e-9).floor() + 1.0;
        }
    }
    Some(error + f64::abs(gap) / total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::scored;

    #[test]
    fn it_is_the_mean_gap_of_equal_bins() {
        // Bins (0.1, 0.3) with 0 of 2 and (0.6, 0.8) with 2 of 2: gaps 0.2 and 0.3.
        let all = scored(&[0.8, 0.1, 0.6, 0.3], &[1, 0, 1, 0]);
        assert!((calibration_error(&all, 2).unwrap() - 0.25).abs() < 1e-12);
        // One bin: 2 of 4 against a mean of 0.45.
        assert!((calibration_error(&all, 1).unwrap() - 0.05).abs() < 1e-12);
    }

    #[test]
    fn frequencies_as_said_have_no_error() {
        let all = scored(&[0.25, 0.25, 0.25, 0.25, 0.5, 0.5], &[0, 1, 0, 0, 0, 1]);
        assert!(calibration_error(&all, 10).unwrap() < 1e-12);
    }

    #[test]
    fn equal_probabilities_are_not_torn_apart() {
        for happened in [[1, 1, 0, 0], [0, 1, 0, 1]] {
            assert!(calibration_error(&scored(&[0.5; 4], &happened), 2).unwrap() < 1e-12);
        }
        assert_eq!(calibration_error(&[], 10), None);
    }
}
