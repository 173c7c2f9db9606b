//! Pictures between files and memory: planar RGB bytes `[channel, height, width]` here, PNG or JPEG there.

use std::io::Cursor;

use image::{
    ExtendedColorType, ImageEncoder as _, ImageReader, Limits, RgbImage,
    codecs::png::{CompressionType, FilterType, PngEncoder},
};

use crate::Checked;

/// Largest side of a picture that is read, in pixels; a header that claims more is not believed.
pub(crate) const MAX_SIDE: usize = 4096;

/// A lossless PNG of `[channel, height, width]` bytes.
pub(crate) fn encode_png(planar: &[u8], [height, width]: [usize; 2]) -> Checked<Vec<u8>> {
    assert_eq!(planar.len(), 3 * height * width, "bytes of a {height}x{width} picture");
    let mut png = Vec::with_capacity(planar.len() / 2 + 128);
    let side = |pixels: usize| u32::try_from(pixels).map_err(|_| format!("side of {pixels} pixels"));
    PngEncoder::new_with_quality(&mut png, CompressionType::Fast, FilterType::Up)
        .write_image(&interleaved(planar), side(width)?, side(height)?, ExtendedColorType::Rgb8)
        .map_err(|error| error.to_string())?;
    Ok(png)
}

/// Decodes a PNG or JPEG to `[channel, height, width]` bytes of exactly this size.
pub(crate) fn decode_sized(file: &[u8], [height, width]: [usize; 2]) -> Checked<Vec<u8>> {
    let (found_width, found_height) =
        reader(file)?.into_dimensions().map_err(|error| format!("unreadable picture: {error}"))?;
    if (found_height as usize, found_width as usize) != (height, width) {
        return Err(format!("expected a picture of {height}x{width}, found {found_height}x{found_width}"));
    }
    Ok(planar(&decode(file)?))
}

/// Decodes a PNG or JPEG of any size up to [`MAX_SIDE`].
pub(crate) fn decode(file: &[u8]) -> Checked<RgbImage> {
    let picture = reader(file)?.decode().map_err(|error| format!("unreadable picture: {error}"))?;
    Ok(picture.into_rgb8())
}

/// `[height, width, channel]` to `[channel, height, width]`.
pub(crate) fn planar(picture: &RgbImage) -> Vec<u8> {
    let interleaved = picture.as_raw();
    let pixels = interleaved.len() / 3;
    let mut bytes = vec![0; 3 * pixels];
    let (red, rest) = bytes.split_at_mut(pixels);
    let (green, blue) = rest.split_at_mut(pixels);
    for (pixel, ((red, green), blue)) in interleaved.chunks_exact(3).zip(red.iter_mut().zip(green).zip(blue))
    {
        (*red, *green, *blue) = (pixel[0], pixel[1], pixel[2]);
    }
    bytes
}

/// `[channel, height, width]` to `[height, width, channel]`.
pub(crate) fn interleaved(planar: &[u8]) -> Vec<u8> {
    let pixels = planar.len() / 3;
    let (red, rest) = planar.split_at(pixels);
    let (green, blue) = rest.split_at(pixels);
    let mut bytes = vec![0; planar.len()];
    for (pixel, ((&red, &green), &blue)) in bytes.chunks_exact_mut(3).zip(red.iter().zip(green).zip(blue)) {
        pixel.copy_from_slice(&[red, green, blue]);
    }
    bytes
}

fn reader(file: &[u8]) -> Checked<ImageReader<Cursor<&[u8]>>> {
    let mut reader = ImageReader::new(Cursor::new(file))
        .with_guessed_format()
        .map_err(|error| format!("unreadable picture: {error}"))?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE as u32);
    limits.max_image_height = Some(MAX_SIDE as u32);
    limits.max_alloc = Some((16 * MAX_SIDE * MAX_SIDE) as u64);
    reader.limits(limits);
    Ok(reader)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn png_keeps_every_byte(height in 1usize..20, width in 1usize..20, salt: u8) {
            let bytes: Vec<u8> = (0..3 * height * width).map(|i| (i as u8).wrapping_mul(37) ^ salt).collect();
            let png = encode_png(&bytes, [height, width]).unwrap();
            prop_assert_eq!(decode_sized(&png, [height, width]).unwrap(), bytes);
        }

        #[test]
        fn damaged_pictures_are_errors_or_pictures(cut in 0usize..200, flip in 0usize..200, bit in 0u8..8) {
            let mut png = encode_png(&[9; 192], [8, 8]).unwrap();
            let at = flip % png.len();
            png[at] ^= 1 << bit;
            png.truncate(png.len().saturating_sub(cut % 40));
            let _ = decode_sized(&png, [8, 8]);
        }
    }

    #[test]
    fn a_picture_of_another_size_is_named() {
        let png = encode_png(&[0; 48], [4, 4]).unwrap();
        assert!(decode_sized(&png, [4, 5]).unwrap_err().contains("4x5"));
    }
}
