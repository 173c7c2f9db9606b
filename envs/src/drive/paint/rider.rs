//! How people look, on two wheels and on foot.

use super::{
    body::{Figure, TYRE},
    brush::{Block, Brush},
    colour::Colour,
};

const LEATHER: Colour = [46.0, 44.0, 50.0];
/// Spokes let the road through.
const SPOKES: Colour = [74.0, 74.0, 78.0];
const HEADLAMP: Colour = [250.0, 246.0, 226.0];
const METAL: Colour = [120.0, 122.0, 126.0];
const SKIN: Colour = [214.0, 168.0, 136.0];
const HAIR: Colour = [66.0, 48.0, 36.0];
const TROUSERS: [Colour; 3] = [[40.0, 48.0, 76.0], [58.0, 56.0, 54.0], [92.0, 78.0, 58.0]];
/// From one step of a foot to its next.
const STRIDE_M: f64 = 1.4;

/// A motorcycle with its rider in leather, helmet and tank in the paint.
pub(super) fn motorcycle(brush: &mut Brush, figure: &Figure) {
    let half_m = 0.5 * figure.length_m;
    brush.shadow(half_m, 0.45, 0.5);
    wheel(brush, [-half_m, -half_m + 0.64], [0.09, 0.64], TYRE);
    wheel(brush, [half_m - 0.64, half_m], [0.08, 0.64], TYRE);
    let tank = Block {
        base: [-0.8, 0.75],
        top: [-0.95, 0.55],
        left_m: 0.0,
        half_widths: [0.2, 0.17],
        heights: [0.38, 0.92],
    };
    brush.block(&tank, figure.paint(), figure.paint());
    let lamp = -0.97;
    brush.face([[lamp, 0.16, 0.7], [lamp, -0.16, 0.7], [lamp, -0.16, 0.9], [lamp, 0.16, 0.9]], figure.lamp);
    brush.face([[0.76, -0.1, 0.7], [0.76, 0.1, 0.7], [0.72, 0.1, 0.9], [0.72, -0.1, 0.9]], HEADLAMP);
    for side in [-1.0, 1.0] {
        brush.block(&Block::cuboid([-0.35, 0.25], 0.09, [0.35, 0.95]).aside(0.25 * side), LEATHER, LEATHER);
    }
    brush.block(&leaning([-0.5, -0.1], [-0.25, 0.15], [0.27, 0.3], [0.88, 1.38]), LEATHER, LEATHER);
    brush.block(&Block::cuboid([-0.15, 0.15], 0.15, [1.38, 1.7]), figure.paint(), figure.paint());
}

/// Someone upright on thin wheels, in a bright jacket.
pub(super) fn cyclist(brush: &mut Brush, figure: &Figure) {
    let half_m = 0.5 * figure.length_m;
    brush.shadow(half_m, 0.3, 0.55);
    wheel(brush, [-half_m, -half_m + 0.68], [0.03, 0.68], SPOKES);
    wheel(brush, [half_m - 0.68, half_m], [0.03, 0.68], SPOKES);
    brush.block(&Block::cuboid([-0.5, 0.5], 0.04, [0.5, 0.6]), METAL, METAL);
    let trousers = TROUSERS[(figure.look >> 4) as usize % TROUSERS.len()];
    // Pedals go around once in about two strides.
    let lift_m = 0.12 * (figure.gone_m / STRIDE_M * std::f64::consts::PI).sin();
    for side in [-1.0, 1.0] {
        let heights = [0.28 + side * lift_m, 0.95];
        brush.block(&Block::cuboid([-0.2, 0.1], 0.075, heights).aside(0.12 * side), trousers, trousers);
    }
    brush.block(&Block::cuboid([0.42, 0.5], 0.27, [0.98, 1.06]), METAL, METAL);
    brush.block(
        &leaning([-0.32, -0.02], [-0.12, 0.18], [0.2, 0.25], [0.9, 1.46]),
        figure.paint(),
        figure.paint(),
    );
    head(brush, 0.1, [1.46, 1.76], figure.paint());
}

/// Someone on foot, legs apart as far as the stride is.
pub(super) fn pedestrian(brush: &mut Brush, figure: &Figure) {
    let half_width_m = 0.5 * figure.width_m;
    brush.shadow(0.6 * figure.length_m, half_width_m, 0.6);
    let trousers = TROUSERS[(figure.look >> 4) as usize % TROUSERS.len()];
    let swing_m = 0.24 * (figure.gone_m / STRIDE_M * std::f64::consts::TAU).sin();
    for side in [-1.0, 1.0] {
        let leg = Block {
            base: [-0.09 + side * swing_m, 0.09 + side * swing_m],
            top: [-0.09, 0.09],
            left_m: 0.38 * half_width_m * side,
            half_widths: [0.09, 0.1],
            heights: [0.0, 0.86],
        };
        brush.block(&leg, trousers, trousers);
    }
    let half_length_m = 0.3 * figure.length_m;
    let coat = Block {
        base: [-half_length_m, half_length_m],
        top: [-half_length_m, half_length_m],
        left_m: 0.0,
        half_widths: [0.72 * half_width_m, 0.95 * half_width_m],
        heights: [0.8, 1.47],
    };
    brush.block(&coat, figure.paint(), figure.paint());
    head(brush, 0.02, [1.47, 1.76], HAIR);
}

/// A head: hair or a helmet, and the face in front.
fn head(brush: &mut Brush, ahead_m: f64, heights: [f64; 2], hair: Colour) {
    let block = Block::cuboid([ahead_m - 0.11, ahead_m + 0.11], 0.11, heights);
    brush.block(&block, hair, hair);
    let (front, low, high) = (ahead_m + 0.12, heights[0], heights[1] - 0.07);
    brush.face([[front, -0.1, low], [front, 0.1, low], [front, 0.1, high], [front, -0.1, high]], SKIN);
    // The neck and the cheeks from behind and from the sides.
    brush.block(&Block::cuboid([ahead_m - 0.115, ahead_m + 0.115], 0.115, [low, low + 0.12]), SKIN, SKIN);
}

fn wheel(brush: &mut Brush, rear_front: [f64; 2], [half_width_m, height_m]: [f64; 2], colour: Colour) {
    let [rear, front] = rear_front;
    let quarter = 0.22 * (front - rear);
    let lower = Block {
        base: [rear + quarter, front - quarter],
        top: rear_front,
        left_m: 0.0,
        half_widths: [half_width_m; 2],
        heights: [0.0, 0.4 * height_m],
    };
    let upper = Block {
        base: rear_front,
        top: [rear + quarter, front - quarter],
        heights: [0.4 * height_m, height_m],
        ..lower
    };
    brush.block(&lower, colour, colour);
    brush.block(&upper, colour, colour);
}

/// A box that leans forward.
fn leaning(base: [f64; 2], top: [f64; 2], half_widths: [f64; 2], heights: [f64; 2]) -> Block {
    Block { base, top, left_m: 0.0, half_widths, heights }
}
