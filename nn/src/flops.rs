//! How much arithmetic layers take, read off the shapes of their weights.
//!
//! A multiply-add counts two. Only matrix products and convolutions count: element-wise passes are memory traffic.

use burn::nn::{Linear, conv::Conv2d};

/// Of `rows` rows through a linear layer.
#[must_use]
pub fn linear_flops(layer: &Linear, rows: usize) -> f64 {
    let [from, to] = layer.weight.dims();
    2.0 * (rows * from * to) as f64
}

/// Of one picture through a convolution whose answer has so many pixels.
#[must_use]
pub fn conv_flops(layer: &Conv2d, pixels: usize) -> f64 {
    let [to, from, height, width] = layer.weight.dims();
    2.0 * (pixels * to * from * height * width) as f64
}

/// Of scores and their sum: `queries` queries against `keys` keys, all heads together `dim` wide.
#[must_use]
pub(crate) fn attention_flops(queries: usize, keys: usize, dim: usize) -> f64 {
    4.0 * (queries * keys * dim) as f64
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::{Init, conv};

    #[test]
    fn layers_count_two_per_multiply_add() {
        let device = Device::flex();
        let mut zeros = |len: usize| vec![0.0; len];
        let mut init = Init::new(&device, &mut zeros);
        assert_eq!(linear_flops(&init.linear(3, 5, 1.0), 7), 2.0 * 7.0 * 15.0);
        assert_eq!(conv_flops(&conv([2, 4], 3, 1, 1.0, &mut init), 64), 2.0 * 64.0 * 72.0);
        assert_eq!(attention_flops(2, 6, 8), 2.0 * (2.0 * 6.0 * 8.0) * 2.0);
    }
}
