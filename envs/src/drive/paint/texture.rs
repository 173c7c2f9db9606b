//! What surfaces look like: noise that is fixed to places, and stretched along roads.
//!
//! Textures are longer along the road than what is driven in a step, 2.5 m at motorway speed and 1.4 m in town, so that
//! their motion can be followed.

use super::{
    colour::{Colour, lit, mix},
    ground::Look,
    ground_map::GroundMap,
    noise::{floor, smooth},
    piece::Style,
};

const GRASS: Colour = [92.0, 128.0, 62.0];
const DRY_GRASS: Colour = [136.0, 142.0, 82.0];
pub(super) const ASPHALT: Colour = [108.0, 109.0, 114.0];
const PAVEMENT: Colour = [164.0, 162.0, 156.0];

/// The colour of grass.
#[must_use]
pub(super) fn grass(look: &Look, map: &GroundMap, scenery: u32) -> Colour {
    let (patches, tufts) = match map.direction {
        Some([cos, sin]) => {
            let along_m = look.x_m * cos + look.y_m * sin;
            let across_m = look.y_m * cos - look.x_m * sin;
            let turn = (look.heading[0] * cos + look.heading[1] * sin).abs();
            let aside = (look.heading[1] * cos - look.heading[0] * sin).abs();
            let covered_m = look.depth_m * turn + look.right_m * aside;
            (
                texture([along_m, across_m], [14.0, 6.0], covered_m, scenery ^ 1),
                texture([along_m, across_m], [4.5, 1.5], covered_m, scenery ^ 2),
            )
        }
        None => {
            let covered_m = look.depth_m.max(look.right_m);
            (
                texture([look.x_m, look.y_m], [12.0, 12.0], covered_m, scenery ^ 1),
                texture([look.x_m, look.y_m], [4.5, 4.5], covered_m, scenery ^ 2),
            )
        }
    };
    lit(mix(GRASS, DRY_GRASS, 0.5 + 0.5 * patches), 1.0 + 0.12 * tufts)
}

/// The light of the asphalt of a lane.
#[must_use]
pub(super) fn asphalt(style: &Style, at_m: [f64; 2], [along_m, across_m]: [f64; 2], scenery: u32) -> f32 {
    let patches = texture(at_m, [18.0, 3.5], along_m, scenery ^ 3);
    let grain = texture(at_m, [5.0, 0.9], along_m, scenery ^ 4);
    // Two darker wheel tracks in each lane.
    let in_lane = (at_m[1] - style.texture_m[1] - style.right_m) * style.lanes_per_m;
    let tracks = wave(2.0 * in_lane) * seen(across_m, 1.0);
    1.0 + 0.09 * patches + 0.07 * grain + 0.03 * tracks
}

/// Nearly the cosine of so many turns.
fn wave(turns: f64) -> f32 {
    let share = (turns - f64::from(floor(turns))) as f32;
    let rise = 4.0 * share * (1.0 - share);
    1.0 - 2.0 * rise * rise
}

/// The light of asphalt on which ways cross in all directions.
#[must_use]
pub(super) fn plain_asphalt(look: &Look, scenery: u32) -> f32 {
    let covered_m = look.depth_m.max(look.right_m);
    let at_m = [look.x_m, look.y_m];
    let patches = texture(at_m, [7.0, 7.0], covered_m, scenery ^ 3);
    let grain = texture(at_m, [2.6, 2.6], covered_m, scenery ^ 4);
    1.0 + 0.09 * patches + 0.06 * grain
}

/// The colour of a pavement.
#[must_use]
pub(super) fn pavement(look: &Look, scenery: u32) -> Colour {
    let covered_m = look.depth_m.max(look.right_m);
    lit(PAVEMENT, 1.0 + 0.07 * texture([look.x_m, look.y_m], [2.4, 2.4], covered_m, scenery ^ 5))
}

/// Noise of this size, as far as a pixel that covers so much lets it be seen.
#[inline]
fn texture(at_m: [f64; 2], size_m: [f64; 2], covered_m: f64, salt: u32) -> f32 {
    let per_m = size_m.map(|size_m| 1.0 / size_m);
    let seen = (1.0 - covered_m * per_m[0]) as f32;
    if seen <= 0.0 { 0.0 } else { seen * smooth(at_m[0] * per_m[0], at_m[1] * per_m[1], salt) }
}

/// How much of a texture of this size is left when a pixel covers so much of it.
fn seen(covered_m: f64, size_m: f64) -> f32 {
    (1.0 - covered_m / size_m).clamp(0.0, 1.0) as f32
}
