//! Convolutions of channels-last pictures, with what comes before and behind them.

use burn::{
    nn::conv::Conv2d,
    tensor::{
        Tensor,
        activation::{relu, silu, tanh},
        module::conv2d,
        ops::ConvOptions,
    },
};

pub use super::cpu::nonlinearity::Nonlinearity;

/// A norm over a picture and a group of its channels (Wu and He, 1803.08494).
#[derive(Clone, Debug)]
pub struct GroupNorm {
    /// Groups, a divisor of the channels.
    pub groups: usize,
    /// Factor behind the norm, `[channel]`.
    pub scale: Tensor<1>,
    /// Summand behind the norm, `[channel]`.
    pub shift: Tensor<1>,
    /// Added to the variance.
    pub epsilon: f32,
}

/// Weights of a convolution, and what it does to its input and to its sums.
pub struct Convolving<'a> {
    /// Weights `[out, in, kernel, kernel]`, a bias, a stride, and padding by half a kernel.
    pub layer: &'a Conv2d,
    /// What the input is normed by, if at all.
    pub norm: Option<GroupNorm>,
    /// What is done to the normed input, inside its border.
    pub entry: Nonlinearity,
    /// What is done to the sums, the residual among them. SiLU has no gradient here.
    pub ending: Nonlinearity,
}

/// ending(convolution(entry(norm(`x`))) + bias + `residual`).
///
/// `x` is `[picture, height, width, in]`, the answer and `residual` `[picture, out height, out width, out]`.
#[must_use]
pub fn convolved(x: Tensor<4>, of: &Convolving<'_>, residual: Option<Tensor<4>>) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if super::is_fused(&x.device()) {
        return fused::convolved(x, of, residual);
    }
    plain(x, of, residual)
}

pub(super) fn plain(x: Tensor<4>, of: &Convolving<'_>, residual: Option<Tensor<4>>) -> Tensor<4> {
    let Convolving { layer, norm, entry, ending } = of;
    let x = norm.as_ref().map_or(x.clone(), |norm| normed(x, norm));
    let [_, _, kernel, _] = layer.weight.dims();
    let options = ConvOptions::new(layer.stride, [kernel / 2; 2], layer.dilation, layer.groups);
    let bias = layer.bias.as_ref().map(|bias| bias.val());
    let sums = conv2d(applied(*entry, x).permute([0, 3, 1, 2]), layer.weight.val(), bias, options);
    let sums = sums.permute([0, 2, 3, 1]);
    applied(*ending, residual.map_or(sums.clone(), |residual| sums + residual))
}

fn normed(x: Tensor<4>, norm: &GroupNorm) -> Tensor<4> {
    let dims = x.dims();
    let [picture, height, width, channel] = dims;
    let groups = x.reshape([picture, height * width, norm.groups, channel / norm.groups]);
    let mean = groups.clone().mean_dim(1).mean_dim(3);
    let centred = groups - mean;
    let variance = centred.clone().square().mean_dim(1).mean_dim(3);
    let normed = (centred * variance.add_scalar(norm.epsilon).sqrt().recip()).reshape(dims);
    normed * norm.scale.clone().unsqueeze::<4>() + norm.shift.clone().unsqueeze::<4>()
}

fn applied(f: Nonlinearity, x: Tensor<4>) -> Tensor<4> {
    match f {
        Nonlinearity::Identity => x,
        Nonlinearity::Relu => relu(x),
        Nonlinearity::Silu => silu(x),
        Nonlinearity::Tanh => tanh(x),
    }
}

#[cfg(feature = "flex")]
mod fused;
