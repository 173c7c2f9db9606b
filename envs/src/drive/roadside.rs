//! What stands beside the road: posts at a fixed pitch and trees where the scenery's hash puts them.

use super::{
    camera::Camera,
    colour::{Colour, hazed, lit},
    layer::Layer,
    noise::{hash, unit},
    road::Road,
};

/// Pitch of the posts, half of what German roads have, so that one is always near.
const POST_PITCH_M: f64 = 25.0;
/// One tree at most in each stretch, on each side.
const TREE_PITCH_M: f64 = 11.0;
/// Nothing further than this is drawn.
const RANGE_M: f64 = 150.0;
const POST: Colour = [240.0, 240.0, 240.0];
const POST_BAND: Colour = [30.0, 30.0, 34.0];
const TRUNK: Colour = [84.0, 62.0, 44.0];
const CROWN: Colour = [52.0, 92.0, 44.0];

/// A thing beside the road.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    x_m: f64,
    y_m: f64,
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Post,
    Tree { height_m: f64, light: f32 },
}

/// All things within range of the camera with their depth, in no order.
pub(super) fn items(camera: &Camera, road: Road, scenery: u32) -> impl Iterator<Item = (f64, Item)> {
    let sides = move |off_m: f64| [-off_m, road.width_m() + off_m];
    let posts = stretch(camera, POST_PITCH_M).flat_map(move |cell| {
        sides(1.7).map(|y_m| Item { x_m: f64::from(cell) * POST_PITCH_M, y_m, kind: Kind::Post })
    });
    let trees = stretch(camera, TREE_PITCH_M).flat_map(move |cell| {
        [0, 1].into_iter().filter_map(move |side| {
            let bits = hash(cell, side, scenery ^ 0x7ee5);
            let draw = |index: i32| f64::from(unit(hash(index, 0, bits)));
            (draw(0) < 0.55).then(|| Item {
                x_m: (f64::from(cell) + draw(1)) * TREE_PITCH_M,
                y_m: sides(6.0 + 22.0 * draw(2).powi(2))[side as usize],
                kind: Kind::Tree { height_m: 4.5 + 4.0 * draw(3), light: 0.8 + 0.5 * draw(4) as f32 },
            })
        })
    });
    let camera = *camera;
    posts.chain(trees).filter_map(move |item| {
        let depth_m = camera.view([item.x_m, item.y_m, 0.0])[2];
        (0.5..RANGE_M).contains(&depth_m).then_some((depth_m, item))
    })
}

/// Cells of the road around the eye.
fn stretch(camera: &Camera, pitch_m: f64) -> std::ops::Range<i32> {
    let at = |x_m: f64| (x_m / pitch_m) as i32;
    at(camera.eye[0] - RANGE_M)..at(camera.eye[0] + RANGE_M) + 1
}

/// Draws a thing as flat shapes that face the camera.
pub(super) fn draw(camera: &Camera, layer: &mut Layer, item: &Item) {
    let [right_m, down_m, depth_m] = camera.view([item.x_m, item.y_m, 0.0]);
    let mut pixels = Vec::with_capacity(8);
    let mut shape = |points: &[[f64; 2]], colour: Colour| {
        let view: Vec<_> = points.iter().map(|&[x, z]| [right_m + x, down_m + z, depth_m]).collect();
        camera.project(&view, &mut pixels);
        layer.fill(&pixels, hazed(colour, depth_m as f32));
    };
    match item.kind {
        Kind::Post => {
            shape(&upright(0.09, 0.0, 1.05), POST);
            shape(&upright(0.09, 0.7, 0.88), POST_BAND);
        }
        Kind::Tree { height_m, light } => {
            let radius_m = 0.3 * height_m;
            shape(&upright(0.18, 0.0, 0.5 * height_m), TRUNK);
            shape(&disc(0.0, height_m - radius_m, radius_m), lit(CROWN, light));
            shape(
                &disc(-0.25 * radius_m, height_m - 0.75 * radius_m, 0.6 * radius_m),
                lit(CROWN, 1.2 * light),
            );
        }
    }
}

fn upright(half_width_m: f64, from_m: f64, to_m: f64) -> [[f64; 2]; 4] {
    [[-half_width_m, from_m], [half_width_m, from_m], [half_width_m, to_m], [-half_width_m, to_m]]
}

fn disc(x_m: f64, z_m: f64, radius_m: f64) -> [[f64; 2]; 8] {
    std::array::from_fn(|corner| {
        let (sin, cos) = (corner as f64 * std::f64::consts::FRAC_PI_4).sin_cos();
        [x_m + radius_m * cos, z_m + radius_m * sin]
    })
}
