//! How a car looks: a lower box, a cabin that narrows upwards, wheels, lights, and a shadow on the road.

use super::{
    camera::{Camera, ViewPoint},
    colour::{Colour, hazed, lit},
    layer::Layer,
    traffic::Car,
};

/// Paints, told apart at a glance and from road, grass and sky.
const PAINTS: [Colour; 8] = [
    [198.0, 40.0, 38.0],
    [36.0, 78.0, 182.0],
    [232.0, 232.0, 236.0],
    [34.0, 36.0, 42.0],
    [226.0, 168.0, 32.0],
    [28.0, 120.0, 92.0],
    [150.0, 62.0, 140.0],
    [216.0, 102.0, 30.0],
];
const GLASS: Colour = [38.0, 48.0, 62.0];
const TYRE: Colour = [20.0, 20.0, 22.0];
const LAMP: Colour = [150.0, 16.0, 18.0];
const BRAKE_LAMP: Colour = [255.0, 46.0, 40.0];
/// Light on surfaces that look to the rear, to the front, to a side, and up.
const LIGHT: [f32; 4] = [0.74, 0.66, 0.52, 1.12];
/// Braking harder than this lights the lamps.
const BRAKE_MPS2: f64 = -0.6;

/// A box whose top may be smaller than its base: [rear, front] along the road, half widths, heights.
struct Block {
    base: [f64; 2],
    top: [f64; 2],
    half_widths: [f64; 2],
    heights: [f64; 2],
}

const LOWER: Block =
    Block { base: [-2.5, 2.5], top: [-2.45, 2.35], half_widths: [0.95, 0.93], heights: [0.28, 0.92] };
const SALOON: Block =
    Block { base: [-2.2, 1.0], top: [-1.5, 0.2], half_widths: [0.88, 0.7], heights: [0.92, 1.46] };
const VAN: Block =
    Block { base: [-2.45, 1.6], top: [-2.3, 0.9], half_widths: [0.92, 0.84], heights: [0.92, 1.95] };

/// A brush that knows where it stands: draws in the car's own space.
struct Brush<'a> {
    camera: &'a Camera,
    layer: &'a mut Layer,
    /// Middle of the car on the road.
    place: [f64; 2],
    depth_m: f32,
    pixels: Vec<[f64; 2]>,
}

/// Draws a car with the middle of its lane at `y_m`.
pub(super) fn draw(camera: &Camera, layer: &mut Layer, y_m: f64, car: &Car) {
    let depth_m = camera.view([car.x_m, y_m, 0.0])[2].max(0.0) as f32;
    let mut brush = Brush { camera, layer, place: [car.x_m, y_m], depth_m, pixels: Vec::with_capacity(8) };
    let paint = PAINTS[car.look as usize % PAINTS.len()];
    // One car in four is a van, whose upper part is painted all round but for the window.
    let van = (car.look >> 8).is_multiple_of(4);

    brush.shadow(1.18, 0.72);
    brush.shadow(1.0, 0.42);
    brush.wheels();
    brush.block(&LOWER, paint, paint);
    brush.lamps(if car.acceleration_mps2 < BRAKE_MPS2 { BRAKE_LAMP } else { LAMP });
    if van {
        brush.block(&VAN, paint, paint);
        brush.rear_pane();
    } else {
        brush.block(&SALOON, GLASS, paint);
    }
}

impl Brush<'_> {
    /// Paints a flat convex face in the car's space, if it is seen from outside.
    fn face(&mut self, corners: [[f64; 3]; 4], colour: Colour) {
        let view = corners.map(|[x, y, z]| self.camera.view([self.place[0] + x, self.place[1] + y, z]));
        if faces_away(&view) {
            return;
        }
        self.camera.project(&view, &mut self.pixels);
        self.layer.fill(&self.pixels, hazed(colour, self.depth_m));
    }

    fn block(&mut self, block: &Block, walls: Colour, roof: Colour) {
        let [low, high] = block.heights;
        let [wide, narrow] = block.half_widths;
        let ([rear, front], [top_rear, top_front]) = (block.base, block.top);
        self.face(
            [[rear, wide, low], [rear, -wide, low], [top_rear, -narrow, high], [top_rear, narrow, high]],
            lit(walls, LIGHT[0]),
        );
        self.face(
            [[front, -wide, low], [front, wide, low], [top_front, narrow, high], [top_front, -narrow, high]],
            lit(walls, LIGHT[1]),
        );
        self.face(
            [[front, wide, low], [rear, wide, low], [top_rear, narrow, high], [top_front, narrow, high]],
            lit(walls, LIGHT[2]),
        );
        self.face(
            [[rear, -wide, low], [front, -wide, low], [top_front, -narrow, high], [top_rear, -narrow, high]],
            lit(walls, LIGHT[2]),
        );
        self.face(
            [
                [top_rear, narrow, high],
                [top_rear, -narrow, high],
                [top_front, -narrow, high],
                [top_front, narrow, high],
            ],
            lit(roof, LIGHT[3]),
        );
    }

    fn wheels(&mut self) {
        for side in [-0.9, 0.9] {
            for middle in [-1.5, 1.5] {
                let (rear, front) = (middle - 0.36, middle + 0.36);
                let (a, b) = if side > 0.0 { (front, rear) } else { (rear, front) };
                self.face([[a, side, 0.0], [b, side, 0.0], [b, side, 0.6], [a, side, 0.6]], TYRE);
            }
            let (left, right) = (side + 0.14, side - 0.14);
            self.face([[-2.3, left, 0.0], [-2.3, right, 0.0], [-2.3, right, 0.4], [-2.3, left, 0.4]], TYRE);
        }
    }

    fn lamps(&mut self, colour: Colour) {
        for [left, right] in [[0.9, 0.52], [-0.52, -0.9]] {
            self.face(
                [[-2.51, left, 0.6], [-2.51, right, 0.6], [-2.51, right, 0.86], [-2.51, left, 0.86]],
                colour,
            );
        }
    }

    fn rear_pane(&mut self) {
        self.face(
            [[-2.42, 0.7, 1.15], [-2.42, -0.7, 1.15], [-2.35, -0.64, 1.75], [-2.35, 0.64, 1.75]],
            GLASS,
        );
    }

    fn shadow(&mut self, spread: f64, light: f32) {
        let (half_length, half_width) = (2.5 * (0.5 + spread / 2.0), 0.98 * spread);
        let corners = [
            [-half_length, half_width],
            [-half_length, -half_width],
            [half_length, -half_width],
            [half_length, half_width],
        ];
        let view = corners.map(|[x, y]| self.camera.view([self.place[0] + x, self.place[1] + y, 0.0]));
        self.camera.project(&view, &mut self.pixels);
        self.layer.shade(&self.pixels, light);
    }
}

/// Whether a face, given counter-clockwise as seen from outside, turns its back to the eye.
fn faces_away([a, b, c, _]: &[ViewPoint; 4]) -> bool {
    let (u, v) = ([b[0] - a[0], b[1] - a[1], b[2] - a[2]], [c[0] - a[0], c[1] - a[1], c[2] - a[2]]);
    let normal = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    // View space is left-handed (right, up, depth), so an outward normal points along the look when it is seen.
    normal[0] * a[0] + normal[1] * a[1] + normal[2] * a[2] <= 0.0
}
