//! The bird's eye view: the ground around the ego, its heading up, and everyone as a box in the colour of their kind.

use dreamlane_traffic::{
    participant::Kind,
    road::{Light, Network},
};

use super::{
    colour::{Colour, lit, mix},
    ground::{Look, ground},
    picture::Sight,
    stop::{self, Shows, Stop},
};

const EGO: Colour = [236.0, 40.0, 36.0];
const CAR: Colour = [44.0, 98.0, 216.0];
const TRUCK: Colour = [236.0, 132.0, 28.0];
const MOTORCYCLE: Colour = [168.0, 70.0, 190.0];
const CYCLIST: Colour = [30.0, 196.0, 170.0];
const PEDESTRIAN: Colour = [250.0, 226.0, 60.0];
/// The front of a body is this much darker, so that one sees where it heads.
const FRONT_LIGHT: f32 = 0.55;
/// The share of a body that is its front.
const FRONT: f64 = 0.24;
/// Nothing is drawn smaller than this.
const SMALLEST_PX: f64 = 1.6;
/// A light's bar across its lane, over the stop line.
const BAR_M: [f64; 2] = [-1.4, 0.0];
/// Samples per pixel, each way.
const FINE: usize = 3;

/// Where the view is and how it looks down.
struct Bird {
    side: usize,
    metres_per_px: f64,
    eye: [f64; 2],
    /// Cosine and sine.
    heading: [f64; 2],
}

/// A box on the ground: its middle, cosine and sine of its heading, half length and half width.
struct Tile {
    middle: [f64; 2],
    heading: [f64; 2],
    half_m: [f64; 2],
}

/// Draws the surroundings of the ego from above into RGB bytes `[channel, height, width]`.
pub fn above(sight: &Sight, side: usize, metres_per_px: f64, picture: &mut [u8]) {
    let (fleet, ego) = (sight.fleet, sight.ego);
    let (sin, cos) = fleet.heading_rad[ego].sin_cos();
    let bird = Bird { side, metres_per_px, eye: [fleet.x_m[ego], fleet.y_m[ego]], heading: [cos, sin] };
    bird.paint_ground(sight, picture);
    for stop in &sight.ground.stops {
        bird.paint_lights(stop, sight, picture);
    }
    for idx in (0..fleet.len()).filter(|idx| *idx != ego).chain([ego]) {
        let colour = if idx == ego { EGO } else { colour_of(fleet.kind[idx]) };
        let (sin, cos) = fleet.heading_rad[idx].sin_cos();
        let smallest_m = 0.5 * SMALLEST_PX * metres_per_px;
        let half_m = [fleet.length_m[idx], fleet.width_m[idx]].map(|size_m| (0.5 * size_m).max(smallest_m));
        let body = Tile { middle: [fleet.x_m[idx], fleet.y_m[idx]], heading: [cos, sin], half_m };
        let front_m = (1.0 - 2.0 * FRONT) * half_m[0];
        bird.stamp(
            &body,
            picture,
            |ahead_m| if ahead_m > front_m { lit(colour, FRONT_LIGHT) } else { colour },
        );
    }
}

fn colour_of(kind: Kind) -> Colour {
    match kind {
        Kind::Car => CAR,
        Kind::Truck => TRUCK,
        Kind::Motorcycle => MOTORCYCLE,
        Kind::Cyclist => CYCLIST,
        Kind::Pedestrian => PEDESTRIAN,
    }
}

impl Bird {
    /// The place on the ground so many pixels to the right and down.
    fn place(&self, [right_px, down_px]: [f64; 2]) -> [f64; 2] {
        let half_px = 0.5 * self.side as f64;
        let (ahead_m, right_m) =
            ((half_px - down_px) * self.metres_per_px, (right_px - half_px) * self.metres_per_px);
        let [cos, sin] = self.heading;
        [self.eye[0] + ahead_m * cos + right_m * sin, self.eye[1] + ahead_m * sin - right_m * cos]
    }

    fn paint_ground(&self, sight: &Sight, picture: &mut [u8]) {
        let area = self.side * self.side;
        for row in 0..self.side {
            for column in 0..self.side {
                let [x_m, y_m] = self.place([column as f64 + 0.5, row as f64 + 0.5]);
                let look = Look {
                    x_m,
                    y_m,
                    depth_m: self.metres_per_px,
                    right_m: self.metres_per_px,
                    heading: self.heading,
                };
                let colour = ground(&look, sight.ground, sight.scenery);
                for channel in 0..3 {
                    picture[channel * area + row * self.side + column] = (colour[channel] + 0.5) as u8;
                }
            }
        }
    }

    /// Bars in the colours of a lane's lights, those for the left on the left.
    fn paint_lights(&self, stop: &Stop, sight: &Sight, picture: &mut [u8]) {
        let Shows::Lights(groups, count) = stop.shows else { return };
        let (sin, cos) = stop.at.heading_rad.sin_cos();
        let part_m = stop.width_m / count as f64;
        for (idx, group) in groups[..count].iter().enumerate() {
            let left_m = 0.5 * stop.width_m - (idx as f64 + 0.5) * part_m;
            let ahead_m = 0.5 * (BAR_M[0] + BAR_M[1]);
            let bar = Tile {
                middle: [
                    stop.at.x_m + ahead_m * cos - left_m * sin,
                    stop.at.y_m + ahead_m * sin + left_m * cos,
                ],
                heading: [cos, sin],
                half_m: [0.5 * (BAR_M[1] - BAR_M[0]), 0.46 * part_m],
            };
            let colour = stop::colour(light(sight.network, *group, sight.secs));
            self.stamp(&bar, picture, |_| colour);
        }
    }

    /// Puts a box on the picture, in colours by how far ahead of its middle they are.
    fn stamp(&self, tile: &Tile, picture: &mut [u8], colour: impl Fn(f64) -> Colour) {
        let area = self.side * self.side;
        let [dx, dy] = [0, 1].map(|axis| tile.middle[axis] - self.eye[axis]);
        let [cos, sin] = self.heading;
        let half_px = 0.5 * self.side as f64;
        let middle_px = [
            half_px + (dx * sin - dy * cos) / self.metres_per_px,
            half_px - (dx * cos + dy * sin) / self.metres_per_px,
        ];
        let reach_px = tile.half_m[0].hypot(tile.half_m[1]) / self.metres_per_px;
        let [columns, rows] = middle_px.map(|at_px| {
            let end = |at_px: f64| (at_px.max(0.0) as usize).min(self.side);
            end(at_px - reach_px)..end(at_px + reach_px + 1.0)
        });
        for row in rows {
            for column in columns.clone() {
                let (share, sum) = self.sample(tile, [column, row], &colour);
                if share == 0.0 {
                    continue;
                }
                let at = row * self.side + column;
                let under = [0, 1, 2].map(|channel| f32::from(picture[channel * area + at]));
                let over = mix(under, sum.map(|channel| channel / share), share / (FINE * FINE) as f32);
                (0..3).for_each(|channel| picture[channel * area + at] = (over[channel] + 0.5) as u8);
            }
        }
    }

    /// How many samples of a pixel lie in a box, and the sum of their colours.
    fn sample(&self, tile: &Tile, pixel: [usize; 2], colour: impl Fn(f64) -> Colour) -> (f32, Colour) {
        let (mut count, mut sum) = (0.0, [0.0; 3]);
        for sample in 0..FINE * FINE {
            let fine = [sample % FINE, sample / FINE];
            let at_px = [0, 1].map(|axis| pixel[axis] as f64 + (fine[axis] as f64 + 0.5) / FINE as f64);
            let place = self.place(at_px);
            let [dx, dy] = [0, 1].map(|axis| place[axis] - tile.middle[axis]);
            let ahead_m = dx * tile.heading[0] + dy * tile.heading[1];
            let left_m = dy * tile.heading[0] - dx * tile.heading[1];
            if ahead_m.abs() <= tile.half_m[0] && left_m.abs() <= tile.half_m[1] {
                count += 1.0;
                sum = [0, 1, 2].map(|channel| sum[channel] + colour(ahead_m)[channel]);
            }
        }
        (count, sum)
    }
}

fn light(network: &Network, group: u8, secs: f64) -> Light {
    network.signal().map_or(Light::Red, |signal| signal.light(group, secs))
}

#[cfg(test)]
mod tests {
    use dreamlane_traffic::{
        flow::{Fleet, Participant},
        layout::LAYOUTS,
    };

    use super::super::GroundMap;
    use super::*;

    const SIDE: usize = 96;

    fn is_near(picture: &[u8], [column, row]: [usize; 2], colour: Colour) -> bool {
        let area = SIDE * SIDE;
        (0..3).all(|channel| {
            (f32::from(picture[channel * area + row * SIDE + column]) - colour[channel]).abs() < 6.0
        })
    }

    #[test]
    fn the_ego_is_in_the_middle_heading_up_and_the_others_around_it() {
        let network = LAYOUTS[0].2().build().unwrap();
        let map = GroundMap::of(&network);
        for heading_rad in [0.0, 1.3, -2.6] {
            let mut fleet = Fleet::default();
            let (sin, cos) = f64::sin_cos(heading_rad);
            for (kind, ahead_m, left_m) in [(Kind::Car, 0.0, 0.0), (Kind::Truck, 12.0, 6.0)] {
                let (x_m, y_m) = (100.0 + ahead_m * cos - left_m * sin, 4.0 + ahead_m * sin + left_m * cos);
                fleet.push(Participant { x_m, y_m, heading_rad, ..Participant::of(kind) });
            }
            let sight =
                Sight { network: &network, ground: &map, fleet: &fleet, ego: 0, scenery: 1, secs: 0.0 };
            let mut picture = vec![0; 3 * SIDE * SIDE];
            above(&sight, SIDE, 0.5, &mut picture);
            assert!(is_near(&picture, [48, 50], EGO), "{heading_rad}");
            assert!(is_near(&picture, [48, 44], lit(EGO, FRONT_LIGHT)), "{heading_rad}");
            assert!(is_near(&picture, [36, 26], TRUCK), "{heading_rad}");
        }
    }

    #[test]
    fn lights_change_with_the_time_and_with_nothing_else() {
        let (_, _, layout) = LAYOUTS.iter().find(|layout| layout.0 == "intersection_signal").unwrap();
        let network = layout().build().unwrap();
        let map = GroundMap::of(&network);
        let mut fleet = Fleet::default();
        fleet.push(Participant::of(Kind::Car));
        let cycle_secs = network.signal().unwrap().cycle_secs();
        let [first, later, again] = [1.0, 0.5 * cycle_secs + 1.0, cycle_secs + 1.0].map(|secs| {
            let sight = Sight { network: &network, ground: &map, fleet: &fleet, ego: 0, scenery: 1, secs };
            let mut picture = vec![0; 3 * SIDE * SIDE];
            above(&sight, SIDE, 0.6, &mut picture);
            picture
        });
        assert!(first != later && first == again);
    }
}
