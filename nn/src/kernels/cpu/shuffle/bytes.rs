//! Pixel shuffle between pictures of bytes and numbers in [-1, 1], on this thread and without an allocation.

use pulp::{Arch, Simd, WithSimd};

use super::Shuffle;

/// Numbers from -1 to 1 per byte.
const PER_BYTE: f32 = 1.0 / 127.5;
/// 1.5 * 2^23: a float of this size has no fraction, so adding it rounds to an integer in its low bits.
const ROUNDER: f32 = 12_582_912.0;

impl Shuffle {
    /// [`Shuffle::fold_planes`] of bytes, which become numbers in [-1, 1].
    pub fn fold_bytes(&self, planes: &[u8], folded: &mut [f32]) {
        let len = self.picture_len(planes.len(), folded.len());
        for (folded, planes) in folded.chunks_exact_mut(len).zip(planes.chunks_exact(len)) {
            Arch::new().dispatch(Fold { shuffle: self, planes, folded });
        }
    }

    /// [`Shuffle::unfold_planes`] of numbers in [-1, 1], which become bytes, ties to even; `room` holds the bytes of a
    /// picture of any value.
    pub fn unfold_bytes(&self, folded: &[f32], room: &mut [u8], planes: &mut [u8]) {
        let len = self.picture_len(planes.len(), folded.len());
        for (planes, folded) in planes.chunks_exact_mut(len).zip(folded.chunks_exact(len)) {
            let room = &mut room[..len];
            Arch::new().dispatch(ToBytes { numbers: folded, bytes: room });
            self.each_run(|plane, at, step| {
                let places = room[at..].chunks(step).zip(planes[plane..].chunks_exact_mut(self.block));
                places.take(self.width).for_each(|(from, to)| copy_bytes(to, &from[..self.block]));
            });
        }
    }
}

/// Four bytes are one word.
#[inline]
fn copy_bytes(to: &mut [u8], from: &[u8]) {
    match (&mut *to, from) {
        ([_, _, _, _], &[x, y, z, w]) => to.copy_from_slice(&[x, y, z, w]),
        _ => to.copy_from_slice(from),
    }
}

struct Fold<'a> {
    shuffle: &'a Shuffle,
    planes: &'a [u8],
    folded: &'a mut [f32],
}

impl WithSimd for Fold<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self { shuffle, planes, folded } = self;
        shuffle.each_run(|plane, at, step| {
            let places = folded[at..].chunks_mut(step).zip(planes[plane..].chunks_exact(shuffle.block));
            for (to, from) in places.take(shuffle.width) {
                for (to, &from) in to.iter_mut().zip(from) {
                    *to = f32::from(from) * PER_BYTE - 1.0;
                }
            }
        });
    }
}

struct ToBytes<'a> {
    numbers: &'a [f32],
    bytes: &'a mut [u8],
}

impl WithSimd for ToBytes<'_> {
    type Output = ();

    /// Plain arithmetic, which the compiler makes into vectors of whatever width there is; what is no number becomes 0.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        for (byte, &number) in self.bytes.iter_mut().zip(self.numbers) {
            let level = (number + 1.0) * 127.5;
            let level = if level > 0.0 { level } else { 0.0 };
            let level = if level < 255.0 { level } else { 255.0 };
            *byte = (level + ROUNDER).to_bits() as u8;
        }
    }
}
