//! Root-mean-square norms, and the adaptive modulation that follows one (adaLN, DiT 2212.09748).

use burn::tensor::Tensor;

/// Added to the mean square.
const EPSILON: f32 = 1e-6;

/// x / rms(x) over the last axis.
#[must_use]
pub fn rms_norm<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    #[cfg(feature = "flex")]
    if super::is_fused(&x.device()) {
        return fused::rms_norm(x);
    }
    plain_norm(x)
}

/// `rms_norm(x) * (1 + scale) + shift`; `x` is `[frame, token, dim]`.
///
/// `shared` `[frame, 3 * dim]` and `offsets` `[3, dim]` add up to shift, scale and gate of each frame;
/// the gate is [`gated_residual`](super::gated_residual)'s.
#[must_use]
pub fn modulated_norm(x: Tensor<3>, shared: Tensor<2>, offsets: Tensor<2>) -> Tensor<3> {
    #[cfg(feature = "flex")]
    if super::is_fused(&x.device()) {
        return fused::modulated_norm(x, shared, offsets);
    }
    plain_modulated(x, shared, offsets)
}

pub(super) fn plain_norm<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    let scale = x.clone().square().mean_dim(D - 1).add_scalar(EPSILON).sqrt().recip();
    x * scale
}

pub(super) fn plain_modulated(x: Tensor<3>, shared: Tensor<2>, offsets: Tensor<2>) -> Tensor<3> {
    let [shift, scale] = [0, 1].map(|row| modulation(&shared, &offsets, row));
    plain_norm(x) * scale.add_scalar(1.0) + shift
}

/// One row of the modulation: `[frame, 1, dim]`.
pub(super) fn modulation(shared: &Tensor<2>, offsets: &Tensor<2>, row: usize) -> Tensor<3> {
    let [_, dim] = offsets.dims();
    let all = shared.clone().narrow(1, row * dim, dim) + offsets.clone().narrow(0, row, 1);
    all.unsqueeze_dim(1)
}

#[cfg(feature = "flex")]
mod fused {
    use burn::tensor::Tensor;

    use crate::kernels::{
        cpu::{
            modulation::{Modulation, ModulationGradient},
            norm::{rms_modulate, rms_modulate_backward, rms_norm as forward, rms_norm_backward},
            pool,
        },
        operation::{Inputs as _, Operation, View},
    };

    #[derive(Debug)]
    struct Norm;

    #[derive(Debug)]
    struct ModulatedNorm;

    pub(super) fn rms_norm<const D: usize>(x: Tensor<D>) -> Tensor<D> {
        [x.into_dispatch()].through(Norm)
    }

    pub(super) fn modulated_norm(x: Tensor<3>, shared: Tensor<2>, offsets: Tensor<2>) -> Tensor<3> {
        [x.into_dispatch(), shared.into_dispatch(), offsets.into_dispatch()].through(ModulatedNorm)
    }

    fn width(x: View<'_>) -> usize {
        x.dims.last().copied().unwrap_or(1)
    }

    impl Operation<1> for Norm {
        fn forward(&self, [x]: [View<'_>; 1]) -> (Vec<f32>, Vec<usize>) {
            let mut out = pool::take(x.numbers.len());
            forward(x.numbers, width(x), &mut out);
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
            rms_norm_backward(x.numbers, gradient, width(x), &mut of_x);
            [Some(of_x)]
        }
    }

    impl Operation<3> for ModulatedNorm {
        fn forward(&self, [x, shared, offsets]: [View<'_>; 3]) -> (Vec<f32>, Vec<usize>) {
            let mut out = pool::take(x.numbers.len());
            rms_modulate(x.numbers, &Modulation::of(shared, offsets), 0, &mut out);
            (out, x.dims.to_vec())
        }

        fn backward(
            &self,
            [x, shared, offsets]: [View<'_>; 3],
            _answer: &[f32],
            gradient: &[f32],
            _wanted: [bool; 3],
        ) -> [Option<Vec<f32>>; 3] {
            let mut of_x = pool::take(x.numbers.len());
            let mut of_shared = pool::take_zeroed(shared.numbers.len());
            let mut of_offsets = pool::take_zeroed(offsets.numbers.len());
            let into = ModulationGradient { shared: &mut of_shared, offsets: &mut of_offsets };
            rms_modulate_backward(x.numbers, gradient, &Modulation::of(shared, offsets), 0, &mut of_x, into);
            [Some(of_x), Some(of_shared), Some(of_offsets)]
        }
    }

    impl<'a> Modulation<'a> {
        /// `shared` `[frame, rows * dim]`, `offsets` `[rows, dim]`.
        pub(in crate::kernels) fn of(shared: View<'a>, offsets: View<'a>) -> Self {
            let [rows, dim] = [offsets.dims[0], offsets.dims[1]];
            Self { shared: shared.numbers, offsets: offsets.numbers, rows, dim }
        }
    }
}
