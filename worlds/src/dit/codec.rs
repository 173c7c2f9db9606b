//! The codec: one picture to a small grid of latents and back, frame by frame, so that one action gives one frame.

use burn::{
    module::Module,
    nn::conv::Conv2d,
    tensor::{Int, Tensor},
};
use dreamlane_nn::{
    Init, ResidualConv, conv, conv_flops,
    kernels::{
        Convolving, Nonlinearity, ReconstructionTerms, convolved, fold, fold_planes, slopes, unfold,
        unfold_planes,
    },
};

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
    /// Latent pixels on each side of a token.
    patch: usize,
}

impl Codec {
    pub(crate) fn new(config: &CodecConfig, init: &mut Init<'_>) -> Self {
        let CodecConfig { fine, coarse, blocks, latent, patch } = *config;
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
            patch,
        }
    }

    /// `[picture, 3, height, width]` in [-1, 1] to `[picture, height / 8, width / 8, latent]` in (-1, 1).
    pub(crate) fn encode(&self, pictures: Tensor<4>) -> Tensor<4> {
        use Nonlinearity::{Identity, Relu, Tanh};
        let x = through(&self.enter, [Identity, Identity], fold_planes(pictures, 4));
        let x = through(&self.shrink, [Relu, Identity], x);
        let x = self.seen.iter().fold(x, |x, block| block.forward(x));
        through(&self.squeeze, [Relu, Tanh], x)
    }

    /// `[picture, height, width, latent]` to tokens of a few latent pixels: `[picture, token, token_dim]`.
    pub(crate) fn gathered(&self, latents: Tensor<4>) -> Tensor<3> {
        let folded = fold(latents, self.patch);
        let [picture, height, width, dim] = folded.dims();
        folded.reshape([picture, height * width, dim])
    }

    /// The inverse of [`Codec::gathered`]; the grid counts tokens.
    pub(crate) fn spread(&self, tokens: Tensor<3>, [height, width]: [usize; 2]) -> Tensor<4> {
        let [picture, _, dim] = tokens.dims();
        unfold(tokens.reshape([picture, height, width, dim]), self.patch)
    }

    /// The inverse of [`Codec::encode`], as well as it can be.
    pub(crate) fn decode(&self, latents: Tensor<4>) -> Tensor<4> {
        use Nonlinearity::{Identity, Relu};
        let x = through(&self.unsqueeze, [Identity, Identity], latents);
        let x = self.coarse.iter().fold(x, |x, block| block.forward(x));
        let x = unfold(through(&self.grow, [Relu, Identity], x), 2);
        let x = self.fine.iter().fold(x, |x, block| block.forward(x));
        unfold_planes(through(&self.leave, [Relu, Identity], x), 4)
    }
}

fn through(layer: &Conv2d, [entry, ending]: [Nonlinearity; 2], x: Tensor<4>) -> Tensor<4> {
    convolved(x, &Convolving { layer, norm: None, entry, ending }, None)
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
    let LearningConfig { square_weight, gradient_weight, energy_weight, .. } = *learning;
    let terms =
        ReconstructionTerms { square: square_weight, gradient: gradient_weight, energy: energy_weight };
    dreamlane_nn::kernels::reconstruction_loss(drawn, pictures, terms)
}

/// Mean squared differences of neighbouring pixels, of grey pictures: how sharp they are.
pub(crate) fn gradient_energy(pictures: &Tensor<4>) -> f64 {
    let slopes = slopes(&pictures.clone().mean_dim(1));
    slopes.iter().map(|slope| f64::from(slope.clone().square().mean().into_scalar::<f32>())).sum()
}
