//! What is painted on the ground of a network, worked out once: strips of road with their lines and kerbs, zebra
//! crossings, stop lines, and places for what stands beside.

use std::f64::consts::TAU;

use dreamlane_traffic::road::Network;

use super::{
    bundle::bundles,
    cells::Cells,
    piece::{Piece, Surface},
    scout::Scout,
    slot::Slots,
    stop::{self, Stop},
};

/// Roads that share a direction this much have their textures stretched along it.
const ALIGNED: f64 = 0.9;

/// What is painted on the ground of one network.
#[derive(Clone, Debug)]
pub struct GroundMap {
    pub(super) pieces: Vec<Piece>,
    pub(super) cells: Cells,
    pub(super) stops: Vec<Stop>,
    pub(super) slots: Slots,
    /// Cosine and sine of the direction that all roads share, if they do.
    pub(super) direction: Option<[f64; 2]>,
}

impl GroundMap {
    /// The map of a network.
    #[must_use]
    pub fn of(network: &Network) -> Self {
        let bundles = bundles(network);
        let scout = Scout::new(&bundles);
        let mut pieces = Vec::new();
        for (number, bundle) in bundles.iter().enumerate() {
            for (span, edges) in scout.spans(number, bundle) {
                pieces.extend(Piece::cut(bundle.curve, span, bundle.style, edges));
            }
            if bundle.style.surface == Surface::Pavement {
                pieces.extend(scout.zebras(number, bundle));
            }
        }
        let stops = stop::stops(network);
        pieces.extend(stops.iter().flat_map(|stop| stop.line(network)));
        // A stable sort by layer: textures come from the piece that was added first.
        pieces.sort_by_key(|piece| piece.style.surface);
        let cells = Cells::new(&pieces);
        let slots = Slots::new(&pieces, &cells);
        Self { direction: direction(network), pieces, cells, stops, slots }
    }

    /// Memory that it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.pieces.len() * size_of::<Piece>() + self.cells.bytes() + self.slots.bytes()
    }
}

/// The direction that roads share, both ways counting as one, weighed by length.
fn direction(network: &Network) -> Option<[f64; 2]> {
    let (mut cos_m, mut sin_m, mut total_m) = (0.0, 0.0, 0.0);
    for lane in network.lanes() {
        let curve = &lane.sketch.curve;
        for share in [0.1, 0.5, 0.9] {
            let twice_rad = 2.0 * curve.heading_rad(share * curve.length_m());
            cos_m += curve.length_m() * twice_rad.cos();
            sin_m += curve.length_m() * twice_rad.sin();
            total_m += curve.length_m();
        }
    }
    let angle_rad = 0.5 * f64::atan2(sin_m, cos_m).rem_euclid(TAU);
    // Half a turn is no turn for a direction; the smaller name keeps a road along x exactly along x.
    let is_along_x = sin_m.abs() < 1e-9 * total_m && cos_m > 0.0;
    let direction = if is_along_x { [1.0, 0.0] } else { [angle_rad.cos(), angle_rad.sin()] };
    (cos_m.hypot(sin_m) > ALIGNED * total_m).then_some(direction)
}

#[cfg(test)]
mod tests {
    use dreamlane_traffic::{
        layout::{Highway, LAYOUTS, Ring},
        road::{Builder, Curve, Line, Sketch},
    };

    use super::super::ground::{Look, ground};
    use super::*;

    fn map(name: &str) -> GroundMap {
        let (_, _, layout) = LAYOUTS.iter().find(|layout| layout.0 == name).unwrap();
        GroundMap::of(&layout().build().unwrap())
    }

    /// The colour of a few centimetres of ground.
    fn colour(map: &GroundMap, x_m: f64, y_m: f64) -> [f32; 3] {
        let look = Look { x_m, y_m, depth_m: 0.04, right_m: 0.04, heading: [1.0, 0.0] };
        ground(&look, map, 3)
    }

    fn is_white([red, green, blue]: [f32; 3]) -> bool {
        red.min(green).min(blue) > 200.0
    }

    fn is_asphalt([red, green, blue]: [f32; 3]) -> bool {
        (70.0..150.0).contains(&green) && (red - green).abs() < 12.0 && (blue - green).abs() < 12.0
    }

    fn is_grass([red, green, blue]: [f32; 3]) -> bool {
        green > red && green > blue + 20.0
    }

    #[test]
    fn a_highway_has_dashes_between_lines_with_shoulders_beside_them() {
        let map = map("highway");
        for y_m in [2.0, 6.0, 10.0] {
            assert!(is_white(colour(&map, 122.0, y_m)) && is_asphalt(colour(&map, 127.0, y_m)));
        }
        for (edge_m, out) in [(-2.0, -1.0), (14.0, 1.0)] {
            assert!(is_white(colour(&map, 127.0, edge_m)));
            assert!(is_asphalt(colour(&map, 127.0, edge_m + 0.8 * out)));
            assert!(is_grass(colour(&map, 127.0, edge_m + 1.5 * out)));
        }
    }

    #[test]
    fn no_line_runs_across_an_intersection_and_zebras_lie_on_its_rim() {
        for name in ["intersection", "intersection_stop"] {
            let map = map(name);
            for x in -12..=12 {
                for y in -12..=12 {
                    let (x_m, y_m) = (0.5 * f64::from(x), 0.5 * f64::from(y));
                    assert!(is_asphalt(colour(&map, x_m, y_m)), "{name} at {x_m}, {y_m}");
                }
            }
            let bars = (0..70).map(|step| -3.5 + 0.1 * f64::from(step));
            let white = bars.filter(|y_m| is_white(colour(&map, 9.0, *y_m))).count();
            assert!((25..=45).contains(&white), "{name}: {white} of 70");
        }
    }

    #[test]
    fn stop_lines_are_where_signs_and_lights_are() {
        for (name, expected) in
            [("highway", 0), ("intersection", 0), ("intersection_stop", 4), ("intersection_signal", 12)]
        {
            assert_eq!(map(name).stops.len(), expected, "{name}");
        }
        let map = map("intersection_stop");
        for stop in &map.stops {
            let (sin, cos) = stop.at.heading_rad.sin_cos();
            let on = |back_m: f64| colour(&map, stop.at.x_m - back_m * cos, stop.at.y_m - back_m * sin);
            assert!(is_white(on(0.5)) && is_asphalt(on(1.2)), "{stop:?}");
        }
    }

    /// Lanes through points some metres apart, as they come from files.
    fn surveyed(points: i32) -> Network {
        let points: Vec<_> = (0..points)
            .map(|point| 4.0 * f64::from(point))
            .map(|x_m| [x_m, 40.0 * (x_m / 60.0).sin() + 8.0 * (x_m / 17.0).cos()])
            .collect();
        let axis = Curve::polyline(&points).unwrap();
        let mut builder = Builder::default();
        let lines = [[Line::Dashed, Line::Solid], [Line::Solid, Line::Dashed]];
        let lanes = [axis.clone(), axis.parallel(4.0)].into_iter().zip(lines);
        let lanes: Vec<_> =
            lanes.map(|(curve, lines)| builder.add(Sketch::new(curve, 20.0, lines))).collect();
        builder.beside(lanes[0], lanes[1]);
        lanes.iter().for_each(|lane| {
            builder.entry(*lane);
            builder.exit(*lane);
        });
        builder.finish().unwrap()
    }

    #[test]
    fn all_lanes_are_paved() {
        let built_in = LAYOUTS.iter().map(|(name, _, layout)| (*name, layout().build().unwrap()));
        for (name, network) in built_in.chain([("surveyed", surveyed(120))]) {
            let map = GroundMap::of(&network);
            for lane in network.lanes() {
                let curve = &lane.sketch.curve;
                for step in 0..50 {
                    let s_m = curve.length_m() * (f64::from(step) + 0.5) / 50.0;
                    for share in [-0.3, 0.0, 0.3] {
                        let [x_m, y_m] = curve.point(s_m, share * lane.sketch.width_m);
                        assert!(!is_grass(colour(&map, x_m, y_m)), "{name}: {x_m}, {y_m}");
                    }
                }
            }
        }
    }

    #[test]
    fn maps_of_long_roads_stay_small() {
        let highway = Highway { lanes: 6, length_m: 20_000.0, ..Highway::default() }.build().unwrap();
        let ring = Ring { lanes: 4, circumference_m: 20_000.0, ..Ring::default() }.build().unwrap();
        for network in [highway, ring, surveyed(5_000)] {
            let bytes = GroundMap::of(&network).bytes();
            assert!(bytes < 32_000_000, "{bytes}");
        }
    }
}
