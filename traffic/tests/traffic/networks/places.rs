//! Which lane is here.

use std::{f64::consts::PI, sync::LazyLock};

use dreamlane_traffic::road::{Builder, LaneIdx, Network, Place};
use proptest::prelude::*;

use super::layouts::{crossing, straight, tangle};

static TANGLE: LazyLock<Network> = LazyLock::new(tangle);

/// What `locate_towards` should find, by trying all lanes.
fn located(network: &Network, x_m: f64, y_m: f64, towards: impl Fn(f64) -> f64) -> Option<Place> {
    let inside = (0..network.lanes().len() as u32).filter_map(|index| {
        let sketch = &network.lane(LaneIdx(index)).sketch;
        let (s_m, d_m) = sketch.curve.project(x_m, y_m);
        let is_inside = s_m >= 0.0 && s_m <= sketch.curve.length_m() && d_m.abs() <= 0.5 * sketch.width_m;
        let score = d_m.abs() / sketch.width_m + towards(sketch.curve.heading_rad(s_m));
        is_inside.then_some((sketch.users as u8, score, Place { lane: LaneIdx(index), s_m, d_m }))
    });
    inside.min_by(|one, other| one.0.cmp(&other.0).then(one.1.total_cmp(&other.1))).map(|(.., place)| place)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]
    #[test]
    fn locating_agrees_with_trying_all_lanes(x_m in -20.0..140.0, y_m in -40.0..90.0, heading_rad in -4.0_f64..4.0) {
        let network = &*TANGLE;
        prop_assert_eq!(network.locate(x_m, y_m), located(network, x_m, y_m, |_| 0.0));
        let apart = |lane_rad: f64| (heading_rad - lane_rad).cos().acos() / PI;
        let found = network.locate_towards(x_m, y_m, heading_rad);
        prop_assert_eq!(found, located(network, x_m, y_m, apart));
    }

    #[test]
    fn all_lanes_within_six_metres_of_their_edge_are_near(index in 0_u32..6, along in 0.0..1.0, aside in -1.0..1.0) {
        let network = &*TANGLE;
        let sketch = &network.lane(LaneIdx(index)).sketch;
        let d_m = aside * (0.5 * sketch.width_m + 6.0);
        let [x_m, y_m] = sketch.curve.point(along * sketch.curve.length_m(), d_m);
        let near = network.near(x_m, y_m);
        prop_assert!(near.contains(&LaneIdx(index)), "{near:?}");
        prop_assert!(near.is_sorted());
    }
}

#[test]
fn the_heading_tells_lanes_on_the_same_strip_apart() {
    let network = tangle();
    let lanes = [0.1, 3.0].map(|heading_rad| network.locate_towards(20.0, 0.25, heading_rad).unwrap().lane);
    assert_eq!(lanes, [LaneIdx(0), LaneIdx(1)]);
}

#[test]
fn nothing_is_near_a_point_far_away() {
    let network = crossing();
    assert_eq!(network.bounds(), [[0.0, -30.0], [50.0, 30.0]]);
    for (x_m, y_m) in [(1e3, 0.0), (0.0, -1e9), (f64::NAN, 0.0), (f64::INFINITY, 0.0)] {
        assert!(network.near(x_m, y_m).is_empty());
        assert_eq!(network.locate(x_m, y_m), None);
    }
}

#[test]
fn lanes_far_apart_are_found_in_wider_cells() {
    let mut builder = Builder::default();
    let corners = [[0.0, 0.0], [40_000.0, 0.0], [0.0, 40_000.0], [40_000.0, 40_000.0]];
    for [x_m, y_m] in corners {
        builder.add(straight(x_m, y_m, 0.5, 100.0));
    }
    let network = builder.finish().unwrap();
    for (index, [x_m, y_m]) in (0..).zip(corners) {
        let place = network.locate(x_m + 50.0 * 0.5_f64.cos(), y_m + 50.0 * 0.5_f64.sin()).unwrap();
        assert_eq!(place.lane, LaneIdx(index));
        assert!((place.s_m - 50.0).abs() < 1e-9 && place.d_m.abs() < 1e-9);
    }
}
