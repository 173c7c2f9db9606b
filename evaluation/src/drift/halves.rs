//! The runs of a recording, dealt into two halves, each the measure of dreams that begin in the other.

use std::collections::{BTreeMap, BTreeSet};

use dreamlane_core::{Error, Result, Seed};

use super::{
    DriftSettings, OFFSETS,
    features::FeatureMap,
    frechet::{Gaussian, Reference},
};
use crate::{Case, Clusters, Interval, bootstrap::draws, case::Layout};

/// Most recorded frames of a half: twice as many change distances by less than their intervals.
const MOST_FRAMES: usize = 1024;

/// Draws behind an interval. Each takes two eigenvalue problems.
const DRAWS: u64 = 200;

/// Both halves as what dreams are held against, and which dream begins where.
pub(crate) struct Halves {
    references: [Reference; 2],
    reference_frames: usize,
    /// Half of each dream's beginning.
    sides: Vec<usize>,
    /// Dreams that begin in one run or block.
    clusters: Clusters,
    /// Features `[dream][offset]` of recorded frames in the place of dreamed ones.
    recorded: Vec<Vec<Vec<f64>>>,
}

impl Halves {
    pub(crate) fn of(
        layout: &Layout,
        cases: &[Case],
        settings: &DriftSettings,
        map: &FeatureMap,
    ) -> Result<Self> {
        let parts = parts(cases);
        let side_of = sides(&parts, cases.len());
        let features =
            |case_idx: usize, step: usize| map.of(layout.recorded(&cases[case_idx], step), layout.width);
        let sets = frame_sets(layout, cases, &side_of);
        let mut reference_frames = 0;
        let mut reference = |side: usize| {
            let rows: Vec<Vec<f64>> = sets[side].iter().map(|&(case, step)| features(case, step)).collect();
            reference_frames += rows.len();
            let rows: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
            let too_few = || Error::Invalid("the recording has too few frames for two halves".to_owned());
            Ok::<_, Error>(Reference::new(Gaussian::of(&rows).ok_or_else(too_few)?))
        };
        let references = [reference(0)?, reference(1)?];
        let recorded = (0..settings.dreams).map(|dream| {
            let seed = settings.seed.split(1).split(dream as u64);
            let last = OFFSETS[0] + 1 + seed.below(layout.horizon - OFFSETS[0]);
            OFFSETS.iter().map(|back| features(dream % cases.len(), last - back)).collect()
        });
        let of_part = |part: &Vec<usize>| {
            (0..settings.dreams).filter(|dream| part.contains(&(dream % cases.len()))).collect()
        };
        let members: Vec<Vec<usize>> = parts.iter().map(of_part).collect();
        Ok(Self {
            references,
            reference_frames,
            sides: (0..settings.dreams).map(|dream| side_of[dream % cases.len()]).collect(),
            clusters: Clusters { members, resampling: String::new() },
            recorded: recorded.collect(),
        })
    }

    pub(crate) fn reference_frames(&self) -> usize {
        self.reference_frames
    }

    /// The distance of recorded frames, taken like dreamed ones, from the other half.
    pub(crate) fn floor(&self, seed: Seed) -> Result<Interval> {
        self.distance(&self.recorded, seed)
    }

    /// The mean distance of each half's frames from the other half; `features` are `[dream][offset]`.
    pub(crate) fn distance(&self, features: &[Vec<Vec<f64>>], seed: Seed) -> Result<Interval> {
        self.interval(seed, &|dreams| self.mean_distance(features, dreams))
    }

    /// The distance at a late step as a multiple of that at an early one, of the same dreams.
    pub(crate) fn ratio(&self, [late, early]: [&[Vec<Vec<f64>>]; 2], seed: Seed) -> Result<Interval> {
        self.interval(seed, &|dreams| {
            let early = self.mean_distance(early, dreams)?;
            (early > 0.0).then_some(())?;
            Some(self.mean_distance(late, dreams)? / early)
        })
    }

    fn mean_distance(&self, features: &[Vec<Vec<f64>>], dreams: &[usize]) -> Option<f64> {
        let mut sum = 0.0;
        for (side, reference) in self.references.iter().enumerate() {
            let of_other = dreams.iter().filter(|&&dream| self.sides[dream] != side);
            let rows: Vec<&[f64]> = of_other.flat_map(|&dream| &features[dream]).map(Vec::as_slice).collect();
            sum += reference.distance(&Gaussian::of(&rows)?);
        }
        Some(sum / 2.0)
    }

    fn interval(&self, seed: Seed, statistic: &dyn Fn(&[usize]) -> Option<f64>) -> Result<Interval> {
        let missing = || Error::Invalid("dreams of both halves are needed for drift".to_owned());
        centred(&self.clusters, seed, DRAWS, statistic).ok_or_else(missing)
    }
}

/// The figure of all runs with an interval from `count` draws of runs.
///
/// A draw repeats runs, which by itself raises a Fréchet distance, so the spread of the draws is laid about the figure.
pub(crate) fn centred(
    clusters: &Clusters,
    seed: Seed,
    count: u64,
    statistic: &dyn Fn(&[usize]) -> Option<f64>,
) -> Option<Interval> {
    let value = statistic(&clusters.members.concat())?;
    let draws = draws(clusters, seed, count, statistic);
    let mean = draws.iter().sum::<f64>() / draws.len().max(1) as f64;
    let about = |share: f64| {
        let idx = (share * draws.len() as f64) as usize;
        draws.get(idx).map_or(value, |draw| (value + draw - mean).max(0.0))
    };
    Some(Interval { value, low: about(0.025), high: about(0.975) })
}

/// Cases that belong together, at least two parts of them: runs, or blocks, or single cases.
pub(crate) fn parts(cases: &[Case]) -> Vec<Vec<usize>> {
    let parts = Clusters::of(cases).members;
    if parts.len() > 1 { parts } else { (0..cases.len()).map(|case_idx| vec![case_idx]).collect() }
}

/// The half of each case: parts are dealt in turn.
pub(crate) fn sides(parts: &[Vec<usize>], n_cases: usize) -> Vec<usize> {
    let mut sides = vec![0; n_cases];
    for (part_idx, part) in parts.iter().enumerate() {
        part.iter().for_each(|&case_idx| sides[case_idx] = part_idx % 2);
    }
    sides
}

/// Of each half, the recorded frames that the other does not have, as case and step, evenly thinned.
fn frame_sets(layout: &Layout, cases: &[Case], sides: &[usize]) -> [Vec<(usize, usize)>; 2] {
    let frames = |side: usize| -> BTreeMap<(usize, usize), (usize, usize)> {
        let of_side = (0..cases.len()).filter(|&case_idx| sides[case_idx] == side);
        of_side
            .flat_map(|case_idx| (1..=layout.horizon).map(move |step| (case_idx, step)))
            .map(|(case_idx, step)| ((cases[case_idx].run, cases[case_idx].frame + step), (case_idx, step)))
            .collect()
    };
    let both = [frames(0), frames(1)];
    let shared: BTreeSet<_> = both[0].keys().filter(|key| both[1].contains_key(key)).copied().collect();
    both.map(|frames| {
        let own: Vec<_> =
            frames.into_iter().filter(|(key, _)| !shared.contains(key)).map(|(_, place)| place).collect();
        let count = own.len().min(MOST_FRAMES);
        (0..count).map(|idx| own[idx * own.len() / count]).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_dealt_in_turn() {
        assert_eq!(sides(&[vec![0, 3], vec![1], vec![2]], 4), [0, 1, 0, 0]);
    }
}
