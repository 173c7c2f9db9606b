//! The structural similarity of two pictures: means, variances and covariance of their luma under a sliding window.
//! With the constants of Wang et al. 2004, <https://doi.org/10.1109/TIP.2003.819861>: a Gaussian window of 11x11 with
//! deviation 1.5, K1 = 0.01, K2 = 0.03, and only windows that lie inside the picture.

use crate::{luma, statistics::Tally};

const WINDOW: usize = 11;
const DEVIATION: f64 = 1.5;
/// K1 and K2 squared, for a luma from 0 to 1.
const STEADY: [f64; 2] = [0.01 * 0.01, 0.03 * 0.03];

/// Similarity over all windows, and over those whose middle is a pixel that `changed` names; 1 for equal pictures.
///
/// Pictures are `[channel, height, width]`; in one smaller than 11 pixels the window is as large as fits.
pub(crate) fn ssim(a: &[u8], b: &[u8], width: usize, changed: &[bool]) -> [Tally; 2] {
    let height = a.len() / 3 / width;
    let smaller = height.min(width);
    let size = WINDOW.min(smaller - (smaller + 1) % 2);
    let blur = Blur { weights: weights(size), width };
    let [a, b] = [a, b].map(|frame| luma(frame).into_iter().map(f64::from).collect::<Vec<f64>>());
    let product = |x: &[f64], y: &[f64]| -> Vec<f64> { x.iter().zip(y).map(|(x, y)| x * y).collect() };
    let [mean_a, mean_b] = [&a, &b].map(|x| blur.of(x));
    let [aa, bb, ab] = [(&a, &a), (&b, &b), (&a, &b)].map(|(x, y)| blur.of(&product(x, y)));
    let mut tallies = [Tally::default(); 2];
    for idx in 0..mean_a.len() {
        let (m, n) = (mean_a[idx], mean_b[idx]);
        let (var_a, var_b, covariance) = (aa[idx] - m * m, bb[idx] - n * n, ab[idx] - m * n);
        let light = (2.0 * m * n + STEADY[0]) / (m * m + n * n + STEADY[0]);
        let form = (2.0 * covariance + STEADY[1]) / (var_a + var_b + STEADY[1]);
        let here = Tally::one(light * form);
        tallies[0].add(here);
        let columns = width - size + 1;
        let middle = (idx / columns + size / 2) * width + idx % columns + size / 2;
        if changed[middle] {
            tallies[1].add(here);
        }
    }
    tallies
}

fn weights(size: usize) -> Vec<f64> {
    let from_middle = |idx: usize| idx as f64 - (size / 2) as f64;
    let bell = (0..size).map(|idx| (-0.5 * (from_middle(idx) / DEVIATION).powi(2)).exp()).collect::<Vec<_>>();
    let total: f64 = bell.iter().sum();
    bell.into_iter().map(|weight| weight / total).collect()
}

/// A window that slides over rows of this width, along each axis in turn.
struct Blur {
    weights: Vec<f64>,
    width: usize,
}

impl Blur {
    fn of(&self, values: &[f64]) -> Vec<f64> {
        let size = self.weights.len();
        let across: Vec<f64> = values
            .chunks(self.width)
            .flat_map(|row| row.windows(size).map(|seen| self.weighed(seen.iter().copied())))
            .collect();
        let columns = self.width - size + 1;
        (0..across.len() - (size - 1) * columns)
            .map(|start| self.weighed((0..size).map(|tap| across[start + tap * columns])))
            .collect()
    }

    fn weighed(&self, values: impl Iterator<Item = f64>) -> f64 {
        self.weights.iter().zip(values).map(|(weight, value)| weight * value).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dreamlane_core::Seed;

    fn noisy(seed: u64, strength: f32, side: usize) -> Vec<u8> {
        let draws = Seed::new(seed).normal(side * side);
        let grey: Vec<u8> = draws.iter().map(|draw| (128.0 + strength * draw) as u8).collect();
        grey.repeat(3)
    }

    fn mean(a: &[u8], b: &[u8], side: usize) -> f64 {
        ssim(a, b, side, &vec![true; side * side])[0].mean().unwrap()
    }

    #[test]
    fn equal_pictures_have_1_and_less_alike_ones_less() {
        let picture = noisy(1, 30.0, 16);
        assert!((mean(&picture, &picture, 16) - 1.0).abs() < 1e-9);
        let near: Vec<u8> = picture.iter().zip(noisy(2, 10.0, 16)).map(|(a, b)| a.midpoint(b)).collect();
        let (close, far) = (mean(&picture, &near, 16), mean(&picture, &noisy(3, 30.0, 16), 16));
        assert!(close > far + 0.2 && far.abs() < 0.3, "{close} {far}");
    }

    #[test]
    fn flat_pictures_differ_by_their_light_alone() {
        // (2 x 100 x 150 + C1) / (100^2 + 150^2 + C1) with C1 on the scale of bytes, and the form of flat pictures is 1.
        let found = mean(&[100; 3 * 144], &[150; 3 * 144], 12);
        let expected = (30_000.0 + 6.5025) / (32_500.0 + 6.5025);
        assert!((found - expected).abs() < 1e-6, "{found}");
    }

    #[test]
    fn windows_lie_inside_and_changed_ones_are_those_about_changed_pixels() {
        let picture = noisy(4, 20.0, 16);
        let mut changed = vec![false; 256];
        changed[5 * 16 + 5] = true;
        changed[0] = true; // No window has its middle there.
        let [all, at_changed] = ssim(&picture, &picture, 16, &changed);
        assert_eq!((all.count, at_changed.count), (36.0, 1.0));
        // A picture smaller than the window still has one.
        assert_eq!(ssim(&[7; 3 * 64], &[7; 3 * 64], 8, &[true; 64])[0].count, 4.0);
    }
}
