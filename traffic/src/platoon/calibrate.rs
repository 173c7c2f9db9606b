//! One set of parameters of the intelligent driver model for all drivers of one half, tested on the other half.
//!
//! The measures of error are those of Treiber and Kesting, *Microscopic calibration and validation of car-following
//! models* (2013), <https://arxiv.org/abs/1403.4990>. Calibration minimises the relative one by default, since that is the
//! one reported. The files give no vehicle lengths: all cars get one stated length, and s₀ absorbs what it is off by.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::follower::Follower;
use super::{
    Follow, Platoon, PlatoonError, Rule, Score, Settings, Split, Tally,
    follow::{Pair, follow_pairs, follow_platoons, follow_windows, pairs},
    score,
    search::{Effort, Found, least},
};

/// How far a calibration has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Steps done.
    pub done: usize,
    /// Steps in all, at most.
    pub total: usize,
    /// The error so far, a share of 1: the root of what is minimised.
    pub best: f64,
}

/// One half of the platoons.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Half {
    /// Names of the platoons.
    pub files: Vec<String>,
    /// Different vehicles.
    pub vehicles: usize,
    /// Rows of all platoons.
    pub rows: usize,
}

/// Scores of one rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// The rule.
    pub rule: Rule,
    /// Training half, each follower behind its recorded leader.
    pub train_pairs: Score,
    /// Test half, each follower behind its recorded leader.
    pub test_pairs: Score,
    /// Training half, only the first car of each platoon recorded.
    pub train_platoons: Score,
    /// Test half, only the first car of each platoon recorded.
    pub test_platoons: Score,
    /// Test half, each follower behind its recorded leader and put back to its recorded state every 5 s.
    pub test_windows: Score,
}

/// A recording that is not scored, since the follower is not behind its leader all the time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Skipped {
    /// The vehicle ahead.
    pub leader_id: u32,
    /// The vehicle that follows.
    pub follower_id: u32,
    /// The least bumper-to-bumper gap in metres, with the stated length.
    pub least_gap_m: f64,
}

/// The result of a calibration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// How it was made.
    pub settings: Settings,
    /// The parameters found.
    pub parameters: Follower,
    /// Names of the parameters that the search left at a side of its box.
    pub at_bounds: Vec<String>,
    /// Whether the search ran to its end.
    pub finished: bool,
    /// What was calibrated on.
    pub train: Half,
    /// What was held out.
    pub test: Half,
    /// Platoons in neither half.
    pub dropped: Vec<String>,
    /// Recordings left out of both.
    pub skipped: Vec<Skipped>,
    /// The calibrated model.
    pub calibrated: Scores,
    /// What it has to beat: textbook parameters, the speed held, the own mean gap held.
    pub baselines: Vec<Scores>,
}

/// Calibrates on one half of the platoons and scores both.
///
/// `go_on` hears of each generation; when it breaks, the best parameters so far are scored and returned.
///
/// # Errors
/// Settings out of range, or a half without followers.
pub fn calibrate(
    platoons: &[Platoon],
    split: &Split,
    settings: &Settings,
    go_on: impl FnMut(Progress) -> ControlFlow<()>,
) -> Result<Calibration, PlatoonError> {
    settings.check()?;
    let length_m = settings.length_m;
    let half = |idxs: &[usize]| idxs.iter().map(|&idx| &platoons[idx]).collect::<Vec<_>>();
    let (train, test, dropped) = (half(&split.train), half(&split.test), half(&split.dropped));
    let (trained, tested) = (in_line(&train, length_m), in_line(&test, length_m));
    if trained.is_empty() || tested.is_empty() {
        return Err(PlatoonError::Halves { train: trained.len(), test: tested.len() });
    }
    let found = fit(&trained, settings, settings.seed, go_on);
    let parameters = idm(&found.best);
    let scores = |rule| {
        let scored = |follows: Vec<Follow>| score::score(&follows, settings.resamples, settings.seed);
        Scores {
            rule,
            train_pairs: scored(follow_pairs(train.iter().copied(), length_m, rule)),
            test_pairs: scored(follow_pairs(test.iter().copied(), length_m, rule)),
            train_platoons: scored(follow_platoons(train.iter().copied(), length_m, rule)),
            test_platoons: scored(follow_platoons(test.iter().copied(), length_m, rule)),
            test_windows: scored(follow_windows(test.iter().copied(), length_m, rule)),
        }
    };
    Ok(Calibration {
        settings: *settings,
        parameters,
        at_bounds: settings.bounds.at_sides(&found.best),
        finished: found.finished,
        skipped: skipped([&train[..], &test[..]].concat(), length_m),
        train: describe(&train),
        test: describe(&test),
        dropped: dropped.iter().map(|platoon| platoon.name.clone()).collect(),
        calibrated: scores(Rule::Idm(parameters)),
        baselines: [Rule::Idm(Follower::textbook()), Rule::HoldSpeed, Rule::HoldMeanGap].map(scores).into(),
    })
}

/// The pairs that are scored.
pub(crate) fn in_line<'a>(platoons: &[&'a Platoon], length_m: f64) -> Vec<Pair<'a>> {
    pairs(platoons.iter().copied()).filter(|pair| pair.is_in_line(length_m)).collect()
}

/// Finds the parameters that serve a set of pairs best.
pub(crate) fn fit(
    pairs: &[Pair<'_>],
    settings: &Settings,
    seed: u64,
    mut go_on: impl FnMut(Progress) -> ControlFlow<()>,
) -> Found<5> {
    let mut sorted: Vec<&Pair<'_>> = pairs.iter().collect();
    sorted.sort_by_key(|pair| (pair.leader.id, pair.follower.id));
    let same = |one: &&Pair<'_>, other: &&Pair<'_>| {
        (one.leader.id, one.follower.id) == (other.leader.id, other.follower.id)
    };
    let cost = |candidate: &[f64; 5]| {
        let rule = Rule::Idm(idm(candidate));
        let groups = sorted.chunk_by(same).map(|recordings| {
            let mut tally = Tally::default();
            recordings.iter().for_each(|pair| tally.add(&pair.drive(settings.length_m, rule).tally));
            settings.goal.cost(&tally)
        });
        let (sum, count) = groups.fold((0.0, 0), |(sum, count), cost| (sum + cost, count + 1));
        sum / f64::from(count.max(1))
    };
    let effort = Effort { population: settings.population, generations: settings.generations };
    least(&settings.bounds.box_of_search(), effort, seed, cost, |done, cost| {
        go_on(Progress { done, total: settings.generations, best: cost.sqrt() })
    })
}

/// The driver of a candidate. The exponent and the hardest braking are those of the textbook.
pub(crate) fn idm(candidate: &[f64; 5]) -> Follower {
    let [desired_mps, headway_secs, standstill_gap_m, acceleration_mps2, braking_mps2] = *candidate;
    Follower {
        desired_mps,
        headway_secs,
        standstill_gap_m,
        acceleration_mps2,
        braking_mps2,
        ..Follower::textbook()
    }
}

fn describe(platoons: &[&Platoon]) -> Half {
    let mut ids: Vec<u32> =
        platoons.iter().flat_map(|platoon| platoon.cars.iter().map(|car| car.id)).collect();
    ids.sort_unstable();
    ids.dedup();
    Half {
        files: platoons.iter().map(|platoon| platoon.name.clone()).collect(),
        vehicles: ids.len(),
        rows: platoons.iter().map(|platoon| platoon.rows()).sum(),
    }
}

fn skipped(platoons: Vec<&Platoon>, length_m: f64) -> Vec<Skipped> {
    let beside = pairs(platoons).filter(|pair| !pair.is_in_line(length_m));
    beside
        .map(|pair| Skipped {
            leader_id: pair.leader.id,
            follower_id: pair.follower.id,
            least_gap_m: pair.gaps_m(length_m).fold(f64::INFINITY, f64::min),
        })
        .collect()
}

#[cfg(test)]
mod tests;
