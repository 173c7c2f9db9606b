//! Everything behind the cars: sky, hills, grass, asphalt, lane lines.
//!
//! Each pixel is one look at the ground, with lines averaged over the pixel's footprint, so that far lines fade
//! instead of flickering. Textures are longer along the road than the 2.5 m driven per step, so that their motion
//! can be followed.

use super::{
    camera::Camera,
    colour::{Colour, HAZE, haze_share, lit, mix},
    noise::smooth,
    road::{LANE_WIDTH_M, Road},
};

const ZENITH: Colour = [84.0, 142.0, 214.0];
const HILLS: Colour = [128.0, 152.0, 160.0];
const GRASS: Colour = [92.0, 128.0, 62.0];
const DRY_GRASS: Colour = [136.0, 142.0, 82.0];
const ASPHALT: Colour = [108.0, 109.0, 114.0];
const PAINT: Colour = [238.0, 238.0, 230.0];

/// Highest hill, as a share of the sky.
const HILLS_SHARE: f32 = 0.2;
/// Paved strip outside the edge lines.
const SHOULDER_M: f64 = 1.2;
const LINE_WIDTH_M: f64 = 0.24;
/// A dash and the pitch of dashes. The pitch is over twice what 30 m/s covers in a step, so the dashes do not
/// seem to run backwards.
const DASH_M: f64 = 4.0;
const DASH_PITCH_M: f64 = 12.0;

/// Where a pixel looks, and how much of the road it covers in each direction.
struct Look {
    x_m: f64,
    y_m: f64,
    along_m: f64,
    across_m: f64,
}

/// Paints all pixels, row by row.
pub(super) fn paint(camera: &Camera, road: Road, scenery: u32, pixels: &mut [Colour]) {
    for (row, pixels) in pixels.chunks_exact_mut(camera.side).enumerate() {
        let below_px = row as f64 + 0.5 - camera.horizon_px;
        if below_px < 0.5 {
            paint_sky_row(camera, row, scenery, pixels);
        } else {
            paint_ground_row(camera, road, below_px, scenery, pixels);
        }
    }
}

fn paint_sky_row(camera: &Camera, row: usize, scenery: u32, pixels: &mut [Colour]) {
    let above = ((camera.horizon_px - row as f64 - 0.5) / camera.horizon_px).max(0.0) as f32;
    let sky = mix(HAZE, ZENITH, above.sqrt());
    let heading_rad = camera.heading.0.atan2(camera.heading.1);
    pixels.fill(sky);
    if above * camera.horizon_px as f32 > HILLS_SHARE * camera.horizon_px as f32 + 0.5 {
        return;
    }
    for (column, pixel) in pixels.iter_mut().enumerate() {
        let right = (column as f64 + 0.5 - camera.side as f64 / 2.0) / camera.focal_px;
        let azimuth_rad = heading_rad - right.atan();
        let wide = smooth(azimuth_rad * 9.0, 0.0, scenery);
        let fine = smooth(azimuth_rad * 27.0, 1.0, scenery);
        let ridge = 0.5 + 0.35 * wide + 0.15 * fine;
        // The ridge ends within a pixel: its edge is a share, not a step.
        let share = ((HILLS_SHARE * ridge - above) * camera.horizon_px as f32 + 0.5).clamp(0.0, 1.0);
        *pixel = mix(sky, HILLS, share);
    }
}

fn paint_ground_row(camera: &Camera, road: Road, below_px: f64, scenery: u32, pixels: &mut [Colour]) {
    let (sin, cos) = camera.heading;
    let depth_m = camera.focal_px * camera.eye[2] / below_px;
    let right_per_px = depth_m / camera.focal_px;
    let depth_per_px = depth_m / below_px;
    let haze = haze_share(depth_m as f32);
    for (column, pixel) in pixels.iter_mut().enumerate() {
        let right_m = (column as f64 + 0.5 - camera.side as f64 / 2.0) * right_per_px;
        let look = Look {
            x_m: camera.eye[0] + depth_m * cos + right_m * sin,
            y_m: camera.eye[1] + depth_m * sin - right_m * cos,
            along_m: depth_per_px * cos.abs() + right_per_px * sin.abs(),
            across_m: depth_per_px * sin.abs() + right_per_px * cos.abs(),
        };
        *pixel = mix(ground(&look, road, scenery), HAZE, haze);
    }
}

fn ground(look: &Look, road: Road, scenery: u32) -> Colour {
    let paved = covered(look.y_m, look.across_m, -SHOULDER_M, road.width_m() + SHOULDER_M);
    if paved <= 0.0 {
        return grass(look, scenery);
    }
    let surface = mix(asphalt(look, scenery), PAINT, 0.94 * lines(look, road));
    if paved < 1.0 { mix(grass(look, scenery), surface, paved) } else { surface }
}

fn grass(look: &Look, scenery: u32) -> Colour {
    let patches = smooth(look.x_m / 14.0, look.y_m / 6.0, scenery ^ 1) * seen(look.along_m, 14.0);
    let tufts = smooth(look.x_m / 4.5, look.y_m / 1.5, scenery ^ 2) * seen(look.along_m, 4.5);
    lit(mix(GRASS, DRY_GRASS, 0.5 + 0.5 * patches), 1.0 + 0.12 * tufts)
}

fn asphalt(look: &Look, scenery: u32) -> Colour {
    let patches = smooth(look.x_m / 18.0, look.y_m / 3.5, scenery ^ 3) * seen(look.along_m, 18.0);
    let grain = smooth(look.x_m / 5.0, look.y_m / 0.9, scenery ^ 4) * seen(look.along_m, 5.0);
    // Two darker wheel tracks in each lane.
    let in_lane = (look.y_m / LANE_WIDTH_M).fract() as f32;
    let tracks = (in_lane * std::f32::consts::TAU * 2.0).cos() * seen(look.across_m, 1.0);
    lit(ASPHALT, 1.0 + 0.09 * patches + 0.07 * grain + 0.03 * tracks)
}

/// How much of the pixel is lane line.
fn lines(look: &Look, road: Road) -> f32 {
    let line = (look.y_m / LANE_WIDTH_M).round().clamp(0.0, road.lanes as f64);
    let inner = line > 0.0 && line < road.lanes as f64;
    let middle_m = line * LANE_WIDTH_M;
    let across =
        covered(look.y_m, look.across_m, middle_m - LINE_WIDTH_M / 2.0, middle_m + LINE_WIDTH_M / 2.0);
    if inner { across * dashes(look.x_m, look.along_m) } else { across }
}

/// The share of `[at - width / 2, at + width / 2]` that lies in `[from, to]`.
fn covered(at: f64, width: f64, from: f64, to: f64) -> f32 {
    (((at + width / 2.0).min(to) - (at - width / 2.0).max(from)) / width).clamp(0.0, 1.0) as f32
}

/// The share of a stretch of the road that is dash.
fn dashes(x_m: f64, along_m: f64) -> f32 {
    let painted_until =
        |x_m: f64| (x_m / DASH_PITCH_M).floor() * DASH_M + x_m.rem_euclid(DASH_PITCH_M).min(DASH_M);
    ((painted_until(x_m + along_m / 2.0) - painted_until(x_m - along_m / 2.0)) / along_m) as f32
}

/// How much of a texture of this size is left when a pixel covers so much of it.
fn seen(covered_m: f64, size_m: f64) -> f32 {
    (1.0 - covered_m / size_m).clamp(0.0, 1.0) as f32
}
