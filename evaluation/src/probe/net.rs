//! The probe's net: residual convolutions that shrink a stack of pictures to a few places, and a linear readout.

use burn::{
    module::Module,
    nn::{Linear, conv::Conv2d},
    tensor::Tensor,
};
use dreamlane_nn::{
    Init, ResidualConv, conv,
    kernels::{Activation, Convolving, Nonlinearity, applied, convolved, fold_planes},
};

/// Pixels per side that become one place at the entry; pictures are a whole number of them.
pub(super) const FOLD: usize = 4;
/// Channels before the first shrinking, and behind it.
const CHANNELS: [usize; 2] = [48, 64];
/// Places per side, at most, that are read from.
const PLACES: usize = 4;
/// Numbers between the places and the answers.
const GATHERED: usize = 96;

/// From planes to answers.
#[derive(Module, Debug)]
pub(super) struct Net {
    enter: Conv2d,
    stages: Vec<Stage>,
    gather: Linear,
    answer: Linear,
}

/// A residual block, then half of the size.
#[derive(Module, Debug)]
struct Stage {
    block: ResidualConv,
    shrink: Conv2d,
}

impl Net {
    /// For so many planes of `[height, width]` pixels and so many answers.
    pub(super) fn new(planes: usize, size: [usize; 2], answers: usize, init: &mut Init<'_>) -> Self {
        let enter = conv([planes * FOLD * FOLD, CHANNELS[0]], 3, 1, 1.0, init);
        let mut places = size.map(|side| side / FOLD);
        let mut channels = CHANNELS[0];
        let mut stages = Vec::new();
        while stages.is_empty() || places.iter().any(|&side| side > PLACES) {
            let block = ResidualConv::new(channels, init);
            stages.push(Stage { block, shrink: conv([channels, CHANNELS[1]], 3, 2, 1.0, init) });
            channels = CHANNELS[1];
            places = places.map(|side| side.div_ceil(2));
        }
        let gather = init.linear(places[0] * places[1] * channels, GATHERED, 1.4);
        Self { enter, stages, gather, answer: init.linear(GATHERED, answers, 0.3) }
    }

    /// `[picture, plane, height, width]` to `[picture, answer]`.
    pub(super) fn forward(&self, planes: Tensor<4>) -> Tensor<2> {
        use Nonlinearity::{Identity, Relu};
        let through = |layer, [entry, ending]: [Nonlinearity; 2], x| {
            convolved(x, &Convolving { layer, norm: None, entry, ending }, None)
        };
        let x = through(&self.enter, [Identity, Identity], fold_planes(planes, FOLD));
        let x = self
            .stages
            .iter()
            .fold(x, |x, Stage { block, shrink }| through(shrink, [Relu, Identity], block.forward(x)));
        let [picture, height, width, channel] = x.dims();
        let places = burn::tensor::activation::relu(x).reshape([picture, height * width * channel]);
        applied(&self.answer, applied(&self.gather, places, Activation::Relu), Activation::None)
    }
}
