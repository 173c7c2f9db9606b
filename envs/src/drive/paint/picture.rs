//! The picture of a sight: ground first, then everything that stands on it from far to near.

use dreamlane_traffic::{flow::Fleet, road::Network};

use super::{
    backdrop, body, brush::Brush, camera::Camera, colour::Colour, ground_map::GroundMap, layer::Layer,
    roadside,
};

/// Bodies further away than this are less than a pixel wide.
const RANGE_M: f64 = 190.0;
/// Bodies whose middle is so far behind may still reach into view.
const BEHIND_M: f64 = 12.0;

/// What a picture is made of.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    /// The road.
    pub network: &'a Network,
    /// What is painted on it, from [`GroundMap::of`] the same network.
    pub ground: &'a GroundMap,
    /// Everyone on it.
    pub fleet: &'a Fleet,
    /// Index of the ego in the fleet.
    pub ego: usize,
    /// Names the textures and the roadside of an episode.
    pub scenery: u32,
    /// Time of the lights.
    pub secs: f64,
}

/// What one thread needs to draw; kept between pictures.
#[derive(Debug)]
pub struct Easel {
    side: usize,
    layer: Layer,
    pixels: Vec<Colour>,
    /// Corners of the shape being drawn.
    corners: Vec<[f64; 2]>,
    /// All that stands on the ground with how far away its nearest part is.
    things: Vec<(f64, Thing)>,
}

/// Something that stands on the ground: a body of the fleet or a thing beside the road.
#[derive(Clone, Copy, Debug)]
enum Thing {
    Body(usize),
    Roadside(roadside::Item),
}

impl Easel {
    /// An easel for pictures of this side.
    #[must_use]
    pub fn new(side: usize) -> Self {
        Self {
            side,
            layer: Layer::new(side),
            pixels: vec![[0.0; 3]; side * side],
            corners: Vec::with_capacity(16),
            things: Vec::new(),
        }
    }

    /// Draws what the ego sees into RGB bytes `[channel, height, width]`.
    pub fn draw(&mut self, sight: &Sight, picture: &mut [u8]) {
        let (fleet, ego) = (sight.fleet, sight.ego);
        let camera = Camera::of(fleet.x_m[ego], fleet.y_m[ego], fleet.heading_rad[ego], self.side);
        backdrop::paint(&camera, sight.ground, sight.scenery, &mut self.pixels);
        let mut brush = Brush::new(&camera, &mut self.layer, &mut self.corners);
        gather(&camera, sight, &mut self.things);
        for (_, thing) in &self.things {
            match thing {
                Thing::Body(idx) => body::draw(&mut brush, fleet, *idx),
                Thing::Roadside(item) => roadside::draw(&mut brush, item, sight),
            }
        }
        self.layer.settle(&mut self.pixels);
        let area = self.side * self.side;
        for (channel, plane) in picture.chunks_exact_mut(area).enumerate() {
            for (byte, pixel) in plane.iter_mut().zip(&self.pixels) {
                *byte = (pixel[channel] + 0.5) as u8;
            }
        }
    }
}

/// Collects all that stands on the ground and may be seen, the furthest first.
fn gather(camera: &Camera, sight: &Sight, things: &mut Vec<(f64, Thing)>) {
    let fleet = sight.fleet;
    let bodies = (0..fleet.len()).filter(|idx| *idx != sight.ego).filter_map(|idx| {
        let depth_m = camera.view([fleet.x_m[idx], fleet.y_m[idx], 0.0])[2];
        (-BEHIND_M..RANGE_M).contains(&depth_m).then(|| (away_m(camera, fleet, idx), Thing::Body(idx)))
    });
    let roadside = roadside::items(camera, sight.ground, sight.scenery)
        .map(|item| (item.away_m(camera), Thing::Roadside(item)));
    things.clear();
    things.extend(bodies.chain(roadside));
    // Equals are alike, so an order that does not keep theirs, and needs no memory, does.
    things.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
}

/// How far from the eye the nearest part of a body is: a long truck is in front of the car beside its rear end.
fn away_m(camera: &Camera, fleet: &Fleet, idx: usize) -> f64 {
    let (sin, cos) = fleet.heading_rad[idx].sin_cos();
    let (dx, dy) = (camera.eye[0] - fleet.x_m[idx], camera.eye[1] - fleet.y_m[idx]);
    let ahead_m = ((dx * cos + dy * sin).abs() - 0.5 * fleet.length_m[idx]).max(0.0);
    let aside_m = ((dy * cos - dx * sin).abs() - 0.5 * fleet.width_m[idx]).max(0.0);
    ahead_m.hypot(aside_m)
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use dreamlane_traffic::{flow::Participant, layout::LAYOUTS, participant::Kind, road::LaneIdx};

    use super::*;

    const SIDE: usize = 64;

    fn network(name: &str) -> Network {
        let (_, _, layout) = LAYOUTS.iter().find(|layout| layout.0 == name).unwrap();
        layout().build().unwrap()
    }

    /// The ego on a lane, and others so far ahead and to the left, turned by so much.
    fn fleet(network: &Network, s_m: f64, others: &[(Participant, [f64; 2], f64)]) -> Fleet {
        let at = network.lane(LaneIdx(0)).sketch.curve.pose(s_m);
        let (sin, cos) = at.heading_rad.sin_cos();
        let ego = Participant::of(Kind::Car);
        let mut fleet = Fleet::default();
        fleet.push(Participant { x_m: at.x_m, y_m: at.y_m, heading_rad: at.heading_rad, ..ego });
        for (one, [ahead_m, left_m], turn_rad) in others {
            let x_m = at.x_m + ahead_m * cos - left_m * sin;
            let y_m = at.y_m + ahead_m * sin + left_m * cos;
            fleet.push(Participant { x_m, y_m, heading_rad: at.heading_rad + turn_rad, ..*one });
        }
        fleet
    }

    fn drawn(easel: &mut Easel, network: &Network, map: &GroundMap, fleet: &Fleet) -> Vec<u8> {
        let mut picture = vec![0; 3 * SIDE * SIDE];
        let sight = Sight { network, ground: map, fleet, ego: 0, scenery: 11, secs: 2.0 };
        easel.draw(&sight, &mut picture);
        picture
    }

    /// Mean difference of two pictures, in steps of a byte.
    fn apart(one: &[u8], other: &[u8]) -> f64 {
        let sum: u64 = one.iter().zip(other).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        sum as f64 / one.len() as f64
    }

    /// How many pixels satisfy a condition on red, green and blue.
    fn count(picture: &[u8], is_one: impl Fn([u8; 3]) -> bool) -> usize {
        let area = picture.len() / 3;
        (0..area).filter(|at| is_one([picture[*at], picture[area + at], picture[2 * area + at]])).count()
    }

    #[test]
    fn the_same_sight_is_the_same_bytes_on_a_used_easel() {
        let mut used = Easel::new(SIDE);
        for (name, _, layout) in LAYOUTS {
            let network = layout().build().unwrap();
            let map = GroundMap::of(&network);
            let truck = (Participant::of(Kind::Truck), [15.0, 3.0], 0.4);
            let fleet = fleet(&network, 8.0, &[truck]);
            let first = drawn(&mut used, &network, &map, &fleet);
            let fresh = drawn(&mut Easel::new(SIDE), &network, &GroundMap::of(&network), &fleet);
            assert!(first == fresh, "{name}");
        }
    }

    #[test]
    fn small_moves_make_small_changes_everywhere() {
        let mut easel = Easel::new(SIDE);
        for (name, _, layout) in LAYOUTS {
            let network = layout().build().unwrap();
            let map = GroundMap::of(&network);
            let length_m = network.lane(LaneIdx(0)).sketch.curve.length_m().min(90.0);
            for step in 0..40 {
                let s_m = length_m * f64::from(step) / 40.0;
                let [here, there] = [s_m, s_m + 0.02]
                    .map(|s_m| drawn(&mut easel, &network, &map, &fleet(&network, s_m, &[])));
                assert!(apart(&here, &there) < 0.6, "{name} at {s_m}: {}", apart(&here, &there));
            }
        }
    }

    #[test]
    fn hills_have_no_seam_where_angles_wrap() {
        let network = network("ring");
        let map = GroundMap::of(&network);
        let mut easel = Easel::new(SIDE);
        let [before, after] = [PI - 1e-6, -PI + 1e-6].map(|heading_rad| {
            let mut fleet = fleet(&network, 0.0, &[]);
            fleet.heading_rad[0] = heading_rad;
            drawn(&mut easel, &network, &map, &fleet)
        });
        assert!(apart(&before, &after) < 0.01, "{}", apart(&before, &after));
    }

    #[test]
    fn every_kind_looks_different_from_every_other_from_all_sides() {
        let network = network("highway");
        let map = GroundMap::of(&network);
        let mut easel = Easel::new(SIDE);
        for turn_rad in [0.0, 1.0, PI / 2.0, PI] {
            let mut seen = vec![drawn(&mut easel, &network, &map, &fleet(&network, 50.0, &[]))];
            for kind in Kind::ALL {
                let one = (Participant::of(kind), [14.0, 0.0], turn_rad);
                let picture = drawn(&mut easel, &network, &map, &fleet(&network, 50.0, &[one]));
                for other in &seen {
                    assert!(
                        apart(&picture, other) > 0.08,
                        "{kind:?} at {turn_rad}: {}",
                        apart(&picture, other)
                    );
                }
                seen.push(picture);
            }
        }
    }

    #[test]
    fn who_brakes_shows_it_to_those_behind_and_not_to_those_ahead() {
        let network = network("highway");
        let map = GroundMap::of(&network);
        let mut easel = Easel::new(SIDE);
        for kind in [Kind::Car, Kind::Truck, Kind::Motorcycle] {
            let mut red = |acceleration_mps2: f64, turn_rad: f64| {
                let one = Participant { acceleration_mps2, look: 1, ..Participant::of(kind) };
                let fleet = fleet(&network, 50.0, &[(one, [12.0, 0.0], turn_rad)]);
                let picture = drawn(&mut easel, &network, &map, &fleet);
                count(&picture, |[red, green, blue]| red > 170 && green < 110 && blue < 110)
            };
            assert!(red(-1.0, 0.0) > red(0.0, 0.0), "{kind:?}");
            assert_eq!(red(-1.0, PI), red(0.0, PI), "{kind:?}");
        }
    }

    #[test]
    fn what_is_near_hides_what_is_far() {
        let network = network("highway");
        let map = GroundMap::of(&network);
        let mut easel = Easel::new(SIDE);
        let near = (Participant::of(Kind::Truck), [14.0, 0.0], 0.0);
        let far = (Participant::of(Kind::Pedestrian), [40.0, 0.0], 0.0);
        let [alone, behind, before] = [vec![near], vec![near, far], vec![far, near]]
            .map(|others| drawn(&mut easel, &network, &map, &fleet(&network, 50.0, &others)));
        assert!(alone == behind && alone == before);
    }
}
