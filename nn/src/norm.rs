//! Root-mean-square norm without weights, and the adaptive modulation that follows it (adaLN, DiT 2212.09748).

use burn::tensor::Tensor;

const EPSILON: f32 = 1e-6;

/// x / rms(x) over the last axis.
#[must_use]
pub fn rms_norm<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    let scale = x.clone().square().mean_dim(D - 1).add_scalar(EPSILON).sqrt().recip();
    x * scale
}

/// `rms_norm(x) * (1 + scale) + shift`; `x` is `[frame, token, dim]`, `shift` and `scale` are `[frame, 1, dim]`.
#[must_use]
pub fn modulate(x: Tensor<3>, shift: Tensor<3>, scale: Tensor<3>) -> Tensor<3> {
    rms_norm(x) * scale.add_scalar(1.0) + shift
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn the_norm_has_mean_square_one() {
        let x = Tensor::<2>::from_floats([[3.0, 4.0], [-1.0, 1.0]], &Device::flex());
        let squares = rms_norm(x).square().mean_dim(1).into_data().try_to_vec::<f32>().unwrap();
        squares.iter().for_each(|s| assert!((s - 1.0).abs() < 1e-4, "{s}"));
    }
}
