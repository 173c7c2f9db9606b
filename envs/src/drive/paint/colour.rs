//! Colours as linear mixes of RGB from 0 to 255.

/// Red, green, blue, each 0 to 255.
pub(super) type Colour = [f32; 3];

/// What far things fade into: the sky at the horizon.
pub(super) const HAZE: Colour = [196.0, 212.0, 228.0];
/// Distance at which 63 % of a thing has faded.
const HAZE_M: f32 = 220.0;

/// `share` of `b` and the rest of `a`.
#[must_use]
pub(super) fn mix(a: Colour, b: Colour, share: f32) -> Colour {
    [0, 1, 2].map(|channel| a[channel] + share * (b[channel] - a[channel]))
}

/// The colour in more or less light.
#[must_use]
pub(super) fn lit(colour: Colour, light: f32) -> Colour {
    colour.map(|channel| (channel * light).min(255.0))
}

/// The colour as seen through the haze.
#[must_use]
pub(super) fn hazed(colour: Colour, depth_m: f32) -> Colour {
    mix(colour, HAZE, haze_share(depth_m))
}

/// How much of a thing at this distance has faded.
#[must_use]
pub(super) fn haze_share(depth_m: f32) -> f32 {
    1.0 - (-depth_m / HAZE_M).exp()
}
