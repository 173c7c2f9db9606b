//! Activations that stand alone: SiLU, and the gated unit SwiGLU (Shazeer, 2002.05202).

use burn::tensor::Tensor;

/// x / (1 + e^-x).
#[must_use]
pub fn silu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    #[cfg(feature = "flex")]
    if super::is_fused(&x.device()) {
        return fused::silu(x);
    }
    plain_silu(x)
}

/// silu(a) * b, where `x` `[.., 2 * hidden]` is a beside b along its last axis; gives `[.., hidden]`.
#[must_use]
pub fn swiglu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    let width = x.dims()[D - 1];
    assert!(width.is_multiple_of(2), "two halves of a row of {width} numbers");
    #[cfg(feature = "flex")]
    if super::is_fused(&x.device()) {
        return fused::swiglu(x);
    }
    plain_swiglu(x)
}

pub(super) fn plain_silu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    burn::tensor::activation::silu(x)
}

pub(super) fn plain_swiglu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    let hidden = x.dims()[D - 1] / 2;
    plain_silu(x.clone().narrow(D - 1, 0, hidden)) * x.narrow(D - 1, hidden, hidden)
}

#[cfg(feature = "flex")]
mod fused {
    use burn::tensor::Tensor;

    use crate::kernels::{
        cpu::{activation, pool},
        operation::{Inputs as _, Operation, View},
    };

    #[derive(Debug)]
    struct Silu;

    #[derive(Debug)]
    struct Swiglu;

    pub(super) fn silu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
        [x.into_dispatch()].through(Silu)
    }

    pub(super) fn swiglu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
        [x.into_dispatch()].through(Swiglu)
    }

    impl Operation<1> for Silu {
        fn forward(&self, [x]: [View<'_>; 1]) -> (Vec<f32>, Vec<usize>) {
            let mut out = pool::take(x.numbers.len());
            activation::silu(x.numbers, &mut out);
            (out, x.dims.to_vec())
        }

        fn backward(
            &self,
            [x]: [View<'_>; 1],
            _answer: &[f32],
            gradient: &[f32],
            _wanted: [bool; 1],
        ) -> [Option<Vec<f32>>; 1] {
            let mut of_x = pool::take(x.numbers.len());
            activation::silu_backward(x.numbers, gradient, &mut of_x);
            [Some(of_x)]
        }
    }

    impl Operation<1> for Swiglu {
        fn forward(&self, [x]: [View<'_>; 1]) -> (Vec<f32>, Vec<usize>) {
            let mut dims = x.dims.to_vec();
            let width = dims.last_mut().unwrap_or_else(|| unreachable!("a tensor has an axis"));
            *width /= 2;
            let hidden = *width;
            let mut out = pool::take(x.numbers.len() / 2);
            activation::swiglu(x.numbers, hidden, &mut out);
            (out, dims)
        }

        fn backward(
            &self,
            [x]: [View<'_>; 1],
            _answer: &[f32],
            gradient: &[f32],
            _wanted: [bool; 1],
        ) -> [Option<Vec<f32>>; 1] {
            let hidden = x.dims.last().map_or(0, |width| width / 2);
            let mut of_x = pool::take(x.numbers.len());
            activation::swiglu_backward(x.numbers, gradient, hidden, &mut of_x);
            [Some(of_x)]
        }
    }
}
