//! The Fréchet distance of short clips on fixed random features: whether motion looks as recorded, not only each frame.
//! After Unterthiner et al. 2018, <https://arxiv.org/abs/1812.01717>, with features that need no foreign weights.

use crate::{
    Case, Clusters, Interval, Settings,
    case::Layout,
    drift::{
        features::{FEATURES, FeatureMap},
        frechet::{Gaussian, Reference},
        halves::{centred, parts, sides},
    },
};

/// Frames of a clip.
pub(crate) const CLIP: usize = 4;

/// Draws behind an interval. Each takes two eigenvalue problems.
const DRAWS: u64 = 100;

/// 64 numbers of a clip: the mean of each channel over its frames, and over the differences of neighbouring frames,
/// drawn as pictures about grey. Spreads are left out, so that as few clips as there are say something of all.
pub(crate) fn clip_features(map: &FeatureMap, clip: &[&[u8]], width: usize) -> Vec<f64> {
    let changes: Vec<Vec<u8>> = clip.windows(2).map(|pair| change(pair[0], pair[1])).collect();
    let mut features = mean_of(map, clip.iter().copied(), width);
    features.extend(mean_of(map, changes.iter().map(Vec::as_slice), width));
    features
}

/// Half the difference of two frames about grey.
fn change(before: &[u8], after: &[u8]) -> Vec<u8> {
    let half =
        |(&before, &after): (&u8, &u8)| (128 + (i16::from(after) - i16::from(before)) / 2).clamp(0, 255);
    before.iter().zip(after).map(half).map(|value| value as u8).collect()
}

fn mean_of<'a>(map: &FeatureMap, frames: impl ExactSizeIterator<Item = &'a [u8]>, width: usize) -> Vec<f64> {
    let count = frames.len() as f64;
    let mut sums = vec![0.0; FEATURES / 2];
    for frame in frames {
        let means = map.of(frame, width);
        sums.iter_mut().zip(means).for_each(|(sum, mean)| *sum += mean / count);
    }
    sums
}

/// Recorded clips that end at each horizon, in two halves of the runs.
pub(crate) struct RecordedClips {
    sides: Vec<usize>,
    /// Per horizon; none below 4 steps, or where a half has too few cases.
    horizons: Vec<Option<AtHorizon>>,
}

struct AtHorizon {
    references: [Reference; 2],
    recorded: f64,
}

/// Clip features `[case]`.
type Clips = Vec<Option<Vec<f64>>>;

impl RecordedClips {
    pub(crate) fn of(map: &FeatureMap, layout: &Layout, cases: &[Case], horizons: &[usize]) -> Self {
        let sides = sides(&parts(cases), cases.len());
        let at = |&horizon: &usize| {
            let first = (horizon + 1).checked_sub(CLIP).filter(|&first| first > 0)?;
            let features = |case: &Case| {
                let frames: Vec<&[u8]> = (first..=horizon).map(|step| layout.recorded(case, step)).collect();
                clip_features(map, &frames, layout.width)
            };
            let clips: Clips = cases.iter().map(|case| Some(features(case))).collect();
            let everything: Vec<usize> = (0..cases.len()).collect();
            let reference = |side| Some(Reference::new(gaussian(&clips, &everything, &sides, side)?));
            let references = [reference(0)?, reference(1)?];
            let recorded = distance(&references, &clips, &everything, &sides)?;
            Some(AtHorizon { references, recorded })
        };
        let horizons = horizons.iter().map(at).collect();
        Self { sides, horizons }
    }

    /// The distance of dreamed clips at one horizon, with that of recorded ones.
    pub(crate) fn distance(
        &self,
        horizon_idx: usize,
        dreamed: &Clips,
        clusters: &Clusters,
        settings: &Settings,
    ) -> Option<(Interval, f64)> {
        let at = self.horizons[horizon_idx].as_ref()?;
        let statistic = |cases: &[usize]| distance(&at.references, dreamed, cases, &self.sides);
        Some((centred(clusters, settings.seed.split(9), DRAWS, &statistic)?, at.recorded))
    }
}

/// The mean distance of the clips of each half from the recorded ones of the other.
fn distance(references: &[Reference; 2], clips: &Clips, cases: &[usize], sides: &[usize]) -> Option<f64> {
    let of = |side: usize| Some(references[side].distance(&gaussian(clips, cases, sides, 1 - side)?));
    Some((of(0)? + of(1)?) / 2.0)
}

fn gaussian(clips: &Clips, cases: &[usize], sides: &[usize], side: usize) -> Option<Gaussian> {
    let of_side = cases.iter().filter(|&&case_idx| sides[case_idx] == side);
    let rows: Vec<&[f64]> = of_side.filter_map(|&case_idx| clips[case_idx].as_deref()).collect();
    Gaussian::of(&rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clip_that_moves_differs_from_one_that_stands_in_its_second_half_alone() {
        let map = FeatureMap::new();
        let (left, right) = (vec![60u8; 3 * 64], vec![180u8; 3 * 64]);
        let moving = clip_features(&map, &[&left, &right, &left, &right], 8);
        let still = clip_features(&map, &[&left, &left, &right, &right], 8);
        let apart = |from: usize| -> f64 {
            let pairs = moving[from..from + 32].iter().zip(&still[from..from + 32]);
            pairs.map(|(a, b)| (a - b).abs()).sum()
        };
        assert_eq!((moving.len(), apart(0) < 1e-9), (64, true));
        assert!(apart(32) > 0.1, "{}", apart(32));
    }

    #[test]
    fn changes_are_drawn_about_grey() {
        assert_eq!(change(&[0, 255, 10], &[255, 0, 10]), [255, 1, 128]);
    }
}
