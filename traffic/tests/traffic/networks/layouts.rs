//! Small layouts that the tests share.

use std::f64::consts::{FRAC_PI_2, PI};

use dreamlane_traffic::road::{Builder, Curve, LaneIdx, Line, Network, Pose, Sketch, Users};

pub(crate) fn pose(x_m: f64, y_m: f64, heading_rad: f64) -> Pose {
    Pose { x_m, y_m, heading_rad }
}

pub(crate) fn lane(curve: Curve) -> Sketch {
    Sketch::new(curve, 14.0, [Line::Solid; 2])
}

pub(crate) fn straight(x_m: f64, y_m: f64, heading_rad: f64, length_m: f64) -> Sketch {
    lane(Curve::straight(pose(x_m, y_m, heading_rad), length_m))
}

/// Lane 0 eastwards with priority, lane 1 northwards across it at x = 20, y = 0.
pub(crate) fn crossing() -> Network {
    let mut builder = Builder::default();
    builder.add(Sketch { priority: 1, ..straight(0.0, 0.0, 0.0, 50.0) });
    builder.add(straight(20.0, -30.0, FRAC_PI_2, 60.0));
    builder.finish().expect("lanes that fit")
}

/// A ring of four quarter arcs, each with an entry that merges into its start and an exit that leaves from its end.
/// Lanes 0 to 3 are the ring, 4 to 7 the entries, 8 to 11 the exits.
pub(crate) fn roundabout() -> Network {
    let radius_m = 20.0;
    let mut builder = Builder::default();
    let starts: Vec<Pose> = (0..4)
        .map(|arm| f64::from(arm) * FRAC_PI_2)
        .map(|angle| pose(radius_m * angle.cos(), radius_m * angle.sin(), angle + FRAC_PI_2))
        .collect();
    let ring: Vec<LaneIdx> = starts
        .iter()
        .map(|&from| builder.add(lane(Curve::arc(from, radius_m * FRAC_PI_2, 1.0 / radius_m))))
        .collect();
    for (arm, start) in starts.iter().enumerate() {
        // Backwards from the ring's start along a circle to the right.
        let back = Curve::arc(pose(start.x_m, start.y_m, start.heading_rad + PI), 15.0, 0.05);
        let begin = back.end();
        let curve = Curve::arc(pose(begin.x_m, begin.y_m, begin.heading_rad - PI), 15.0, -0.05);
        let entry = builder.add(lane(curve));
        builder.connect(entry, ring[arm]);
        builder.entry(entry);
    }
    for arm in 0..4 {
        let exit = builder.add(lane(Curve::arc(starts[(arm + 1) % 4], 15.0, -0.05)));
        builder.connect(ring[arm], ring[(arm + 1) % 4]);
        builder.connect(ring[arm], exit);
        builder.exit(exit);
    }
    builder.finish().expect("lanes that fit")
}

/// Two sections of three lanes, 0 to 2 and 3 to 5 from the right; lane 6 leaves the right lane, 7 to 9 go on.
pub(crate) fn highway() -> Network {
    let mut builder = Builder::default();
    for section in 0..2 {
        for index in 0..3 {
            builder.add(straight(500.0 * f64::from(section), 4.0 * f64::from(index), 0.0, 500.0));
        }
        let first = 3 * section as u32;
        builder.beside(LaneIdx(first), LaneIdx(first + 1));
        builder.beside(LaneIdx(first + 1), LaneIdx(first + 2));
    }
    let ramp = builder.add(lane(Curve::arc(pose(1000.0, 0.0, 0.0), 80.0, -0.01)));
    for index in 0..3 {
        let on = builder.add(straight(1000.0, 4.0 * f64::from(index), 0.0, 300.0));
        builder.connect(LaneIdx(index), LaneIdx(index + 3));
        builder.connect(LaneIdx(index + 3), on);
        builder.entry(LaneIdx(index));
    }
    builder.connect(LaneIdx(3), ramp);
    builder.exit(ramp);
    for index in 7..10 {
        builder.exit(LaneIdx(index));
    }
    builder.finish().expect("lanes that fit")
}

/// A bit of everything: lanes of all kinds of curve and users across each other.
pub(crate) fn tangle() -> Network {
    let mut builder = Builder::default();
    builder.add(straight(0.0, 0.0, 0.0, 120.0));
    builder.add(straight(120.0, 0.5, PI, 120.0));
    builder.add(lane(Curve::arc(pose(60.0, 0.0, 0.0), 150.0, 0.03)));
    builder.add(lane(Curve::clothoid(pose(0.0, 30.0, -0.5), 110.0, [0.0, 0.03])));
    let points: Vec<_> = (0..40).map(|x| [3.0 * f64::from(x), 12.0 * (f64::from(x) * 0.3).sin()]).collect();
    builder.add(Sketch {
        users: Users::Cycles,
        width_m: 2.0,
        ..lane(Curve::polyline(&points).expect("distinct points"))
    });
    builder.add(Sketch { users: Users::Walkers, width_m: 3.0, ..straight(50.0, -30.0, FRAC_PI_2, 80.0) });
    builder.finish().expect("lanes that fit")
}
