//! What holds for every built-in layout, whatever its figures: it builds, its links meet, and every way
//! leads somewhere.

use dreamlane_traffic::layout::{
    Aisle, Exit, Highway, Intersection, LAYOUTS, LaneDrop, Layout, Lights, Merge, Parking, Racetrack, Ring,
    Roundabout, Rule, Side, TwoWay, Weave,
};
use dreamlane_traffic::road::{LaneIdx, Network, Pose};
use proptest::prelude::*;

/// Follows the guides towards a destination; answers whether they lead there.
fn arrives(network: &Network, entry: LaneIdx, destination: usize) -> bool {
    let mut lane_idx = entry;
    for _ in 0..10_000 {
        let (lane, guide) = (network.lane(lane_idx), network.guide(destination, lane_idx));
        let onwards = match guide.sideways {
            0 => guide.next,
            1.. => lane.left,
            _ => lane.right,
        };
        match onwards {
            Some(onwards) => lane_idx = onwards,
            None => return network.exit_lanes(destination).contains(&lane_idx),
        }
    }
    false
}

fn gap_m(one: Pose, other: Pose) -> f64 {
    (one.x_m - other.x_m).hypot(one.y_m - other.y_m)
}

fn turn_rad(one: Pose, other: Pose) -> f64 {
    let turn_rad = (one.heading_rad - other.heading_rad).rem_euclid(std::f64::consts::TAU);
    turn_rad.min(std::f64::consts::TAU - turn_rad)
}

fn check_links(name: &str, network: &Network) {
    for lane in network.lanes() {
        for next in &lane.next {
            let (end, start) = (lane.sketch.curve.end(), network.lane(*next).sketch.curve.start());
            assert!(gap_m(end, start) < 1e-6, "{name}: gap of {} m to lane {next:?}", gap_m(end, start));
            assert!(turn_rad(end, start) < 1e-6, "{name}: kink of {} rad to {next:?}", turn_rad(end, start));
        }
        let Some(left) = lane.left else { continue };
        let left = network.lane(left);
        for share in [0.0, 0.3, 0.5, 1.0] {
            let at = lane.sketch.curve.pose(share * lane.sketch.curve.length_m());
            let (_, d_m) = left.sketch.curve.project(at.x_m, at.y_m);
            let to_the_right_m = (lane.sketch.width_m + left.sketch.width_m) / 2.0;
            assert!((d_m + to_the_right_m).abs() < 0.02, "{name}: {d_m} m to the left of the left lane");
        }
    }
}

fn check(name: &str, layout: &Layout) {
    let network = layout.build().unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
    check_links(name, &network);
    let n_destinations = network.exits().len();
    for entry in network.entries() {
        let somewhere = (0..n_destinations).any(|destination| arrives(&network, *entry, destination));
        assert!(somewhere, "{name}: {entry:?} leads nowhere");
    }
    for destination in 0..n_destinations {
        let from_somewhere = network.entries().iter().any(|entry| arrives(&network, *entry, destination));
        assert!(from_somewhere, "{name}: destination {destination} cannot be reached");
    }
    // What the guides call reachable must be reached by following them.
    for entry in network.entries() {
        for destination in 0..n_destinations {
            let promised = network.guide(destination, *entry).remaining_m.is_finite();
            assert_eq!(
                promised,
                arrives(&network, *entry, destination),
                "{name}: {entry:?} to {destination}"
            );
        }
    }
}

#[test]
fn every_built_in_layout_leads_from_all_entries_to_all_destinations() {
    for (name, _, layout) in LAYOUTS {
        check(name, &layout());
    }
}

#[test]
fn names_are_unique_and_files_say_what_they_are() {
    for (idx, (name, about, layout)) in LAYOUTS.iter().enumerate() {
        assert!(LAYOUTS[idx + 1..].iter().all(|(other, ..)| other != name) && !about.is_empty());
        let text = serde_json::to_string(&layout()).unwrap();
        assert_eq!(serde_json::from_str::<Layout>(&text).unwrap(), layout(), "{text}");
    }
    let sparse: Layout = serde_json::from_str(r#"{"kind": "lane_drop", "ends": "right"}"#).unwrap();
    assert_eq!(sparse, Layout::LaneDrop(LaneDrop { ends: Side::Right, ..LaneDrop::default() }));
    let misspelt = serde_json::from_str::<Layout>(r#"{"kind": "ring", "lane": 2}"#).unwrap_err();
    assert!(misspelt.to_string().contains("lane"), "{misspelt}");
}

#[test]
fn lanes_of_one_road_do_not_conflict() {
    let junctions = ["roundabout", "intersection", "intersection_stop", "intersection_signal", "parking"];
    for (name, _, layout) in LAYOUTS.iter().filter(|(name, ..)| !junctions.contains(name)) {
        for (idx, lane) in layout().build().unwrap().lanes().iter().enumerate() {
            assert_eq!(lane.conflicts, [], "{name}, lane {idx}");
        }
    }
}

#[test]
fn figures_out_of_bounds_are_refused_by_name() {
    for (name, _, layout) in LAYOUTS {
        let figures = serde_json::to_value(layout()).unwrap();
        let fields = figures.as_object().unwrap();
        for (field, value) in fields.iter().filter(|(_, value)| value.is_number()) {
            let mut wrong = fields.clone();
            // A count can be nothing but positive.
            let too_much = if value.is_u64() { 1000.into() } else { (-1.0).into() };
            wrong.insert(field.clone(), too_much);
            let wrong: Layout = serde_json::from_value(wrong.into()).unwrap();
            let refusal = wrong.build().unwrap_err().to_string();
            assert!(refusal.contains(field.as_str()), "{name}: {field}: {refusal}");
        }
    }
}

#[test]
fn closed_roads_have_no_ends() {
    for layout in
        [Layout::Ring(Ring { lanes: 4, ..Ring::default() }), Layout::Racetrack(Racetrack::default())]
    {
        let network = layout.build().unwrap();
        assert!(network.lanes().iter().all(|lane| lane.next.len() == 1 && lane.before.len() == 1));
        assert!(network.entries().is_empty() && network.exits().is_empty());
    }
}

fn roads() -> impl Strategy<Value = Layout> {
    let ramps = (1_usize..=5, 10.0..400.0, 50.0..400.0, 0.05..0.6);
    prop_oneof![
        (1_usize..=6, 10.0..3000.0).prop_map(|(lanes, length_m)| Layout::Highway(Highway {
            lanes,
            length_m,
            ..Highway::default()
        })),
        ramps.clone().prop_map(|(lanes, before_m, acceleration_m, ramp_rad)| {
            Layout::Merge(Merge { lanes, before_m, acceleration_m, ramp_rad, ..Merge::default() })
        }),
        ramps.clone().prop_map(|(lanes, before_m, deceleration_m, ramp_rad)| {
            Layout::Exit(Exit { lanes, before_m, deceleration_m, ramp_rad, ..Exit::default() })
        }),
        ramps.prop_map(|(lanes, before_m, weaving_m, ramp_rad)| {
            Layout::Weave(Weave { lanes, before_m, weaving_m, ramp_rad, ..Weave::default() })
        }),
        (2_usize..=6, prop_oneof![Just(Side::Left), Just(Side::Right)])
            .prop_map(|(lanes, ends)| Layout::LaneDrop(LaneDrop { lanes, ends, ..LaneDrop::default() })),
        (1_usize..=4, 130.0..2000.0).prop_map(|(lanes, circumference_m)| Layout::Ring(Ring {
            lanes,
            circumference_m,
            ..Ring::default()
        })),
        prop::collection::vec(10.0..500.0, 1..6)
            .prop_map(|sections_m| Layout::TwoWay(TwoWay { sections_m, ..TwoWay::default() })),
        (1_usize..=3, 220.0..600.0, 0.1..0.5, 10.0..100.0).prop_map(
            |(lanes, straight_m, chicane_rad, clothoid_m)| {
                let default = Racetrack::default();
                Layout::Racetrack(Racetrack { lanes, straight_m, chicane_rad, clothoid_m, ..default })
            }
        ),
    ]
}

fn rules(lanes: usize) -> impl Strategy<Value = Rule> {
    let left_green_secs = if lanes == 2 { Some(7.0) } else { None };
    let lights = Lights { left_green_secs, ..Lights::default() };
    prop_oneof![
        Just(Rule::Equal),
        Just(Rule::PriorityRoad),
        Just(Rule::StopMinor),
        Just(Rule::StopAll),
        Just(Rule::Signals(lights)),
        Just(Rule::Signals(Lights::default())),
    ]
}

fn junctions() -> impl Strategy<Value = Layout> {
    let intersection = (1_usize..=2).prop_flat_map(|lanes| {
        (rules(lanes), 10.0..200.0, 6.0..30.0, any::<bool>(), any::<bool>()).prop_map(
            move |(rule, arm_m, corner_radius_m, cycle_lanes, pavements)| {
                let default = Intersection::default();
                Layout::Intersection(Intersection {
                    lanes,
                    rule,
                    arm_m,
                    corner_radius_m,
                    cycle_lanes,
                    pavements,
                    ..default
                })
            },
        )
    });
    let roundabout = (1_usize..=2, 12.0..80.0, 0.0..1.0, any::<bool>()).prop_map(
        |(lanes, radius_m, share, zebras): (usize, f64, f64, bool)| {
            let bend_radius_m = 5.0 + share * (0.8 * radius_m - 5.0);
            Layout::Roundabout(Roundabout { lanes, radius_m, bend_radius_m, zebras, ..Roundabout::default() })
        },
    );
    let parking = (1_usize..=20, 2.2..5.0, 4.0..8.0, any::<bool>()).prop_map(
        |(bays, bay_width_m, bend_radius_m, one_way)| {
            let aisle = if one_way { Aisle::OneWay } else { Aisle::TwoWay };
            Layout::Parking(Parking { bays, bay_width_m, bend_radius_m, aisle, ..Parking::default() })
        },
    );
    prop_oneof![intersection, roundabout, parking]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

    #[test]
    fn roads_of_any_figures_hold_together(layout in roads()) {
        check("road", &layout);
    }

    #[test]
    fn junctions_of_any_figures_hold_together(layout in junctions()) {
        check("junction", &layout);
    }
}
