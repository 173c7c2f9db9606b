//! Which pieces are painted near a point: tiles of square cells over the network, each cell with a list of pieces.
//!
//! Most cells have the same list as their neighbour, so lists are kept once. Most tiles of a large network are empty or
//! all alike, so only the others have cells of their own.

use std::collections::HashMap;

use super::{
    noise::floor,
    piece::{Piece, Surface},
};

/// Width of a cell.
const CELL_M: f64 = 2.0;
/// Cells in a tile, each way.
const SPLIT: i32 = 8;
const CELLS: usize = (SPLIT * SPLIT) as usize;
/// Pieces this far from a cell are still on its list: what a pixel with its middle in the cell may cover.
const MARGIN_M: f64 = 1.6;
/// A piece hides what is below it in a cell only if it reaches this far beyond.
const HIDING_M: f64 = 0.8;
/// Marks a tile whose cells all have the list with the number in the lower bits.
const ALIKE: u32 = 1 << 31;

/// Tiles, cells and lists.
#[derive(Clone, Debug)]
pub(super) struct Cells {
    /// Lower corner, in tiles.
    lower: [i32; 2],
    columns: i32,
    rows: i32,
    /// Per tile a list for all of it, or where its cells begin.
    tiles: Vec<u32>,
    /// Numbers of lists.
    cells: Vec<u32>,
    /// Where the list of each number begins, and at the end where the last one ends. List 0 is empty.
    offsets: Vec<u32>,
    /// Numbers of pieces.
    lists: Vec<u32>,
}

impl Cells {
    /// Lays pieces out. They are named on each list in the order in which they come here.
    #[must_use]
    pub(super) fn new(pieces: &[Piece]) -> Self {
        let mut pairs = pairs(pieces);
        pairs.sort_unstable();
        pairs.dedup();
        let (lower, upper) = bounds(&pairs);
        let [columns, rows] = [0, 1].map(|axis| (upper[axis] - lower[axis] + 1).max(0));
        let tiles = vec![ALIKE; columns as usize * rows as usize];
        let mut cells =
            Self { lower, columns, rows, tiles, cells: Vec::new(), offsets: vec![0, 0], lists: Vec::new() };
        let mut known = HashMap::from([(Vec::new(), 0)]);
        for tile in pairs.chunk_by(|a, b| (a.tile_x, a.tile_y) == (b.tile_x, b.tile_y)) {
            cells.fill(pieces, tile, &mut known);
        }
        cells
    }

    /// The number of the list at a point; 0 where nothing is painted near it.
    #[must_use]
    #[inline]
    pub(super) fn list(&self, x_m: f64, y_m: f64) -> u32 {
        let (cell_x, cell_y) = (floor(x_m / CELL_M), floor(y_m / CELL_M));
        let column = cell_x.div_euclid(SPLIT).wrapping_sub(self.lower[0]);
        let row = cell_y.div_euclid(SPLIT).wrapping_sub(self.lower[1]);
        if column < 0 || row < 0 || column >= self.columns || row >= self.rows {
            return 0;
        }
        let tile = self.tiles[row as usize * self.columns as usize + column as usize];
        if tile & ALIKE != 0 {
            return tile & !ALIKE;
        }
        let cell = cell_y.rem_euclid(SPLIT) * SPLIT + cell_x.rem_euclid(SPLIT);
        self.cells[tile as usize + cell as usize]
    }

    /// The numbers of the pieces on a list.
    #[must_use]
    #[inline]
    pub(super) fn pieces(&self, list: u32) -> &[u32] {
        let list = list as usize;
        &self.lists[self.offsets[list] as usize..self.offsets[list + 1] as usize]
    }

    /// Lower and upper corner of all tiles.
    #[must_use]
    pub(super) fn bounds_m(&self) -> [[f64; 2]; 2] {
        let tile_m = CELL_M * f64::from(SPLIT);
        let upper = [self.lower[0] + self.columns, self.lower[1] + self.rows];
        [self.lower, upper].map(|corner| corner.map(|tile| tile_m * f64::from(tile)))
    }

    /// Memory that it takes.
    #[must_use]
    pub(super) fn bytes(&self) -> usize {
        4 * (self.tiles.len() + self.cells.len() + self.offsets.len() + self.lists.len())
    }

    fn fill(&mut self, pieces: &[Piece], tile: &[Pair], known: &mut HashMap<Vec<u32>, u32>) {
        let mut numbers = [0; CELLS];
        for cell in tile.chunk_by(|a, b| a.cell == b.cell) {
            let middle = cell[0].middle();
            let list = visible(pieces, cell.iter().map(|pair| pair.piece).collect(), middle);
            numbers[cell[0].cell as usize] = match known.get(&list) {
                Some(number) => *number,
                None => self.keep(list, known),
            };
        }
        let column = (tile[0].tile_x - self.lower[0]) as usize;
        let row = (tile[0].tile_y - self.lower[1]) as usize;
        self.tiles[row * self.columns as usize + column] =
            if numbers.iter().all(|number| *number == numbers[0]) {
                ALIKE | numbers[0]
            } else {
                self.cells.extend_from_slice(&numbers);
                (self.cells.len() - CELLS) as u32
            };
    }

    fn keep(&mut self, list: Vec<u32>, known: &mut HashMap<Vec<u32>, u32>) -> u32 {
        let number = self.offsets.len() as u32 - 1;
        self.lists.extend_from_slice(&list);
        self.offsets.push(self.lists.len() as u32);
        known.insert(list, number);
        number
    }
}

/// A cell that a piece is near; in the order of tiles, cells, pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Pair {
    tile_y: i32,
    tile_x: i32,
    cell: i32,
    piece: u32,
}

impl Pair {
    fn middle(&self) -> [f64; 2] {
        let cell = [self.tile_x * SPLIT + self.cell % SPLIT, self.tile_y * SPLIT + self.cell / SPLIT];
        cell.map(|index| (f64::from(index) + 0.5) * CELL_M)
    }
}

fn pairs(pieces: &[Piece]) -> Vec<Pair> {
    let mut pairs: Vec<Pair> = Vec::new();
    for (number, piece) in (0_u32..).zip(pieces) {
        piece.lattice(MARGIN_M, CELL_M, |x_m, y_m| {
            let (x, y) = (floor(x_m / CELL_M), floor(y_m / CELL_M));
            let cell = y.rem_euclid(SPLIT) * SPLIT + x.rem_euclid(SPLIT);
            let pair = Pair { tile_y: y.div_euclid(SPLIT), tile_x: x.div_euclid(SPLIT), cell, piece: number };
            if pairs.last() != Some(&pair) {
                pairs.push(pair);
            }
        });
    }
    pairs
}

fn bounds(pairs: &[Pair]) -> ([i32; 2], [i32; 2]) {
    if pairs.is_empty() {
        return ([0; 2], [-1; 2]);
    }
    pairs.iter().fold(([i32::MAX; 2], [i32::MIN; 2]), |(lower, upper), pair| {
        let tile = [pair.tile_x, pair.tile_y];
        ([0, 1].map(|axis| tile[axis].min(lower[axis])), [0, 1].map(|axis| tile[axis].max(upper[axis])))
    })
}

/// The pieces of a cell without plain asphalt that lies under other asphalt all over the cell.
fn visible(pieces: &[Piece], list: Vec<u32>, [x_m, y_m]: [f64; 2]) -> Vec<u32> {
    let half_m = 0.5 * CELL_M;
    let corners = [[-half_m, -half_m], [half_m, -half_m], [half_m, half_m], [-half_m, half_m]];
    let hides = |piece: &Piece| {
        piece.style.surface == Surface::Asphalt
            && corners.iter().all(|[dx, dy]| piece.holds(x_m + dx, y_m + dy, HIDING_M))
    };
    let Some(top) = list.iter().copied().find(|number| hides(&pieces[*number as usize])) else { return list };
    list.into_iter().filter(|number| *number == top || !pieces[*number as usize].is_plain()).collect()
}

#[cfg(test)]
mod tests {
    use dreamlane_traffic::road::{Curve, Pose};
    use proptest::prelude::*;

    use super::super::piece::{Edge, Style};
    use super::*;

    proptest! {
        #[test]
        fn every_piece_is_on_the_lists_of_all_that_it_covers(
            (x_m, y_m, heading_rad) in (-50.0..50.0, -50.0..50.0, -4.0..4.0_f64),
            (length_m, curvature_per_m) in (0.5..300.0, -0.08..0.08_f64),
            (along, across) in (0.0..1.0, 0.0..1.0),
        ) {
            // Less than a whole turn.
            let length_m = f64::min(length_m, 6.0 / curvature_per_m.abs());
            let curve = Curve::arc(Pose { x_m, y_m, heading_rad }, length_m, curvature_per_m);
            let style = Style::new(Surface::Asphalt, [-2.0, 6.0], 2);
            let pieces: Vec<_> = Piece::cut(&curve, [0.0, length_m], style, [Edge::Solid; 2]).collect();
            let cells = Cells::new(&pieces);
            let [x_m, y_m] = curve.point(along * length_m, -2.0 + 8.0 * across);
            let list = cells.pieces(cells.list(x_m, y_m));
            for (number, piece) in (0_u32..).zip(&pieces) {
                prop_assert!(!piece.holds(x_m, y_m, 0.0) || list.contains(&number), "{number} at {x_m}, {y_m}");
            }
        }
    }

    #[test]
    fn far_away_there_is_nothing() {
        let cells = Cells::new(&[]);
        assert_eq!(cells.list(3.0, -1e9), 0);
        assert!(cells.pieces(0).is_empty());
    }
}
