//! Places for what stands beside the roads of a network, worked out once. What stands there, the scenery says.

use super::{
    cells::Cells,
    noise::floor,
    piece::{Edge, Piece, Surface},
};

/// Pitch of the posts, half of what German roads have, so that one is always near.
const POST_PITCH_M: f64 = 25.0;
/// How far beyond the edge of the road they stand.
const POST_ASIDE_M: f64 = 1.7;
/// One tree at most in each stretch, on each side.
pub(super) const TREE_PITCH_M: f64 = 11.0;
/// Trees stand no further from a road.
const TREE_REACH_M: f64 = 28.0;
/// Pitch of plots where roads have kerbs.
const PLOT_M: f64 = 17.0;
/// From the middle of a plot to where a house on it may reach, and a tree.
const HOUSE_M: f64 = 7.5;
const TREE_M: f64 = 2.5;
/// Plots further than this from any road are left empty, in steps of half a plot.
const PLOT_REACH: i32 = 4;
/// Length of country roads from which on they set the scene.
const COUNTRY_M: f64 = 100.0;
/// Width of the squares by which places are found.
const SQUARE_M: f64 = 48.0;

/// A place beside a road.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Slot {
    pub(super) x_m: f64,
    pub(super) y_m: f64,
    pub(super) room: Room,
}

/// What a place has room for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Room {
    /// A post at the edge of the road.
    Post,
    /// A tree on a strip that begins at the place: the direction along the road, the direction away from it, and how
    /// far away it is free, from and to.
    Strip { along: [f64; 2], away: [f64; 2], from_m: f64, to_m: f64 },
    /// A tree.
    Tree,
    /// A house or trees.
    House,
}

/// All places, sorted by squares.
#[derive(Clone, Debug, Default)]
pub(super) struct Slots {
    slots: Vec<([i32; 2], Slot)>,
}

impl Slots {
    /// The places beside the roads. Houses stand only where people go on foot.
    #[must_use]
    pub(super) fn new(pieces: &[Piece], cells: &Cells) -> Self {
        let shoulders_m: f64 = pieces
            .iter()
            .map(|piece| {
                let [from_m, to_m] = piece.span_m();
                piece.edges.iter().filter(|edge| **edge == Edge::Shoulder).count() as f64 * (to_m - from_m)
            })
            .sum();
        let has_kerbs = pieces.iter().any(|piece| piece.edges.contains(&Edge::Kerb));
        let slots = if shoulders_m >= COUNTRY_M && !has_kerbs {
            pieces.iter().flat_map(|piece| along(piece, cells)).collect()
        } else {
            let is_town = pieces.iter().any(|piece| piece.style.surface == Surface::Pavement);
            plots(cells, if is_town { Room::House } else { Room::Tree })
        };
        let mut slots: Vec<_> = slots.into_iter().map(|slot| (square(slot.x_m, slot.y_m), slot)).collect();
        slots.sort_by_key(|([x, y], _)| [*y, *x]);
        Self { slots }
    }

    /// The places in the squares that touch a box.
    pub(super) fn within(&self, lower: [f64; 2], upper: [f64; 2]) -> impl Iterator<Item = &Slot> {
        let ([x_from, y_from], [x_to, y_to]) = (square(lower[0], lower[1]), square(upper[0], upper[1]));
        (y_from..=y_to).flat_map(move |y| {
            let from = self.slots.partition_point(|([slot_x, slot_y], _)| [*slot_y, *slot_x] < [y, x_from]);
            self.slots[from..]
                .iter()
                .take_while(move |([slot_x, slot_y], _)| [*slot_y, *slot_x] <= [y, x_to])
                .map(|(_, slot)| slot)
        })
    }

    /// Memory that it takes.
    #[must_use]
    pub(super) fn bytes(&self) -> usize {
        self.slots.len() * size_of::<([i32; 2], Slot)>()
    }
}

fn square(x_m: f64, y_m: f64) -> [i32; 2] {
    [floor(x_m / SQUARE_M), floor(y_m / SQUARE_M)]
}

/// Posts and strips for trees beside the shoulders of a piece, at pitches that go on from piece to piece.
fn along(piece: &Piece, cells: &Cells) -> Vec<Slot> {
    let mut slots = Vec::new();
    let [from_m, to_m] = piece.span_m();
    let starts_m = piece.style.texture_m[0];
    let stations = |pitch_m: f64| {
        let first = ((from_m + starts_m) / pitch_m).ceil();
        let last = ((to_m + starts_m) / pitch_m).ceil();
        (first as i64..last as i64).map(move |station| station as f64 * pitch_m - starts_m)
    };
    for (side, edge_m) in [(-1.0, piece.style.right_m), (1.0, piece.style.left_m)] {
        if piece.edges[usize::from(side > 0.0)] != Edge::Shoulder {
            continue;
        }
        for s_m in stations(POST_PITCH_M) {
            let ([x_m, y_m], _) = piece.point(s_m, edge_m + side * POST_ASIDE_M);
            let is_alone = cells.pieces(cells.list(x_m, y_m)).len() <= 1;
            if is_alone {
                slots.push(Slot { x_m, y_m, room: Room::Post });
            }
        }
        for s_m in stations(TREE_PITCH_M) {
            let ([x_m, y_m], [cos, sin]) = piece.point(s_m, edge_m);
            let (along, away) = ([cos, sin], [-side * sin, side * cos]);
            // A tree may stand anywhere up to the next stretch.
            let is_free = |away_m: f64| {
                [0.0, 0.5, 1.0].iter().all(|share| {
                    let along_m = share * TREE_PITCH_M;
                    let place = [x_m, y_m];
                    let [x_m, y_m] =
                        [0, 1].map(|axis| place[axis] + along_m * along[axis] + away_m * away[axis]);
                    cells.list(x_m, y_m) == 0
                })
            };
            let steps = |from_m: f64| (0..).map(move |step| from_m + f64::from(step));
            let Some(from_m) = steps(1.0).take(8).find(|away_m| is_free(*away_m)) else { continue };
            let to_m = steps(from_m)
                .take_while(|away_m| *away_m <= TREE_REACH_M && is_free(*away_m))
                .last()
                .unwrap_or(from_m);
            slots.push(Slot { x_m, y_m, room: Room::Strip { along, away, from_m, to_m } });
        }
    }
    slots
}

/// Plots on a square pattern around the roads.
fn plots(cells: &Cells, room: Room) -> Vec<Slot> {
    let [lower, upper] = cells.bounds_m();
    let plots = |axis: usize| floor(lower[axis] / PLOT_M) - 2..floor(upper[axis] / PLOT_M) + 3;
    let mut slots = Vec::new();
    for row in plots(1) {
        for column in plots(0) {
            let [x_m, y_m] = [column, row].map(|plot| (f64::from(plot) + 0.5) * PLOT_M);
            let is_free = |around_m: f64| {
                let around = [-around_m, 0.0, around_m];
                around.iter().all(|dx| around.iter().all(|dy| cells.list(x_m + dx, y_m + dy) == 0))
            };
            let near = || {
                let mut steps = (-PLOT_REACH..=PLOT_REACH).map(|step| 0.5 * PLOT_M * f64::from(step));
                steps.any(|along_m| {
                    [[along_m, 0.0], [0.0, along_m], [along_m, along_m], [along_m, -along_m]]
                        .iter()
                        .any(|[dx, dy]| cells.list(x_m + dx, y_m + dy) != 0)
                })
            };
            if !is_free(TREE_M) || !near() {
                continue;
            }
            let room = if is_free(HOUSE_M) { room } else { Room::Tree };
            slots.push(Slot { x_m, y_m, room });
        }
    }
    slots
}
