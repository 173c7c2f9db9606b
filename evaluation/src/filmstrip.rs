//! Film strips: recorded frames beside dreamed ones, time from left to right.

use std::{io::Cursor, sync::Arc};

use dreamlane_core::{Error, Result, WorldModel};
use image::{ImageFormat, Rgb, RgbImage};

use crate::{
    Case, Settings,
    case::Layout,
    tile::{Start, dream},
};

/// Pixels between frames.
const GAP: u32 = 2;

/// Pixels between one pair of rows and the next, as a multiple of [`GAP`].
const PAIR_GAPS: u32 = 4;

const BACKGROUND: Rgb<u8> = Rgb([255, 255, 255]);

/// One case: two rows of pictures, each picture `[channel, height, width]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StripRow {
    /// What was recorded.
    pub recorded: Vec<Vec<u8>>,
    /// What was dreamed.
    pub dreamed: Vec<Vec<u8>>,
}

/// A PNG file with a pair of rows per case, the recording above the dream, each pixel drawn `scale` wide and high.
///
/// # Errors
/// When there is nothing to show or a picture does not have `3 * height * width` bytes.
pub fn film_strip(rows: &[StripRow], height: usize, width: usize, scale: u32) -> Result<Vec<u8>> {
    let columns = rows.iter().map(|row| row.recorded.len().max(row.dreamed.len())).max().unwrap_or(0);
    let sizes = rows.iter().flat_map(|row| row.recorded.iter().chain(&row.dreamed)).map(Vec::len);
    let expected = 3 * height * width;
    if let Some(found) = sizes.into_iter().find(|&len| len != expected) {
        return Err(Error::mismatch("film strip", "bytes of a picture", expected, found));
    }
    if columns == 0 || expected == 0 || scale == 0 {
        return Err(Error::Invalid("a film strip needs pictures and a scale of at least 1".to_owned()));
    }
    let (tile_width, tile_height) = (width as u32 * scale + GAP, height as u32 * scale + GAP);
    let pair_height = 2 * tile_height + GAP * (PAIR_GAPS - 1);
    let mut strip = RgbImage::from_pixel(
        GAP + columns as u32 * tile_width,
        GAP + rows.len() as u32 * pair_height - GAP * (PAIR_GAPS - 1),
        BACKGROUND,
    );
    for (row_idx, row) in rows.iter().enumerate() {
        for (line_idx, frames) in [&row.recorded, &row.dreamed].into_iter().enumerate() {
            let top = GAP + row_idx as u32 * pair_height + line_idx as u32 * tile_height;
            for (column, frame) in frames.iter().enumerate() {
                draw(&mut strip, frame, width, scale, [GAP + column as u32 * tile_width, top]);
            }
        }
    }
    let mut png = Cursor::new(Vec::new());
    let written = strip.write_to(&mut png, ImageFormat::Png);
    written.map_err(|error| Error::Invalid(format!("cannot make a PNG file: {error}")))?;
    Ok(png.into_inner())
}

fn draw(strip: &mut RgbImage, frame: &[u8], width: usize, scale: u32, [left, top]: [u32; 2]) {
    let plane = frame.len() / 3;
    for idx in 0..plane {
        let color = Rgb([frame[idx], frame[idx + plane], frame[idx + 2 * plane]]);
        let (x, y) = (left + (idx % width) as u32 * scale, top + (idx / width) as u32 * scale);
        for (dx, dy) in (0..scale).flat_map(|dy| (0..scale).map(move |dx| (dx, dy))) {
            strip.put_pixel(x + dx, y + dy, color);
        }
    }
}

/// One dream per case under its recorded actions beside the recording: the context's last frame, then those at
/// `steps` (ascending, 1 is the first dreamed frame).
///
/// # Errors
/// When the cases do not fit the world or are shorter than the last step.
pub fn dream_rows(
    world: &Arc<dyn WorldModel>,
    cases: &[Case],
    steps: &[usize],
    settings: &Settings,
) -> Result<Vec<StripRow>> {
    let layout = Layout::of(world.spec(), cases)?;
    if steps.iter().any(|&step| step == 0 || step > layout.horizon) || !steps.is_sorted() {
        return Err(Error::Invalid(format!(
            "steps must ascend from 1 to {}, found {steps:?}",
            layout.horizon
        )));
    }
    let start = |(idx, case)| {
        let case: &Case = case;
        Start { context: &case.context, actions: &case.actions, seed: settings.noise(idx, 0) }
    };
    let starts: Vec<Start<'_>> = cases.iter().enumerate().map(start).collect();
    let dreams = dream(world, &layout, &starts, steps, &settings.device)?;
    let row = |(case, dreamed): (&Case, Vec<Vec<u8>>)| {
        let frame = |&step: &usize| layout.recorded(case, step).to_vec();
        let last = frame(&0);
        let recorded = std::iter::once(last.clone()).chain(steps.iter().map(frame)).collect();
        StripRow { recorded, dreamed: std::iter::once(last).chain(dreamed).collect() }
    };
    Ok(cases.iter().zip(dreams).map(row).collect())
}

/// A film strip of [`dream_rows`].
///
/// # Errors
/// When the cases do not fit the world or are shorter than the last step.
pub fn dream_strip(
    world: &Arc<dyn WorldModel>,
    cases: &[Case],
    steps: &[usize],
    settings: &Settings,
    scale: u32,
) -> Result<Vec<u8>> {
    let layout = Layout::of(world.spec(), cases)?;
    film_strip(&dream_rows(world, cases, steps, settings)?, layout.height, layout.width, scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strip_shows_each_pixel_in_its_place() {
        let red: Vec<u8> = [[200; 4], [0; 4], [0; 4]].concat();
        let blue: Vec<u8> = [[0; 4], [0; 4], [200; 4]].concat();
        let row = StripRow { recorded: vec![red.clone(), red], dreamed: vec![blue.clone(), blue] };
        let png = film_strip(&[row.clone(), row], 2, 2, 3).unwrap();
        let strip = image::load_from_memory(&png).unwrap().to_rgb8();
        assert_eq!(strip.dimensions(), (2 + 2 * 8, 2 + 2 * 16 + 2 * 3));
        assert_eq!(strip.get_pixel(2, 2), &Rgb([200, 0, 0]));
        assert_eq!(strip.get_pixel(10, 10), &Rgb([0, 0, 200]));
        assert_eq!(strip.get_pixel(8, 2), &BACKGROUND);
    }

    #[test]
    fn pictures_of_another_size_are_named() {
        let row = StripRow { recorded: vec![vec![0; 11]], dreamed: Vec::new() };
        let error = film_strip(&[row], 2, 2, 1).unwrap_err();
        assert!(error.to_string().contains("expected 12, found 11"), "{error}");
    }
}
