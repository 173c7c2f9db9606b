//! How far driven gaps are from recorded ones, over many followers, with an interval.
//!
//! Neighbouring files record the same follower behind the same leader several times, in windows that overlap. Such a pair
//! counts once: RMSPE = sqrt(mean over pairs of (mean over the pair's rows of ((gap - recorded gap) / recorded gap)²)).

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::{Follow, Tally};

/// Errors of the gap over a set of followers; shares of 1, not per cent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Root mean square relative error of the bumper-to-bumper gap, each pair of cars counting once.
    pub rmspe: f64,
    /// The middle 95 % of `rmspe` when followers are drawn anew with replacement. Followers of one platoon meet the same
    /// waves, so that the true uncertainty is somewhat larger.
    pub rmspe_interval: [f64; 2],
    /// The same error with each recorded row counting once.
    pub rmspe_by_row: f64,
    /// `rmspe` over the recorded distance of the front bumpers, which needs no vehicle length.
    pub rmspe_of_front_distance: f64,
    /// The middle pair's own relative error.
    pub median_pair_rmspe: f64,
    /// The share of pairs with a relative error of at most 30 %.
    pub pairs_within_30_percent: f64,
    /// Root mean square error of the gap in metres, each pair of cars counting once.
    pub rmse_m: f64,
    /// Different vehicles that follow.
    pub followers: usize,
    /// Different pairs of leader and follower.
    pub pairs: usize,
    /// Recordings of these pairs.
    pub recordings: usize,
    /// Recordings in which the driven follower touches its leader.
    pub collisions: usize,
}

/// Scores followers; `resamples` draws with `seed` give the interval. No followers give errors of 0.
pub fn score(follows: &[Follow], resamples: usize, seed: u64) -> Score {
    let mut rows = Tally::default();
    let mut pairs: BTreeMap<(u32, u32), Tally> = BTreeMap::new();
    for follow in follows {
        rows.add(&follow.tally);
        pairs.entry((follow.follower_id, follow.leader_id)).or_default().add(&follow.tally);
    }
    let n_pairs = pairs.len().max(1) as f64;
    let root_mean = |squares: fn(&Tally) -> f64| {
        (pairs.values().map(|pair| squares(pair) / pair.rows.max(1) as f64).sum::<f64>() / n_pairs).sqrt()
    };
    let mut own: Vec<f64> = pairs.values().map(rmspe).collect();
    own.sort_by(f64::total_cmp);

    let mut followers: BTreeMap<u32, (f64, usize)> = BTreeMap::new();
    for ((follower_id, _), pair) in &pairs {
        let (squares, count) = followers.entry(*follower_id).or_default();
        *squares += rmspe(pair).powi(2);
        *count += 1;
    }
    let followers: Vec<(f64, usize)> = followers.into_values().collect();
    Score {
        rmspe: root_mean(|pair| pair.relative_squares),
        rmspe_interval: interval(&followers, resamples, seed),
        rmspe_by_row: rmspe(&rows),
        rmspe_of_front_distance: root_mean(|pair| pair.front_relative_squares),
        median_pair_rmspe: quantile(&own, 0.5),
        pairs_within_30_percent: own.iter().filter(|&&error| error <= 0.3).count() as f64 / n_pairs,
        rmse_m: root_mean(|pair| pair.squares_m2),
        followers: followers.len(),
        pairs: pairs.len(),
        recordings: follows.len(),
        collisions: follows.iter().filter(|follow| follow.tally.touching_rows > 0).count(),
    }
}

/// Root mean square relative error of the gap over the rows of a tally.
pub fn rmspe(tally: &Tally) -> f64 {
    (tally.relative_squares / tally.rows.max(1) as f64).sqrt()
}

/// Bootstrap over followers, given the sum of squared errors and the number of pairs of each.
fn interval(followers: &[(f64, usize)], resamples: usize, seed: u64) -> [f64; 2] {
    if followers.is_empty() {
        return [0.0; 2];
    }
    let mut draws = ChaCha8Rng::seed_from_u64(seed);
    let mut errors: Vec<f64> = (0..resamples)
        .map(|_| {
            let (mut squares, mut count) = (0.0, 0);
            for _ in 0..followers.len() {
                let drawn = followers[draws.random_range(0..followers.len())];
                squares += drawn.0;
                count += drawn.1;
            }
            (squares / count as f64).sqrt()
        })
        .collect();
    errors.sort_by(f64::total_cmp);
    [quantile(&errors, 0.025), quantile(&errors, 0.975)]
}

/// The value at a share of a sorted list, between neighbours in proportion; 0 for an empty list.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let place = share * last as f64;
    let (low, high) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    low + (high - low) * place.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A follower with the same relative error in all rows.
    fn off_by(follower_id: u32, rows: usize, error: f64) -> Follow {
        let tally = Tally { rows, relative_squares: rows as f64 * error * error, ..Tally::default() };
        Follow { leader_id: 100 + follower_id, follower_id, tally }
    }

    #[test]
    fn a_pair_recorded_twice_counts_once() {
        let score = score(&[off_by(1, 100, 0.3), off_by(1, 100, 0.3), off_by(2, 100, 0.1)], 100, 0);
        assert!((score.rmspe - (0.1_f64 / 2.0).sqrt()).abs() < 1e-12);
        assert!((score.rmspe_by_row - (0.19_f64 / 3.0).sqrt()).abs() < 1e-12);
        assert!((score.median_pair_rmspe - 0.2).abs() < 1e-12);
        assert_eq!((score.followers, score.pairs, score.recordings), (2, 2, 3));
    }

    #[test]
    fn the_interval_holds_the_error_and_narrows_with_more_followers() {
        let follows = |count: u32| -> Vec<Follow> {
            (0..count).map(|id| off_by(id, 50, 0.1 + 0.3 * f64::from(id % 5) / 5.0)).collect()
        };
        let (few, many) = (score(&follows(10), 1000, 7), score(&follows(400), 1000, 7));
        let width = |score: &Score| score.rmspe_interval[1] - score.rmspe_interval[0];
        assert!(few.rmspe_interval[0] < few.rmspe && few.rmspe < few.rmspe_interval[1]);
        assert!(width(&many) < 0.3 * width(&few));
    }

    #[test]
    fn equal_followers_leave_no_doubt() {
        let score = score(&[off_by(1, 10, 0.2), off_by(2, 10, 0.2)], 50, 0);
        assert!(score.rmspe_interval.iter().all(|error| (error - 0.2).abs() < 1e-12));
    }

    #[test]
    fn a_follower_of_two_leaders_is_two_pairs_and_one_follower() {
        let other = Follow { leader_id: 500, ..off_by(1, 10, 0.2) };
        let score = score(&[off_by(1, 10, 0.2), other], 50, 0);
        assert_eq!((score.followers, score.pairs), (1, 2));
        assert!(score.rmspe_interval.iter().all(|error| (error - 0.2).abs() < 1e-12));
    }

    #[test]
    fn no_followers_give_numbers_all_the_same() {
        let score = score(&[], 50, 0);
        assert_eq!((score.rmspe, score.rmspe_interval, score.pairs), (0.0, [0.0; 2], 0));
    }
}
