//! Flow matching with the data as the target (x-prediction; 2210.02747, 2511.13720).
//!
//! The path is z(τ) = τ x + (1 − τ) ε, from noise at τ = 0 to data at τ = 1.

use burn::tensor::Tensor;

/// z(τ) for data `x` and noise of the same shape; `level` is τ, broadcast over `x`.
#[must_use]
pub fn noised<const D: usize>(x: Tensor<D>, noise: Tensor<D>, level: Tensor<D>) -> Tensor<D> {
    noise.clone() + (x - noise) * level
}

/// From z(`from`) to z(`to`) along the straight line to the predicted data.
#[must_use]
pub fn euler_step<const D: usize>(z: Tensor<D>, predicted: Tensor<D>, from: f32, to: f32) -> Tensor<D> {
    let share = (to - from) / (1.0 - from);
    z.mul_scalar(1.0 - share) + predicted.mul_scalar(share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn steps_to_the_true_data_follow_the_path() {
        let device = Device::flex();
        let (x, noise) =
            (Tensor::<1>::from_floats([1.0, -2.0], &device), Tensor::from_floats([0.3, 0.7], &device));
        let at = |level: f32| noised(x.clone(), noise.clone(), Tensor::full([2], level, &device));
        let stepped = euler_step(at(0.25), x.clone(), 0.25, 0.75);
        let off = (stepped - at(0.75)).abs().max().into_scalar::<f32>();
        assert!(off < 1e-6, "{off}");
    }
}
