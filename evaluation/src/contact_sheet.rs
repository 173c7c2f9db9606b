//! Pictures in rows and columns with plain labels: one row per action sequence, one column per step.

use std::io::Cursor;

use dreamlane_core::{Error, Result};
use image::{ImageFormat, Rgb, RgbImage};

/// Pixels between pictures, and around them.
const GAP: u32 = 2;
const BACKGROUND: Rgb<u8> = Rgb([255, 255, 255]);
const INK: Rgb<u8> = Rgb([0, 0, 0]);

/// A letter is 3 pixels wide and 5 high, drawn twice as large.
const LETTER: u32 = 2;
const ADVANCE: u32 = 4 * LETTER;
const LINE: u32 = 7 * LETTER;

/// The letters that numbers are made of: rows from the top, three bits each.
const LETTERS: [(char, [u8; 5]); 14] = [
    ('0', [7, 5, 5, 5, 7]),
    ('1', [2, 6, 2, 2, 7]),
    ('2', [7, 1, 7, 4, 7]),
    ('3', [7, 1, 7, 1, 7]),
    ('4', [5, 5, 7, 1, 1]),
    ('5', [7, 4, 7, 1, 7]),
    ('6', [7, 4, 7, 5, 7]),
    ('7', [7, 1, 1, 2, 2]),
    ('8', [7, 5, 7, 5, 7]),
    ('9', [7, 5, 7, 1, 7]),
    ('-', [0, 0, 7, 0, 0]),
    ('.', [0, 0, 0, 0, 2]),
    (',', [0, 0, 0, 2, 4]),
    ('/', [1, 1, 2, 4, 4]),
];

/// One row of a sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SheetRow {
    /// What stands above it; letters other than digits and `-.,/` are left blank.
    pub label: String,
    /// Pictures, each `[channel, height, width]`; none where there is none to show.
    pub frames: Vec<Option<Vec<u8>>>,
}

/// A PNG file with a label above every row and every column, each pixel of a picture drawn `scale` wide and high.
///
/// # Errors
/// When there is nothing to show or a picture does not have `3 * height * width` bytes.
pub fn contact_sheet(
    rows: &[SheetRow],
    columns: &[String],
    [height, width]: [usize; 2],
    scale: u32,
) -> Result<Vec<u8>> {
    let expected = 3 * height * width;
    let sizes = rows.iter().flat_map(|row| row.frames.iter().flatten()).map(Vec::len);
    if let Some(found) = sizes.into_iter().find(|&len| len != expected) {
        return Err(Error::mismatch("contact sheet", "bytes of a picture", expected, found));
    }
    if rows.is_empty() || columns.is_empty() || expected == 0 || scale == 0 {
        return Err(Error::Invalid(
            "a contact sheet needs rows, columns, pictures and a scale of at least 1".to_owned(),
        ));
    }
    let (tile_width, tile_height) = (width as u32 * scale + GAP, height as u32 * scale + GAP);
    let row_height = tile_height + LINE;
    let size = (GAP + columns.len() as u32 * tile_width, LINE + rows.len() as u32 * row_height);
    let mut sheet = RgbImage::from_pixel(size.0, size.1, BACKGROUND);
    for (idx, column) in columns.iter().enumerate() {
        write(&mut sheet, column, [GAP + idx as u32 * tile_width, LETTER]);
    }
    for (row_idx, row) in rows.iter().enumerate() {
        let top = LINE + row_idx as u32 * row_height;
        write(&mut sheet, &row.label, [GAP, top + LETTER]);
        for (idx, frame) in row.frames.iter().enumerate().take(columns.len()) {
            if let Some(frame) = frame {
                paint(&mut sheet, frame, width, scale, [GAP + idx as u32 * tile_width, top + LINE]);
            }
        }
    }
    let mut png = Cursor::new(Vec::new());
    let written = sheet.write_to(&mut png, ImageFormat::Png);
    written.map_err(|error| Error::Invalid(format!("cannot make a PNG file: {error}")))?;
    Ok(png.into_inner())
}

fn paint(sheet: &mut RgbImage, frame: &[u8], width: usize, scale: u32, [left, top]: [u32; 2]) {
    let plane = frame.len() / 3;
    for idx in 0..plane {
        let color = Rgb([frame[idx], frame[idx + plane], frame[idx + 2 * plane]]);
        let (x, y) = (left + (idx % width) as u32 * scale, top + (idx / width) as u32 * scale);
        square(sheet, [x, y], scale, color);
    }
}

fn write(sheet: &mut RgbImage, words: &str, [left, top]: [u32; 2]) {
    for (place, letter) in words.chars().enumerate() {
        let Some((_, rows)) = LETTERS.iter().find(|(known, _)| *known == letter) else { continue };
        for (y, row) in (0..).zip(rows) {
            for x in (0..3).filter(|x| row >> (2 - x) & 1 == 1) {
                let at = [left + place as u32 * ADVANCE + x * LETTER, top + y * LETTER];
                square(sheet, at, LETTER, INK);
            }
        }
    }
}

/// What lies outside of the sheet is not drawn.
fn square(sheet: &mut RgbImage, [left, top]: [u32; 2], side: u32, color: Rgb<u8>) {
    for (dx, dy) in (0..side).flat_map(|dy| (0..side).map(move |dx| (dx, dy))) {
        if let Some(pixel) = sheet.get_pixel_mut_checked(left + dx, top + dy) {
            *pixel = color;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_and_labels_stand_in_their_places() {
        let red: Vec<u8> = [[200; 4], [0; 4], [0; 4]].concat();
        let row = |label: &str| SheetRow { label: label.into(), frames: vec![Some(red.clone()), None] };
        let png = contact_sheet(&[row("1"), row("-")], &["0".into(), "5".into()], [2, 2], 8).unwrap();
        let drawn = image::load_from_memory(&png).unwrap().to_rgb8();
        assert_eq!(drawn.dimensions(), (2 + 2 * 18, 14 + 2 * 32));
        assert_eq!(drawn.get_pixel(2, 28), &Rgb([200, 0, 0]));
        assert_eq!(drawn.get_pixel(20, 28), &BACKGROUND);
        // The minus of the second row: its middle line alone.
        assert_eq!((drawn.get_pixel(2, 52), drawn.get_pixel(2, 48)), (&INK, &BACKGROUND));
    }

    #[test]
    fn pictures_of_another_size_are_named() {
        let row = SheetRow { label: String::new(), frames: vec![Some(vec![0; 11])] };
        let error = contact_sheet(&[row], &["0".into()], [2, 2], 1).unwrap_err();
        assert!(error.to_string().contains("expected 12, found 11"), "{error}");
    }
}
