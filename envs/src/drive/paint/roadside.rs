//! What stands beside the road: posts, trees and houses where the scenery's hash puts them, stop signs and lights.

use super::{
    brush::{Block, Brush, disc, upright},
    camera::Camera,
    colour::{Colour, lit},
    ground_map::GroundMap,
    noise::{hash, unit},
    picture::Sight,
    slot::{Room, Slot, TREE_PITCH_M},
    stop::{self, Shows, Stop, colour},
};

/// Nothing further than this is drawn.
const RANGE_M: f64 = 150.0;
/// Half of the view, widened for what reaches into it.
const VIEW_TAN: f64 = 0.47;
const WIDEST_M: f64 = 12.0;
/// The share of stretches beside a road that have a tree, and the room that a tree takes.
const TREE_SHARE: f64 = 0.55;
const TREE_ROOM_M: f64 = 1.0;
/// Plots in towns that have a house; of the others, those with trees.
const HOUSE_SHARE: f64 = 0.6;
const PLOT_TREE_SHARE: f64 = 0.45;
/// Lights and signs are read by those who come towards them within this angle, given by its cosine.
const READ_COS: f64 = 0.6;

const POST: Colour = [240.0, 240.0, 240.0];
const POST_BAND: Colour = [30.0, 30.0, 34.0];
const TRUNK: Colour = [84.0, 62.0, 44.0];
const CROWN: Colour = [52.0, 92.0, 44.0];
const WALLS: [Colour; 5] = [
    [206.0, 196.0, 176.0],
    [176.0, 120.0, 96.0],
    [190.0, 192.0, 196.0],
    [214.0, 186.0, 132.0],
    [150.0, 152.0, 146.0],
];
const ROOFS: [Colour; 3] = [[134.0, 66.0, 50.0], [88.0, 84.0, 86.0], [112.0, 82.0, 66.0]];
const WINDOWS: Colour = [58.0, 68.0, 82.0];
const MAST: Colour = [92.0, 94.0, 98.0];
const HEAD: Colour = [28.0, 28.0, 32.0];
const UNLIT: Colour = [60.0, 60.0, 62.0];
const SIGN: Colour = [206.0, 24.0, 30.0];
const SIGN_BACK: Colour = [150.0, 152.0, 154.0];

/// A thing beside the road.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    place: [f64; 2],
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Post,
    Tree {
        height_m: f64,
        light: f32,
    },
    House {
        half_m: [f64; 2],
        height_m: f64,
        bits: u32,
    },
    /// Index of a stop of the map.
    Stop(usize),
}

impl Item {
    /// How far from the eye its nearest part is.
    #[must_use]
    pub(super) fn away_m(&self, camera: &Camera) -> f64 {
        let half_m = match self.kind {
            Kind::House { half_m, .. } => half_m,
            _ => [0.0; 2],
        };
        let away = [0, 1].map(|axis| ((camera.eye[axis] - self.place[axis]).abs() - half_m[axis]).max(0.0));
        away[0].hypot(away[1])
    }
}

/// All things that the camera may see, in no order.
pub(super) fn items<'a>(
    camera: &Camera,
    map: &'a GroundMap,
    scenery: u32,
) -> impl Iterator<Item = Item> + use<'a> {
    let camera = *camera;
    let (sin, cos) = camera.heading;
    let [eye_x, eye_y, _] = camera.eye;
    // The triangle that is seen.
    let corners = [-VIEW_TAN, VIEW_TAN]
        .map(|aside| [eye_x + RANGE_M * (cos - aside * sin), eye_y + RANGE_M * (sin + aside * cos)]);
    let [lower, upper] = [f64::min, f64::max].map(|extreme: fn(f64, f64) -> f64| {
        [0, 1].map(|axis| extreme(extreme(corners[0][axis], corners[1][axis]), camera.eye[axis]))
    });
    let [lower, upper] = [lower.map(|value| value - WIDEST_M), upper.map(|value| value + WIDEST_M)];
    let beside = map.slots.within(lower, upper).filter_map(move |slot| item(slot, scenery));
    let stops = map.stops.iter().enumerate().flat_map(|(number, stop)| {
        let count = if stop.shows == Shows::Sign { 1 } else { 2 };
        stop.posts[..count].iter().map(move |place| Item { place: *place, kind: Kind::Stop(number) })
    });
    beside.chain(stops).filter(move |item| {
        let [right_m, _, depth_m] = camera.view([item.place[0], item.place[1], 0.0]);
        let nearest_m = if matches!(item.kind, Kind::House { .. }) { -WIDEST_M } else { 0.5 };
        (nearest_m..RANGE_M).contains(&depth_m) && right_m.abs() < depth_m.max(0.0) * VIEW_TAN + WIDEST_M
    })
}

/// What the scenery puts at a place.
fn item(slot: &Slot, scenery: u32) -> Option<Item> {
    let place = [slot.x_m, slot.y_m];
    let bits = hash((8.0 * slot.x_m).round() as i32, (8.0 * slot.y_m).round() as i32, scenery ^ 0x7ee5);
    let draw = |index: i32| f64::from(unit(hash(index, 0, bits)));
    let tree = || Kind::Tree { height_m: 4.5 + 4.0 * draw(3), light: 0.8 + 0.5 * draw(4) as f32 };
    match slot.room {
        Room::Post => Some(Item { place, kind: Kind::Post }),
        Room::Strip { along, away, from_m, to_m } => {
            let (along_m, away_m) = (draw(1) * TREE_PITCH_M, 6.0 + 22.0 * draw(2).powi(2));
            let fits = (from_m + TREE_ROOM_M..=to_m).contains(&away_m);
            (fits && draw(0) < TREE_SHARE).then(|| Item {
                place: [0, 1].map(|axis| place[axis] + along_m * along[axis] + away_m * away[axis]),
                kind: tree(),
            })
        }
        Room::House if draw(0) < HOUSE_SHARE => {
            let half_m = [1, 2].map(|index| 4.0 + 2.4 * draw(index));
            Some(Item {
                place,
                kind: Kind::House { half_m, height_m: 3.2 + 2.8 * (2.99 * draw(3)).floor(), bits },
            })
        }
        Room::House | Room::Tree => (draw(5) < PLOT_TREE_SHARE).then(|| Item { place, kind: tree() }),
    }
}

/// Draws a thing.
pub(super) fn draw(brush: &mut Brush, item: &Item, sight: &Sight) {
    brush.stand(item.place, [1.0, 0.0]);
    match item.kind {
        Kind::Post => {
            brush.flat(upright(0.0, 0.09, [0.0, 1.05]), POST);
            brush.flat(upright(0.0, 0.09, [0.7, 0.88]), POST_BAND);
        }
        Kind::Tree { height_m, light } => {
            let radius_m = 0.3 * height_m;
            brush.flat(upright(0.0, 0.18, [0.0, 0.5 * height_m]), TRUNK);
            brush.flat(disc(0.0, height_m - radius_m, radius_m), lit(CROWN, light));
            brush.flat(
                disc(-0.25 * radius_m, height_m - 0.75 * radius_m, 0.6 * radius_m),
                lit(CROWN, 1.2 * light),
            );
        }
        Kind::House { half_m, height_m, bits } => house(brush, half_m, height_m, bits),
        Kind::Stop(number) => draw_stop(brush, &sight.ground.stops[number], sight),
    }
}

/// Walls with a band of windows on each floor, and a roof.
fn house(brush: &mut Brush, [half_x, half_y]: [f64; 2], height_m: f64, bits: u32) {
    let walls = WALLS[bits as usize % WALLS.len()];
    let roof = ROOFS[(bits >> 8) as usize % ROOFS.len()];
    brush.block(&Block::cuboid([-half_x, half_x], half_y, [0.0, height_m]), walls, roof);
    let (wide_x, wide_y) = (half_x + 0.02, half_y + 0.02);
    let (x, y) = (0.8 * half_x, 0.8 * half_y);
    let mut low = 1.1;
    while low + 1.2 < height_m {
        let high = low + 1.2;
        for [a, b] in [
            [[-x, -wide_y], [x, -wide_y]],
            [[wide_x, -y], [wide_x, y]],
            [[x, wide_y], [-x, wide_y]],
            [[-wide_x, y], [-wide_x, -y]],
        ] {
            brush.face(
                [[a[0], a[1], low], [b[0], b[1], low], [b[0], b[1], high], [a[0], a[1], high]],
                WINDOWS,
            );
        }
        low += 2.8;
    }
    let eaves = Block {
        base: [-half_x - 0.4, half_x + 0.4],
        top: [-0.6 * half_x, 0.6 * half_x],
        left_m: 0.0,
        half_widths: [half_y + 0.4, 0.15],
        heights: [height_m, height_m + 2.4],
    };
    brush.block(&eaves, lit(roof, 1.4), roof);
}

fn draw_stop(brush: &mut Brush, stop: &Stop, sight: &Sight) {
    let (sin, cos) = stop.at.heading_rad.sin_cos();
    let is_read = brush.seen_along([cos, sin]) > READ_COS;
    brush.flat(upright(0.0, 0.07, [0.0, 2.2]), MAST);
    match stop.shows {
        Shows::Sign => {
            brush.flat(disc(0.0, 2.1, 0.5), if is_read { POST } else { SIGN_BACK });
            if is_read {
                brush.flat(disc(0.0, 2.1, 0.42), SIGN);
            }
        }
        Shows::Lights(groups, count) => {
            for (idx, group) in groups[..count].iter().enumerate() {
                let right_m = 0.75 * (idx as f64 - 0.5 * (count as f64 - 1.0));
                brush.flat(upright(right_m, 0.32, [2.0, 3.5]), HEAD);
                let Some(signal) = sight.network.signal().filter(|_| is_read) else { continue };
                let light = signal.light(*group, sight.secs);
                // Red is on top, green at the bottom.
                for (up_m, lamp) in stop::lamps(2.0) {
                    let lit_colour = if lamp == light { colour(light) } else { UNLIT };
                    brush.flat(disc(right_m, up_m, if lamp == light { 0.27 } else { 0.2 }), lit_colour);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use dreamlane_traffic::layout::LAYOUTS;

    use super::*;

    const EVERYWHERE: [[f64; 2]; 2] = [[-5000.0; 2], [5000.0; 2]];

    #[test]
    fn nothing_stands_on_a_lane_or_close_to_one() {
        for (name, _, layout) in LAYOUTS {
            let network = layout().build().unwrap();
            let map = GroundMap::of(&network);
            for scenery in [0, 7, 123_456] {
                let slots = map.slots.within(EVERYWHERE[0], EVERYWHERE[1]);
                for item in slots.filter_map(|slot| item(slot, scenery)) {
                    let reach_m = match item.kind {
                        Kind::Post => [1.2; 2],
                        Kind::House { half_m, .. } => half_m.map(|half_m| half_m + 1.0),
                        Kind::Tree { .. } | Kind::Stop(_) => [2.0; 2],
                    };
                    for (dx, dy) in
                        [(-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0), (0.0, 1.0), (1.0, 0.0)]
                    {
                        let place =
                            [item.place[0] + 0.7 * dx * reach_m[0], item.place[1] + 0.7 * dy * reach_m[1]];
                        assert_eq!(network.locate(place[0], place[1]), None, "{name}: {item:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn every_layout_has_something_beside_its_roads() {
        for (name, _, layout) in LAYOUTS {
            let map = GroundMap::of(&layout().build().unwrap());
            let slots = map.slots.within(EVERYWHERE[0], EVERYWHERE[1]);
            assert!(slots.filter_map(|slot| item(slot, 1)).count() > 10, "{name}");
        }
    }

    #[test]
    fn the_same_place_has_the_same_thing_from_wherever_it_is_seen() {
        let map = GroundMap::of(&LAYOUTS[0].2().build().unwrap());
        let seen = |x_m: f64| -> Vec<String> {
            let camera = Camera::of(x_m, 0.0, 0.0, 64);
            items(&camera, &map, 5)
                .filter(|item| item.place[0] > 150.0)
                .map(|item| format!("{item:?}"))
                .collect()
        };
        let (far, near) = (seen(100.0), seen(104.0));
        assert!(far.len() > 8 && far.iter().all(|item| near.contains(item) || !item.contains("Tree")));
    }
}
