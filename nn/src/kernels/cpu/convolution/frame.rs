//! A channels-last picture between borders of zeros.

use pulp::{Arch, Simd, WithSimd};

use super::Entry;

/// Sizes of a picture and of its borders.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// Rows and columns of the picture.
    pub size: [usize; 2],
    /// Numbers of a pixel.
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

    /// Numbers of a row with its borders.
    pub(super) fn row(&self) -> usize {
        (self.before + self.size[1] + self.behind[1]) * self.channels
    }

    /// Numbers of the picture with its borders.
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

    /// Copies a picture `[height, width, channel]` through the entry; `moments` is its memory.
    pub(super) fn copy(&self, entry: &Entry, picture: &[f32], moments: &mut [f32], framed: &mut [f32]) {
        Arch::new().dispatch(Copy { frame: *self, entry, picture, moments, framed });
    }
}

struct Copy<'a> {
    frame: Frame,
    entry: &'a Entry,
    picture: &'a [f32],
    moments: &'a mut [f32],
    framed: &'a mut [f32],
}

impl WithSimd for Copy<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { frame, entry, picture, moments, framed } = self;
        let Frame { size: [height, width], channels, before, .. } = frame;
        entry.look(simd, picture, moments);
        let (above, framed) = framed.split_at_mut(before * frame.row());
        let (inside, below) = framed.split_at_mut(height * frame.row());
        above.fill(0.0);
        below.fill(0.0);
        let rows = inside.chunks_exact_mut(frame.row()).zip(picture.chunks_exact(width * channels));
        for (to, from) in rows {
            let (left, to) = to.split_at_mut(before * channels);
            let (middle, right) = to.split_at_mut(from.len());
            left.fill(0.0);
            right.fill(0.0);
            entry.copy(simd, moments, from, middle);
        }
    }
}
