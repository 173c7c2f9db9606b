//! What the probe's net sees of a stack of frames: the last one in colour, and what changed from frame to frame.
//!
//! Changes are given as such because motion is what is asked for, and it is faint: a metre is a pixel or two.

use dreamlane_core::Seed;
use rand::{Rng as _, RngExt as _};

/// Bytes of brightness that count as one: changes are mostly smaller than that.
const CHANGE: f32 = 32.0;
/// Largest noise of a softened frame, in bytes.
const MOST_NOISE: f32 = 6.0;

/// Planes of a stack of so many frames.
pub(super) fn n_planes(frames: usize) -> usize {
    3 + (frames - 1)
}

/// Blur and noise of one stack, so that a probe does not feed on what only a camera or only a codec leaves behind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Softening {
    /// Share of each pixel that its neighbourhood gives.
    blur: f32,
    /// In bytes, either way.
    noise: f32,
    seed: Seed,
}

impl Softening {
    /// None for every other stack, by chance.
    pub(super) fn draw(seed: Seed) -> Option<Self> {
        let mut rng = seed.split(0).rng();
        let [softened, blur, noise]: [f32; 3] = rng.random();
        (softened < 0.5).then(|| Self { blur, noise: noise * MOST_NOISE, seed: seed.split(1) })
    }

    /// Softens a plane of so many columns; `noise` has a random byte per pixel.
    fn apply(self, plane: &mut [f32], width: usize, noise: &[u8]) {
        let sharp = plane.to_vec();
        let height = sharp.len() / width;
        let row_sum = |y: usize, x: usize| {
            let row = &sharp[y * width..(y + 1) * width];
            row[x.saturating_sub(1)] + 2.0 * row[x] + row[(x + 1).min(width - 1)]
        };
        for y in 0..height {
            for x in 0..width {
                let sum = row_sum(y.saturating_sub(1), x)
                    + 2.0 * row_sum(y, x)
                    + row_sum((y + 1).min(height - 1), x);
                let at = y * width + x;
                let pushed = (f32::from(noise[at]) - 127.5) / 127.5 * self.noise;
                plane[at] = sharp[at] + self.blur * (sum / 16.0 - sharp[at]) + pushed;
            }
        }
    }
}

/// Writes the planes of a stack `[frame, channel, height, width]` of bytes into `out`.
pub(super) fn write_planes(
    stack: &[u8],
    [height, width]: [usize; 2],
    softening: Option<Softening>,
    out: &mut [f32],
) {
    let plane = height * width;
    let frames = stack.len() / (3 * plane);
    assert_eq!(out.len(), n_planes(frames) * plane, "numbers of {frames} frames of {width}x{height}");
    let mut seen: Vec<f32> = stack.iter().map(|&byte| f32::from(byte)).collect();
    if let Some(softening) = softening {
        let mut noise = vec![0; seen.len()];
        softening.seed.rng().fill_bytes(&mut noise);
        seen.chunks_mut(plane).zip(noise.chunks(plane)).for_each(|(seen, noise)| {
            softening.apply(seen, width, noise);
        });
    }
    let last = &seen[(frames - 1) * 3 * plane..];
    let (colour, changes) = out.split_at_mut(3 * plane);
    colour.iter_mut().zip(last).for_each(|(out, byte)| *out = byte / 127.5 - 1.0);
    let bright = |frame: usize, pixel: usize| {
        let at = frame * 3 * plane + pixel;
        0.299 * seen[at] + 0.587 * seen[at + plane] + 0.114 * seen[at + 2 * plane]
    };
    for (back, change) in changes.chunks_mut(plane).enumerate() {
        let frame = frames - 1 - back;
        for (pixel, change) in change.iter_mut().enumerate() {
            *change = (bright(frame, pixel) - bright(frame - 1, pixel)) / CHANGE;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_is_its_last_frame_and_what_changed_latest_first() {
        let frame = |grey: u8| vec![grey; 3 * 16];
        let stack = [frame(0), frame(32), frame(96)].concat();
        let mut planes = vec![0.0; 5 * 16];
        write_planes(&stack, [4, 4], None, &mut planes);
        let firsts: Vec<f32> = planes.chunks(16).map(|plane| plane[5]).collect();
        let grey = 96.0 / 127.5 - 1.0;
        let expected = [grey, grey, grey, 2.0, 1.0];
        assert!(
            firsts.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-5),
            "{firsts:?}"
        );
    }

    #[test]
    fn softening_blurs_and_keeps_the_mean() {
        let softening = Softening { blur: 1.0, noise: 0.0, seed: Seed::new(0) };
        let mut plane: Vec<f32> = (0..64).map(|at| if at == 27 { 160.0 } else { 0.0 }).collect();
        softening.apply(&mut plane, 8, &[0; 64]);
        assert_eq!((plane[27], plane[28], plane[18]), (40.0, 20.0, 10.0));
        assert_eq!(plane.iter().sum::<f32>(), 160.0);
        let drawn = (0..100).filter(|&idx| Softening::draw(Seed::new(1).split(idx)).is_some()).count();
        assert!((30..70).contains(&drawn), "{drawn} of 100");
    }
}
