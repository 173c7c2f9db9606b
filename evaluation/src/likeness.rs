//! How alike dream and recording look, beyond squared errors: structural similarity, and two distances on the fixed
//! random features that drift is measured on, declared as such because they are no perceptual network of others.

use serde::{Deserialize, Serialize};

use crate::{
    Clusters, Interval, Settings,
    bootstrap::bootstrap,
    drift::features::{FeatureMap, Plane, STRIDE},
    ssim::ssim,
    statistics::Tally,
};

/// How alike one dream and the recording look at one horizon. A figure is absent over an empty set of pixels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LikenessScore {
    /// Mean structural similarity of the luma (11x11 Gaussian windows), all windows; 1 at best.
    pub ssim_all: Option<Interval>,
    /// Over windows about changed pixels.
    pub ssim_changed: Option<Interval>,
    /// Perceptual distance on fixed random convolutional features: the squared distance of unit feature vectors, mean
    /// over places, then over three layers; 0 at best, at most 2.
    pub random_feature_distance_all: Option<Interval>,
    /// Over places with a changed pixel below them.
    pub random_feature_distance_changed: Option<Interval>,
    /// Fréchet distance of clips of 4 frames on fixed random features: means of 32 channels over the four frames and
    /// over their three differences. Dreams of one half of the runs are held against recorded clips of the other.
    /// Absent at horizons below 4.
    pub random_feature_frechet_video: Option<Interval>,
    /// The same of recorded clips in the place of dreamed ones: what a perfect world would have.
    pub recorded_frechet_video: Option<f64>,
}

/// Likeness of one case at one horizon, on all and on changed pixels.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Likeness {
    pub(crate) ssim: [Tally; 2],
    pub(crate) distance: [Tally; 2],
}

impl Likeness {
    /// Holds a dreamed picture against the recorded one, both `[channel, height, width]`; `changed` is per pixel.
    pub(crate) fn of(
        map: &FeatureMap,
        dreamed: &[u8],
        recorded: &[u8],
        changed: &[bool],
        width: usize,
    ) -> Self {
        Self {
            ssim: ssim(dreamed, recorded, width, changed),
            distance: distance(
                &map.layers_of(dreamed, width),
                &map.layers_of(recorded, width),
                changed,
                width,
            ),
        }
    }
}

/// Mean squared distance of unit feature vectors over places and layers: of all, and of those above a changed pixel.
/// In the form of Zhang et al. 2018, <https://arxiv.org/abs/1801.03924>, without their learned weights.
fn distance(dreamed: &[Plane], recorded: &[Plane], changed: &[bool], width: usize) -> [Tally; 2] {
    let mut layers = [Tally::default(); 2];
    let mut scale = 1;
    for (dreamed, recorded) in dreamed.iter().zip(recorded) {
        scale *= STRIDE;
        let channels = dreamed.values.len() / (dreamed.height * dreamed.width);
        let above = places_above(changed, width, scale, dreamed.width);
        let mut places = [Tally::default(); 2];
        let pairs = dreamed.values.chunks(channels).zip(recorded.values.chunks(channels));
        for (place, (a, b)) in pairs.enumerate() {
            let here = Tally::one(unit_distance(a, b));
            places[0].add(here);
            if above[place] {
                places[1].add(here);
            }
        }
        for (layer, places) in layers.iter_mut().zip(places) {
            places.mean().into_iter().for_each(|mean| layer.add(Tally::one(mean)));
        }
    }
    layers.map(|layer| layer.mean().map_or_else(Tally::default, Tally::one))
}

/// Which places of a layer, each `scale` pixels wide and high, lie above a changed pixel.
fn places_above(changed: &[bool], width: usize, scale: usize, columns: usize) -> Vec<bool> {
    let rows = (changed.len() / width).div_ceil(scale);
    let mut above = vec![false; rows * columns];
    for (pixel, _) in changed.iter().enumerate().filter(|(_, changed)| **changed) {
        above[pixel / width / scale * columns + pixel % width / scale] = true;
    }
    above
}

fn unit_distance(a: &[f32], b: &[f32]) -> f64 {
    let length =
        |values: &[f32]| values.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt().max(1e-10);
    let (of_a, of_b) = (length(a), length(b));
    a.iter().zip(b).map(|(&a, &b)| (f64::from(a) / of_a - f64::from(b) / of_b).powi(2)).sum()
}

/// The figures of one horizon; `of_case` gives a case's likeness, `video` the distance of clips and of recorded ones.
pub(crate) fn likeness_score(
    clusters: &Clusters,
    settings: &Settings,
    of_case: &dyn Fn(usize) -> Likeness,
    video: Option<(Interval, f64)>,
) -> LikenessScore {
    let over = |which: &dyn Fn(Likeness) -> Tally| {
        bootstrap(clusters, settings.seed.split(8), &|cases: &[usize]| {
            cases.iter().map(|&case_idx| which(of_case(case_idx))).sum::<Tally>().mean()
        })
    };
    LikenessScore {
        ssim_all: over(&|likeness| likeness.ssim[0]),
        ssim_changed: over(&|likeness| likeness.ssim[1]),
        random_feature_distance_all: over(&|likeness| likeness.distance[0]),
        random_feature_distance_changed: over(&|likeness| likeness.distance[1]),
        random_feature_frechet_video: video.map(|(distance, _)| distance),
        recorded_frechet_video: video.map(|(_, recorded)| recorded),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_above_a_changed_pixel_counts_as_changed() {
        let mut changed = vec![false; 64];
        changed[8 * 2 + 5] = true;
        assert_eq!(places_above(&changed, 8, 2, 4).iter().position(|&above| above), Some(4 + 2));
        assert_eq!(places_above(&changed, 8, 8, 1), [true]);
    }

    #[test]
    fn equal_pictures_are_at_no_distance_and_others_are_at_some() {
        let map = FeatureMap::new();
        let picture: Vec<u8> = (0..3 * 256).map(|idx| (idx * 37 % 256) as u8).collect();
        let mut other = picture.clone();
        other[100] = other[100].wrapping_add(90);
        let mut changed = vec![false; 256];
        changed[100] = true;
        let equal = Likeness::of(&map, &picture, &picture, &changed, 16);
        assert_eq!(equal.distance.map(|tally| tally.mean()), [Some(0.0), Some(0.0)]);
        let apart = Likeness::of(&map, &other, &picture, &changed, 16).distance.map(|tally| tally.mean());
        assert!(apart[1] > apart[0] && apart[0] > Some(0.0), "{apart:?}");
        let still = Likeness::of(&map, &other, &picture, &[false; 256], 16);
        assert_eq!(still.distance[1].mean(), None);
    }
}
