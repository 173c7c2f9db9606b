//! Area averaging: each pixel of the small picture is the mean of the part of the large one that it covers.
//!
//! The picture is stretched to the wanted size, whatever its proportions. Fixed-point arithmetic, so the bytes
//! are the same on every machine.

use image::RgbImage;

/// Weights of one output pixel add up to this.
const ONE: u32 = 1 << 12;

/// The source pixels under one output pixel, and their weights.
struct Cover {
    first: usize,
    weights: Vec<u32>,
}

/// Resizes to `[channel, height, width]` bytes.
pub(super) fn resize(picture: &RgbImage, [height, width]: [usize; 2]) -> Vec<u8> {
    let (from_width, from_height) = (picture.width() as usize, picture.height() as usize);
    let (columns, rows) = (covers(from_width, width), covers(from_height, height));
    let bytes = picture.as_raw();
    // Horizontally first: [from_height, width, channel].
    let mut narrow = vec![0u32; from_height * width * 3];
    for (line, narrow) in bytes.chunks_exact(from_width * 3).zip(narrow.chunks_exact_mut(width * 3)) {
        for (cover, out) in columns.iter().zip(narrow.chunks_exact_mut(3)) {
            for (weight, pixel) in cover.weights.iter().zip(line[cover.first * 3..].chunks_exact(3)) {
                for (out, &byte) in out.iter_mut().zip(pixel) {
                    *out += weight * u32::from(byte);
                }
            }
        }
    }
    let mut planar = vec![0; 3 * height * width];
    let mut line = vec![0u64; width * 3];
    for (y, cover) in rows.iter().enumerate() {
        line.fill(u64::from(ONE) * u64::from(ONE) / 2);
        for (weight, narrow) in
            cover.weights.iter().zip(narrow[cover.first * width * 3..].chunks_exact(width * 3))
        {
            for (sum, &value) in line.iter_mut().zip(narrow) {
                *sum += u64::from(*weight) * u64::from(value);
            }
        }
        for (x, pixel) in line.chunks_exact(3).enumerate() {
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

    #[test]
    fn halving_averages_four_pixels() {
        let picture = RgbImage::from_fn(4, 2, |x, y| image::Rgb([(x * 10 + y * 20) as u8, 0, 255]));
        assert_eq!(resize(&picture, [1, 2]), [15, 35, 0, 0, 255, 255]);
    }
}
