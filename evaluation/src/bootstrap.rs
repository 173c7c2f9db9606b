//! 95 % intervals by the cluster bootstrap: whole unbroken runs are drawn with replacement, because frames of one
//! run are alike and counting them as independent would make every interval too narrow.

use dreamlane_core::Seed;
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use crate::Case;

/// With fewer runs than this, runs are cut into blocks: so few clusters say nothing of their own spread.
const FEWEST_RUNS: usize = 6;

/// Frames of a block, at least: 10 seconds at 20 Hz, about as long as a run remembers itself.
const BLOCK_FRAMES: usize = 200;

/// Draws of the bootstrap.
const DRAWS: u64 = 1000;

/// A figure with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// The figure over all cases.
    pub value: f64,
    /// 2.5 % of the draws lie below.
    pub low: f64,
    /// 2.5 % of the draws lie above.
    pub high: f64,
}

/// Cases that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clusters {
    /// Indices of the cases in each cluster.
    pub members: Vec<Vec<usize>>,
    /// What a cluster is, in words.
    pub resampling: String,
}

impl Clusters {
    /// One cluster per unbroken run; where there are few runs, blocks of at least 200 frames of each run.
    #[must_use]
    pub fn of(cases: &[Case]) -> Self {
        Self::of_places(&cases.iter().map(|case| (case.run, case.frame)).collect::<Vec<_>>())
    }

    /// The same of cases that are known by run and frame.
    pub(crate) fn of_places(places: &[(usize, usize)]) -> Self {
        let runs = grouped(places.iter().map(|&(run, _)| (run, 0)));
        if runs.len() >= FEWEST_RUNS {
            let resampling = format!("{} unbroken runs", runs.len());
            return Self { members: runs, resampling };
        }
        let last_block = |run: usize| {
            let frames = places.iter().filter(|place| place.0 == run).map(|place| place.1);
            let span = frames.clone().max().unwrap_or(0) - frames.min().unwrap_or(0);
            (span / BLOCK_FRAMES).saturating_sub(1)
        };
        let first = |run: usize| places.iter().filter(|place| place.0 == run).map(|place| place.1).min();
        let blocks = grouped(places.iter().map(|&(run, frame)| {
            let offset = frame - first(run).unwrap_or(0);
            (run, (offset / BLOCK_FRAMES).min(last_block(run)))
        }));
        let resampling = format!(
            "{} blocks of at least {BLOCK_FRAMES} frames, because there are only {} unbroken runs",
            blocks.len(),
            runs.len()
        );
        Self { members: blocks, resampling }
    }
}

/// Indices with equal keys, in the order of the keys.
fn grouped(keys: impl Iterator<Item = (usize, usize)>) -> Vec<Vec<usize>> {
    let mut groups = std::collections::BTreeMap::<_, Vec<usize>>::new();
    for (idx, key) in keys.enumerate() {
        groups.entry(key).or_default().push(idx);
    }
    groups.into_values().collect()
}

/// The statistic of all cases with its interval; `statistic` takes indices of cases, repeats included.
///
/// None where the statistic is not defined on all cases. Draws on which it is not defined are left out.
pub fn bootstrap(
    clusters: &Clusters,
    seed: Seed,
    statistic: &dyn Fn(&[usize]) -> Option<f64>,
) -> Option<Interval> {
    let everything: Vec<usize> = clusters.members.concat();
    let value = statistic(&everything)?;
    let draws = draws(clusters, seed, DRAWS, statistic);
    let quantile = |share: f64| {
        let idx = (share * draws.len() as f64) as usize;
        draws.get(idx.min(draws.len().saturating_sub(1))).copied().unwrap_or(value)
    };
    Some(Interval { value, low: quantile(0.025), high: quantile(0.975) })
}

/// The statistic of `count` draws of whole clusters, ascending. Draws on which it is not defined are left out.
pub(crate) fn draws(
    clusters: &Clusters,
    seed: Seed,
    count: u64,
    statistic: &dyn Fn(&[usize]) -> Option<f64>,
) -> Vec<f64> {
    let n_clusters = clusters.members.len();
    let mut draws: Vec<f64> = (0..count)
        .filter_map(|draw| {
            let mut rng = seed.split(draw).rng();
            let drawn: Vec<usize> = (0..n_clusters)
                .flat_map(|_| &clusters.members[rng.random_range(0..n_clusters)])
                .copied()
                .collect();
            statistic(&drawn)
        })
        .collect();
    draws.sort_by(f64::total_cmp);
    draws
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(run: usize, frame: usize) -> Case {
        let context = dreamlane_core::Context {
            len: 0,
            images: Vec::new(),
            state: Vec::new(),
            actions: Vec::new(),
            source: String::new(),
        };
        Case {
            run,
            frame,
            context,
            actions: Vec::new(),
            truth: Vec::new(),
            state: Vec::new(),
            rewards: Vec::new(),
            ended: false,
        }
    }

    #[test]
    fn intervals_over_runs_hold_the_true_mean_about_95_times_in_100() {
        // 30 runs with a level of their own, 10 cases each: treating cases as independent would cover far less.
        let cases: Vec<Case> = (0..300).map(|idx| case(idx / 10, idx)).collect();
        let clusters = Clusters::of(&cases);
        let mut covered = 0;
        for trial in 0..200 {
            let seed = Seed::new(trial);
            let (levels, noise) = (seed.split(0).normal(30), seed.split(1).normal(300));
            let values: Vec<f64> =
                (0..300).map(|idx| f64::from(levels[idx / 10] + 0.3 * noise[idx])).collect();
            let mean = |drawn: &[usize]| {
                Some(drawn.iter().map(|&idx| values[idx]).sum::<f64>() / drawn.len() as f64)
            };
            let interval = bootstrap(&clusters, seed.split(2), &mean).expect("a mean exists");
            covered += usize::from(interval.low <= 0.0 && 0.0 <= interval.high);
        }
        assert!((176..=198).contains(&covered), "{covered} of 200");
    }

    #[test]
    fn few_runs_are_cut_into_blocks_of_at_least_200_frames() {
        let cases: Vec<Case> =
            (0..2).flat_map(|run| (0..50).map(move |k| case(run, 1000 + 10 * k))).collect();
        let clusters = Clusters::of(&cases);
        assert_eq!(clusters.members.len(), 4);
        assert!(clusters.members.iter().all(|members| members.len() >= 20));
        assert!(clusters.resampling.starts_with("4 blocks"), "{}", clusters.resampling);
    }

    #[test]
    fn equal_seeds_give_equal_intervals() {
        let cases: Vec<Case> = (0..20).map(|run| case(run, 0)).collect();
        let clusters = Clusters::of(&cases);
        let mean = |drawn: &[usize]| Some(drawn.iter().sum::<usize>() as f64 / drawn.len() as f64);
        assert_eq!(bootstrap(&clusters, Seed::new(1), &mean), bootstrap(&clusters, Seed::new(1), &mean));
    }
}
