//! Average precision: the area under the steps of the precision-recall curve, sum of (recall - recall before) x
//! precision over all thresholds. Unlike accuracy it means something where events are rare.

use super::{Scored, ascending, masses};

/// The average precision; none where nothing happened. Equal scores are one threshold, so their order does not matter.
#[must_use]
pub fn average_precision(scored: &[Scored]) -> Option<f64> {
    let [total, _] = masses(scored);
    if total <= 0.0 {
        return None;
    }
    let (mut found, mut named, mut area) = (0.0, 0.0, 0.0);
    let sorted = ascending(scored);
    for tied in sorted.chunk_by(|a, b| a.score.total_cmp(&b.score).is_eq()).rev() {
        let [happened, missed] = masses(tied);
        found += happened;
        named += happened + missed;
        area += happened / total * (found / named);
    }
    Some(area)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::{base_rate, scored};

    #[test]
    fn it_is_the_mean_precision_at_the_events() {
        // By hand: events at ranks 1 and 3, so (1/1 + 2/3) / 2.
        let found = average_precision(&scored(&[0.9, 0.8, 0.7, 0.1], &[1, 0, 1, 0])).unwrap();
        assert!((found - 5.0 / 6.0).abs() < 1e-12, "{found}");
    }

    #[test]
    fn a_constant_score_has_the_base_rate_in_any_order() {
        for happened in [[1, 0, 0, 0, 1], [0, 0, 1, 1, 0]] {
            let all = scored(&[0.5; 5], &happened);
            assert_eq!((average_precision(&all), base_rate(&all)), (Some(0.4), Some(0.4)));
        }
    }

    #[test]
    fn a_weight_counts_like_as_many_copies() {
        let mut weighted = scored(&[0.9, 0.8, 0.3], &[0, 1, 0]);
        weighted[0].weight = 3.0;
        let copies = scored(&[0.9, 0.9, 0.9, 0.8, 0.3], &[0, 0, 0, 1, 0]);
        assert_eq!(average_precision(&weighted), average_precision(&copies));
        assert_eq!(average_precision(&weighted), Some(0.25));
    }

    #[test]
    fn without_events_there_is_none() {
        assert_eq!(average_precision(&scored(&[0.1, 0.2], &[0, 0])), None);
        assert_eq!(average_precision(&[]), None);
    }
}
