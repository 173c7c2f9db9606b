//! Convolutions of channels-last pictures as matrix products that read their left operand from the picture.
//!
//! The taps of one kernel row lie side by side in a channels-last picture: a row of the product is a few segments of
//! a picture with zero borders, and nothing like "im2col" is written (Dukhan 2019, "The indirect convolution
//! algorithm", without the pointers). Entries and endings ride along with the copies that are made anyway.

use rayon::prelude::*;

use super::{element::Element, nonlinearity::Nonlinearity};

mod entry;
mod frame;
mod frozen;
mod gradient;
mod input_gradient;
mod weight_gradient;
mod weights;

pub use entry::Entry;
pub use frozen::Frozen;
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
        self.frame_of::<f32>()
    }

    /// The same in elements.
    fn frame_of<E: Element>(&self) -> Frame {
        let pad = self.kernel / 2;
        let size = [self.height, self.width];
        Frame { size, channels: self.channels[0] / E::NUMBERS, before: pad, behind: [pad, pad] }
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

#[cfg(test)]
mod tests;
