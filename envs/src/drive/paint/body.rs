//! How participants look: boxes in the proportions of their kind, lamps, and a shadow on the road.

use dreamlane_traffic::{flow::Fleet, participant::Kind};

use super::{
    brush::{Block, Brush},
    colour::{Colour, lit},
    rider,
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
/// Paints of what trucks carry.
const TARPAULINS: [Colour; 4] =
    [[224.0, 222.0, 214.0], [96.0, 132.0, 160.0], [186.0, 176.0, 150.0], [120.0, 146.0, 104.0]];
const GLASS: Colour = [38.0, 48.0, 62.0];
pub(super) const TYRE: Colour = [20.0, 20.0, 22.0];
const FRAME: Colour = [58.0, 58.0, 62.0];
const LAMP: Colour = [150.0, 16.0, 18.0];
const HEADLAMP: Colour = [250.0, 246.0, 226.0];
const BRAKE_LAMP: Colour = [255.0, 46.0, 40.0];
/// Braking harder than this lights the lamps.
const BRAKE_MPS2: f64 = -0.6;

/// A car 5 m long and 2 m wide; others are stretched.
const LOWER: Block = Block {
    base: [-2.5, 2.5],
    top: [-2.45, 2.35],
    left_m: 0.0,
    half_widths: [0.95, 0.93],
    heights: [0.28, 0.92],
};
const SALOON: Block = Block {
    base: [-2.2, 1.0],
    top: [-1.5, 0.2],
    left_m: 0.0,
    half_widths: [0.88, 0.7],
    heights: [0.92, 1.46],
};
const VAN: Block = Block {
    base: [-2.45, 1.6],
    top: [-2.3, 0.9],
    left_m: 0.0,
    half_widths: [0.92, 0.84],
    heights: [0.92, 1.95],
};

/// What the shape of a participant depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Figure {
    pub(super) length_m: f64,
    pub(super) width_m: f64,
    pub(super) look: u32,
    pub(super) lamp: Colour,
    /// Along its way, for the legs of those who walk.
    pub(super) gone_m: f64,
}

impl Figure {
    /// The paint of a participant.
    #[must_use]
    pub(super) fn paint(&self) -> Colour {
        PAINTS[self.look as usize % PAINTS.len()]
    }
}

/// Draws a participant.
pub(super) fn draw(brush: &mut Brush, fleet: &Fleet, idx: usize) {
    let (sin, cos) = fleet.heading_rad[idx].sin_cos();
    let (x_m, y_m) = (fleet.x_m[idx], fleet.y_m[idx]);
    brush.stand([x_m, y_m], [cos, sin]);
    let brakes = fleet.acceleration_mps2[idx] < BRAKE_MPS2;
    let figure = Figure {
        length_m: fleet.length_m[idx],
        width_m: fleet.width_m[idx],
        look: fleet.look[idx],
        lamp: if brakes { BRAKE_LAMP } else { LAMP },
        gone_m: x_m * cos + y_m * sin,
    };
    match fleet.kind[idx] {
        Kind::Car => car(brush, &figure),
        Kind::Truck => truck(brush, &figure),
        Kind::Motorcycle => rider::motorcycle(brush, &figure),
        Kind::Cyclist => rider::cyclist(brush, &figure),
        Kind::Pedestrian => rider::pedestrian(brush, &figure),
    }
}

fn car(brush: &mut Brush, figure: &Figure) {
    let (length, width) = (figure.length_m / 5.0, figure.width_m / 2.0);
    let paint = figure.paint();
    // One car in four is a van, whose upper part is painted all round but for the window.
    let is_van = (figure.look >> 8).is_multiple_of(4);

    brush.shadow(2.725 * length, 1.156 * width, 0.72);
    brush.shadow(2.5 * length, 0.98 * width, 0.42);
    wheels(brush, &[-1.5 * length, 1.5 * length], [2.3 * length, 0.9 * width, 0.6]);
    brush.block(&LOWER.stretched(length, width), paint, paint);
    lamps(brush, -2.51 * length, [0.52 * width, 0.9 * width], [0.6, 0.86], figure.lamp);
    headlamps(brush, 2.51 * length, [0.5 * width, 0.88 * width], [0.58, 0.82]);
    if is_van {
        brush.block(&VAN.stretched(length, width), paint, paint);
        let [low, high] = [(-2.42 * length, 0.7 * width, 1.15), (-2.35 * length, 0.64 * width, 1.75)];
        brush.face(
            [
                [low.0, low.1, low.2],
                [low.0, -low.1, low.2],
                [high.0, -high.1, high.2],
                [high.0, high.1, high.2],
            ],
            GLASS,
        );
    } else {
        brush.block(&SALOON.stretched(length, width), GLASS, paint);
    }
}

/// A cab and a long box on a dark frame.
fn truck(brush: &mut Brush, figure: &Figure) {
    let (half_length, half_width) = (0.5 * figure.length_m, 0.48 * figure.width_m);
    let tarpaulin = TARPAULINS[(figure.look >> 3) as usize % TARPAULINS.len()];
    let cab_rear = half_length - 0.19 * figure.length_m;
    let box_front = cab_rear - 0.03 * figure.length_m;

    brush.shadow(half_length + 0.3, half_width + 0.3, 0.72);
    brush.shadow(half_length, half_width, 0.42);
    wheels(
        brush,
        &[-0.33 * figure.length_m, -0.23 * figure.length_m, 0.38 * figure.length_m],
        [half_length - 0.2, 0.96 * half_width, 0.95],
    );
    let frame = Block::cuboid([-half_length, half_length], 0.8 * half_width, [0.5, 1.0]);
    let cab = Block {
        base: [cab_rear, half_length],
        top: [cab_rear, half_length - 0.25],
        left_m: 0.0,
        half_widths: [0.97 * half_width, 0.93 * half_width],
        heights: [0.45, 2.95],
    };
    let load = Block::cuboid([-half_length, box_front], half_width, [0.95, 3.8]);
    brush.block(&frame, FRAME, FRAME);
    let pane = |brush: &mut Brush| {
        let [low, high] = [half_length - 0.12, half_length - 0.23];
        let wide = 0.86 * half_width;
        brush.face([[low, -wide, 1.7], [low, wide, 1.7], [high, wide, 2.7], [high, -wide, 2.7]], GLASS);
    };
    // The part that is further away first.
    if brush.is_behind(0.5 * (cab_rear + box_front)) {
        brush.block(&cab, figure.paint(), figure.paint());
        pane(brush);
        brush.block(&load, tarpaulin, tarpaulin);
    } else {
        brush.block(&load, tarpaulin, tarpaulin);
        brush.block(&cab, figure.paint(), figure.paint());
        pane(brush);
    }
    // The doors at the rear, with the gap between them.
    let rear = -half_length - 0.01;
    let door = lit(tarpaulin, 0.5);
    brush.face([[rear, 0.05, 1.0], [rear, -0.05, 1.0], [rear, -0.05, 3.7], [rear, 0.05, 3.7]], door);
    lamps(brush, rear, [0.55 * half_width, 0.95 * half_width], [0.62, 0.95], figure.lamp);
    headlamps(brush, half_length + 0.01, [0.6 * half_width, 0.92 * half_width], [0.62, 0.95]);
}

/// Wheels on both sides at these places along the body; then the tyres as seen from behind: how far back they are,
/// how far to the side, and how high wheels are.
fn wheels(brush: &mut Brush, middles: &[f64], [back_m, aside_m, height_m]: [f64; 3]) {
    let radius_m = 0.6 * height_m;
    for side in [-aside_m, aside_m] {
        for middle in middles {
            let (rear, front) = (middle - radius_m, middle + radius_m);
            let (a, b) = if side > 0.0 { (front, rear) } else { (rear, front) };
            brush.face([[a, side, 0.0], [b, side, 0.0], [b, side, height_m], [a, side, height_m]], TYRE);
        }
        let (left, right) = (side + 0.14, side - 0.14);
        let top = 0.4 / 0.6 * height_m;
        brush.face(
            [[-back_m, left, 0.0], [-back_m, right, 0.0], [-back_m, right, top], [-back_m, left, top]],
            TYRE,
        );
    }
}

/// Lamps on both sides of the rear.
fn lamps(brush: &mut Brush, rear_m: f64, [inner, outer]: [f64; 2], [low, high]: [f64; 2], colour: Colour) {
    for [left, right] in [[outer, inner], [-inner, -outer]] {
        brush.face(
            [[rear_m, left, low], [rear_m, right, low], [rear_m, right, high], [rear_m, left, high]],
            colour,
        );
    }
}

/// Lamps on both sides of the front.
fn headlamps(brush: &mut Brush, front_m: f64, [inner, outer]: [f64; 2], [low, high]: [f64; 2]) {
    for [right, left] in [[-outer, -inner], [inner, outer]] {
        let corners = [[right, low], [left, low], [left, high], [right, high]];
        brush.face(corners.map(|[across, up]| [front_m, across, up]), HEADLAMP);
    }
}
