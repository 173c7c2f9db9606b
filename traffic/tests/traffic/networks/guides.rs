//! How to get to an exit.

use std::f64::consts::PI;

use dreamlane_traffic::road::{Builder, Curve, LaneIdx, Network};

use super::layouts::{highway, lane, pose, roundabout, straight};

/// Follows the guides, and says how far it went. Lane changes are made at once.
fn follow(network: &Network, destination: usize, from: LaneIdx) -> f64 {
    let (mut idx, mut length_m) = (from, 0.0);
    for _ in 0..100 {
        let guide = network.guide(destination, idx);
        let lane = network.lane(idx);
        if guide.sideways != 0 {
            let side = if guide.sideways > 0 { lane.left } else { lane.right };
            idx = side.expect("a neighbour where the guide says so");
            assert!(network.guide(destination, idx).sideways.abs() < guide.sideways.abs());
            assert_eq!(network.guide(destination, idx).remaining_m, guide.remaining_m);
            continue;
        }
        length_m += lane.sketch.curve.length_m();
        let Some(next) = guide.next else {
            assert_eq!(idx, network.exits()[destination]);
            return length_m;
        };
        assert!(network.guide(destination, next).remaining_m < guide.remaining_m);
        idx = next;
    }
    panic!("went in circles from {from:?} towards {destination}");
}

fn check_guides(network: &Network) -> usize {
    let mut reached = 0;
    for destination in 0..network.exits().len() {
        for index in 0..network.lanes().len() as u32 {
            let guide = network.guide(destination, LaneIdx(index));
            if guide.remaining_m.is_finite() {
                let length_m = follow(network, destination, LaneIdx(index));
                assert!((length_m - f64::from(guide.remaining_m)).abs() < 1e-2);
                reached += 1;
            } else {
                assert_eq!((guide.next, guide.sideways), (None, 0));
            }
        }
    }
    reached
}

#[test]
fn guides_lead_to_every_exit_from_every_lane_that_can_reach_it() {
    // From each lane of the ring, each entry and the exit itself.
    assert_eq!(check_guides(&roundabout()), 4 * (4 + 4 + 1));
    // The ramp from both sections, the exits after them also from each other.
    let network = highway();
    assert_eq!(check_guides(&network), 4 * 6 + 4);
}

#[test]
fn a_guide_says_how_many_lanes_to_change_before_the_road_splits() {
    let network = highway();
    let guides = [3, 4, 5].map(|index| network.guide(0, LaneIdx(index)));
    assert_eq!(guides.map(|guide| guide.sideways), [0, -1, -2]);
    assert_eq!(guides.map(|guide| guide.next), [Some(LaneIdx(6)), None, None]);
    // In the section before there is no need to hurry.
    assert_eq!([0, 1, 2].map(|index| network.guide(0, LaneIdx(index)).sideways), [0, 0, 0]);
    assert_eq!(network.guide(0, LaneIdx(2)).remaining_m, 1080.0);
}

#[test]
fn nobody_goes_round_a_small_ring_rather_than_change_lanes() {
    let mut builder = Builder::default();
    let outer = builder.add(lane(Curve::arc(pose(0.0, -6.0, 0.0), 12.0 * PI, 1.0 / 6.0)));
    let inner = builder.add(lane(Curve::arc(pose(0.0, -2.5, 0.0), 5.0 * PI, 1.0 / 2.5)));
    let exit = builder.add(straight(0.0, -6.0, 0.0, 40.0));
    builder.connect(outer, outer);
    builder.connect(inner, inner);
    builder.connect(outer, exit);
    builder.only_rightwards(outer, inner);
    builder.exit(exit);
    let network = builder.finish().unwrap();
    assert_eq!(network.guide(0, inner).sideways, -1);
    assert_eq!(check_guides(&network), 3);
}

#[test]
fn no_way_leads_along_an_overtaking_lane_except_back() {
    let mut builder = Builder::default();
    let own = builder.add(straight(0.0, 0.0, 0.0, 100.0));
    let overtaking = builder.add(straight(0.0, 4.0, 0.0, 100.0));
    let oncoming = builder.add(straight(100.0, 4.0, PI, 100.0));
    let onwards = builder.add(straight(100.0, 4.0, 0.0, 100.0));
    builder.beside(own, overtaking);
    builder.against(overtaking, oncoming);
    builder.connect(overtaking, onwards);
    builder.exit(own);
    builder.exit(onwards);
    let network = builder.finish().unwrap();
    let back = network.guide(0, overtaking);
    assert_eq!((back.next, back.sideways, back.remaining_m), (None, -1, 100.0));
    assert!(network.guide(1, own).remaining_m.is_infinite());
}
