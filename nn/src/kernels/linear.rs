//! A linear layer and the activation behind it.

use burn::{
    nn::Linear,
    tensor::{Tensor, activation::relu},
};

pub use super::cpu::linear::Activation;

/// activation(layer(`x`)) over the last axis of `x`.
#[must_use]
pub fn applied<const D: usize>(layer: &Linear, x: Tensor<D>, activation: Activation) -> Tensor<D> {
    linear(x, layer.weight.val(), layer.bias.as_ref().map(|bias| bias.val()), activation)
}

/// activation(`x` `weight` + `bias`) over the last axis of `x`; `weight` is `[in, out]`, `bias` `[out]`.
#[must_use]
pub fn linear<const D: usize>(
    x: Tensor<D>,
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
    activation: Activation,
) -> Tensor<D> {
    #[cfg(feature = "flex")]
    if super::is_fused(&x.device()) {
        return fused::linear(x, weight, bias, activation);
    }
    plain(x, weight, bias, activation)
}

pub(super) fn plain<const D: usize>(
    x: Tensor<D>,
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
    activation: Activation,
) -> Tensor<D> {
    let sums = burn::tensor::module::linear(x, weight, bias);
    match activation {
        Activation::None => sums,
        Activation::Relu => relu(sums),
        Activation::SquaredRelu => {
            let positive = relu(sums);
            positive.clone() * positive
        }
    }
}

#[cfg(feature = "flex")]
mod fused {
    use burn::tensor::Tensor;

    use crate::kernels::{
        cpu::linear::{Activation, linear as forward, linear_backward},
        operation::{Inputs as _, Operation, View},
    };

    #[derive(Debug)]
    struct Linear {
        activation: Activation,
    }

    pub(super) fn linear<const D: usize>(
        x: Tensor<D>,
        weight: Tensor<2>,
        bias: Option<Tensor<1>>,
        activation: Activation,
    ) -> Tensor<D> {
        let (x, weight) = (x.into_dispatch(), weight.into_dispatch());
        match bias {
            Some(bias) => [x, weight, bias.into_dispatch()].through(Linear { activation }),
            None => [x, weight].through(Linear { activation }),
        }
    }

    fn sizes(weight: View<'_>) -> [usize; 2] {
        [weight.dims[0], weight.dims[1]]
    }

    fn answered(x: View<'_>, weight: View<'_>, numbers: Vec<f32>) -> (Vec<f32>, Vec<usize>) {
        let mut dims = x.dims.to_vec();
        let width = dims.last_mut().unwrap_or_else(|| unreachable!("a tensor has an axis"));
        assert_eq!(*width, weight.dims[0], "numbers of a row and of a weight {:?}", weight.dims);
        *width = weight.dims[1];
        (numbers, dims)
    }

    impl Operation<2> for Linear {
        fn forward(&self, [x, weight]: [View<'_>; 2]) -> (Vec<f32>, Vec<usize>) {
            let numbers = forward(x.numbers, weight.numbers, None, self.activation, sizes(weight));
            answered(x, weight, numbers)
        }

        fn backward(
            &self,
            [x, weight]: [View<'_>; 2],
            answer: &[f32],
            gradient: &[f32],
            [of_x, of_weight]: [bool; 2],
        ) -> [Option<Vec<f32>>; 2] {
            let found = linear_backward(
                x.numbers,
                weight.numbers,
                answer,
                gradient,
                self.activation,
                sizes(weight),
                [of_x, of_weight, false],
            );
            [found.x, found.weight]
        }
    }

    impl Operation<3> for Linear {
        fn forward(&self, [x, weight, bias]: [View<'_>; 3]) -> (Vec<f32>, Vec<usize>) {
            let numbers =
                forward(x.numbers, weight.numbers, Some(bias.numbers), self.activation, sizes(weight));
            answered(x, weight, numbers)
        }

        fn backward(
            &self,
            [x, weight, _]: [View<'_>; 3],
            answer: &[f32],
            gradient: &[f32],
            wanted: [bool; 3],
        ) -> [Option<Vec<f32>>; 3] {
            let found = linear_backward(
                x.numbers,
                weight.numbers,
                answer,
                gradient,
                self.activation,
                sizes(weight),
                wanted,
            );
            [found.x, found.weight, found.bias]
        }
    }
}
