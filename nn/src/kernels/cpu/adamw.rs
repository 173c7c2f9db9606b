//! AdamW (Loshchilov and Hutter, 1711.05101) and the running mean of its weights in one pass over flat parameters.
//!
//! Every rounding is that of burn-optim 0.22.1 (`optim/adamw.rs`) on flex, operation by operation and hence without
//! FMA: the pass is bound by memory, and the bytes are those of the plain optimiser.

use pulp::Simd;
use rayon::prelude::*;

use super::lanes::{Elementwise, TASK, on_one_thread, on_threads};

/// Squares that are summed in single precision before the sum goes on in double precision.
const BLOCK: usize = 1024;

/// What does not change from step to step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// Share of the old mean gradient that stays.
    pub beta_1: f32,
    /// Share of the old mean squared gradient that stays.
    pub beta_2: f32,
    /// Added to the root of the mean square.
    pub epsilon: f32,
    /// Share of a weight, times the learning rate, that goes with each step.
    pub weight_decay: f32,
}

/// What one step needs besides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Steps made, this one included.
    pub time: usize,
    /// The learning rate.
    pub rate: f64,
    /// Gradients are multiplied by this first: 1, or less where their norm is clipped.
    pub gradient_scale: f32,
}

/// Parameters and what belongs to each of them, `[number]` each.
#[derive(Debug)]
pub struct Parameters<'a> {
    /// The weights.
    pub weights: &'a mut [f32],
    /// Their gradients.
    pub gradients: &'a [f32],
    /// Mean of the gradient; zeros before the first step.
    pub first_moment: &'a mut [f32],
    /// Mean of its square; zeros before the first step.
    pub second_moment: &'a mut [f32],
}

impl AdamW {
    /// Moves the weights by one step.
    pub fn step(&self, step: Step, parameters: Parameters<'_>) {
        let Parameters { weights, gradients, first_moment, second_moment } = parameters;
        on_threads(self.rule(step), [gradients], [weights, first_moment, second_moment]);
    }

    /// The same, and `average = decay * average + (1 - decay) * weights` with the weights after the step.
    pub fn step_with_average(&self, step: Step, parameters: Parameters<'_>, average: &mut [f32], decay: f32) {
        let Parameters { weights, gradients, first_moment, second_moment } = parameters;
        let op = Averaged { rule: self.rule(step), decay };
        on_threads(op, [gradients], [weights, first_moment, second_moment, average]);
    }

    fn rule(&self, Step { time, rate, gradient_scale }: Step) -> Rule {
        assert!(time > 0, "steps are counted from 1, not {time}");
        let power = i32::try_from(time).unwrap_or(i32::MAX);
        Rule {
            gradient_scale,
            keep: [self.beta_1, self.beta_2],
            take: [1.0 - self.beta_1, 1.0 - self.beta_2],
            correction: [1.0 - self.beta_1.powi(power), 1.0 - self.beta_2.powi(power)],
            epsilon: self.epsilon,
            shrink: (1.0 - rate * f64::from(self.weight_decay)) as f32,
            rate: rate as f32,
        }
    }
}

#[derive(Clone, Copy)]
struct Rule {
    gradient_scale: f32,
    keep: [f32; 2],
    take: [f32; 2],
    correction: [f32; 2],
    epsilon: f32,
    shrink: f32,
    rate: f32,
}

impl Elementwise<1, 3, 0> for Rule {
    #[inline(always)]
    fn at<S: Simd>(
        self,
        simd: S,
        [gradient]: [S::f32s; 1],
        [weight, first, second]: [S::f32s; 3],
    ) -> ([S::f32s; 3], [S::f32s; 0]) {
        let gradient = times(simd, gradient, self.gradient_scale);
        let square = simd.mul_f32s(gradient, gradient);
        let first = simd.add_f32s(times(simd, first, self.keep[0]), times(simd, gradient, self.take[0]));
        let second = simd.add_f32s(times(simd, second, self.keep[1]), times(simd, square, self.take[1]));
        let mean = simd.div_f32s(first, simd.splat_f32s(self.correction[0]));
        let mean_square = simd.div_f32s(second, simd.splat_f32s(self.correction[1]));
        let spread = simd.add_f32s(simd.sqrt_f32s(mean_square), simd.splat_f32s(self.epsilon));
        let move_by = times(simd, simd.div_f32s(mean, spread), self.rate);
        ([simd.sub_f32s(times(simd, weight, self.shrink), move_by), first, second], [])
    }
}

#[inline(always)]
fn times<S: Simd>(simd: S, x: S::f32s, factor: f32) -> S::f32s {
    simd.mul_f32s(x, simd.splat_f32s(factor))
}

#[derive(Clone, Copy)]
struct Averaged {
    rule: Rule,
    decay: f32,
}

impl Elementwise<1, 4, 0> for Averaged {
    #[inline(always)]
    fn at<S: Simd>(
        self,
        simd: S,
        gradient: [S::f32s; 1],
        [weight, first, second, average]: [S::f32s; 4],
    ) -> ([S::f32s; 4], [S::f32s; 0]) {
        let ([weight, first, second], []) = self.rule.at(simd, gradient, [weight, first, second]);
        let old = times(simd, average, self.decay);
        let new = times(simd, weight, 1.0 - self.decay);
        ([weight, first, second, simd.add_f32s(old, new)], [])
    }
}

/// The sum of squares, for clipping by the norm.
#[must_use]
pub fn squared_norm(values: &[f32]) -> f64 {
    let of_task = |task: &[f32]| {
        task.chunks(BLOCK)
            .map(|block| {
                let [sum] = on_one_thread(Square, [block], []);
                f64::from(sum)
            })
            .sum::<f64>()
    };
    if values.len() <= TASK {
        return of_task(values);
    }
    values.par_chunks(TASK).map(of_task).collect::<Vec<_>>().iter().sum()
}

#[derive(Clone, Copy)]
struct Square;

impl Elementwise<1, 0, 1> for Square {
    #[inline(always)]
    fn at<S: Simd>(self, simd: S, [x]: [S::f32s; 1], _: [S::f32s; 0]) -> ([S::f32s; 0], [S::f32s; 1]) {
        ([], [simd.mul_f32s(x, x)])
    }
}

#[cfg(test)]
mod tests;
