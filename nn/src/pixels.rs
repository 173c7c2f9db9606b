//! Picture blocks on channels-last pictures: convolutions, and a residual pair of them.

use burn::{
    module::Module,
    nn::{
        PaddingConfig2d,
        conv::{Conv2d, Conv2dConfig},
    },
    tensor::Tensor,
};

use crate::{
    Init, conv_flops,
    kernels::{Convolving, Nonlinearity, convolved},
};

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

    /// `x` is `[picture, height, width, channel]`.
    #[must_use]
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let relu = |layer| Convolving {
            layer,
            norm: None,
            entry: Nonlinearity::Relu,
            ending: Nonlinearity::Identity,
        };
        let inner = convolved(x.clone(), &relu(&self.first), None);
        convolved(inner, &relu(&self.second), Some(x))
    }
}
