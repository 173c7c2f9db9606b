//! Losses and their gradients against their definitions.

use super::{
    super::testing::{assert_close, assert_slopes, assert_threads_do_not_matter, noise, wide},
    *,
};

const EXTRA: f32 = 4.0;

fn clips([batch, time, token, dim]: [usize; 4]) -> Clips {
    Clips { batch, time, token, dim }
}

struct Case {
    clips: Clips,
    predicted: Vec<f32>,
    target: Vec<f32>,
    level_weights: Vec<f32>,
}

impl Case {
    fn new(sizes: [usize; 4]) -> Self {
        let clips = clips(sizes);
        let [predicted, mut target] = [1, 2].map(|seed| noise(seed, sizes.iter().product()));
        // Some changes are below 1.
        target.iter_mut().for_each(|value| *value *= 0.6);
        let level_weights = (0..clips.batch * clips.time)
            .map(|idx| if idx % clips.time == 0 { 0.0 } else { 0.3 + 0.1 * (idx % 7) as f32 })
            .collect();
        Self { clips, predicted, target, level_weights }
    }

    fn fused(&self) -> (f64, Vec<f32>) {
        let mut gradient = vec![f32::NAN; self.predicted.len()];
        let Self { clips, predicted, target, level_weights } = self;
        let loss = weighted_squared_error(*clips, predicted, target, level_weights, EXTRA, &mut gradient);
        (loss, gradient)
    }

    /// The loss of a prediction, and its gradient.
    fn reference(&self, predicted: &[f64]) -> (f64, Vec<f64>) {
        let Clips { time, token, dim, .. } = self.clips;
        let target = wide(&self.target);
        let tokens = target.len() / dim;
        let weight = |row: usize| {
            let frame = row / token;
            let change = if frame.is_multiple_of(time) {
                0.0
            } else {
                let now = row * dim..(row + 1) * dim;
                now.map(|idx| (target[idx] - target[idx - token * dim]).abs()).sum::<f64>() / dim as f64
            };
            f64::from(self.level_weights[frame]) * (1.0 + f64::from(EXTRA) * change.min(1.0))
        };
        let weights = (0..tokens).map(weight).collect::<Vec<_>>();
        let mean_weight = weights.iter().sum::<f64>() / tokens as f64;
        let off = |idx: usize| predicted[idx] - target[idx];
        let error =
            |row: usize| (row * dim..(row + 1) * dim).map(|idx| off(idx).powi(2)).sum::<f64>() / dim as f64;
        let loss =
            (0..tokens).map(|row| error(row) * weights[row]).sum::<f64>() / tokens as f64 / mean_weight;
        let scale = 2.0 / (dim * tokens) as f64 / mean_weight;
        (loss, (0..predicted.len()).map(|idx| scale * weights[idx / dim] * off(idx)).collect())
    }
}

#[test]
fn the_weighted_error_and_its_gradient_equal_their_definitions() {
    for sizes in [[1, 2, 1, 1], [2, 3, 5, 7], [1, 4, 3, 16], [3, 5, 16, 33], [2, 16, 16, 64]] {
        let case = Case::new(sizes);
        let (loss, gradient) = case.fused();
        let (wanted, wanted_gradient) = case.reference(&wide(&case.predicted));
        assert!((loss - wanted).abs() < 1e-6 * wanted, "{loss} instead of {wanted}");
        // Gradients are as small as there are many numbers.
        let count = gradient.len() as f64;
        let gradient = gradient.iter().map(|value| value * count as f32).collect::<Vec<_>>();
        let wanted_gradient = wanted_gradient.iter().map(|value| value * count).collect::<Vec<_>>();
        assert_close(&gradient, &wanted_gradient, 1e-6);
        let loss = |predicted: &[f64]| case.reference(predicted).0 * count;
        assert_slopes(loss, &case.predicted, &wanted_gradient);
    }
}

#[test]
fn nothing_to_learn_from_gives_nan() {
    let (loss, _) = Case::new([2, 1, 3, 4]).fused();
    assert!(loss.is_nan(), "{loss}");
}

#[test]
fn threads_do_not_matter() {
    let case = Case::new([4, 16, 16, 64]);
    assert_threads_do_not_matter(|| {
        let (loss, mut gradient) = case.fused();
        gradient.extend([(loss.to_bits() >> 32) as u32, loss.to_bits() as u32].map(f32::from_bits));
        gradient
    });
}
