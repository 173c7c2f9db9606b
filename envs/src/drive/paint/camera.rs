//! The forward camera: a pinhole at the ego's eye, level with the road.
//!
//! View space is (right, up, depth) in metres from the eye. Pixels count from the upper left corner.

use dreamlane_core::Lens;

/// Height of the eye above the road.
const EYE_HEIGHT_M: f64 = 1.4;
/// Eye ahead of the middle of the car.
const EYE_FORWARD_M: f64 = 0.5;
/// Tangent of half the horizontal field of view, 48 degrees.
const HALF_VIEW_TAN: f64 = 0.445_229;
/// Height of the horizon from the top, as a share of the picture: more road than sky.
const HORIZON: f64 = 0.4;
/// Nothing nearer than this is drawn.
const NEAR_M: f64 = 0.4;

/// A point in view space.
pub type ViewPoint = [f64; 3];

/// Where the camera is and how it projects: K has `focal_px` twice, `side / 2` and `horizon_px`.
#[derive(Clone, Copy, Debug)]
pub struct Camera {
    /// Rows and columns of the picture.
    pub side: usize,
    /// Focal length.
    pub focal_px: f64,
    /// Row of the horizon.
    pub horizon_px: f64,
    /// Position: x, y, above the road.
    pub eye: [f64; 3],
    /// Sine and cosine of the heading.
    pub heading: (f64, f64),
}

impl Camera {
    /// The lens for pictures of this side.
    #[must_use]
    pub fn lens(side: usize) -> Lens {
        let focal_px = side as f64 / 2.0 / HALF_VIEW_TAN;
        Lens {
            focal_px: [focal_px; 2],
            centre_px: [side as f64 / 2.0, side as f64 * HORIZON],
            place_m: [EYE_FORWARD_M, 0.0, EYE_HEIGHT_M],
        }
    }

    /// The camera of an ego with its middle here, for pictures of this side.
    #[must_use]
    pub fn of(x_m: f64, y_m: f64, heading_rad: f64, side: usize) -> Self {
        let (sin, cos) = heading_rad.sin_cos();
        let lens = Self::lens(side);
        Self {
            side,
            focal_px: lens.focal_px[0],
            horizon_px: lens.centre_px[1],
            eye: [x_m + EYE_FORWARD_M * cos, y_m + EYE_FORWARD_M * sin, EYE_HEIGHT_M],
            heading: (sin, cos),
        }
    }

    /// A point of the road's space in view space.
    #[must_use]
    pub fn view(&self, [x_m, y_m, z_m]: [f64; 3]) -> ViewPoint {
        let (sin, cos) = self.heading;
        let (dx, dy) = (x_m - self.eye[0], y_m - self.eye[1]);
        [dx * sin - dy * cos, z_m - self.eye[2], dx * cos + dy * sin]
    }

    /// A polygon of view space in pixels, cut off where it comes too near; `pixels` is overwritten.
    pub fn project(&self, polygon: &[ViewPoint], pixels: &mut Vec<[f64; 2]>) {
        pixels.clear();
        let mut from = match polygon.last() {
            Some(last) => *last,
            None => return,
        };
        for &to in polygon {
            if (from[2] < NEAR_M) != (to[2] < NEAR_M) {
                let share = (NEAR_M - from[2]) / (to[2] - from[2]);
                let cut = [from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1]), NEAR_M];
                pixels.push(self.pixel(cut));
            }
            if to[2] >= NEAR_M {
                pixels.push(self.pixel(to));
            }
            from = to;
        }
    }

    fn pixel(&self, [right_m, up_m, depth_m]: ViewPoint) -> [f64; 2] {
        let scale = self.focal_px / depth_m;
        [self.side as f64 / 2.0 + scale * right_m, self.horizon_px - scale * up_m]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_on_the_road_lands_where_similar_triangles_say() {
        let camera = Camera::of(10.0, 6.0, 0.0, 64);
        let view = camera.view([30.5, 4.0, 0.0]);
        assert_eq!(view, [2.0, -1.4, 20.0]);
        let mut pixels = Vec::new();
        camera.project(&[view], &mut pixels);
        let expected = [32.0 + camera.focal_px * 0.1, camera.horizon_px + camera.focal_px * 0.07];
        assert!((pixels[0][0] - expected[0]).abs() < 1e-9 && (pixels[0][1] - expected[1]).abs() < 1e-9);
    }

    #[test]
    fn what_is_behind_the_eye_is_cut_off() {
        let camera = Camera::of(0.0, 0.0, 0.0, 64);
        let mut pixels = Vec::new();
        camera.project(&[[0.0, 0.0, -1.0], [1.0, 0.0, -1.0], [0.0, 1.0, -2.0]], &mut pixels);
        assert!(pixels.is_empty());
        camera.project(&[[-1.0, 0.0, 1.0], [1.0, 0.0, 1.0], [0.0, 0.0, -1.0]], &mut pixels);
        assert_eq!(pixels.len(), 4);
    }
}
