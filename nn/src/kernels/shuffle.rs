//! Space for channels and back (Shi and others 2016): a block of pixels becomes the channels of one pixel.
//!
//! The channels are `channel * block² + row * block + column`, row and column within the block.

use burn::tensor::Tensor;

/// `[picture, channel, height * block, width * block]` to `[picture, height, width, channel * block²]`.
#[must_use]
pub fn fold_planes(planes: Tensor<4>, block: usize) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if super::is_fused(&planes.device()) {
        return fused::shuffled(planes, block, fused::Way::FoldPlanes);
    }
    plain_fold_planes(planes, block)
}

pub(super) fn plain_fold_planes(planes: Tensor<4>, block: usize) -> Tensor<4> {
    let [picture, channel, height, width] = planes.dims();
    planes
        .reshape([picture, channel, height / block, block, width / block, block])
        .permute([0, 2, 4, 1, 3, 5])
        .reshape([picture, height / block, width / block, channel * block * block])
}

/// The inverse of [`fold_planes`].
#[must_use]
pub fn unfold_planes(folded: Tensor<4>, block: usize) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if super::is_fused(&folded.device()) {
        return fused::shuffled(folded, block, fused::Way::UnfoldPlanes);
    }
    plain_unfold_planes(folded, block)
}

pub(super) fn plain_unfold_planes(folded: Tensor<4>, block: usize) -> Tensor<4> {
    let [picture, height, width, channel] = folded.dims();
    folded
        .reshape([picture, height, width, channel / (block * block), block, block])
        .permute([0, 3, 1, 4, 2, 5])
        .reshape([picture, channel / (block * block), height * block, width * block])
}

/// `[picture, height * block, width * block, channel]` to `[picture, height, width, channel * block²]`.
#[must_use]
pub fn fold(pixels: Tensor<4>, block: usize) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if super::is_fused(&pixels.device()) {
        return fused::shuffled(pixels, block, fused::Way::Fold);
    }
    plain_fold(pixels, block)
}

pub(super) fn plain_fold(pixels: Tensor<4>, block: usize) -> Tensor<4> {
    let [picture, height, width, channel] = pixels.dims();
    pixels
        .reshape([picture, height / block, block, width / block, block, channel])
        .permute([0, 1, 3, 5, 2, 4])
        .reshape([picture, height / block, width / block, channel * block * block])
}

/// The inverse of [`fold`].
#[must_use]
pub fn unfold(folded: Tensor<4>, block: usize) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if super::is_fused(&folded.device()) {
        return fused::shuffled(folded, block, fused::Way::Unfold);
    }
    plain_unfold(folded, block)
}

pub(super) fn plain_unfold(folded: Tensor<4>, block: usize) -> Tensor<4> {
    let [picture, height, width, channel] = folded.dims();
    folded
        .reshape([picture, height, width, channel / (block * block), block, block])
        .permute([0, 1, 4, 2, 5, 3])
        .reshape([picture, height * block, width * block, channel / (block * block)])
}

#[cfg(feature = "flex")]
mod fused {
    use burn::tensor::Tensor;

    use crate::kernels::{
        cpu::{pool, shuffle::Shuffle},
        operation::{Inputs as _, Operation, View},
    };

    /// Which of the four shuffles.
    #[derive(Clone, Copy, Debug)]
    pub(super) enum Way {
        FoldPlanes,
        UnfoldPlanes,
        Fold,
        Unfold,
    }

    #[derive(Debug)]
    struct Shuffled {
        sizes: Shuffle,
        way: Way,
        dims: [usize; 4],
    }

    pub(super) fn shuffled(x: Tensor<4>, block: usize, way: Way) -> Tensor<4> {
        let [picture, a, b, c] = x.dims();
        let square = block * block;
        let [height, width, channels] = match way {
            Way::FoldPlanes => [b / block, c / block, a],
            Way::Fold => [a / block, b / block, c],
            Way::UnfoldPlanes | Way::Unfold => [a, b, c / square],
        };
        let sizes = Shuffle { height, width, channels, block };
        let dims = match way {
            Way::FoldPlanes | Way::Fold => [picture, height, width, channels * square],
            Way::UnfoldPlanes => [picture, channels, height * block, width * block],
            Way::Unfold => [picture, height * block, width * block, channels],
        };
        [x.into_dispatch()].through(Shuffled { sizes, way, dims })
    }

    impl Operation<1> for Shuffled {
        fn forward(&self, [x]: [View<'_>; 1]) -> (Vec<f32>, Vec<usize>) {
            let mut out = pool::take(x.numbers.len());
            match self.way {
                Way::FoldPlanes => self.sizes.fold_planes(x.numbers, &mut out),
                Way::UnfoldPlanes => self.sizes.unfold_planes(x.numbers, &mut out),
                Way::Fold => self.sizes.fold(x.numbers, &mut out),
                Way::Unfold => self.sizes.unfold(x.numbers, &mut out),
            }
            (out, self.dims.to_vec())
        }

        fn backward(
            &self,
            _inputs: [View<'_>; 1],
            _answer: &[f32],
            gradient: &[f32],
            _wanted: [bool; 1],
        ) -> [Option<Vec<f32>>; 1] {
            let mut of_x = pool::take(gradient.len());
            match self.way {
                Way::FoldPlanes => self.sizes.unfold_planes(gradient, &mut of_x),
                Way::UnfoldPlanes => self.sizes.fold_planes(gradient, &mut of_x),
                Way::Fold => self.sizes.unfold(gradient, &mut of_x),
                Way::Unfold => self.sizes.fold(gradient, &mut of_x),
            }
            [Some(of_x)]
        }
    }
}
