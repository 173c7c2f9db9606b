//! Where lanes conflict, and where not.

use std::{
    f64::consts::{FRAC_PI_2, PI},
    time::{Duration, Instant},
};

use dreamlane_traffic::road::{Builder, Conflict, Curve, LaneIdx, Network, Sketch};

use super::layouts::{crossing, lane, pose, roundabout, straight};

fn check_symmetric(network: &Network) {
    for (index, lane) in network.lanes().iter().enumerate() {
        for conflict in &lane.conflicts {
            let mirrored = Conflict {
                with: LaneIdx(index as u32),
                here_m: conflict.there_m,
                there_m: conflict.here_m,
                yields: conflict.is_yielded_to,
                is_yielded_to: conflict.yields,
            };
            assert!(network.lane(conflict.with).conflicts.contains(&mirrored), "{conflict:?}");
            assert!(conflict.here_m[0] < conflict.here_m[1]);
        }
        assert!(lane.conflicts.is_sorted_by(|one, other| one.here_m[0] <= other.here_m[0]));
    }
}

#[test]
fn lanes_across_each_other_conflict_around_their_crossing() {
    let network = crossing();
    check_symmetric(&network);
    let [conflict] = network.lane(LaneIdx(0)).conflicts[..] else { panic!("expected one conflict") };
    assert_eq!(conflict.with, LaneIdx(1));
    for (stretch, centre_m) in [(conflict.here_m, 20.0), (conflict.there_m, 30.0)] {
        // Bodies of 2.2 m and 0.3 m between them, to the half metre of sampling.
        assert!((stretch[0] - (centre_m - 2.5)).abs() <= 0.5, "{stretch:?}");
        assert!((stretch[1] - (centre_m + 2.5)).abs() <= 0.5, "{stretch:?}");
    }
    assert!(conflict.is_yielded_to && !conflict.yields);
}

#[test]
fn lanes_that_merge_conflict_up_to_their_common_end() {
    let network = roundabout();
    check_symmetric(&network);
    let (ring_before, entry) = (LaneIdx(3), LaneIdx(4));
    let found = network.lane(entry).conflicts.iter().find(|conflict| conflict.with == ring_before).unwrap();
    let ends = [entry, ring_before].map(|idx| network.lane(idx).sketch.curve.length_m());
    assert_eq!([found.here_m[1], found.there_m[1]], ends);
    // The arcs part by s * s * (1/20 + 1/20) / 2, which is 2.5 m at 7.1 m.
    assert!((ends[0] - found.here_m[0] - 7.0).abs() < 1.0, "{found:?}");
    assert!(!found.yields && !found.is_yielded_to);
}

#[test]
fn lanes_that_part_or_follow_each_other_do_not_conflict() {
    let network = roundabout();
    for arm in 0..4 {
        let (ring, exit) = (LaneIdx(arm), LaneIdx(8 + arm));
        for other in [LaneIdx((arm + 1) % 4), exit] {
            assert!(network.lane(ring).conflicts.iter().all(|conflict| conflict.with != other));
        }
        let onwards = LaneIdx((arm + 1) % 4);
        assert!(network.lane(onwards).conflicts.iter().all(|conflict| conflict.with != exit));
    }
}

#[test]
fn lanes_that_begin_together_and_meet_again_conflict_where_they_meet() {
    let mut builder = Builder::default();
    builder.add(straight(0.0, 0.0, 0.0, 100.0));
    let points: Vec<_> =
        (0..=100).map(|x| [f64::from(x), 5.0 * (1.0 - (f64::from(x) * PI / 50.0).cos())]).collect();
    builder.add(lane(Curve::polyline(&points).unwrap()));
    let network = builder.finish().unwrap();
    let conflicts = &network.lane(LaneIdx(0)).conflicts;
    assert_eq!(conflicts.len(), 1, "{conflicts:?}");
    // They part until x = 50 and are back together at x = 100.
    assert!(conflicts[0].here_m[0] > 75.0 && conflicts[0].here_m[1] == 100.0, "{conflicts:?}");
}

#[test]
fn two_crossings_of_the_same_lanes_are_two_conflicts() {
    let mut builder = Builder::default();
    builder.add(straight(0.0, 0.0, 0.0, 100.0));
    builder.add(lane(Curve::arc(pose(30.0, -10.0, FRAC_PI_2), 20.0 * PI, -0.05)));
    let network = builder.finish().unwrap();
    check_symmetric(&network);
    assert_eq!(network.lane(LaneIdx(0)).conflicts.len(), 2);
}

#[test]
fn neighbours_oncoming_lanes_and_narrow_parallels_do_not_conflict() {
    let mut builder = Builder::default();
    let own = builder.add(straight(0.0, 0.0, 0.0, 200.0));
    let oncoming = [straight(100.0, 4.0, PI, 100.0), straight(200.0, 4.0, PI, 100.0)];
    let [last, first] = oncoming.map(|sketch| builder.add(sketch));
    builder.connect(first, last);
    let overtaking = [straight(0.0, 4.0, 0.0, 100.0), straight(100.0, 4.0, 0.0, 100.0)];
    let [begun, ended] = overtaking.map(|sketch| builder.add(sketch));
    builder.connect(begun, ended);
    builder.against(begun, last);
    builder.against(ended, first);
    builder.only_leftwards(own, begun);
    builder.only_rightwards(own, begun);
    builder.only_rightwards(own, ended);
    builder.add(Sketch { width_m: 2.0, ..straight(0.0, -3.0, 0.0, 200.0) });
    builder.add(Sketch { width_m: 2.0, ..straight(200.0, -5.0, PI, 200.0) });
    let network = builder.finish().unwrap();
    for lane in network.lanes() {
        assert!(lane.conflicts.is_empty(), "{:?}", lane.conflicts);
    }
}

#[test]
fn a_highway_of_ten_kilometres_is_built_in_well_under_a_second() {
    let begun = Instant::now();
    let mut builder = Builder::default();
    let rightmost = Curve::clothoid(pose(0.0, 0.0, 0.0), 10_000.0, [0.0, 5e-4]);
    for index in 0..6 {
        let idx = builder.add(lane(rightmost.parallel(4.0 * f64::from(index))));
        builder.exit(idx);
    }
    let network = builder.finish().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    assert!(network.lanes().iter().all(|lane| lane.conflicts.is_empty()));
}
