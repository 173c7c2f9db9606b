//! The residual behind a gate of each frame (adaLN-Zero, DiT 2212.09748).

use burn::tensor::Tensor;

/// Row of the modulation that holds the gate.
const GATE: usize = 2;

/// `x + branch * gate`; `x` and `branch` are `[frame, token, dim]`.
///
/// `shared` `[frame, 3 * dim]` and `offsets` `[3, dim]` add up to shift, scale and gate of each frame.
#[must_use]
pub fn gated_residual(x: Tensor<3>, branch: Tensor<3>, shared: Tensor<2>, offsets: Tensor<2>) -> Tensor<3> {
    #[cfg(feature = "flex")]
    if super::is_fused(&x.device()) {
        return fused::gated_residual(x, branch, shared, offsets);
    }
    plain(x, branch, shared, offsets)
}

pub(super) fn plain(x: Tensor<3>, branch: Tensor<3>, shared: Tensor<2>, offsets: Tensor<2>) -> Tensor<3> {
    x + branch * super::norm::modulation(&shared, &offsets, GATE)
}

#[cfg(feature = "flex")]
mod fused {
    use burn::tensor::Tensor;

    use super::GATE;
    use crate::kernels::{
        cpu::{
            gated::{gated_residual as forward, gated_residual_backward},
            modulation::{Modulation, ModulationGradient},
            pool,
        },
        operation::{Inputs as _, Operation, View},
    };

    #[derive(Debug)]
    struct GatedResidual;

    pub(super) fn gated_residual(
        x: Tensor<3>,
        branch: Tensor<3>,
        shared: Tensor<2>,
        offsets: Tensor<2>,
    ) -> Tensor<3> {
        [x.into_dispatch(), branch.into_dispatch(), shared.into_dispatch(), offsets.into_dispatch()]
            .through(GatedResidual)
    }

    impl Operation<4> for GatedResidual {
        fn forward(&self, [x, branch, shared, offsets]: [View<'_>; 4]) -> (Vec<f32>, Vec<usize>) {
            let mut out = pool::take(x.numbers.len());
            forward(x.numbers, branch.numbers, &Modulation::of(shared, offsets), GATE, &mut out);
            (out, x.dims.to_vec())
        }

        fn backward(
            &self,
            [_, branch, shared, offsets]: [View<'_>; 4],
            _answer: &[f32],
            gradient: &[f32],
            [of_x, ..]: [bool; 4],
        ) -> [Option<Vec<f32>>; 4] {
            let mut of_branch = pool::take(branch.numbers.len());
            let mut of_shared = pool::take_zeroed(shared.numbers.len());
            let mut of_offsets = pool::take_zeroed(offsets.numbers.len());
            let into = ModulationGradient { shared: &mut of_shared, offsets: &mut of_offsets };
            let modulation = Modulation::of(shared, offsets);
            gated_residual_backward(branch.numbers, gradient, &modulation, GATE, &mut of_branch, into);
            let of_x = of_x.then(|| pool::copied(gradient));
            [of_x, Some(of_branch), Some(of_shared), Some(of_offsets)]
        }
    }
}
