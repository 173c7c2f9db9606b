//! RGB bytes to luma and chroma and back, in whole numbers, so that the bytes are the same on every machine.
//!
//! Ours is BT.601 of limited range: what readers assume where a file says nothing, and what the file says too.

use crate::Checked;

/// Fractional bits of the coefficients.
const BITS: i32 = 14;
const HALF: i32 = 1 << (BITS - 1);

/// How red and blue weigh in luma; green has the rest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Weights {
    red: f64,
    blue: f64,
}

/// BT.601, ours.
pub(super) const BT601: Weights = Weights { red: 0.299, blue: 0.114 };
/// BT.709, of high definition.
pub(super) const BT709: Weights = Weights { red: 0.2126, blue: 0.0722 };
/// BT.2020, of wide colours, with luma from the bent values.
pub(super) const BT2020: Weights = Weights { red: 0.2627, blue: 0.0593 };

/// The values that luma and chroma take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Range {
    /// Luma 16 to 235, chroma 16 to 240.
    Limited,
    /// 0 to 255.
    Full,
}

/// What the three planes of a picture mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Meaning {
    /// Luma, blue difference, red difference.
    LumaChroma(Weights, Range),
    /// Green, blue, red, in this range.
    Colours(Range),
}

fn fixed(value: f64) -> i32 {
    (value * f64::from(1 << BITS)).round() as i32
}

fn byte(value: i32) -> u8 {
    value.clamp(0, 255) as u8
}

/// Planes of limited BT.601, each `[height, width]`, of `[channel, height, width]` RGB.
pub(super) fn from_rgb(rgb: &[u8]) -> [Vec<u8>; 3] {
    let pixels = rgb.len() / 3;
    let Weights { red: kr, blue: kb } = BT601;
    let kg = 1.0 - kr - kb;
    let (luma, chroma) = (219.0 / 255.0, 224.0 / 255.0);
    let (by_blue, by_red) = (chroma / (2.0 * (1.0 - kb)), chroma / (2.0 * (1.0 - kr)));
    // Rows: Y, Cb, Cr; columns: red, green, blue.
    let matrix = [
        [kr * luma, kg * luma, kb * luma],
        [-kr * by_blue, -kg * by_blue, (1.0 - kb) * by_blue],
        [(1.0 - kr) * by_red, -kg * by_red, -kb * by_red],
    ]
    .map(|row| row.map(fixed));
    let (red, rest) = rgb.split_at(pixels);
    let (green, blue) = rest.split_at(pixels);
    let plane = |[by_red, by_green, by_blue]: [i32; 3], zero: i32| {
        let sum = |((&r, &g), &b): ((&u8, &u8), &u8)| {
            by_red * i32::from(r) + by_green * i32::from(g) + by_blue * i32::from(b)
        };
        red.iter().zip(green).zip(blue).map(|rgb| byte(((sum(rgb) + HALF) >> BITS) + zero)).collect()
    };
    [plane(matrix[0], 16), plane(matrix[1], 128), plane(matrix[2], 128)]
}

/// `[channel, height, width]` RGB of three planes `[height, width]`.
pub(super) fn to_rgb([first, second, third]: &[Vec<u8>; 3], meaning: Meaning) -> Checked<Vec<u8>> {
    if first.len() != second.len() || first.len() != third.len() {
        return Err(format!("planes of {}, {} and {} bytes", first.len(), second.len(), third.len()));
    }
    Ok(match meaning {
        Meaning::LumaChroma(weights, range) => mixed([first, second, third], weights, range),
        Meaning::Colours(range) => {
            let (zero, gain) = match range {
                Range::Limited => (16, fixed(255.0 / 219.0)),
                Range::Full => (0, fixed(1.0)),
            };
            let stretched = |&value: &u8| byte(((i32::from(value) - zero) * gain + HALF) >> BITS);
            [third, first, second].into_iter().flatten().map(stretched).collect()
        }
    })
}

fn mixed([luma, blue, red]: [&[u8]; 3], Weights { red: kr, blue: kb }: Weights, range: Range) -> Vec<u8> {
    let (zero, luma_gain, chroma_gain) = match range {
        Range::Limited => (16, 255.0 / 219.0, 255.0 / 224.0),
        Range::Full => (0, 1.0, 1.0),
    };
    let (red_gain, blue_gain) = (2.0 * (1.0 - kr) * chroma_gain, 2.0 * (1.0 - kb) * chroma_gain);
    let kg = 1.0 - kr - kb;
    let gain = fixed(luma_gain);
    let (by_red, by_blue) = (fixed(red_gain), fixed(blue_gain));
    let (green_by_red, green_by_blue) = (fixed(-kr / kg * red_gain), fixed(-kb / kg * blue_gain));
    let mut rgb = vec![0; 3 * luma.len()];
    let (reds, rest) = rgb.split_at_mut(luma.len());
    let (greens, blues) = rest.split_at_mut(luma.len());
    let inputs = luma.iter().zip(blue).zip(red);
    for (((&y, &cb), &cr), ((r, g), b)) in inputs.zip(reds.iter_mut().zip(greens).zip(blues)) {
        let base = (i32::from(y) - zero) * gain + HALF;
        let (cb, cr) = (i32::from(cb) - 128, i32::from(cr) - 128);
        *r = byte((base + by_red * cr) >> BITS);
        *g = byte((base + green_by_red * cr + green_by_blue * cb) >> BITS);
        *b = byte((base + by_blue * cb) >> BITS);
    }
    rgb
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_come_back_within_two_levels() {
        for rgb in [[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255], [12, 200, 90]] {
            let back = to_rgb(&from_rgb(&rgb), Meaning::LumaChroma(BT601, Range::Limited)).unwrap();
            let worst = rgb.iter().zip(&back).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
            assert!(worst <= 2, "{rgb:?} came back as {back:?}");
        }
    }

    #[test]
    fn white_and_red_are_where_the_standard_puts_them() {
        assert_eq!(from_rgb(&[255, 255, 255]), [[235], [128], [128]]);
        assert_eq!(from_rgb(&[255, 0, 0]), [[81], [90], [240]]);
    }

    #[test]
    fn planes_of_colours_are_put_in_order() {
        let planes = [vec![1], vec![2], vec![3]];
        assert_eq!(to_rgb(&planes, Meaning::Colours(Range::Full)).unwrap(), [3, 1, 2]);
    }
}
