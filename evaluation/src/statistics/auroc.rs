//! The area under the receiver operating characteristic: how often one that happened has a higher score than one that
//! did not, ties half.

use super::{Scored, ascending, masses};

/// The area; 0.5 without knowledge, none where all or nothing happened.
#[must_use]
pub fn auroc(scored: &[Scored]) -> Option<f64> {
    let [total, missed_total] = masses(scored);
    if total <= 0.0 || missed_total <= 0.0 {
        return None;
    }
    let (mut below, mut won) = (0.0, 0.0);
    for tied in ascending(scored).chunk_by(|a, b| a.score.total_cmp(&b.score).is_eq()) {
        let [happened, missed] = masses(tied);
        won += happened * (below + 0.5 * missed);
        below += missed;
    }
    Some(won / (total * missed_total))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::scored;

    #[test]
    fn it_is_the_share_of_pairs_in_the_right_order() {
        let cases: [(&[f64], &[u8], f64); 4] = [
            (&[0.1, 0.2, 0.8, 0.9], &[0, 0, 1, 1], 1.0),
            (&[0.9, 0.8, 0.2, 0.1], &[0, 0, 1, 1], 0.0),
            (&[0.5, 0.5, 0.5], &[1, 0, 0], 0.5),
            // Pairs of one that happened (0.4, 0.8) and one that did not (0.3, 0.4): won, tied, won, won.
            (&[0.3, 0.4, 0.4, 0.8], &[0, 1, 0, 1], 3.5 / 4.0),
        ];
        for (scores, happened, expected) in cases {
            assert_eq!(auroc(&scored(scores, happened)), Some(expected), "{scores:?}");
        }
    }

    #[test]
    fn with_one_kind_alone_there_is_none() {
        assert_eq!(auroc(&scored(&[0.1, 0.2], &[1, 1])), None);
        assert_eq!(auroc(&scored(&[0.1, 0.2], &[0, 0])), None);
    }
}
