//! Trust: what the steps of a dream say of how far it can be believed.
//!
//! Signals cost no pass of their own: the error that the network expects of its own frame (it learns it from dreams
//! that are held against recordings), and the gap between what the first and the last pass of a step take the frame
//! for. Trust is the chance that a step's error is below a bound, by a regression on dreams of data kept aside.

use serde::{Deserialize, Serialize};

/// Numbers that trust is judged by.
pub(crate) const FEATURES: usize = 6;
/// Numbers of a judge: weights of the features, what is added, the logarithm of the bound, and the spread.
pub(crate) const JUDGE: usize = FEATURES + 3;
/// Below this an error counts as none.
const LEAST: f32 = 1e-4;
/// What keeps the weights of features finite that say the same.
const RIDGE: f64 = 1e-3;
/// A logistic curve this steep is nearly the normal distribution's.
const STEEPNESS: f32 = 1.702;
type Row = nalgebra::SVector<f64, { FEATURES + 1 }>;
type Square = nalgebra::SMatrix<f64, { FEATURES + 1 }, { FEATURES + 1 }>;

/// What the steps of one dream have said since its last real frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Doubts {
    steps: f32,
    error: f32,
    error_sum: f32,
    gap_sum: f32,
}

/// The natural logarithm of an error, which is how errors are expected and compared.
pub(crate) fn log_of(error: f32) -> f32 {
    error.max(LEAST).ln()
}

impl Doubts {
    /// One more step: the logarithm of the error that is expected of it, and the gap between its passes.
    pub(crate) fn step(&mut self, expected: f32, gap: f32) {
        self.steps += 1.0;
        self.error = expected;
        self.error_sum += expected;
        self.gap_sum += log_of(gap);
    }

    /// What trust is judged by.
    pub(crate) fn features(&self) -> [f32; FEATURES] {
        let steps = self.steps.max(1.0);
        let (mean, gap, age) = (self.error_sum / steps, self.gap_sum / steps, self.steps.ln_1p());
        [self.error, mean, gap, age, mean * age, gap * age]
    }
}

/// How trust follows from what was said: the logarithm of the error is about normal around a weighted sum of the
/// features, and trust is the chance that it lies below the bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Judge {
    pub(crate) numbers: [f32; JUDGE],
}

impl Judge {
    /// Believes everything, as nothing is known.
    pub(crate) const CREDULOUS: [f32; JUDGE] = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -30.0, 0.0, 1.0];

    /// In [0, 1].
    pub(crate) fn trust(&self, doubts: &Doubts) -> f32 {
        let [.., added, bound, spread] = self.numbers;
        let sum = doubts.features().iter().zip(&self.numbers).map(|(x, weight)| x * weight).sum::<f32>();
        1.0 / (1.0 + (STEEPNESS * (sum + added - bound) / spread).exp())
    }

    /// The judge that comes nearest to the logarithms of the errors of dreams, beside what their steps had said: linear
    /// regression with a ridge, on features of mean 0 and variance 1. `bound` is an error.
    pub(crate) fn fitted(said: &[([f32; FEATURES], f32)], bound: f32) -> Self {
        let count = said.len().max(1) as f64;
        let (mut mean, mut deviation) = ([0.0f64; FEATURES], [0.0f64; FEATURES]);
        for (features, _) in said {
            mean.iter_mut().zip(features).for_each(|(sum, &x)| *sum += f64::from(x) / count);
        }
        for (features, _) in said {
            let off = features.iter().zip(&mean).map(|(&x, mean)| (f64::from(x) - mean).powi(2));
            deviation.iter_mut().zip(off).for_each(|(sum, square)| *sum += square / count);
        }
        let deviation = deviation.map(|square| square.sqrt().max(1e-6));
        let row = |features: &[f32; FEATURES]| {
            let mut row = Row::repeat(1.0);
            for (idx, x) in features.iter().enumerate() {
                row[idx] = (f64::from(*x) - mean[idx]) / deviation[idx];
            }
            row
        };
        let (mut squares, mut products) = (Square::identity() * RIDGE, Row::zeros());
        for (features, error) in said {
            let row = row(features);
            squares += row * row.transpose() / count;
            products += row * (f64::from(*error) / count);
        }
        // The ridge makes it positive definite, as long as all is finite.
        let Some(solver) = squares.cholesky() else { return Self { numbers: Self::CREDULOUS } };
        let weights = solver.solve(&products);
        let off =
            said.iter().map(|(features, error)| (f64::from(*error) - row(features).dot(&weights)).powi(2));
        let spread = (off.sum::<f64>() / count).sqrt().max(1e-3);
        let mut numbers = [0.0f32; JUDGE];
        let mut added = weights[FEATURES];
        for idx in 0..FEATURES {
            numbers[idx] = (weights[idx] / deviation[idx]) as f32;
            added -= weights[idx] * mean[idx] / deviation[idx];
        }
        (numbers[FEATURES], numbers[FEATURES + 1]) = (added as f32, log_of(bound));
        numbers[FEATURES + 2] = spread as f32;
        Self { numbers }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dreamlane_core::Seed;

    #[test]
    fn a_judge_finds_the_errors_that_made_its_data_and_its_trust_is_their_chance() {
        let bound = 0.5f32;
        let made = |seed: Seed| {
            let drawn = seed.split(0).normal(4);
            let mut doubts = Doubts::default();
            doubts.step(drawn[0], (0.3 * drawn[1]).exp());
            doubts.step(drawn[2], 1.0);
            let features = doubts.features();
            let error = 0.5 * features[0] - 0.8 * features[2] - 1.0 + 0.4 * drawn[3];
            (doubts, error)
        };
        let said =
            (0..20_000).map(|idx| made(Seed::new(idx))).map(|(doubts, error)| (doubts.features(), error));
        let judge = Judge::fitted(&said.collect::<Vec<_>>(), bound);
        let fresh = (20_000..40_000).map(|idx| made(Seed::new(idx)));
        let fresh = fresh.map(|(doubts, error)| (judge.trust(&doubts), error <= log_of(bound)));
        let mut bins = [[0.0f32; 3]; 5];
        for (trust, good) in fresh {
            let bin = &mut bins[((trust * 5.0) as usize).min(4)];
            *bin = [bin[0] + 1.0, bin[1] + trust, bin[2] + f32::from(u8::from(good))];
        }
        for [count, trust, good] in bins {
            assert!((trust - good).abs() / count.max(1.0) < 0.05, "said {trust}, found {good} of {count}");
        }
    }

    #[test]
    fn nothing_known_is_believed_and_what_is_always_good_too() {
        assert!(Judge { numbers: Judge::CREDULOUS }.trust(&Doubts::default()) > 0.999);
        let mut doubts = Doubts::default();
        doubts.step(0.1, 0.2);
        let judge = Judge::fitted(&[(doubts.features(), -3.0); 50], 0.5);
        assert!(judge.trust(&doubts) > 0.99 && judge.numbers.iter().all(|number| number.is_finite()));
    }
}
