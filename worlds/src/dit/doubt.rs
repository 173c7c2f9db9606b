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
        const N: usize = FEATURES + 1;
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
            let mut row = [1.0; N];
            for (idx, x) in features.iter().enumerate() {
                row[idx] = (f64::from(*x) - mean[idx]) / deviation[idx];
            }
            row
        };
        let mut weights = [0.0f64; N];
        for _ in 0..ROUNDS {
            let mut slope = weights.map(|weight| -RIDGE * weight);
            let mut bend = [[0.0; N]; N];
            (0..N).for_each(|idx| bend[idx][idx] = RIDGE);
            for (features, good) in said {
                let row = row(features);
                let sum = row.iter().zip(&weights).map(|(x, weight)| x * weight).sum::<f64>();
                let chance = 1.0 / (1.0 + (-sum).exp());
                let off = f64::from(u8::from(*good)) - chance;
                for i in 0..N {
                    slope[i] += off * row[i] / count;
                    for j in 0..N {
                        bend[i][j] += chance * (1.0 - chance) * row[i] * row[j] / count;
                    }
                }
            }
            let step = solved(bend, slope);
            weights.iter_mut().zip(step).for_each(|(weight, step)| *weight += step);
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

/// The solution of a small positive definite system, by Gauss's elimination.
fn solved<const N: usize>(mut rows: [[f64; N]; N], mut right: [f64; N]) -> [f64; N] {
    for pivot in 0..N {
        for row in pivot + 1..N {
            let share = rows[row][pivot] / rows[pivot][pivot];
            for column in pivot..N {
                rows[row][column] -= share * rows[pivot][column];
            }
            right[row] -= share * right[pivot];
        }
    }
    for row in (0..N).rev() {
        for column in row + 1..N {
            right[row] -= rows[row][column] * right[column];
        }
        right[row] /= rows[row][row];
    }
    right
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
