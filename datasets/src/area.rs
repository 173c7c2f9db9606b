//! Area averaging: each pixel of the small picture is the mean of the part of the large one that it covers.
//!
//! The picture is stretched to the wanted size, whatever its proportions. Fixed-point arithmetic, so the bytes
//! are the same on every machine.

use dreamlane_core::{Error, Result};
use image::RgbImage;

use crate::picture::MAX_SIDE;

/// Weights of one output pixel add up to this.
const ONE: u32 = 1 << 12;

/// The source pixels under one output pixel, and their weights.
struct Cover {
    first: usize,
    weights: Vec<u32>,
}

/// Whether a picture can be resized to `[height, width]`.
pub(crate) fn check_size([height, width]: [usize; 2]) -> Result<()> {
    let sides = 1..=MAX_SIDE;
    if sides.contains(&height) && sides.contains(&width) {
        return Ok(());
    }
    Err(Error::Invalid(format!("picture size must be 1x1 to {MAX_SIDE}x{MAX_SIDE}, found {height}x{width}")))
}

/// Resizes a decoded picture to `[channel, height, width]` bytes.
pub(crate) fn resize(picture: &RgbImage, size: [usize; 2]) -> Vec<u8> {
    averaged::<3>(picture.as_raw(), [picture.height() as usize, picture.width() as usize], size)
}

/// Resizes `[channel, height, width]` bytes to another height and width.
pub(crate) fn resize_planar(picture: &[u8], from: [usize; 2], to: [usize; 2]) -> Vec<u8> {
    let [height, width] = from;
    assert_eq!(picture.len(), 3 * height * width, "bytes of a {height}x{width} picture");
    if from == to {
        return picture.to_vec();
    }
    picture.chunks_exact(height * width).flat_map(|plane| averaged::<1>(plane, from, to)).collect()
}

/// `[height, width, channel]` bytes to `[channel, height, width]` ones of another size.
fn averaged<const CHANNELS: usize>(
    bytes: &[u8],
    [from_height, from_width]: [usize; 2],
    [height, width]: [usize; 2],
) -> Vec<u8> {
    let (columns, rows) = (covers(from_width, width), covers(from_height, height));
    // Horizontally first: [from_height, width, channel].
    let mut narrow = vec![0u32; from_height * width * CHANNELS];
    let lines = bytes.chunks_exact(from_width * CHANNELS);
    for (line, narrow) in lines.zip(narrow.chunks_exact_mut(width * CHANNELS)) {
        for (cover, out) in columns.iter().zip(narrow.chunks_exact_mut(CHANNELS)) {
            let covered = line[cover.first * CHANNELS..].chunks_exact(CHANNELS);
            for (weight, pixel) in cover.weights.iter().zip(covered) {
                for (out, &byte) in out.iter_mut().zip(pixel) {
                    *out += weight * u32::from(byte);
                }
            }
        }
    }
    let mut planar = vec![0; CHANNELS * height * width];
    let mut line = vec![0u64; width * CHANNELS];
    for (y, cover) in rows.iter().enumerate() {
        line.fill(u64::from(ONE) * u64::from(ONE) / 2);
        let covered = narrow[cover.first * width * CHANNELS..].chunks_exact(width * CHANNELS);
        for (weight, narrow) in cover.weights.iter().zip(covered) {
            for (sum, &value) in line.iter_mut().zip(narrow) {
                *sum += u64::from(*weight) * u64::from(value);
            }
        }
        for (x, pixel) in line.chunks_exact(CHANNELS).enumerate() {
            for (channel, &sum) in pixel.iter().enumerate() {
                planar[(channel * height + y) * width + x] = (sum / (u64::from(ONE) * u64::from(ONE))) as u8;
            }
        }
    }
    planar
}

/// How `to` pixels cover `from` pixels of the same length.
fn covers(from: usize, to: usize) -> Vec<Cover> {
    (0..to)
        .map(|out| {
            // In units of 1/to source pixels, both ends are whole.
            let (start, end) = (out * from, (out + 1) * from);
            let first = start / to;
            let last = (end - 1) / to;
            let overlap = |pixel: usize| end.min((pixel + 1) * to) - start.max(pixel * to);
            let mut weights: Vec<u32> =
                (first..=last).map(|pixel| (overlap(pixel) * ONE as usize / from) as u32).collect();
            // Rounding must not darken the picture.
            let middle = weights.len() / 2;
            weights[middle] += ONE - weights.iter().sum::<u32>();
            Cover { first, weights }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_even_picture_stays_even(width in 1u32..40, height in 1u32..40, to in 1usize..40, value: u8) {
            let picture = RgbImage::from_pixel(width, height, image::Rgb([value; 3]));
            let resized = resize(&picture, [to, 41 - to]);
            prop_assert_eq!(resized.len(), 3 * to * (41 - to));
            prop_assert!(resized.iter().all(|&byte| byte == value));
        }
    }

    proptest! {
        #[test]
        fn both_orders_of_bytes_give_the_same_picture(width in 1u32..20, height in 1u32..20, to in 1usize..20) {
            let picture = RgbImage::from_fn(width, height, |x, y| image::Rgb([(x * 31) as u8, (y * 57) as u8, 9]));
            let from = [height as usize, width as usize];
            let planar = resize_planar(&crate::picture::planar(&picture), from, [to, 21 - to]);
            prop_assert_eq!(planar, resize(&picture, [to, 21 - to]));
        }
    }

    #[test]
    fn halving_averages_four_pixels() {
        let picture = RgbImage::from_fn(4, 2, |x, y| image::Rgb([(x * 10 + y * 20) as u8, 0, 255]));
        assert_eq!(resize(&picture, [1, 2]), [15, 35, 0, 0, 255, 255]);
    }
}
