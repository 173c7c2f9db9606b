//! The colour of one place on the ground: grass, roads, and all that is painted on them.
//!
//! A pixel is one look, with lines averaged over the pixel's footprint, so that far lines fade instead of flickering.

use super::{
    colour::{Colour, lit, mix},
    ground_map::GroundMap,
    noise::floor,
    piece::{Edge, Piece, Surface},
    texture::{ASPHALT, asphalt, grass, pavement, plain_asphalt},
};

const CYCLE: Colour = [150.0, 92.0, 84.0];
const KERB: Colour = [190.0, 189.0, 184.0];
const PAINT: Colour = [238.0, 238.0, 230.0];

/// Paved strip outside the edge lines.
const SHOULDER_M: f64 = 1.2;
const LINE_WIDTH_M: f64 = 0.24;
const KERB_WIDTH_M: f64 = 0.3;
/// A dash and the pitch of dashes. The pitch is over twice what 30 m/s covers in a step, so the dashes do not
/// seem to run backwards.
const DASHES: Pattern = Pattern { painted_m: 4.0, pitch_m: 12.0, per_m: 1.0 / 12.0 };
/// A bar of a zebra crossing and the pitch of bars.
const BARS: Pattern = Pattern { painted_m: 0.5, pitch_m: 1.0, per_m: 1.0 };

/// Where a pixel looks, and how much of the ground it covers in each direction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) x_m: f64,
    pub(super) y_m: f64,
    /// Along the heading of the camera and across it.
    pub(super) depth_m: f64,
    pub(super) right_m: f64,
    /// Cosine and sine of the heading.
    pub(super) heading: [f64; 2],
}

/// Paint that comes again and again.
struct Pattern {
    painted_m: f64,
    pitch_m: f64,
    per_m: f64,
}

/// How much of a strip a pixel covers along it and across it, and how many of the latter make a metre.
#[derive(Clone, Copy, Debug)]
struct Footprint {
    along_m: f64,
    across_m: f64,
    per_m: f64,
}

impl Footprint {
    /// The share of it that lies between two places across the strip.
    #[inline]
    fn covers(&self, d_m: f64, from_m: f64, to_m: f64) -> f32 {
        let half_m = 0.5 * self.across_m;
        (((d_m + half_m).min(to_m) - (d_m - half_m).max(from_m)) * self.per_m).clamp(0.0, 1.0) as f32
    }
}

/// What is on the ground of a pixel, as shares of it.
#[derive(Clone, Copy, Debug, Default)]
struct Cover {
    pavement: f32,
    asphalt: f32,
    cycle: f32,
    kerb: f32,
    paint: f32,
    /// What the asphalt looks like.
    shade: f32,
}

/// The colour of the ground.
#[must_use]
pub(super) fn ground(look: &Look, map: &GroundMap, scenery: u32) -> Colour {
    let list = map.cells.list(look.x_m, look.y_m);
    if list == 0 {
        return grass(look, map, scenery);
    }
    let mut cover = Cover::default();
    for piece in map.cells.pieces(list) {
        add(&mut cover, &map.pieces[*piece as usize], look, scenery);
    }
    let is_asphalt = cover.asphalt >= 1.0;
    let mut colour = if is_asphalt {
        lit(ASPHALT, cover.shade)
    } else if cover.asphalt + cover.pavement + cover.cycle < 1.0 {
        grass(look, map, scenery)
    } else {
        ASPHALT
    };
    if cover.pavement > 0.0 && !is_asphalt {
        colour = mix(colour, pavement(look, scenery), cover.pavement.min(1.0));
    }
    if cover.asphalt > 0.0 && !is_asphalt {
        colour = mix(colour, lit(ASPHALT, cover.shade), cover.asphalt);
    }
    if cover.cycle > 0.0 {
        colour = mix(colour, CYCLE, cover.cycle.min(1.0));
    }
    if cover.kerb > 0.0 {
        colour = mix(colour, KERB, cover.kerb);
    }
    if cover.paint > 0.0 {
        colour = mix(colour, PAINT, 0.94 * cover.paint);
    }
    colour
}

/// Adds what is on a piece.
#[inline]
fn add(cover: &mut Cover, piece: &Piece, look: &Look, scenery: u32) {
    let Some([s_m, d_m]) = piece.project(look.x_m, look.y_m) else { return };
    let style = &piece.style;
    let cos = (look.heading[0] * piece.cos + look.heading[1] * piece.sin).abs();
    let sin = (look.heading[1] * piece.cos - look.heading[0] * piece.sin).abs();
    let across_m = look.depth_m * sin + look.right_m * cos;
    let print =
        Footprint { along_m: look.depth_m * cos + look.right_m * sin, across_m, per_m: 1.0 / across_m };
    let [right, left] = piece.edges.map(|edge| if edge == Edge::Shoulder { SHOULDER_M } else { 0.0 });
    let share = print.covers(d_m, style.right_m - right, style.left_m + left);
    match style.surface {
        Surface::Pavement => cover.pavement += share,
        Surface::Asphalt if share > 0.0 => {
            if cover.asphalt == 0.0 {
                let on_lane = [s_m + style.texture_m[0], d_m + style.texture_m[1]];
                cover.shade = if piece.is_plain() {
                    plain_asphalt(look, scenery)
                } else {
                    asphalt(style, on_lane, [print.along_m, print.across_m], scenery)
                };
            }
            cover.asphalt += share;
        }
        Surface::Asphalt => (),
        Surface::Cycle => cover.cycle += share,
        Surface::Zebra => {
            let bars = repeated(s_m + style.texture_m[0] + 0.5 * BARS.painted_m, print.along_m, &BARS);
            // Both directions of a crossing lie side by side, so their shares add up.
            cover.paint = (cover.paint + share * bars).min(1.0);
        }
        Surface::StopLine => {
            let [from_m, to_m] = style.texture_m;
            cover.paint = cover.paint.max(share * covered(s_m, print.along_m, from_m, to_m));
        }
    }
    if style.surface == Surface::Asphalt || style.surface == Surface::Cycle {
        add_lines(cover, piece, [s_m, d_m], &print);
    }
}

/// Adds the line of a piece that is nearest.
#[inline]
fn add_lines(cover: &mut Cover, piece: &Piece, [s_m, d_m]: [f64; 2], print: &Footprint) {
    let (line, middle_m) = piece.style.nearest_line(d_m);
    let edge = if line == 0 {
        piece.edges[0]
    } else if line == piece.style.lanes {
        piece.edges[1]
    } else {
        Edge::Dashed
    };
    let half_m = 0.5 * LINE_WIDTH_M;
    let across = || print.covers(d_m, middle_m - half_m, middle_m + half_m);
    match edge {
        Edge::Bare => (),
        Edge::Dashed => {
            let across = across();
            if across > 0.0 {
                let dashes = repeated(s_m + piece.style.texture_m[0], print.along_m, &DASHES);
                cover.paint = cover.paint.max(across * dashes);
            }
        }
        Edge::Solid | Edge::Shoulder => cover.paint = cover.paint.max(across()),
        Edge::Kerb => {
            let outer_m = if line == 0 { middle_m - KERB_WIDTH_M } else { middle_m + KERB_WIDTH_M };
            let share = print.covers(d_m, middle_m.min(outer_m), middle_m.max(outer_m));
            cover.kerb = cover.kerb.max(share);
        }
    }
}

/// The share of `[at - width / 2, at + width / 2]` that lies in `[from, to]`.
fn covered(at: f64, width: f64, from: f64, to: f64) -> f32 {
    (((at + width / 2.0).min(to) - (at - width / 2.0).max(from)) / width).clamp(0.0, 1.0) as f32
}

/// The share of a stretch that is painted, where so much of each pitch is.
#[inline]
fn repeated(at_m: f64, covered_m: f64, pattern: &Pattern) -> f32 {
    let painted_until = |at_m: f64| {
        let pitches = f64::from(floor(at_m * pattern.per_m));
        pitches * pattern.painted_m + (at_m - pitches * pattern.pitch_m).min(pattern.painted_m)
    };
    ((painted_until(at_m + covered_m / 2.0) - painted_until(at_m - covered_m / 2.0)) / covered_m) as f32
}
