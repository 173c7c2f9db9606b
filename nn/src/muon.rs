//! Muon (Jordan and others 2024): a step along the nearest orthogonal matrix to the momentum of a weight matrix, so that
//! directions that are rare in the data move as far as those that are common.
//!
//! Scaled as in Moonlight (2502.16982), so that it takes the rates and the weight decay of AdamW.

use burn::tensor::Tensor;

use crate::kernels::{Activation, Moving, linear};

/// The odd polynomial whose iteration brings singular values near 1 within a few rounds.
const POLYNOMIAL: [f32; 3] = [3.4445, -4.775, 2.0315];
const ROUNDS: usize = 5;
/// The root mean square of a step at a rate of 1, which is about that of AdamW.
const STEP: f32 = 0.2;

/// Momentum and weight decay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Muon {
    /// Share of the momentum that stays.
    pub momentum: f32,
    /// As in AdamW.
    pub weight_decay: f32,
}

/// A weight matrix and what belongs to it, `[in, out]` each.
#[derive(Clone, Debug)]
pub struct Turned {
    /// The weights.
    pub weights: Tensor<2>,
    /// Mean of the gradient; zeros before the first step.
    pub momentum: Tensor<2>,
    /// Running mean of the weights.
    pub average: Tensor<2>,
}

impl Muon {
    /// All after one more step along `gradient` `[in, out]`. The weights are `parts` matrices side by side, such as
    /// those of queries, keys and values; each has a step of its own.
    ///
    /// # Panics
    /// When the columns are no multiple of `parts`.
    #[must_use]
    pub fn update(&self, moving: Moving, before: Turned, gradient: Tensor<2>, parts: usize) -> Turned {
        let Turned { weights, momentum, average } = before;
        let [from, to] = weights.dims();
        assert!(to.is_multiple_of(parts), "{to} columns in {parts} parts");
        let fresh = gradient.mul_scalar(moving.gradient_scale * (1.0 - self.momentum));
        let momentum = momentum.mul_scalar(self.momentum) + fresh.clone();
        let ahead = momentum.clone().mul_scalar(self.momentum) + fresh;
        let width = to / parts;
        let parts = (0..parts).map(|part| orthogonal(ahead.clone().narrow(1, part * width, width)));
        let along = Tensor::cat(parts.collect(), 1);
        // Numbers of an orthogonal matrix have a root mean square of 1 / √(its longer side).
        let length = STEP * (from.max(width) as f32).sqrt() * moving.rate as f32;
        let shrink = (1.0 - moving.rate * f64::from(self.weight_decay)) as f32;
        let weights = weights.mul_scalar(shrink) - along.mul_scalar(length);
        let kept = moving.average_decay;
        let average = average.mul_scalar(kept) + weights.clone().mul_scalar(1.0 - kept);
        Turned { weights, momentum, average }
    }
}

/// A matrix with the singular vectors of `x` `[row, column]` and singular values between about 0.7 and 1.2.
#[must_use]
pub fn orthogonal(x: Tensor<2>) -> Tensor<2> {
    let [rows, columns] = x.dims();
    if rows > columns {
        return orthogonal(x.transpose()).transpose();
    }
    let product = |a: Tensor<2>, b: Tensor<2>| linear(a, b, None, Activation::None);
    let [a, b, c] = POLYNOMIAL;
    let length = x.clone().square().sum().sqrt().add_scalar(1e-7);
    let mut x = x / length.unsqueeze();
    for _ in 0..ROUNDS {
        let square = product(x.clone(), x.clone().transpose());
        let inner = square.clone().mul_scalar(b) + product(square.clone(), square).mul_scalar(c);
        x = x.clone().mul_scalar(a) + product(inner, x);
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, TensorData};

    fn numbers(tensor: &Tensor<2>) -> Vec<f32> {
        tensor.to_data().iter::<f32>().collect()
    }

    fn made(rows: usize, columns: usize) -> Tensor<2> {
        let number = |idx: usize| ((idx * 37 + idx * idx * 11) % 101) as f32 / 50.0 - 1.0;
        let numbers = (0..rows * columns).map(number).collect::<Vec<_>>();
        Tensor::from_data(TensorData::new(numbers, [rows, columns]), &Device::flex())
    }

    #[test]
    fn rows_of_what_was_made_orthogonal_are_nearly_so_and_of_length_1() {
        for (rows, columns) in [(8, 24), (24, 8), (16, 16)] {
            let x = orthogonal(made(rows, columns));
            assert_eq!(x.dims(), [rows, columns]);
            let short = if rows > columns { x.transpose() } else { x };
            let squares = numbers(&short.clone().matmul(short.transpose()));
            let side = rows.min(columns);
            for (idx, square) in squares.iter().enumerate() {
                let wanted = if idx / side == idx % side { 1.0 } else { 0.0 };
                assert!((square - wanted).abs() < 0.55, "{square} at {idx} of {rows}x{columns}");
            }
        }
    }

    #[test]
    fn a_step_leads_downhill_is_as_long_as_asked_and_parts_move_apart() {
        let muon = Muon { momentum: 0.9, weight_decay: 0.0 };
        let gradient = made(8, 24);
        let zeros = || Tensor::zeros([8, 24], &Device::flex());
        let before = || Turned { weights: zeros(), momentum: zeros(), average: zeros() };
        let moving = Moving { time: 1, rate: 0.01, gradient_scale: 3.0, average_decay: 0.5 };
        let after = muon.update(moving, before(), gradient.clone(), 3);
        let along = numbers(&after.weights).iter().zip(numbers(&gradient)).map(|(a, b)| a * b).sum::<f32>();
        assert!(along < 0.0, "{along}");
        let square = numbers(&after.weights).iter().map(|x| x * x).sum::<f32>() / (8.0 * 24.0);
        assert!((square.sqrt() / (0.01 * STEP) - 1.0).abs() < 0.3, "{square}");
        assert!(
            numbers(&after.average)
                .iter()
                .zip(numbers(&after.weights))
                .all(|(a, b)| (a - 0.5 * b).abs() < 1e-6)
        );
        // A part does not feel how large another's gradient is.
        let mask = Tensor::cat(vec![Tensor::ones([8, 8], &Device::flex()), zeros().narrow(1, 0, 16)], 1);
        let other = muon.update(moving, before(), gradient.clone() + gradient * mask.mul_scalar(9.0), 3);
        let part = |weights: &Tensor<2>| numbers(&weights.clone().narrow(1, 8, 16));
        assert_eq!(part(&after.weights), part(&other.weights));
    }
}
