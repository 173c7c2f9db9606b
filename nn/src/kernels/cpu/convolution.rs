//! Convolutions of channels-last pictures as matrix products that read their left operand from the picture.
//!
//! The taps of one kernel row lie side by side in a channels-last picture: a row of the product is a few segments of
//! a picture with zero borders, and nothing like "im2col" is written (Dukhan 2019, "The indirect convolution
//! algorithm", without the pointers). Entries and endings ride along with the copies that are made anyway.

use rayon::prelude::*;

use super::{
    nonlinearity::Nonlinearity,
    product::{At, Finish, Left, Packed, Segment, multiply_rows},
    simd::load,
};

mod entry;
mod frame;
mod gradient;
mod input_gradient;
mod weight_gradient;
mod weights;

pub use entry::Entry;
pub use gradient::{Gradients, Passed};

use frame::Frame;

/// Pictures that one thread treats before a second one is worth waking.
const TASK_PICTURES: usize = 2;

/// Sizes of a convolution of one picture; what lies beyond the picture's border is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Rows of the input.
    pub height: usize,
    /// Columns of the input.
    pub width: usize,
    /// Channels of the input and of the output.
    pub channels: [usize; 2],
    /// Taps per side, an odd number.
    pub kernel: usize,
    /// Pixels between two places of the kernel.
    pub stride: usize,
}

impl Shape {
    /// Rows and columns of the output.
    #[must_use]
    pub fn out_size(&self) -> [usize; 2] {
        [self.height.div_ceil(self.stride), self.width.div_ceil(self.stride)]
    }

    /// Numbers of an input picture.
    #[must_use]
    pub fn input_len(&self) -> usize {
        self.height * self.width * self.channels[0]
    }

    /// Numbers of an output picture.
    #[must_use]
    pub fn out_len(&self) -> usize {
        let [height, width] = self.out_size();
        height * width * self.channels[1]
    }

    /// Numbers of the weights.
    #[must_use]
    pub fn weights_len(&self) -> usize {
        self.channels[0] * self.channels[1] * self.kernel * self.kernel
    }

    /// Floating point operations of one picture.
    #[must_use]
    pub fn flops(&self) -> f64 {
        2.0 * (self.weights_len() * self.out_len() / self.channels[1]) as f64
    }

    /// The input with its zero borders.
    fn frame(&self) -> Frame {
        let pad = self.kernel / 2;
        let size = [self.height, self.width];
        Frame { size, channels: self.channels[0], before: pad, behind: [pad, pad] }
    }

    /// Pictures in an input.
    fn pictures(&self, input: &[f32]) -> usize {
        assert!(self.kernel % 2 == 1 && self.stride > 0, "kernel {} and stride {}", self.kernel, self.stride);
        let len = self.input_len();
        assert!(len > 0 && self.channels[1] > 0, "a convolution of nothing: {self:?}");
        assert!(input.len().is_multiple_of(len), "{} numbers in pictures of {len}", input.len());
        input.len() / len
    }
}

/// A convolution without its weights: sizes, and what is done before and behind.
#[derive(Clone, Debug)]
pub struct Convolution {
    /// Sizes.
    pub shape: Shape,
    /// What is done to the input.
    pub entry: Entry,
    /// What is done to the sum of convolution, bias and residual. For gradients it must not be SiLU.
    pub ending: Nonlinearity,
}

impl Convolution {
    /// Packs `weights` `[out, in, kernel, kernel]` and `bias` `[out]` for many pictures to come.
    #[must_use]
    pub fn freeze(&self, weights: &[f32], bias: &[f32]) -> Frozen {
        let shape = self.shape;
        assert_eq!(weights.len(), shape.weights_len(), "weights of {shape:?}");
        assert_eq!(bias.len(), shape.channels[1], "biases of {shape:?}");
        self.entry.check(shape.channels[0]);
        let row = shape.frame().row();
        let segment = |y| Segment { offset: y * row, len: shape.kernel * shape.channels[0] };
        Frozen {
            shape,
            entry: self.entry.clone(),
            ending: self.ending,
            packed: weights::pack(&shape, weights),
            bias: bias.to_vec(),
            segments: (0..shape.kernel).map(segment).collect(),
        }
    }

    /// `out` `[picture, out height, out width, out]` from `input` `[picture, height, width, in]` and an optional
    /// summand `residual` like `out`, on the threads of rayon. Weights and bias as for [`Convolution::freeze`].
    pub fn forward(
        &self,
        weights: &[f32],
        bias: &[f32],
        input: &[f32],
        residual: Option<&[f32]>,
        out: &mut [f32],
    ) {
        let frozen = self.freeze(weights, bias);
        let sizes = [self.shape.input_len(), self.shape.out_len()].map(|len| TASK_PICTURES * len);
        frozen.check(input, residual, out);
        let inputs = input.par_chunks(sizes[0]).zip(out.par_chunks_mut(sizes[1]));
        inputs.enumerate().for_each(|(task, (input, out))| {
            let residual = residual.map(|all| &all[task * sizes[1]..][..out.len()]);
            frozen.apply(input, residual, &mut vec![0.0; frozen.scratch_len()], out);
        });
    }
}

/// A convolution whose weights stay: packed once, for few pictures at a time on one thread.
#[derive(Clone, Debug)]
pub struct Frozen {
    shape: Shape,
    entry: Entry,
    ending: Nonlinearity,
    packed: Packed,
    bias: Vec<f32>,
    segments: Vec<Segment>,
}

impl Frozen {
    /// Sizes.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Numbers that [`Frozen::apply`] needs to write to on the way.
    #[must_use]
    pub fn scratch_len(&self) -> usize {
        let frame = self.shape.frame();
        let copied = if frame.is_bare() && self.entry.is_plain() { 0 } else { frame.len() };
        copied + self.entry.moments_len()
    }

    /// [`Convolution::forward`] on this thread, without an allocation; a picture's bytes depend on no other picture.
    pub fn apply(&self, input: &[f32], residual: Option<&[f32]>, scratch: &mut [f32], out: &mut [f32]) {
        self.check(input, residual, out);
        let needed = self.scratch_len();
        assert!(scratch.len() >= needed, "{} of {needed} numbers of scratch", scratch.len());
        let (shape, frame) = (self.shape, self.shape.frame());
        let (moments, framed) = scratch[..needed].split_at_mut(self.entry.moments_len());
        let pictures = input.chunks_exact(shape.input_len()).zip(out.chunks_exact_mut(shape.out_len()));
        for (picture_idx, (picture, out)) in pictures.enumerate() {
            let data = match framed.is_empty() {
                true => picture,
                false => {
                    frame.copy(&self.entry, picture, moments, framed);
                    &*framed
                }
            };
            let residual = residual.map(|all| &all[picture_idx * shape.out_len()..][..shape.out_len()]);
            let sum = Sum { bias: &self.bias, residual };
            let place = frame.places(shape.out_size()[1], shape.stride);
            let left = Left { data, place, segments: &self.segments, step: 1 };
            multiply_rows(&left, &self.packed, 0, out, &sum);
            self.ending.apply(out);
        }
    }

    fn check(&self, input: &[f32], residual: Option<&[f32]>, out: &[f32]) {
        let expected = self.shape.pictures(input) * self.shape.out_len();
        assert_eq!(out.len(), expected, "numbers of the output of {:?}", self.shape);
        if let Some(residual) = residual {
            assert_eq!(residual.len(), out.len(), "numbers of the residual and the output");
        }
    }
}

/// Adds the bias `[column]` and the residual `[row, column]`.
struct Sum<'a> {
    bias: &'a [f32],
    residual: Option<&'a [f32]>,
}

impl Finish for Sum<'_> {
    #[inline(always)]
    fn finish<S: pulp::Simd>(&self, simd: S, sum: S::f32s, at: At) -> S::f32s {
        let sum = simd.add_f32s(sum, load(simd, &self.bias[at.column..][..at.len]));
        match self.residual {
            None => sum,
            Some(residual) => {
                let from = at.row * self.bias.len() + at.column;
                simd.add_f32s(sum, load(simd, &residual[from..][..at.len]))
            }
        }
    }
}

#[cfg(test)]
mod tests;
