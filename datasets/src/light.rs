//! Light and colour of a whole window: one table per channel, and one saturation.

use rand::{Rng, RngExt as _};

/// Changes at strength 1, as the largest factor `exp(±x)` of gain, gamma and white balance per channel.
const GAIN: f32 = 0.35;
const GAMMA: f32 = 0.3;
const WHITE_BALANCE: f32 = 0.1;
/// Changes at strength 1, as the largest `1 ± x` of contrast and saturation.
const CONTRAST: f32 = 0.3;
const SATURATION: f32 = 0.4;

/// A drawn light.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Light {
    tables: [[u8; 256]; 3],
    /// In 1/256.
    saturation: i32,
}

impl Light {
    /// Draws a light; strength 0 changes nothing.
    pub(crate) fn draw(strength: f32, rng: &mut impl Rng) -> Self {
        let mut signed = |largest: f32| strength * largest * (2.0 * rng.random::<f32>() - 1.0);
        let gain = signed(GAIN).exp();
        let gamma = signed(GAMMA).exp();
        let contrast = 1.0 + signed(CONTRAST);
        let saturation = 1.0 + signed(SATURATION);
        let tables = [(); 3].map(|()| table(gain * signed(WHITE_BALANCE).exp(), gamma, contrast));
        Self { tables, saturation: (256.0 * saturation).round() as i32 }
    }

    /// Changes one picture `[channel, height, width]` in place.
    pub(crate) fn apply(&self, picture: &mut [u8]) {
        let pixels = picture.len() / 3;
        let (red, rest) = picture.split_at_mut(pixels);
        let (green, blue) = rest.split_at_mut(pixels);
        // Apart from the tables, so that the compiler can vectorise it.
        for ((red, green), blue) in red.iter_mut().zip(green.iter_mut()).zip(blue.iter_mut()) {
            let [r, g, b] = [i32::from(*red), i32::from(*green), i32::from(*blue)];
            // Luma of ITU-R BT.601.
            let luma = (77 * r + 150 * g + 29 * b) >> 8;
            let saturated =
                |value: i32| (luma + ((self.saturation * (value - luma)) >> 8)).clamp(0, 255) as u8;
            (*red, *green, *blue) = (saturated(r), saturated(g), saturated(b));
        }
        for (plane, table) in [red, green, blue].into_iter().zip(&self.tables) {
            plane.iter_mut().for_each(|byte| *byte = table[usize::from(*byte)]);
        }
    }
}

fn table(gain: f32, gamma: f32, contrast: f32) -> [u8; 256] {
    std::array::from_fn(|byte| {
        let lit = gain * (byte as f32 / 255.0).powf(gamma);
        ((0.5 + contrast * (lit - 0.5)) * 255.0).round().clamp(0.0, 255.0) as u8
    })
}
