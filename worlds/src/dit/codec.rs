//! The codec: one picture to a small grid of latents and back, frame by frame, so that one action gives one frame.

use burn::{
    module::Module,
    nn::conv::Conv2d,
    tensor::{Int, Tensor, activation::relu, module::avg_pool2d, ops::AvgPoolOptions},
};
use dreamlane_nn::{Init, ResidualConv, conv, conv_flops, pixel_shuffle, pixel_unshuffle};

use super::config::{CodecConfig, LearningConfig};

/// Pixels per side of a latent pixel.
pub(crate) const STRIDE: usize = 8;

/// Enc and Dec of one camera.
#[derive(Module, Debug)]
pub(crate) struct Codec {
    enter: Conv2d,
    shrink: Conv2d,
    seen: Vec<ResidualConv>,
    squeeze: Conv2d,
    unsqueeze: Conv2d,
    coarse: Vec<ResidualConv>,
    grow: Conv2d,
    fine: Vec<ResidualConv>,
    leave: Conv2d,
}

impl Codec {
    pub(crate) fn new(config: &CodecConfig, init: &mut Init<'_>) -> Self {
        let CodecConfig { fine, coarse, blocks, latent } = *config;
        Self {
            enter: conv([48, fine], 3, 1, 1.0, init),
            shrink: conv([fine, coarse], 3, 2, 1.0, init),
            seen: (0..blocks).map(|_| ResidualConv::new(coarse, init)).collect(),
            squeeze: conv([coarse, latent], 1, 1, 0.5, init),
            unsqueeze: conv([latent, coarse], 3, 1, 1.0, init),
            coarse: (0..blocks).map(|_| ResidualConv::new(coarse, init)).collect(),
            grow: conv([coarse, 4 * fine], 1, 1, 1.0, init),
            fine: (0..blocks).map(|_| ResidualConv::new(fine, init)).collect(),
            leave: conv([fine, 48], 3, 1, 0.3, init),
        }
    }

    /// `[picture, 3, height, width]` in [-1, 1] to `[picture, latent, height / 8, width / 8]` in (-1, 1).
    pub(crate) fn encode(&self, pictures: Tensor<4>) -> Tensor<4> {
        let x = relu(self.enter.forward(pixel_unshuffle(pictures, 4)));
        let x = self.seen.iter().fold(self.shrink.forward(x), |x, block| block.forward(x));
        self.squeeze.forward(relu(x)).tanh()
    }

    /// The inverse of [`Codec::encode`], as well as it can be.
    pub(crate) fn decode(&self, latents: Tensor<4>) -> Tensor<4> {
        let x = self.coarse.iter().fold(self.unsqueeze.forward(latents), |x, block| block.forward(x));
        let x = pixel_shuffle(self.grow.forward(relu(x)), 2);
        let x = self.fine.iter().fold(x, |x, block| block.forward(x));
        pixel_shuffle(self.leave.forward(relu(x)), 4)
    }
}

impl Codec {
    /// Floating point operations of drawing one picture of so many latent pixels.
    pub(crate) fn decode_flops(&self, latent_pixels: usize) -> f64 {
        let fine_pixels = 4 * latent_pixels;
        conv_flops(&self.unsqueeze, latent_pixels)
            + self.coarse.iter().map(|block| block.flops(latent_pixels)).sum::<f64>()
            + conv_flops(&self.grow, latent_pixels)
            + self.fine.iter().map(|block| block.flops(fine_pixels)).sum::<f64>()
            + conv_flops(&self.leave, fine_pixels)
    }
}

/// `[.., channel, height, width]` bytes to [-1, 1].
pub(crate) fn to_unit<const D: usize>(pictures: Tensor<D, Int>) -> Tensor<D> {
    pictures.float().mul_scalar(1.0 / 127.5).sub_scalar(1.0)
}

/// [-1, 1] to bytes.
pub(crate) fn to_bytes<const D: usize>(pictures: Tensor<D>) -> Tensor<D, Int> {
    pictures.add_scalar(1.0).mul_scalar(127.5).clamp(0.0, 255.0).round().int()
}

/// `[picture, latent, height, width]` to tokens of 2x2 latent pixels: `[picture, token, 4 * latent]`.
pub(crate) fn to_tokens(latents: Tensor<4>) -> Tensor<3> {
    let folded = pixel_unshuffle(latents, 2);
    let [picture, dim, height, width] = folded.dims();
    folded.reshape([picture, dim, height * width]).swap_dims(1, 2)
}

/// The inverse of [`to_tokens`]; `height` and `width` count tokens.
pub(crate) fn from_tokens(tokens: Tensor<3>, height: usize, width: usize) -> Tensor<4> {
    let [picture, _, dim] = tokens.dims();
    pixel_shuffle(tokens.swap_dims(1, 2).reshape([picture, dim, height, width]), 2)
}

/// What the codec is trained on: absolute and squared error, error of picture gradients, and of local gradient energy.
///
/// Absolute error alone blurs and, being a median, forgets thin and rare things; squared error finds them.
/// Gradients keep edges, and energy asks for texture where its phase cannot be known.
/// Both pictures `[picture, 3, height, width]` in [-1, 1].
pub(crate) fn reconstruction_loss(
    drawn: Tensor<4>,
    pictures: Tensor<4>,
    learning: &LearningConfig,
) -> Tensor<1> {
    let off = drawn.clone() - pictures.clone();
    let mut error = off.clone().abs().mean();
    if learning.square_weight > 0.0 {
        error = error + off.square().mean().mul_scalar(learning.square_weight);
    }
    let pairs = slopes(&drawn).into_iter().zip(slopes(&pictures));
    pairs.fold(error, |loss, (a, b)| {
        let gradient = (a.clone() - b.clone()).abs().mean().mul_scalar(learning.gradient_weight);
        let loss = loss + gradient;
        if learning.energy_weight == 0.0 {
            return loss;
        }
        let energy = (local_mean(a.abs()) - local_mean(b.abs())).abs().mean();
        loss + energy.mul_scalar(learning.energy_weight)
    })
}

/// Mean squared differences of neighbouring pixels, of grey pictures: how sharp they are.
pub(crate) fn gradient_energy(pictures: &Tensor<4>) -> f64 {
    let slopes = slopes(&pictures.clone().mean_dim(1));
    slopes.iter().map(|slope| f64::from(slope.clone().square().mean().into_scalar::<f32>())).sum()
}

/// Differences down and across.
fn slopes(x: &Tensor<4>) -> [Tensor<4>; 2] {
    let [_, _, height, width] = x.dims();
    [
        x.clone().narrow(2, 1, height - 1) - x.clone().narrow(2, 0, height - 1),
        x.clone().narrow(3, 1, width - 1) - x.clone().narrow(3, 0, width - 1),
    ]
}

/// Means over half-overlapping patches of 8x8.
fn local_mean(x: Tensor<4>) -> Tensor<4> {
    avg_pool2d(x, AvgPoolOptions::new([8, 8]).with_stride([4, 4]))
}
