//! Trust: what the steps of a dream say of how far it can be believed.
//!
//! Signals cost no pass of their own: the error that the network expects of its own frame (it learns it from dreams
//! that are held against recordings), and the gap between what the first and the last pass of a step take the frame
//! for. Trust is the chance, by a logistic regression on dreams of data kept aside, that a step's error is below a bound.

use serde::{Deserialize, Serialize};

/// Numbers that trust is judged by.
pub(crate) const FEATURES: usize = 4;
/// Below this an error counts as none.
const LEAST: f32 = 1e-4;
/// Weights of a judge.
const N: usize = FEATURES + 1;
type Vector = nalgebra::SVector<f64, N>;
type Matrix = nalgebra::SMatrix<f64, N, N>;
/// Rounds of Newton's method, and what keeps its steps finite.
const ROUNDS: usize = 25;
const RIDGE: f64 = 1e-2;

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
        [self.error, self.error_sum / steps, self.gap_sum / steps, self.steps.ln_1p()]
    }
}

/// How trust follows from what was said: weights of the features, and one more number that is added.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Judge {
    pub(crate) weights: [f32; FEATURES + 1],
}

impl Judge {
    /// Believes everything, as nothing is known.
    pub(crate) const CREDULOUS: [f32; FEATURES + 1] = [0.0, 0.0, 0.0, 0.0, 30.0];

    /// In [0, 1].
    pub(crate) fn trust(&self, doubts: &Doubts) -> f32 {
        let features = doubts.features();
        let sum = features.iter().zip(&self.weights).map(|(x, weight)| x * weight).sum::<f32>();
        1.0 / (1.0 + (-(sum + self.weights[FEATURES])).exp())
    }

    /// The judge under whom what was said, and whether it was good, are likeliest: ridge-regularised logistic
    /// regression by Newton's method, on features of mean 0 and variance 1.
    pub(crate) fn fitted(said: &[([f32; FEATURES], bool)]) -> Self {
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
            let mut row = Vector::repeat(1.0);
            for (idx, x) in features.iter().enumerate() {
                row[idx] = (f64::from(*x) - mean[idx]) / deviation[idx];
            }
            row
        };
        let mut weights = Vector::zeros();
        for _ in 0..ROUNDS {
            let mut slope = weights * -RIDGE;
            let mut bend = Matrix::identity() * RIDGE;
            for (features, good) in said {
                let row = row(features);
                let chance = 1.0 / (1.0 + (-row.dot(&weights)).exp());
                let off = f64::from(u8::from(*good)) - chance;
                slope += row * (off / count);
                bend += row * row.transpose() * (chance * (1.0 - chance) / count);
            }
            // The ridge makes it positive definite, as long as all is finite.
            let Some(solver) = bend.cholesky() else { break };
            weights += solver.solve(&slope);
        }
        let mut plain = [0.0f32; N];
        let mut added = weights[FEATURES];
        for idx in 0..FEATURES {
            plain[idx] = (weights[idx] / deviation[idx]) as f32;
            added -= weights[idx] * mean[idx] / deviation[idx];
        }
        plain[FEATURES] = added as f32;
        Self { weights: plain }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dreamlane_core::Seed;

    #[test]
    fn a_judge_finds_the_chances_that_made_its_data() {
        let made = Judge { weights: [1.0, 0.0, -2.0, 0.0, 0.5] };
        let said = (0..20_000u64)
            .map(|idx| {
                let seed = Seed::new(idx);
                let drawn = seed.split(0).normal(3);
                let mut doubts = Doubts::default();
                doubts.step(drawn[0], (drawn[1] * 0.3).exp());
                doubts.step(drawn[2], 1.0);
                (doubts.features(), seed.split(1).uniform() < made.trust(&doubts))
            })
            .collect::<Vec<_>>();
        let found = Judge::fitted(&said);
        let mut doubts = Doubts::default();
        for (error, gap) in [(-1.0, 0.5), (0.3, 2.0), (2.0, 1.0)] {
            doubts.step(error, gap);
            if doubts.steps == 2.0 {
                let off = found.trust(&doubts) - made.trust(&doubts);
                assert!(off.abs() < 0.03, "off by {off}");
            }
        }
    }

    #[test]
    fn nothing_known_is_believed_and_what_is_always_good_too() {
        assert!(Judge { weights: Judge::CREDULOUS }.trust(&Doubts::default()) > 0.999);
        let mut doubts = Doubts::default();
        doubts.step(0.1, 0.2);
        let judge = Judge::fitted(&[(doubts.features(), true); 50]);
        assert!(judge.trust(&doubts) > 0.9 && judge.weights.iter().all(|weight| weight.is_finite()));
    }
}
