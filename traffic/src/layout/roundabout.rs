//! A roundabout with four arms. Who is on the ring goes first, and people on foot before those who come or
//! leave.
//!
//! Ways in and out are arcs that touch both the lane of the arm and the circle of the ring: an arc of
//! radius r that touches a line at a distance e from the middle and a circle of radius R from outside has
//! its centre at the distance R + r from the middle and e + r from the arm's axis.

use std::f64::consts::{FRAC_PI_2, PI};

use serde::{Deserialize, Serialize};

use super::carriageway::{Carriageway, LENGTHS_M, LIMITS_MPS, connect_each, within};
use super::path::{Piece, bend_limit_mps, pose, quarters, run};
use super::pavement::{WALKERS_LANE_M, walkers_sketch};
use super::right_of_way::WALKERS_PRIORITY;
use crate::road::{Builder, Curve, LaneIdx, Line, Network, Pose, RoadError, Sketch};

/// From the axis of an arm to the centre line of either of its lanes, metres.
const ASIDE_M: f64 = 2.0;

/// How far a zebra crossing lies from where the ways in and out begin to bend, metres.
const ZEBRA_M: f64 = 14.0;

/// A roundabout around the origin. Arms are counted counter-clockwise from the east.
///
/// Entries 0 to 3 are the arms, then come those of the zebra crossings: two for each arm. Destinations
/// likewise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Roundabout {
    /// Lanes of the ring, 1 or 2. Ways in and out lead from and to the right, outer one.
    pub lanes: usize,
    /// Radius of the centre line of the outer lane, metres.
    pub radius_m: f64,
    /// Radius of the ways in and out, metres.
    pub bend_radius_m: f64,
    /// Length of each arm up to where it bends, metres.
    pub arm_m: f64,
    /// Speed limit of the arms, m/s.
    pub limit_mps: f64,
    /// Speed limit of the ring, m/s.
    pub ring_limit_mps: f64,
    /// Whether there are zebra crossings over all arms.
    pub zebras: bool,
}

impl Default for Roundabout {
    fn default() -> Self {
        Self {
            lanes: 2,
            radius_m: 24.0,
            bend_radius_m: 14.0,
            arm_m: 100.0,
            limit_mps: 13.9,
            ring_limit_mps: 8.0,
            zebras: true,
        }
    }
}

/// Where the ways in and out of the arm in the east touch.
#[derive(Clone, Copy, Debug)]
struct Touch {
    /// From the middle to where the arm begins to bend.
    arm_begins_m: f64,
    /// Angle on the ring, from the arm's axis.
    ring_rad: f64,
}

impl Roundabout {
    /// Lays the road.
    ///
    /// # Errors
    /// [`RoadError::OutOfRange`] names the field that is out of bounds.
    pub fn build(&self) -> Result<Network, RoadError> {
        within("roundabout lanes", self.lanes as f64, [1.0, 2.0])?;
        within("roundabout radius_m", self.radius_m, [12.0, 200.0])?;
        within(
            "roundabout bend_radius_m, at most 0.8 of radius_m",
            self.bend_radius_m,
            [5.0, 0.8 * self.radius_m],
        )?;
        within("roundabout arm_m", self.arm_m, LENGTHS_M)?;
        within("roundabout limit_mps", self.limit_mps, LIMITS_MPS)?;
        within("roundabout ring_limit_mps", self.ring_limit_mps, LIMITS_MPS)?;
        let mut builder = Builder::default();
        let touch = self.touch();
        let passing: Vec<_> = (0..4).map(|arm| self.lay_ring(&mut builder, arm, Part::Passing)).collect();
        let between: Vec<_> = (0..4).map(|arm| self.lay_ring(&mut builder, arm, Part::Between)).collect();
        for arm in 0..4 {
            connect_each(&mut builder, &between[(arm + 3) % 4], &passing[arm]);
            connect_each(&mut builder, &passing[arm], &between[arm]);
            let comes = self.lay_way_in(&mut builder, arm, between[arm][0]);
            let leaves = self.lay_way_out(&mut builder, arm, between[(arm + 3) % 4][0]);
            builder.entry(comes);
            builder.exit(leaves);
        }
        if self.zebras {
            (0..4).for_each(|arm| lay_zebra(&mut builder, arm, touch.arm_begins_m + ZEBRA_M));
        }
        builder.finish()
    }

    fn touch(&self) -> Touch {
        let away_m = self.radius_m + self.bend_radius_m;
        let aside_m = ASIDE_M + self.bend_radius_m;
        Touch {
            arm_begins_m: (away_m * away_m - aside_m * aside_m).sqrt(),
            ring_rad: (aside_m / away_m).asin(),
        }
    }

    /// Lays a part of the ring, past an arm or from it to the next one.
    fn lay_ring(&self, builder: &mut Builder, arm: usize, part: Part) -> Vec<LaneIdx> {
        let ring_rad = self.touch().ring_rad;
        let (from_rad, angle_rad, right_edge) = match part {
            Part::Passing => (-ring_rad, 2.0 * ring_rad, Line::None),
            Part::Between => (ring_rad, FRAC_PI_2 - 2.0 * ring_rad, Line::Kerb),
        };
        let ring = Carriageway {
            priority: 2,
            ..Carriageway::new(self.lanes, self.ring_limit_mps).with_edges([Line::Kerb, right_edge])
        };
        let start = quarters(self.on_ring(from_rad), arm);
        ring.lay(builder, &Curve::arc(start, self.radius_m * angle_rad, 1.0 / self.radius_m))
    }

    /// The pose on the outer lane at an angle from the arm in the east.
    fn on_ring(&self, at_rad: f64) -> Pose {
        pose(self.radius_m * at_rad.cos(), self.radius_m * at_rad.sin(), at_rad + FRAC_PI_2)
    }

    /// Lays an arm's lane towards the ring and its bend; answers with the lane.
    fn lay_way_in(&self, builder: &mut Builder, arm: usize, ring: LaneIdx) -> LaneIdx {
        let start = quarters(pose(self.touch().arm_begins_m + self.arm_m, ASIDE_M, PI), arm);
        let curves = run(start, &[Piece::straight(self.arm_m), self.bend()]);
        let [lane, bend] = self.lay_way(builder, [&curves[0], &curves[1]], 1);
        builder.connect(lane, bend);
        builder.connect(bend, ring);
        lane
    }

    /// Lays an arm's bend out of the ring and its lane away from it; answers with the lane.
    fn lay_way_out(&self, builder: &mut Builder, arm: usize, ring: LaneIdx) -> LaneIdx {
        let start = quarters(self.on_ring(-self.touch().ring_rad), arm);
        let curves = run(start, &[self.bend(), Piece::straight(self.arm_m)]);
        let [lane, bend] = self.lay_way(builder, [&curves[1], &curves[0]], 2);
        builder.connect(ring, bend);
        builder.connect(bend, lane);
        lane
    }

    fn bend(&self) -> Piece {
        Piece::arc(self.bend_radius_m, self.touch().ring_rad - FRAC_PI_2)
    }

    fn lay_way(&self, builder: &mut Builder, [lane, bend]: [&Curve; 2], priority: u8) -> [LaneIdx; 2] {
        let bend_limit_mps = bend_limit_mps(self.bend_radius_m, self.limit_mps);
        let mut add = |curve: &Curve, limit_mps: f64, lines: [Line; 2]| {
            builder.add(Sketch { priority, ..Sketch::new(curve.clone(), limit_mps, lines) })
        };
        [
            add(lane, self.limit_mps, [Line::Solid, Line::Kerb]),
            add(bend, bend_limit_mps, [Line::None, Line::Kerb]),
        ]
    }
}

/// A part of the ring.
#[derive(Clone, Copy, Debug)]
enum Part {
    /// Past an arm, from where one leaves to where one comes in.
    Passing,
    /// From an arm to the next one.
    Between,
}

/// Lays the two lanes of a zebra crossing over an arm; each is an entry and a destination.
fn lay_zebra(builder: &mut Builder, arm: usize, at_m: f64) {
    let half_m = ASIDE_M + 6.0;
    for (x_m, y_m, heading_rad) in
        [(at_m + WALKERS_LANE_M / 2.0, -half_m, FRAC_PI_2), (at_m - WALKERS_LANE_M / 2.0, half_m, -FRAC_PI_2)]
    {
        let curve = Curve::straight(quarters(pose(x_m, y_m, heading_rad), arm), 2.0 * half_m);
        let lane = builder.add(Sketch { priority: WALKERS_PRIORITY, ..walkers_sketch(curve) });
        builder.entry(lane);
        builder.exit(lane);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::road::Users;

    #[test]
    fn who_comes_in_yields_to_the_ring_and_to_people_on_foot() {
        for lanes in [1, 2] {
            let network = Roundabout { lanes, ..Roundabout::default() }.build().unwrap();
            for entry in &network.entries()[..4] {
                let arm = network.lane(*entry);
                let bend = network.lane(arm.next[0]);
                let on_ring = network.lane(bend.next[0]);
                let passing = on_ring.before.iter().find(|lane| **lane != arm.next[0]).unwrap();
                let with_ring = bend.conflicts.iter().find(|conflict| conflict.with == *passing).unwrap();
                assert!(with_ring.yields);
                let on_foot = |lane: LaneIdx| network.lane(lane).sketch.users == Users::Walkers;
                assert_eq!(arm.conflicts.iter().filter(|it| it.yields && on_foot(it.with)).count(), 2);
            }
        }
    }

    #[test]
    fn the_first_way_out_is_to_the_right_and_all_go_around_counter_clockwise() {
        let network = Roundabout::default().build().unwrap();
        let east = network.entries()[0];
        let remaining_m: Vec<f32> = (0..4).map(|arm| network.guide(arm, east).remaining_m).collect();
        assert!(remaining_m[1] < remaining_m[2], "north before west: {remaining_m:?}");
        assert!(remaining_m[2] < remaining_m[3] && remaining_m[3] < remaining_m[0], "{remaining_m:?}");
    }
}
