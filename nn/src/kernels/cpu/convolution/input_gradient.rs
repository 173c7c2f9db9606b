//! The gradient of a convolution's input: for each residue of a pixel's place by the stride one product.
//!
//! An input pixel meets only the taps that bring it onto a place of the kernel. Among pixels of one residue these are
//! the same taps, side by side in the framed gradient of the output, last tap first: each residue is a convolution
//! with a stride of 1, and no zero is multiplied.

use super::{Entry, Shape, frame::Frame, weights};
use crate::kernels::cpu::product::{Keep, Left, Packed, Segment, multiply_rows};

/// All that is the same for all pictures.
pub(super) struct InputGradient {
    shape: Shape,
    frame: Frame,
    residues: Vec<Residue>,
}

/// Input pixels (stride * row + at, stride * column + at).
struct Residue {
    at: [usize; 2],
    /// Rows and columns of such pixels.
    size: [usize; 2],
    segments: Vec<Segment>,
    packed: Packed,
}

/// The taps of one direction that meet pixels of a residue, last first, and the output pixel that the first of them
/// brings to the residue's first pixel.
struct Taps {
    taps: Vec<usize>,
    first: isize,
}

impl Taps {
    fn new(shape: &Shape, at: usize) -> Self {
        let reach = at + shape.kernel / 2;
        let taps = (0..shape.kernel)
            .rev()
            .filter(|tap| (reach + shape.kernel * shape.stride - tap).is_multiple_of(shape.stride));
        let taps = taps.collect::<Vec<_>>();
        let first = taps.first().map_or(0, |&tap| (reach as isize - tap as isize) / shape.stride as isize);
        Self { taps, first }
    }

    /// Output pixels that are needed beyond the last one of `out`, for so many pixels of the residue.
    fn behind(&self, pixels: usize, out: usize) -> usize {
        let end = self.first + (pixels + self.taps.len()) as isize - 1;
        usize::try_from(end - out as isize).unwrap_or(0)
    }
}

impl InputGradient {
    /// For weights `[out, in, kernel, kernel]`.
    pub(super) fn new(shape: &Shape, weights: &[f32]) -> Self {
        let (stride, size, out_size) = (shape.stride, [shape.height, shape.width], shape.out_size());
        let taps = (0..stride).map(|at| Taps::new(shape, at)).collect::<Vec<_>>();
        let count = |at: usize, size: usize| size.saturating_sub(at).div_ceil(stride);
        let before = taps.iter().map(|taps| usize::try_from(-taps.first).unwrap_or(0)).max().unwrap_or(0);
        let behind = [0, 1].map(|axis: usize| {
            let needed =
                taps.iter().enumerate().map(|(at, taps)| taps.behind(count(at, size[axis]), out_size[axis]));
            needed.max().unwrap_or(0)
        });
        let frame = Frame { size: out_size, channels: shape.channels[1], before, behind };
        let residue = |at: [usize; 2]| {
            let [rows, columns] = at.map(|at| &taps[at]);
            let first = [rows, columns].map(|taps| (taps.first + before as isize) as usize);
            let segment = |y: usize| Segment {
                offset: (first[0] + y) * frame.row() + first[1] * frame.channels,
                len: columns.taps.len() * frame.channels,
            };
            let pairs =
                rows.taps.iter().flat_map(|&y| columns.taps.iter().map(move |&x| [y, x])).collect::<Vec<_>>();
            Residue {
                at,
                size: [count(at[0], size[0]), count(at[1], size[1])],
                segments: (0..rows.taps.len()).map(segment).collect(),
                packed: weights::pack_transposed(shape, weights, &pairs),
            }
        };
        let residues = (0..stride * stride).map(|idx| residue([idx / stride, idx % stride])).collect();
        Self { shape: *shape, frame, residues }
    }

    /// Numbers of scratch of [`InputGradient::apply`].
    pub(super) fn scratch_len(&self) -> usize {
        let framed = if self.frame.is_bare() { 0 } else { self.frame.len() };
        let scattered = if self.shape.stride == 1 { 0 } else { self.residues[0].len(&self.shape) };
        framed + scattered
    }

    /// The gradient behind the entry `[height, width, in]`, from that of an output picture `[height, width, out]`.
    pub(super) fn apply(&self, d_out: &[f32], scratch: &mut [f32], d_input: &mut [f32]) {
        let framed_len = if self.frame.is_bare() { 0 } else { self.frame.len() };
        let (framed, scattered) = scratch.split_at_mut(framed_len);
        let data = match framed.is_empty() {
            true => d_out,
            false => {
                self.frame.copy(&Entry::default(), d_out, [&mut [], &mut []], framed);
                &*framed
            }
        };
        for residue in &self.residues {
            if self.shape.stride == 1 {
                residue.multiply(&self.frame, data, d_input);
            } else {
                let part = &mut scattered[..residue.len(&self.shape)];
                residue.multiply(&self.frame, data, part);
                residue.scatter(&self.shape, part, d_input);
            }
        }
    }
}

impl Residue {
    fn len(&self, shape: &Shape) -> usize {
        self.size[0] * self.size[1] * shape.channels[0]
    }

    fn multiply(&self, frame: &Frame, data: &[f32], out: &mut [f32]) {
        let place = frame.places(self.size[1], 1);
        let left = Left { data, place, segments: &self.segments, step: 1 };
        multiply_rows(&left, &self.packed, 0, out, &Keep);
    }

    /// Brings the pixels to their places in the input.
    fn scatter(&self, shape: &Shape, part: &[f32], d_input: &mut [f32]) {
        let channels = shape.channels[0];
        for (idx, from) in part.chunks_exact(channels).enumerate() {
            let y = idx / self.size[1] * shape.stride + self.at[0];
            let x = idx % self.size[1] * shape.stride + self.at[1];
            d_input[(y * shape.width + x) * channels..][..channels].copy_from_slice(from);
        }
    }
}
