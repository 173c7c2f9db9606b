//! Everything behind the bodies, row by row: sky, hills, and the ground.

use super::{
    camera::Camera,
    colour::{Colour, HAZE, haze_share, mix},
    ground::{Look, ground},
    ground_map::GroundMap,
    noise::smooth,
};

const ZENITH: Colour = [84.0, 142.0, 214.0];
const HILLS: Colour = [128.0, 152.0, 160.0];
/// Highest hill, as a share of the sky.
const HILLS_SHARE: f32 = 0.2;
/// Where roads lead in all directions, a pixel that covers more than this from near to far is looked at more than once:
/// a road across would come and go otherwise.
const COARSE_M: f64 = 3.0;
const LOOKS: usize = 4;

/// Paints all pixels, row by row.
pub(super) fn paint(camera: &Camera, map: &GroundMap, scenery: u32, pixels: &mut [Colour]) {
    for (row, pixels) in pixels.chunks_exact_mut(camera.side).enumerate() {
        let below_px = row as f64 + 0.5 - camera.horizon_px;
        if below_px < 0.5 {
            paint_sky_row(camera, row, scenery, pixels);
        } else {
            paint_ground_row(camera, map, below_px, scenery, pixels);
        }
    }
}

fn paint_ground_row(camera: &Camera, map: &GroundMap, below_px: f64, scenery: u32, pixels: &mut [Colour]) {
    let depth_per_px = camera.focal_px * camera.eye[2] / (below_px * below_px);
    let looks = match map.direction {
        Some(_) => 1,
        None => ((depth_per_px / COARSE_M) as usize + 1).min(LOOKS),
    };
    if looks == 1 {
        return paint_line(camera, map, [below_px, 1.0], scenery, pixels, |pixel, colour| *pixel = colour);
    }
    pixels.fill([0.0; 3]);
    let height_px = 1.0 / looks as f64;
    for look in 0..looks {
        let below_px = below_px - 0.5 + (look as f64 + 0.5) * height_px;
        paint_line(camera, map, [below_px, height_px], scenery, pixels, |pixel, colour| {
            (0..3).for_each(|channel| pixel[channel] += height_px as f32 * colour[channel]);
        });
    }
}

/// Looks along a line of the picture so far below the horizon and so high.
fn paint_line(
    camera: &Camera,
    map: &GroundMap,
    [below_px, height_px]: [f64; 2],
    scenery: u32,
    pixels: &mut [Colour],
    put: impl Fn(&mut Colour, Colour),
) {
    let (sin, cos) = camera.heading;
    let depth_m = camera.focal_px * camera.eye[2] / below_px;
    let right_per_px = depth_m / camera.focal_px;
    let depth_per_px = depth_m / below_px * height_px;
    let haze = haze_share(depth_m as f32);
    for (column, pixel) in pixels.iter_mut().enumerate() {
        let right_m = (column as f64 + 0.5 - camera.side as f64 / 2.0) * right_per_px;
        let look = Look {
            x_m: camera.eye[0] + depth_m * cos + right_m * sin,
            y_m: camera.eye[1] + depth_m * sin - right_m * cos,
            depth_m: depth_per_px,
            right_m: right_per_px,
            heading: [cos, sin],
        };
        put(pixel, mix(ground(&look, map, scenery), HAZE, haze));
    }
}

fn paint_sky_row(camera: &Camera, row: usize, scenery: u32, pixels: &mut [Colour]) {
    let above = ((camera.horizon_px - row as f64 - 0.5) / camera.horizon_px).max(0.0) as f32;
    let sky = mix(HAZE, ZENITH, above.sqrt());
    let (sin, cos) = camera.heading;
    pixels.fill(sky);
    if above * camera.horizon_px as f32 > HILLS_SHARE * camera.horizon_px as f32 + 0.5 {
        return;
    }
    for (column, pixel) in pixels.iter_mut().enumerate() {
        let right = (column as f64 + 0.5 - camera.side as f64 / 2.0) / camera.focal_px;
        // Noise on a circle of directions has no seam, whichever way one turns.
        let per_length = 1.0 / (1.0 + right * right).sqrt();
        let [x, y] = [(cos + right * sin) * per_length, (sin - right * cos) * per_length];
        let wide = smooth(x * 9.0, y * 9.0, scenery);
        let fine = smooth(x * 27.0, y * 27.0, scenery ^ 6);
        let ridge = 0.5 + 0.35 * wide + 0.15 * fine;
        // The ridge ends within a pixel: its edge is a share, not a step.
        let share = ((HILLS_SHARE * ridge - above) * camera.horizon_px as f32 + 0.5).clamp(0.0, 1.0);
        *pixel = mix(sky, HILLS, share);
    }
}
