//! A brush that knows where it stands: paints flat faces and boxes in a thing's own space, ahead, to the left and up.

use super::{
    camera::{Camera, ViewPoint},
    colour::{Colour, hazed, lit},
    layer::Layer,
};

/// Light on surfaces that look to the rear, to the front, to a side, and up.
const LIGHT: [f32; 4] = [0.74, 0.66, 0.52, 1.12];

/// A box whose top may be smaller than its base.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    /// Rear and front, of the base and of the top.
    pub(super) base: [f64; 2],
    pub(super) top: [f64; 2],
    /// How far the middle lies to the left.
    pub(super) left_m: f64,
    /// Half widths of the base and of the top.
    pub(super) half_widths: [f64; 2],
    pub(super) heights: [f64; 2],
}

impl Block {
    /// A box with upright walls.
    #[must_use]
    pub(super) fn cuboid(rear_front: [f64; 2], half_width_m: f64, heights: [f64; 2]) -> Self {
        Self { base: rear_front, top: rear_front, left_m: 0.0, half_widths: [half_width_m; 2], heights }
    }

    /// The same to the left by so much.
    #[must_use]
    pub(super) fn aside(self, left_m: f64) -> Self {
        Self { left_m, ..self }
    }

    /// The same with other lengths and widths, in these proportions.
    #[must_use]
    pub(super) fn stretched(self, length: f64, width: f64) -> Self {
        Self {
            base: self.base.map(|ahead_m| length * ahead_m),
            top: self.top.map(|ahead_m| length * ahead_m),
            left_m: width * self.left_m,
            half_widths: self.half_widths.map(|half_m| width * half_m),
            heights: self.heights,
        }
    }
}

/// Paints on a layer, as a camera sees it.
pub(super) struct Brush<'a> {
    camera: &'a Camera,
    layer: &'a mut Layer,
    pixels: &'a mut Vec<[f64; 2]>,
    place: [f64; 2],
    /// Cosine and sine.
    heading: [f64; 2],
    depth_m: f32,
}

impl<'a> Brush<'a> {
    /// A brush at the origin. The points are kept only for their memory.
    pub(super) fn new(camera: &'a Camera, layer: &'a mut Layer, pixels: &'a mut Vec<[f64; 2]>) -> Self {
        Self { camera, layer, pixels, place: [0.0; 2], heading: [1.0, 0.0], depth_m: 0.0 }
    }

    /// Goes to a place and turns to a heading, given as cosine and sine.
    pub(super) fn stand(&mut self, place: [f64; 2], heading: [f64; 2]) {
        (self.place, self.heading) = (place, heading);
        self.depth_m = self.camera.view([place[0], place[1], 0.0])[2].max(0.0) as f32;
    }

    /// Cosine of the angle between the camera's heading and a direction.
    pub(super) fn seen_along(&self, [cos, sin]: [f64; 2]) -> f64 {
        self.camera.heading.1 * cos + self.camera.heading.0 * sin
    }

    /// Whether the eye is behind a place along the thing.
    pub(super) fn is_behind(&self, ahead_m: f64) -> bool {
        let [x_m, y_m, _] = self.camera.eye;
        let (dx, dy) = (x_m - self.place[0], y_m - self.place[1]);
        dx * self.heading[0] + dy * self.heading[1] < ahead_m
    }

    fn view(&self, [ahead_m, left_m, up_m]: [f64; 3]) -> ViewPoint {
        let [cos, sin] = self.heading;
        let x_m = self.place[0] + ahead_m * cos - left_m * sin;
        self.camera.view([x_m, self.place[1] + ahead_m * sin + left_m * cos, up_m])
    }

    /// Paints a flat convex face, given counter-clockwise, if it is seen from outside.
    pub(super) fn face(&mut self, corners: [[f64; 3]; 4], colour: Colour) {
        let view = corners.map(|corner| self.view(corner));
        if faces_away(&view) {
            return;
        }
        self.camera.project(&view, self.pixels);
        self.layer.fill(self.pixels, hazed(colour, self.depth_m));
    }

    /// Paints an upright shape that faces the camera, given by how far right and up its corners are.
    pub(super) fn flat<const CORNERS: usize>(&mut self, points: [[f64; 2]; CORNERS], colour: Colour) {
        let [right_m, up_m, depth_m] = self.view([0.0; 3]);
        let view = points.map(|[x_m, z_m]| [right_m + x_m, up_m + z_m, depth_m]);
        self.camera.project(&view, self.pixels);
        self.layer.fill(self.pixels, hazed(colour, self.depth_m));
    }

    /// Paints a box.
    pub(super) fn block(&mut self, block: &Block, walls: Colour, roof: Colour) {
        let [low, high] = block.heights;
        let [rear, front] = block.base;
        let [top_rear, top_front] = block.top;
        let [right, left] = [-1.0, 1.0].map(|side| block.left_m + side * block.half_widths[0]);
        let [top_right, top_left] = [-1.0, 1.0].map(|side| block.left_m + side * block.half_widths[1]);
        let base = [[rear, right], [front, right], [front, left], [rear, left]];
        let top =
            [[top_rear, top_right], [top_front, top_right], [top_front, top_left], [top_rear, top_left]];
        // The right, the front, the left, the rear.
        for (wall, light) in [LIGHT[2], LIGHT[1], LIGHT[2], LIGHT[0]].into_iter().enumerate() {
            let next = (wall + 1) % 4;
            let corner = |[ahead, left]: [f64; 2], up: f64| [ahead, left, up];
            self.face(
                [
                    corner(base[wall], low),
                    corner(base[next], low),
                    corner(top[next], high),
                    corner(top[wall], high),
                ],
                lit(walls, light),
            );
        }
        self.face(top.map(|[ahead, left]| [ahead, left, high]), lit(roof, LIGHT[3]));
    }

    /// Darkens the ground.
    pub(super) fn shadow(&mut self, half_length_m: f64, half_width_m: f64, light: f32) {
        let corners = [
            [-half_length_m, half_width_m, 0.0],
            [-half_length_m, -half_width_m, 0.0],
            [half_length_m, -half_width_m, 0.0],
            [half_length_m, half_width_m, 0.0],
        ];
        let view = corners.map(|corner| self.view(corner));
        self.camera.project(&view, self.pixels);
        self.layer.shade(self.pixels, light);
    }
}

/// Whether a face, given counter-clockwise as seen from outside, turns its back to the eye.
fn faces_away([a, b, c, _]: &[ViewPoint; 4]) -> bool {
    let (u, v) = ([b[0] - a[0], b[1] - a[1], b[2] - a[2]], [c[0] - a[0], c[1] - a[1], c[2] - a[2]]);
    let normal = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    // View space is left-handed (right, up, depth), so an outward normal points along the look when it is seen.
    normal[0] * a[0] + normal[1] * a[1] + normal[2] * a[2] <= 0.0
}

/// An upright rectangle for [`Brush::flat`].
#[must_use]
pub(super) fn upright(right_m: f64, half_width_m: f64, [from_m, to_m]: [f64; 2]) -> [[f64; 2]; 4] {
    let (left_m, right_m) = (right_m - half_width_m, right_m + half_width_m);
    [[left_m, from_m], [right_m, from_m], [right_m, to_m], [left_m, to_m]]
}

/// An octagon for [`Brush::flat`].
#[must_use]
pub(super) fn disc(right_m: f64, up_m: f64, radius_m: f64) -> [[f64; 2]; 8] {
    std::array::from_fn(|corner| {
        let (sin, cos) = (corner as f64 * std::f64::consts::FRAC_PI_4).sin_cos();
        [right_m + radius_m * cos, up_m + radius_m * sin]
    })
}
