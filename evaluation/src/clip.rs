//! Clips of a recording beside a dream, as one picture that holds all frames.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use dreamlane_core::{ActionSpace, Error, Result, WorldSpec};
use image::{
    ExtendedColorType, ImageEncoder as _,
    codecs::png::{CompressionType, FilterType, PngEncoder},
};

use crate::{Case, StripRow};

/// Pictures side by side in a sheet; even, so that a recorded frame stands left of its dreamed one.
const COLUMNS: usize = 16;

/// A stretch that was recorded and dreamed, for a player.
#[derive(Clone, Debug, PartialEq)]
pub struct Clip {
    /// Where it begins, in words.
    pub about: String,
    /// Rows of a frame.
    pub height: usize,
    /// Columns of a frame.
    pub width: usize,
    /// Frames of each side; the first is the last one that the dream was shown.
    pub frames: usize,
    /// Frames per second.
    pub rate: u32,
    /// Pictures side by side in the sheet.
    pub columns: usize,
    /// A PNG file: picture 2k is the recorded frame k, picture 2k + 1 the dreamed one.
    pub sheet: Vec<u8>,
    /// `[frame][width]`: the action taken at each frame but the last.
    pub actions: Vec<Vec<f32>>,
    /// Per number of an action: its name, smallest and largest value.
    pub ranges: Vec<(String, [f32; 2])>,
}

/// Clips of `rows`, the recorded and dreamed frames of the cases from each context's last frame on, as
/// [`dream_rows`](crate::dream_rows) gives them. Ends are left out until all sheets together have at most
/// `most_bytes`.
///
/// # Errors
/// When a picture does not have the size that the spec says.
pub fn clips(spec: &WorldSpec, cases: &[Case], rows: &[StripRow], most_bytes: usize) -> Result<Vec<Clip>> {
    let longest = rows.iter().map(|row| row.recorded.len().min(row.dreamed.len())).max().unwrap_or(0);
    let made = |frames: usize| -> Result<Vec<Clip>> {
        cases.iter().zip(rows).map(|(case, row)| clip(spec, case, row, frames)).collect()
    };
    let mut frames = longest;
    let mut clips = made(frames)?;
    loop {
        let bytes: usize = clips.iter().map(|clip| clip.sheet.len()).sum();
        if bytes <= most_bytes || frames <= 2 {
            return Ok(clips);
        }
        frames = (frames * most_bytes / bytes).clamp(2, frames - 1);
        clips = made(frames)?;
    }
}

fn clip(spec: &WorldSpec, case: &Case, row: &StripRow, frames: usize) -> Result<Clip> {
    let [camera] = spec.cameras.as_slice() else {
        return Err(Error::Unsupported("a clip of one camera", spec.world.clone()));
    };
    let frames = frames.min(row.recorded.len()).min(row.dreamed.len());
    let pairs = row.recorded.iter().zip(&row.dreamed).take(frames);
    let pictures: Vec<&[u8]> =
        pairs.flat_map(|(recorded, dreamed)| [recorded.as_slice(), dreamed.as_slice()]).collect();
    let taken = case.actions.chunks(spec.action.width()).take(frames.saturating_sub(1));
    Ok(Clip {
        about: case.context.source.clone(),
        height: camera.height,
        width: camera.width,
        frames,
        rate: spec.steps_per_second,
        columns: COLUMNS,
        sheet: sheet(&pictures, camera.height, camera.width)?,
        actions: taken.map(<[f32]>::to_vec).collect(),
        ranges: ranges(&spec.action),
    })
}

fn ranges(space: &ActionSpace) -> Vec<(String, [f32; 2])> {
    let bounds = |idx: usize| match space {
        ActionSpace::Continuous { low, high, .. } => [low[idx], high[idx]],
        ActionSpace::Discrete { .. } => [0.0, 1.0],
    };
    space.names().iter().enumerate().map(|(idx, name)| (name.clone(), bounds(idx))).collect()
}

/// A PNG file of pictures `[channel, height, width]`, row by row.
fn sheet(pictures: &[&[u8]], height: usize, width: usize) -> Result<Vec<u8>> {
    let expected = 3 * height * width;
    if let Some(wrong) = pictures.iter().find(|picture| picture.len() != expected) {
        return Err(Error::mismatch("clip", "bytes of a picture", expected, wrong.len()));
    }
    let (across, down) = (COLUMNS * width, pictures.len().div_ceil(COLUMNS) * height);
    let mut rgb = vec![0; 3 * across * down];
    for (idx, picture) in pictures.iter().enumerate() {
        let (top, left) = (idx / COLUMNS * height, idx % COLUMNS * width);
        for pixel in 0..height * width {
            let place = 3 * ((top + pixel / width) * across + left + pixel % width);
            (0..3).for_each(|channel| rgb[place + channel] = picture[channel * height * width + pixel]);
        }
    }
    png(&rgb, across, down)
}

/// RGB bytes as a PNG file, as small as the encoder can.
fn png(rgb: &[u8], width: usize, height: usize) -> Result<Vec<u8>> {
    let mut file = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut file, CompressionType::Best, FilterType::Adaptive);
    let written = encoder.write_image(rgb, width as u32, height as u32, ExtendedColorType::Rgb8);
    written.map_err(|error| Error::Invalid(format!("cannot make a PNG file: {error}")))?;
    Ok(file)
}

/// A PNG file as an address that holds it.
pub(crate) fn data_address(png: &[u8]) -> String {
    format!("data:image/png;base64,{}", BASE64_STANDARD.encode(png))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_and_dreamed_frames_stand_side_by_side() {
        let (red, blue) = ([[200; 4], [0; 4], [0; 4]].concat(), [[0; 4], [0; 4], [200; 4]].concat());
        let pictures: Vec<&[u8]> = (0..9).flat_map(|_| [red.as_slice(), blue.as_slice()]).collect();
        let file = sheet(&pictures, 2, 2).unwrap();
        let sheet = image::load_from_memory(&file).unwrap().to_rgb8();
        assert_eq!(sheet.dimensions(), (32, 4));
        assert_eq!((sheet.get_pixel(0, 2).0, sheet.get_pixel(3, 3).0), ([200, 0, 0], [0, 0, 200]));
        assert_eq!(sheet.get_pixel(4, 3).0, [0, 0, 0]);
    }

    #[test]
    fn pictures_of_another_size_are_named() {
        let error = sheet(&[&[0; 11]], 2, 2).unwrap_err();
        assert!(error.to_string().contains("expected 12, found 11"), "{error}");
    }
}
