//! Picture blocks: convolutions, a residual pair, and the exchange of space for channels.

use burn::{
    module::Module,
    nn::{
        PaddingConfig2d,
        conv::{Conv2d, Conv2dConfig},
    },
    tensor::{Tensor, activation::relu},
};

use crate::{Init, conv_flops};

/// A convolution that keeps the size, or divides it by `stride`; bias 0, He-scaled weights times `gain`.
pub fn conv(channels: [usize; 2], kernel: usize, stride: usize, gain: f32, init: &mut Init<'_>) -> Conv2d {
    let pad = kernel / 2;
    let mut conv = Conv2dConfig::new(channels, [kernel; 2])
        .with_stride([stride; 2])
        .with_padding(PaddingConfig2d::Explicit(pad, pad, pad, pad))
        .init(init.device());
    let fan_in = (channels[0] * kernel * kernel) as f32;
    conv.weight = init.normal([channels[1], channels[0], kernel, kernel], gain * (2.0 / fan_in).sqrt());
    conv.bias = Some(init.constant([channels[1]], 0.0));
    conv
}

/// x + conv(relu(conv(relu(x)))).
#[derive(Module, Debug)]
pub struct ResidualConv {
    first: Conv2d,
    second: Conv2d,
}

impl ResidualConv {
    /// Keeps `channels` and the size.
    pub fn new(channels: usize, init: &mut Init<'_>) -> Self {
        Self { first: conv([channels; 2], 3, 1, 1.0, init), second: conv([channels; 2], 3, 1, 0.3, init) }
    }

    /// Floating point operations of one picture of so many pixels.
    #[must_use]
    pub fn flops(&self, pixels: usize) -> f64 {
        conv_flops(&self.first, pixels) + conv_flops(&self.second, pixels)
    }

    /// `x` is `[picture, channel, height, width]`.
    #[must_use]
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        x.clone() + self.second.forward(relu(self.first.forward(relu(x))))
    }
}

/// `[picture, channel, height * block, width * block]` to `[picture, channel * block², height, width]`.
#[must_use]
pub fn pixel_unshuffle(x: Tensor<4>, block: usize) -> Tensor<4> {
    let [picture, channel, height, width] = x.dims();
    x.reshape([picture, channel, height / block, block, width / block, block])
        .permute([0, 1, 3, 5, 2, 4])
        .reshape([picture, channel * block * block, height / block, width / block])
}

/// The inverse of [`pixel_unshuffle`].
#[must_use]
pub fn pixel_shuffle(x: Tensor<4>, block: usize) -> Tensor<4> {
    let [picture, channel, height, width] = x.dims();
    x.reshape([picture, channel / (block * block), block, block, height, width])
        .permute([0, 1, 4, 2, 5, 3])
        .reshape([picture, channel / (block * block), height * block, width * block])
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, Int};

    #[test]
    fn shuffling_undoes_unshuffling() {
        let x = Tensor::<1, Int>::arange(0..2 * 3 * 8 * 4, &Device::flex()).float().reshape([2, 3, 8, 4]);
        let there = pixel_unshuffle(x.clone(), 4);
        assert_eq!(there.dims(), [2, 48, 2, 1]);
        assert_eq!(pixel_shuffle(there, 4).into_data(), x.into_data());
    }
}
