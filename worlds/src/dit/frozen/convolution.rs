//! Convolutions of a codec, packed in either precision, with the memory they need.

use dreamlane_nn::kernels::cpu::{
    convolution::{Convolution, Entry, Frozen, Shape},
    element::Pair,
    nonlinearity::Nonlinearity,
};

use super::{
    linear::Precision,
    parameters::{Parameter, Parameters},
};

/// A convolution with its weights.
pub(super) enum Packed {
    Single(Frozen),
    Pairs(Frozen<Pair>),
}

/// How a convolution of a name is made.
#[derive(Clone, Copy)]
pub(super) struct Make<'a> {
    pub(super) parameters: &'a Parameters,
    pub(super) precision: Precision,
    /// Rows and columns of the input.
    pub(super) size: [usize; 2],
}

impl Make<'_> {
    /// The layer of this name, between two functions.
    pub(super) fn layer(
        &self,
        name: &str,
        stride: usize,
        entry: Nonlinearity,
        ending: Nonlinearity,
    ) -> Packed {
        let weight = self.parameters.get(&format!("{name}.weight"));
        let bias = self.parameters.get(&format!("{name}.bias"));
        self.packed(weight, &bias.numbers, stride, entry, ending)
    }

    /// x + second(relu(first(relu(x)))), for each block of a list.
    pub(super) fn residuals(&self, list: &str) -> Vec<[Packed; 2]> {
        let layer = |idx: usize, which: &str| {
            self.layer(&format!("{list}.{idx}.{which}"), 1, Nonlinearity::Relu, Nonlinearity::Identity)
        };
        (0..self.parameters.count(list)).map(|idx| [layer(idx, "first"), layer(idx, "second")]).collect()
    }

    pub(super) fn packed(
        &self,
        weight: &Parameter,
        bias: &[f32],
        stride: usize,
        entry: Nonlinearity,
        ending: Nonlinearity,
    ) -> Packed {
        let [to, from, kernel, _] = weight.dims[..] else { panic!("weights of axes {:?}", weight.dims) };
        let [height, width] = self.size;
        let shape = Shape { height, width, channels: [from, to], kernel, stride };
        let convolution = Convolution { shape, entry: Entry::from(entry), ending };
        match self.precision {
            // Pairs of channels: an odd one stays in single precision.
            Precision::Bf16 if from.is_multiple_of(2) => {
                Packed::Pairs(convolution.freeze_here(&weight.numbers, bias))
            }
            _ => Packed::Single(convolution.freeze_here(&weight.numbers, bias)),
        }
    }
}

/// What convolutions write to on the way.
#[derive(Default)]
pub(super) struct Scratch {
    numbers: Vec<f32>,
    singles: Vec<f32>,
    pairs: Vec<Pair>,
}

impl Scratch {
    /// Enough for each of these.
    pub(super) fn for_all<'a>(layers: impl Iterator<Item = &'a Packed>) -> Self {
        let mut scratch = Self::default();
        let grow = |len: usize, needed: usize| len.max(needed);
        for layer in layers {
            let [numbers, singles, pairs] = match layer {
                Packed::Single(frozen) => [frozen.numbers_len(), frozen.elements_len(), 0],
                Packed::Pairs(frozen) => [frozen.numbers_len(), 0, frozen.elements_len()],
            };
            scratch.numbers.resize(grow(scratch.numbers.len(), numbers), 0.0);
            scratch.singles.resize(grow(scratch.singles.len(), singles), 0.0);
            scratch.pairs.resize(grow(scratch.pairs.len(), pairs), Pair::default());
        }
        scratch
    }
}

impl Packed {
    pub(super) fn shape(&self) -> Shape {
        match self {
            Self::Single(frozen) => frozen.shape(),
            Self::Pairs(frozen) => frozen.shape(),
        }
    }

    /// Numbers of the larger of an input and an output picture.
    pub(super) fn largest_len(&self) -> usize {
        self.shape().input_len().max(self.shape().out_len())
    }

    /// The layer applied to the picture at the beginning of `input`, plus `residual`, to the beginning of `out`.
    fn apply(&self, input: &[f32], residual: Option<&[f32]>, scratch: &mut Scratch, out: &mut [f32]) {
        let (input, out_len) = (&input[..self.shape().input_len()], self.shape().out_len());
        let (residual, out) = (residual.map(|all| &all[..out_len]), &mut out[..out_len]);
        match self {
            Self::Single(frozen) => {
                frozen.apply_with(input, residual, &mut scratch.numbers, &mut scratch.singles, out);
            }
            Self::Pairs(frozen) => {
                frozen.apply_with(input, residual, &mut scratch.numbers, &mut scratch.pairs, out);
            }
        }
    }
}

/// Three buffers of a picture, the first of which holds what it is by now.
pub(super) struct Buffers {
    pub(super) x: Vec<f32>,
    pub(super) y: Vec<f32>,
    z: Vec<f32>,
}

impl Buffers {
    pub(super) fn new(len: usize) -> Self {
        Self { x: vec![0.0; len], y: vec![0.0; len], z: vec![0.0; len] }
    }

    /// `x` through a layer.
    pub(super) fn through(&mut self, layer: &Packed, scratch: &mut Scratch) {
        layer.apply(&self.x, None, scratch, &mut self.y);
        std::mem::swap(&mut self.x, &mut self.y);
    }

    /// `x` through residual blocks.
    pub(super) fn through_residuals(&mut self, blocks: &[[Packed; 2]], scratch: &mut Scratch) {
        for [first, second] in blocks {
            first.apply(&self.x, None, scratch, &mut self.y);
            second.apply(&self.y, Some(&self.x), scratch, &mut self.z);
            std::mem::swap(&mut self.x, &mut self.z);
        }
    }
}
