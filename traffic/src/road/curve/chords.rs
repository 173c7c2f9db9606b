//! The chords between points of a curve, to find which of them is nearest: the start of an exact search.

/// Chords in a block that is skipped as a whole when it lies too far away.
const BLOCK: usize = 16;

/// Points along a curve, in order, with the chords between them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Chords {
    stations_m: Vec<f64>,
    points: Vec<[f64; 2]>,
    blocks: Vec<Block>,
    /// Chords per metre on the average.
    chords_per_m: f64,
}

/// A circle around the chords of a block.
#[derive(Clone, Debug, PartialEq)]
struct Block {
    centre: [f64; 2],
    radius_m: f64,
}

impl Chords {
    /// At least two points, and as many ascending stations.
    pub(super) fn new(stations_m: Vec<f64>, points: Vec<[f64; 2]>) -> Self {
        let blocks = (0..points.len() - 1).step_by(BLOCK).map(|first| {
            let last = (first + BLOCK).min(points.len() - 1);
            Block::around(&points[first..=last])
        });
        let chords_per_m = (points.len() - 1) as f64 / stations_m[stations_m.len() - 1];
        Self { blocks: blocks.collect(), stations_m, points, chords_per_m }
    }

    pub(super) fn stations_m(&self) -> &[f64] {
        &self.stations_m
    }

    pub(super) fn point(&self, index: usize) -> [f64; 2] {
        self.points[index]
    }

    fn count(&self) -> usize {
        self.points.len() - 1
    }

    /// The chord that holds a station, the first or the last beyond the ends.
    #[inline]
    pub(super) fn at(&self, s_m: f64) -> usize {
        // Most curves are sampled evenly: then the guess is right. A negative float becomes 0 as an unsigned number.
        let guess = ((s_m * self.chords_per_m) as usize).min(self.count() - 1);
        if self.stations_m[guess] <= s_m && s_m < self.stations_m[guess + 1] {
            return guess;
        }
        self.stations_m[1..self.count()].partition_point(|&station_m| station_m <= s_m)
    }

    /// The station of the nearest point of all chords.
    pub(super) fn nearest_m(&self, x_m: f64, y_m: f64) -> f64 {
        let (mut first, mut least_m2) = (0, f64::INFINITY);
        for (index, block) in self.blocks.iter().enumerate() {
            let centre_m2 = distance_m2(block.centre, x_m, y_m);
            if centre_m2 < least_m2 {
                (first, least_m2) = (index, centre_m2);
            }
        }
        let mut best = self.nearest_in(first, x_m, y_m, (f64::INFINITY, 0.0));
        for (index, block) in self.blocks.iter().enumerate() {
            let reach_m = best.0.sqrt() + block.radius_m;
            if index != first && distance_m2(block.centre, x_m, y_m) < reach_m * reach_m {
                best = self.nearest_in(index, x_m, y_m, best);
            }
        }
        best.1
    }

    /// The better of what was found so far and what is in a block: squared distance and station.
    fn nearest_in(&self, block: usize, x_m: f64, y_m: f64, best: (f64, f64)) -> (f64, f64) {
        let chords = block * BLOCK..((block + 1) * BLOCK).min(self.count());
        chords.fold(best, |best, chord| {
            let found = self.nearest_on(chord, x_m, y_m);
            if found.0 < best.0 { found } else { best }
        })
    }

    /// The same by walking from the chord at `hint_m` for as long as the next one is nearer.
    #[inline]
    pub(super) fn nearest_around_m(&self, x_m: f64, y_m: f64, hint_m: f64) -> f64 {
        let mut chord = self.at(hint_m);
        let (mut best_m2, mut best_s_m) = self.nearest_on(chord, x_m, y_m);
        while chord + 1 < self.count() {
            let (distance_m2, s_m) = self.nearest_on(chord + 1, x_m, y_m);
            if distance_m2 >= best_m2 {
                break;
            }
            (best_m2, best_s_m, chord) = (distance_m2, s_m, chord + 1);
        }
        while chord > 0 {
            let (distance_m2, s_m) = self.nearest_on(chord - 1, x_m, y_m);
            if distance_m2 >= best_m2 {
                break;
            }
            (best_m2, best_s_m, chord) = (distance_m2, s_m, chord - 1);
        }
        best_s_m
    }

    /// Squared distance to a chord and the station of its nearest point.
    #[inline]
    fn nearest_on(&self, chord: usize, x_m: f64, y_m: f64) -> (f64, f64) {
        let ([x0_m, y0_m], [x1_m, y1_m]) = (self.points[chord], self.points[chord + 1]);
        let (east_m, north_m) = (x1_m - x0_m, y1_m - y0_m);
        let along_m2 = (x_m - x0_m) * east_m + (y_m - y0_m) * north_m;
        let fraction = (along_m2 / (east_m * east_m + north_m * north_m)).clamp(0.0, 1.0);
        let foot = [x0_m + fraction * east_m, y0_m + fraction * north_m];
        let (from_m, to_m) = (self.stations_m[chord], self.stations_m[chord + 1]);
        (distance_m2(foot, x_m, y_m), from_m + fraction * (to_m - from_m))
    }
}

impl Block {
    fn around(points: &[[f64; 2]]) -> Self {
        let count = points.len() as f64;
        let sum = points.iter().fold([0.0, 0.0], |sum, point| [sum[0] + point[0], sum[1] + point[1]]);
        let centre = [sum[0] / count, sum[1] / count];
        let radius_m2 =
            points.iter().map(|point| distance_m2(centre, point[0], point[1])).fold(0.0, f64::max);
        Self { centre, radius_m: radius_m2.sqrt() }
    }
}

#[inline]
fn distance_m2(point: [f64; 2], x_m: f64, y_m: f64) -> f64 {
    let (east_m, north_m) = (x_m - point[0], y_m - point[1]);
    east_m * east_m + north_m * north_m
}
