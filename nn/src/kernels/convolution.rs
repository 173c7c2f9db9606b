//! Convolutions of channels-last pictures, with what comes before and behind them.

use burn::{
    nn::conv::Conv2d,
    tensor::{
        Tensor,
        activation::{relu, silu, tanh},
        module::conv2d,
        ops::ConvOptions,
    },
};

pub use super::cpu::nonlinearity::Nonlinearity;

/// Weights of a convolution, and what it does to its input and to its sums.
pub struct Convolving<'a> {
    /// Weights `[out, in, kernel, kernel]`, a bias, a stride, and padding by half a kernel.
    pub layer: &'a Conv2d,
    /// What is done to the input, inside its border.
    pub entry: Nonlinearity,
    /// What is done to the sums, the residual among them. SiLU has no gradient here.
    pub ending: Nonlinearity,
}

/// ending(convolution(entry(`x`)) + bias + `residual`).
///
/// `x` is `[picture, height, width, in]`, the answer and `residual` `[picture, out height, out width, out]`.
#[must_use]
pub fn convolved(x: Tensor<4>, of: &Convolving<'_>, residual: Option<Tensor<4>>) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if super::is_fused(&x.device()) {
        return fused::convolved(x, of, residual);
    }
    plain(x, of, residual)
}

pub(super) fn plain(x: Tensor<4>, of: &Convolving<'_>, residual: Option<Tensor<4>>) -> Tensor<4> {
    let Convolving { layer, entry, ending } = of;
    let [_, _, kernel, _] = layer.weight.dims();
    let options = ConvOptions::new(layer.stride, [kernel / 2; 2], layer.dilation, layer.groups);
    let bias = layer.bias.as_ref().map(|bias| bias.val());
    let sums = conv2d(applied(*entry, x).permute([0, 3, 1, 2]), layer.weight.val(), bias, options);
    let sums = sums.permute([0, 2, 3, 1]);
    applied(*ending, residual.map_or(sums.clone(), |residual| sums + residual))
}

fn applied(f: Nonlinearity, x: Tensor<4>) -> Tensor<4> {
    match f {
        Nonlinearity::Identity => x,
        Nonlinearity::Relu => relu(x),
        Nonlinearity::Silu => silu(x),
        Nonlinearity::Tanh => tanh(x),
    }
}

#[cfg(feature = "flex")]
mod fused {
    use burn::tensor::Tensor;

    use super::{Convolving, Nonlinearity};
    use crate::kernels::{
        cpu::{
            convolution::{Convolution, Gradients, Passed, Shape},
            pool,
        },
        operation::{Inputs as _, Operation, View},
    };

    /// Without a residual of three inputs, with one of four: input, weights, bias, residual.
    #[derive(Debug)]
    struct Convolved {
        stride: usize,
        entry: Nonlinearity,
        ending: Nonlinearity,
    }

    pub(super) fn convolved(x: Tensor<4>, of: &Convolving<'_>, residual: Option<Tensor<4>>) -> Tensor<4> {
        let Convolving { layer, entry, ending } = of;
        assert!(
            layer.stride[0] == layer.stride[1] && layer.dilation == [1, 1] && layer.groups == 1,
            "a convolution of one stride, without dilation and groups, found {:?} {:?} {}",
            layer.stride,
            layer.dilation,
            layer.groups
        );
        let operation = Convolved { stride: layer.stride[0], entry: *entry, ending: *ending };
        let weights = layer.weight.val();
        let bias = match &layer.bias {
            Some(bias) => bias.val(),
            None => Tensor::zeros([weights.dims()[0]], &x.device()),
        };
        let (x, weights, bias) = (x.into_dispatch(), weights.into_dispatch(), bias.into_dispatch());
        match residual {
            Some(residual) => [x, weights, bias, residual.into_dispatch()].through(operation),
            None => [x, weights, bias].through(operation),
        }
    }

    impl Convolved {
        fn of(&self, x: View<'_>, weights: View<'_>) -> Convolution {
            let shape = Shape {
                height: x.dims[1],
                width: x.dims[2],
                channels: [weights.dims[1], weights.dims[0]],
                kernel: weights.dims[2],
                stride: self.stride,
            };
            assert_eq!(x.dims[3], weights.dims[1], "channels of the input and of the weights");
            Convolution { shape, entry: self.entry.into(), ending: self.ending }
        }

        fn answer(
            &self,
            [x, weights, bias]: [View<'_>; 3],
            residual: Option<&[f32]>,
        ) -> (Vec<f32>, Vec<usize>) {
            let convolution = self.of(x, weights);
            let [height, width] = convolution.shape.out_size();
            let mut out = pool::take(x.dims[0] * convolution.shape.out_len());
            convolution.forward(weights.numbers, bias.numbers, x.numbers, residual, &mut out);
            (out, vec![x.dims[0], height, width, weights.dims[0]])
        }

        /// Gradients of input, weights, bias and residual, of input and residual where they are wanted.
        fn gradients(
            &self,
            [x, weights]: [View<'_>; 2],
            answer: &[f32],
            gradient: &[f32],
            [of_x, of_residual]: [bool; 2],
        ) -> [Option<Vec<f32>>; 4] {
            let convolution = self.of(x, weights);
            let mut input = of_x.then(|| pool::take(x.numbers.len()));
            let mut residual = of_residual.then(|| pool::take(answer.len()));
            let mut of_weights = pool::take(weights.numbers.len());
            let mut bias = pool::take(weights.dims[0]);
            convolution.backward(
                weights.numbers,
                Passed { input: x.numbers, out: answer, d_out: gradient },
                Gradients {
                    input: input.as_deref_mut(),
                    residual: residual.as_deref_mut(),
                    weights: &mut of_weights,
                    bias: &mut bias,
                    norm: None,
                },
            );
            [input, Some(of_weights), Some(bias), residual]
        }
    }

    impl Operation<3> for Convolved {
        fn forward(&self, inputs: [View<'_>; 3]) -> (Vec<f32>, Vec<usize>) {
            self.answer(inputs, None)
        }

        fn backward(
            &self,
            [x, weights, _]: [View<'_>; 3],
            answer: &[f32],
            gradient: &[f32],
            [of_x, ..]: [bool; 3],
        ) -> [Option<Vec<f32>>; 3] {
            let [x, weights, bias, _] = self.gradients([x, weights], answer, gradient, [of_x, false]);
            [x, weights, bias]
        }
    }

    impl Operation<4> for Convolved {
        fn forward(&self, [x, weights, bias, residual]: [View<'_>; 4]) -> (Vec<f32>, Vec<usize>) {
            self.answer([x, weights, bias], Some(residual.numbers))
        }

        fn backward(
            &self,
            [x, weights, ..]: [View<'_>; 4],
            answer: &[f32],
            gradient: &[f32],
            [of_x, _, _, of_residual]: [bool; 4],
        ) -> [Option<Vec<f32>>; 4] {
            self.gradients([x, weights], answer, gradient, [of_x, of_residual])
        }
    }
}
