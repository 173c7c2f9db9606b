//! The convolution on the CPU: a product that reads its left operand from the picture.

use burn::tensor::Tensor;

use super::{Convolving, Nonlinearity};
use crate::kernels::{
    cpu::{
        convolution::{Convolution, Entry, Gradients, Passed, Shape},
        group_norm::GroupNorm,
        pool,
    },
    operation::{Inputs as _, Operation, View},
};

/// Three inputs are picture, weights and bias; then come scale and shift of a norm, if there is one, and a residual.
#[derive(Clone, Copy, Debug)]
struct Convolved {
    stride: usize,
    /// Groups of the norm and what is added to its variance.
    norm: Option<(usize, f32)>,
    entry: Nonlinearity,
    ending: Nonlinearity,
}

pub(super) fn convolved(x: Tensor<4>, of: &Convolving<'_>, residual: Option<Tensor<4>>) -> Tensor<4> {
    let Convolving { layer, norm, entry, ending } = of;
    assert!(
        layer.stride[0] == layer.stride[1] && layer.dilation == [1, 1] && layer.groups == 1,
        "a convolution of one stride, without dilation and groups, found {:?} {:?} {}",
        layer.stride,
        layer.dilation,
        layer.groups
    );
    let operation = Convolved {
        stride: layer.stride[0],
        norm: norm.as_ref().map(|norm| (norm.groups, norm.epsilon)),
        entry: *entry,
        ending: *ending,
    };
    let weights = layer.weight.val();
    let bias = match &layer.bias {
        Some(bias) => bias.val(),
        None => Tensor::zeros([weights.dims()[0]], &x.device()),
    };
    let [x, weights, bias] = [x.into_dispatch(), weights.into_dispatch(), bias.into_dispatch()];
    let norm = norm.clone().map(|norm| [norm.scale, norm.shift].map(Tensor::into_dispatch));
    match (norm, residual.map(Tensor::into_dispatch)) {
        (None, None) => [x, weights, bias].through(operation),
        (None, Some(residual)) => [x, weights, bias, residual].through(operation),
        (Some([scale, shift]), None) => [x, weights, bias, scale, shift].through(operation),
        (Some([scale, shift]), Some(residual)) => {
            [x, weights, bias, scale, shift, residual].through(operation)
        }
    }
}

impl Convolved {
    fn of(&self, x: View<'_>, weights: View<'_>, norm: Option<[View<'_>; 2]>) -> Convolution {
        let shape = Shape {
            height: x.dims[1],
            width: x.dims[2],
            channels: [weights.dims[1], weights.dims[0]],
            kernel: weights.dims[2],
            stride: self.stride,
        };
        assert_eq!(x.dims[3], weights.dims[1], "channels of the input and of the weights");
        let norm = self.norm.zip(norm).map(|((groups, epsilon), [scale, shift])| GroupNorm {
            groups,
            epsilon,
            scale: scale.numbers.to_vec(),
            shift: shift.numbers.to_vec(),
        });
        Convolution { shape, entry: Entry { norm, f: self.entry }, ending: self.ending }
    }

    fn answer(
        &self,
        [x, weights, bias]: [View<'_>; 3],
        norm: Option<[View<'_>; 2]>,
        residual: Option<View<'_>>,
    ) -> (Vec<f32>, Vec<usize>) {
        let convolution = self.of(x, weights, norm);
        let [height, width] = convolution.shape.out_size();
        let mut out = pool::take(x.dims[0] * convolution.shape.out_len());
        let residual = residual.map(|residual| residual.numbers);
        convolution.forward(weights.numbers, bias.numbers, x.numbers, residual, &mut out);
        (out, vec![x.dims[0], height, width, weights.dims[0]])
    }

    /// Gradients of input, weights and bias, then of scale, shift and residual, of input and residual where wanted.
    fn gradients(
        &self,
        [x, weights, answer, gradient]: [&[f32]; 4],
        convolution: &Convolution,
        [of_x, of_residual]: [bool; 2],
    ) -> [Option<Vec<f32>>; 6] {
        let channels = convolution.shape.channels;
        let normed = self.norm.is_some();
        let mut input = (of_x || normed).then(|| pool::take(x.len()));
        let mut residual = of_residual.then(|| pool::take(answer.len()));
        let mut of_weights = pool::take(weights.len());
        let mut bias = pool::take(channels[1]);
        let [mut scale, mut shift] = [(); 2].map(|()| normed.then(|| pool::take(channels[0])));
        convolution.backward(
            weights,
            Passed { input: x, out: answer, d_out: gradient },
            Gradients {
                input: input.as_deref_mut(),
                residual: residual.as_deref_mut(),
                weights: &mut of_weights,
                bias: &mut bias,
                norm: scale.as_deref_mut().zip(shift.as_deref_mut()).map(|(scale, shift)| [scale, shift]),
            },
        );
        [input, Some(of_weights), Some(bias), scale, shift, residual]
    }
}

macro_rules! operation {
    ($count:literal, [$x:ident, $weights:ident, $bias:ident $(, $more:ident)*], $norm:expr, $residual:expr, $wanted:expr, $picked:expr) => {
        impl Operation<$count> for Convolved {
            fn forward(&self, [$x, $weights, $bias $(, $more)*]: [View<'_>; $count]) -> (Vec<f32>, Vec<usize>) {
                self.answer([$x, $weights, $bias], $norm, $residual)
            }

            fn backward(
                &self,
                [$x, $weights, _ $(, $more)*]: [View<'_>; $count],
                answer: &[f32],
                gradient: &[f32],
                wanted: [bool; $count],
            ) -> [Option<Vec<f32>>; $count] {
                // A residual is only handed back, so its numbers are not needed.
                $(let _ = $more;)*
                let convolution = self.of($x, $weights, $norm);
                let of_residual: fn([bool; $count]) -> bool = $wanted;
                let numbers = [$x.numbers, $weights.numbers, answer, gradient];
                let found = self.gradients(numbers, &convolution, [wanted[0], of_residual(wanted)]);
                let picked: fn([Option<Vec<f32>>; 6]) -> [Option<Vec<f32>>; $count] = $picked;
                picked(found)
            }
        }
    };
}

operation!(3, [x, weights, bias], None, None, |_| false, |[x, weights, bias, ..]| [x, weights, bias]);
operation!(4, [x, weights, bias, residual], None, Some(residual), |[.., residual]| residual, |[
    x,
    weights,
    bias,
    _,
    _,
    residual,
]| [
    x, weights, bias, residual
]);
operation!(5, [x, weights, bias, scale, shift], Some([scale, shift]), None, |_| false, |[
    x,
    weights,
    bias,
    scale,
    shift,
    _,
]| [
    x, weights, bias, scale, shift
]);
operation!(
    6,
    [x, weights, bias, scale, shift, residual],
    Some([scale, shift]),
    Some(residual),
    |[.., residual]| residual,
    |found| found
);
