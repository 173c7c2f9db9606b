//! A channels-last picture between borders of zeros.

use pulp::{Arch, Simd, WithSimd};

use super::Entry;
use crate::kernels::cpu::element::Element;

/// Sizes of a picture and of its borders.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// Rows and columns of the picture.
    pub size: [usize; 2],
    /// Elements of a pixel.
    pub channels: usize,
    /// Zero pixels above, and left of it.
    pub before: usize,
    /// Zero pixels below, and right of it.
    pub behind: [usize; 2],
}

impl Frame {
    /// Whether there are no borders.
    pub(super) fn is_bare(&self) -> bool {
        self.before == 0 && self.behind == [0, 0]
    }

    /// Elements of a row with its borders.
    pub(super) fn row(&self) -> usize {
        (self.before + self.size[1] + self.behind[1]) * self.channels
    }

    /// Elements of the picture with its borders.
    pub(super) fn len(&self) -> usize {
        (self.before + self.size[0] + self.behind[0]) * self.row()
    }

    /// Where the windows begin of which there are `width` in a row, `stride` pixels apart.
    pub(super) fn places(&self, width: usize, stride: usize) -> impl Fn(usize) -> usize + Sync + use<> {
        let (row, step) = (stride * self.row(), stride * self.channels);
        // Half of a small product's time is this division: one of 32 bits takes a third of one of 64.
        let width = width as u32;
        move |idx| {
            let (y, x) = (idx as u32 / width, idx as u32 % width);
            y as usize * row + x as usize * step
        }
    }

    /// Numbers that [`Frame::copy`] needs to write to on the way to elements.
    pub(super) fn room_len<E: Element>(&self) -> usize {
        if E::NUMBERS == 1 { 0 } else { self.size[1] * self.channels * E::NUMBERS }
    }

    /// Copies a picture `[height, width, channel]` through the entry; `moments` is its memory, and `room` ours.
    pub(super) fn copy<E: Element>(
        &self,
        entry: &Entry,
        picture: &[f32],
        [moments, room]: [&mut [f32]; 2],
        framed: &mut [E],
    ) {
        Arch::new().dispatch(Copy { frame: *self, entry, picture, moments, room, framed });
    }
}

struct Copy<'a, E> {
    frame: Frame,
    entry: &'a Entry,
    picture: &'a [f32],
    moments: &'a mut [f32],
    room: &'a mut [f32],
    framed: &'a mut [E],
}

impl<E: Element> WithSimd for Copy<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { frame, entry, picture, moments, room, framed } = self;
        let Frame { size: [height, width], channels, before, .. } = frame;
        entry.look(simd, picture, moments);
        let zero = E::default();
        let (above, framed) = framed.split_at_mut(before * frame.row());
        let (inside, below) = framed.split_at_mut(height * frame.row());
        above.fill(zero);
        below.fill(zero);
        let rows =
            inside.chunks_exact_mut(frame.row()).zip(picture.chunks_exact(width * channels * E::NUMBERS));
        for (to, from) in rows {
            let (left, to) = to.split_at_mut(before * channels);
            let (middle, right) = to.split_at_mut(width * channels);
            left.fill(zero);
            right.fill(zero);
            match E::as_numbers(middle) {
                Some(middle) => entry.copy(simd, moments, from, middle),
                None => {
                    entry.copy(simd, moments, from, room);
                    E::round(room, middle);
                }
            }
        }
    }
}
