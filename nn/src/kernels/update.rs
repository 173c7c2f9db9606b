//! One step of AdamW (Loshchilov and Hutter, 1711.05101) and of the running mean of the weights, in one pass.

use burn::tensor::Tensor;

pub use super::cpu::adamw::AdamW;

/// What one step needs besides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moving {
    /// Steps made, this one included.
    pub time: usize,
    /// The learning rate.
    pub rate: f64,
    /// Gradients are multiplied by this first.
    pub gradient_scale: f32,
    /// Share of the old running mean that stays.
    pub average_decay: f32,
}

/// Parameters and what belongs to them, `[number]` each.
#[derive(Clone, Debug)]
pub struct Moved {
    /// The weights.
    pub weights: Tensor<1>,
    /// Mean of the gradient, and of its square; zeros before the first step.
    pub moments: [Tensor<1>; 2],
    /// Running mean of the weights.
    pub average: Tensor<1>,
}

impl AdamW {
    /// All after one more step along `gradients` `[number]`.
    #[must_use]
    pub fn update(&self, moving: Moving, before: Moved, gradients: Tensor<1>) -> Moved {
        #[cfg(feature = "flex")]
        if super::is_fused(&gradients.device()) {
            return fused::update(*self, moving, before, gradients);
        }
        self.plain(moving, before, gradients)
    }

    pub(super) fn plain(&self, moving: Moving, before: Moved, gradients: Tensor<1>) -> Moved {
        let Moving { time, rate, gradient_scale, average_decay } = moving;
        let power = i32::try_from(time).unwrap_or(i32::MAX);
        let Moved { weights, moments: [first, second], average } = before;
        let gradients = gradients.mul_scalar(gradient_scale);
        let squares = gradients.clone() * gradients.clone();
        let first = first.mul_scalar(self.beta_1) + gradients.mul_scalar(1.0 - self.beta_1);
        let second = second.mul_scalar(self.beta_2) + squares.mul_scalar(1.0 - self.beta_2);
        let mean = first.clone().div_scalar(1.0 - self.beta_1.powi(power));
        let spread = second.clone().div_scalar(1.0 - self.beta_2.powi(power)).sqrt();
        let along = (mean / spread.add_scalar(self.epsilon)).mul_scalar(rate as f32);
        let shrink = (1.0 - rate * f64::from(self.weight_decay)) as f32;
        let weights = weights.mul_scalar(shrink) - along;
        let average = average.mul_scalar(average_decay) + weights.clone().mul_scalar(1.0 - average_decay);
        Moved { weights, moments: [first, second], average }
    }
}

/// The sum of squares of `x`.
#[must_use]
pub fn squared_norm(x: Tensor<1>) -> f64 {
    #[cfg(feature = "flex")]
    if super::is_fused(&x.device()) {
        return fused::squared_norm(x);
    }
    f64::from(x.square().sum().into_scalar::<f32>())
}

#[cfg(feature = "flex")]
mod fused {
    use burn::{
        backend::{Backend, Dispatch, Flex, backend_extension, tensor::FloatTensor},
        tensor::Tensor,
    };
    use burn_flex::FlexTensor;

    use super::{AdamW, Moved, Moving};
    use crate::kernels::{
        cpu::adamw::{self, Parameters, Step},
        operation::{Inputs as _, Operation, View, dense, numbers},
    };

    /// The step on tensors of the CPU backend.
    #[backend_extension(Flex)]
    trait Updates: Backend {
        /// Weights, both moments and the average, after the step.
        fn adamw(
            weights: FloatTensor<Self>,
            first: FloatTensor<Self>,
            second: FloatTensor<Self>,
            average: FloatTensor<Self>,
            gradients: FloatTensor<Self>,
            rule: (AdamW, Moving),
        ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
    }

    impl Updates for Flex {
        fn adamw(
            weights: FloatTensor<Self>,
            first: FloatTensor<Self>,
            second: FloatTensor<Self>,
            average: FloatTensor<Self>,
            gradients: FloatTensor<Self>,
            (rule, moving): (AdamW, Moving),
        ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
            let [mut weights, mut first, mut second, mut average] =
                [weights, first, second, average].map(dense);
            let gradients = dense(gradients);
            let Moving { time, rate, gradient_scale, average_decay } = moving;
            rule.step_with_average(
                Step { time, rate, gradient_scale },
                Parameters {
                    weights: own(&mut weights),
                    gradients: numbers(&gradients),
                    first_moment: own(&mut first),
                    second_moment: own(&mut second),
                },
                own(&mut average),
                average_decay,
            );
            (weights, first, second, average)
        }
    }

    /// The numbers in place, where nobody else holds them; else a copy's.
    fn own(tensor: &mut FlexTensor) -> &mut [f32] {
        let (start, end) = tensor.layout().contiguous_offsets().unwrap_or_else(|| unreachable!("made dense"));
        &mut tensor.storage_mut::<f32>()[start..end]
    }

    pub(super) fn update(rule: AdamW, moving: Moving, before: Moved, gradients: Tensor<1>) -> Moved {
        let Moved { weights, moments: [first, second], average } = before;
        let [weights, first, second, average] = [weights, first, second, average].map(Tensor::into_dispatch);
        let gradients = gradients.into_dispatch();
        let (weights, first, second, average) =
            <Dispatch as Updates>::adamw(weights, first, second, average, gradients, (rule, moving));
        let [weights, first, second, average] = [weights, first, second, average].map(Tensor::from_dispatch);
        Moved { weights, moments: [first, second], average }
    }

    #[derive(Debug)]
    struct SquaredNorm;

    pub(super) fn squared_norm(x: Tensor<1>) -> f64 {
        let norm: Tensor<1> = [x.into_dispatch()].through(SquaredNorm);
        f64::from(norm.into_scalar::<f32>())
    }

    impl Operation<1> for SquaredNorm {
        fn forward(&self, [x]: [View<'_>; 1]) -> (Vec<f32>, Vec<usize>) {
            (vec![adamw::squared_norm(x.numbers) as f32], vec![1])
        }

        fn backward(
            &self,
            [x]: [View<'_>; 1],
            _answer: &[f32],
            gradient: &[f32],
            _wanted: [bool; 1],
        ) -> [Option<Vec<f32>>; 1] {
            [Some(x.numbers.iter().map(|x| 2.0 * x * gradient[0]).collect())]
        }
    }
}
