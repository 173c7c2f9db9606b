//! Convolutions whose weights stay: packed once, for few pictures at a time on one thread, in single precision or bf16.

use super::{Convolution, Entry, Nonlinearity, Shape, frame::Frame, weights};
use crate::kernels::cpu::{
    element::Element,
    product::{At, Finish, Left, Packed, Segment, multiply_rows},
    simd::load,
};

/// A convolution with its weights.
#[derive(Clone, Debug)]
pub struct Frozen<E = f32> {
    shape: Shape,
    entry: Entry,
    ending: Nonlinearity,
    packed: Packed<E>,
    bias: Vec<f32>,
    segments: Vec<Segment>,
}

impl Convolution {
    /// Packs `weights` `[out, in, kernel, kernel]` and `bias` `[out]` for many pictures to come, on the threads of rayon.
    #[must_use]
    pub fn freeze(&self, weights: &[f32], bias: &[f32]) -> Frozen {
        assert_eq!(weights.len(), self.shape.weights_len(), "weights of {:?}", self.shape);
        self.frozen(weights::pack(&self.shape, weights), bias)
    }

    /// The same on this thread alone, with products of any element; the input's channels must fill whole elements.
    #[must_use]
    pub fn freeze_here<E: Element>(&self, weights: &[f32], bias: &[f32]) -> Frozen<E> {
        assert_eq!(weights.len(), self.shape.weights_len(), "weights of {:?}", self.shape);
        assert!(
            self.shape.channels[0].is_multiple_of(E::NUMBERS),
            "channels of {:?} in elements",
            self.shape
        );
        self.frozen(weights::pack_here(&self.shape, weights), bias)
    }

    fn frozen<E: Element>(&self, packed: Packed<E>, bias: &[f32]) -> Frozen<E> {
        let shape = self.shape;
        assert_eq!(bias.len(), shape.channels[1], "biases of {shape:?}");
        self.entry.check(shape.channels[0]);
        let frame = shape.frame_of::<E>();
        let segment = |y| Segment { offset: y * frame.row(), len: shape.kernel * frame.channels };
        Frozen {
            shape,
            entry: self.entry.clone(),
            ending: self.ending,
            packed,
            bias: bias.to_vec(),
            segments: (0..shape.kernel).map(segment).collect(),
        }
    }
}

impl Frozen {
    /// Numbers that [`Frozen::apply`] needs to write to on the way.
    #[must_use]
    pub fn scratch_len(&self) -> usize {
        self.numbers_len() + self.elements_len()
    }

    /// [`Convolution::forward`] on this thread, without an allocation; a picture's bytes depend on no other picture.
    pub fn apply(&self, input: &[f32], residual: Option<&[f32]>, scratch: &mut [f32], out: &mut [f32]) {
        let needed = self.scratch_len();
        assert!(scratch.len() >= needed, "{} of {needed} numbers of scratch", scratch.len());
        let (numbers, framed) = scratch[..needed].split_at_mut(self.numbers_len());
        self.apply_with(input, residual, numbers, framed, out);
    }
}

impl<E: Element> Frozen<E> {
    /// Sizes.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Numbers that [`Frozen::apply_with`] needs to write to on the way.
    #[must_use]
    pub fn numbers_len(&self) -> usize {
        self.entry.moments_len() + self.frame().room_len::<E>()
    }

    /// Elements that [`Frozen::apply_with`] needs to write to on the way.
    #[must_use]
    pub fn elements_len(&self) -> usize {
        let read_in_place = E::NUMBERS == 1 && self.is_plain();
        if read_in_place { 0 } else { self.frame().len() }
    }

    /// [`Convolution::forward`] on this thread, without an allocation, with `numbers` and `elements` of any value to
    /// write to on the way; a picture's bytes depend on no other picture.
    pub fn apply_with(
        &self,
        input: &[f32],
        residual: Option<&[f32]>,
        numbers: &mut [f32],
        elements: &mut [E],
        out: &mut [f32],
    ) {
        self.check(input, residual, out);
        let needed = [self.numbers_len(), self.elements_len()];
        let found = [numbers.len(), elements.len()];
        assert!(
            found[0] >= needed[0] && found[1] >= needed[1],
            "{found:?} of {needed:?} numbers and elements"
        );
        let (shape, frame) = (self.shape, self.frame());
        let (moments, room) = numbers[..needed[0]].split_at_mut(self.entry.moments_len());
        let elements = &mut elements[..needed[1]];
        let pictures = input.chunks_exact(shape.input_len()).zip(out.chunks_exact_mut(shape.out_len()));
        for (picture_idx, (picture, out)) in pictures.enumerate() {
            let data = match self.is_plain() {
                true => E::of(picture, elements),
                false => {
                    frame.copy(&self.entry, picture, [moments, room], elements);
                    &*elements
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

    fn frame(&self) -> Frame {
        self.shape.frame_of::<E>()
    }

    /// Whether pictures need neither borders nor an entry.
    fn is_plain(&self) -> bool {
        self.frame().is_bare() && self.entry.is_plain()
    }

    pub(super) fn check(&self, input: &[f32], residual: Option<&[f32]>, out: &[f32]) {
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
