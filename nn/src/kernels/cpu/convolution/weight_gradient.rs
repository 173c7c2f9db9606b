//! The gradient of a convolution's weights: the product of the framed input, read across, with that of the output.
//!
//! A row of the answer is one number of the kernel's window, and `k` runs over output pixels: each row of pixels is a
//! segment of the framed input whose steps are as long as the stride.

use super::{Convolution, Shape, frame::Frame};
use crate::kernels::cpu::product::{Left, Packed, Segment, add_rows};

/// What is needed for some pictures at a time.
pub(super) struct WeightGradient<'a> {
    convolution: &'a Convolution,
    frame: Frame,
    /// Where the window's numbers `[kernel row, kernel column, in]` begin in a framed picture.
    places: Vec<usize>,
    /// The rows of output pixels of all pictures.
    segments: Vec<Segment>,
    /// Framed pictures, none where the input is read as it is.
    framed: Vec<f32>,
    moments: Vec<f32>,
    right: Packed,
}

impl<'a> WeightGradient<'a> {
    /// For at most so many pictures.
    pub(super) fn new(convolution: &'a Convolution, pictures: usize) -> Self {
        let (shape, frame) = (&convolution.shape, convolution.shape.frame());
        let framed = if frame.is_bare() && convolution.entry.is_plain() { 0 } else { pictures * frame.len() };
        Self {
            convolution,
            frame,
            places: places(shape, &frame),
            segments: segments(shape, &frame, pictures),
            framed: vec![0.0; framed],
            moments: vec![0.0; convolution.entry.moments_len()],
            right: Packed::new(&[], [0, shape.channels[1]], [shape.channels[1], 1]),
        }
    }

    /// Adds to `d_weights` `[kernel row, kernel column, in, out]` what `input` `[picture, height, width, in]` and
    /// `d_out` `[picture, out height, out width, out]` give.
    pub(super) fn add(&mut self, input: &[f32], d_out: &[f32], d_weights: &mut [f32]) {
        let shape = &self.convolution.shape;
        let pictures = input.len() / shape.input_len();
        let data = match self.framed.is_empty() {
            true => input,
            false => {
                let framed = self.framed.chunks_exact_mut(self.frame.len());
                for (framed, input) in framed.zip(input.chunks_exact(shape.input_len())) {
                    self.frame.copy(&self.convolution.entry, input, [&mut self.moments, &mut []], framed);
                }
                &self.framed
            }
        };
        self.right.replace(d_out, d_out.len() / shape.channels[1]);
        let segments = &self.segments[..pictures * shape.out_size()[0]];
        let place = |row: usize| self.places[row];
        let left = Left { data, place, segments, step: shape.stride * shape.channels[0] };
        add_rows(&left, &self.right, d_weights);
    }
}

fn places(shape: &Shape, frame: &Frame) -> Vec<usize> {
    let len = shape.kernel * shape.channels[0];
    let row = |y: usize| (0..len).map(move |column| y * frame.row() + column);
    (0..shape.kernel).flat_map(row).collect()
}

fn segments(shape: &Shape, frame: &Frame, pictures: usize) -> Vec<Segment> {
    let [height, width] = shape.out_size();
    let rows = |idx: usize| (0..height).map(move |y| idx * frame.len() + y * shape.stride * frame.row());
    (0..pictures).flat_map(rows).map(|offset| Segment { offset, len: width }).collect()
}
