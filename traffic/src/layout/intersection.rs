//! An intersection of two roads, with or without signs, lights, cycle lanes and pavements.

use std::f64::consts::{FRAC_PI_2, PI};

use serde::{Deserialize, Serialize};

use super::carriageway::{Carriageway, LENGTHS_M, LIMITS_MPS, within};
use super::path::{Piece, bend_limit_mps, pose, quarters, run};
use super::pavement::Pavement;
use super::right_of_way::{Movement, Rule};
use crate::road::{Builder, Curve, LaneIdx, Line, Network, RoadError, Sketch, Users};

/// Width of a cycle lane, metres.
const CYCLE_LANE_M: f64 = 2.0;

/// An intersection around the origin. Arms are counted counter-clockwise from the east.
///
/// Entries are, arm by arm, the lanes that come in from right to left and then the cycle lane; then the
/// pavements. Destinations 0 to 3 are the arms, 4 to 11 the pavements where there are any, two for each arm
/// that they cross.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Intersection {
    /// Lanes per direction, 1 or 2. Of two the right one leads straight on and right, the left one straight
    /// on and left.
    pub lanes: usize,
    /// Length of each arm up to where the ways across part, metres.
    pub arm_m: f64,
    /// Radius of the kerb at the corners, metres.
    pub corner_radius_m: f64,
    /// Speed limit, m/s; bends have a lower one by their radius.
    pub limit_mps: f64,
    /// Who goes first.
    pub rule: Rule,
    /// Whether there are cycle lanes to the right of the others, leading straight on and right.
    pub cycle_lanes: bool,
    /// Whether there are pavements, and crossings over all arms.
    pub pavements: bool,
}

impl Default for Intersection {
    fn default() -> Self {
        Self {
            lanes: 1,
            arm_m: 100.0,
            corner_radius_m: 8.0,
            limit_mps: 13.9,
            rule: Rule::default(),
            cycle_lanes: false,
            pavements: true,
        }
    }
}

/// The lanes of an arm, from right to left as one drives.
struct Arm {
    comes: Vec<LaneIdx>,
    leaves: Vec<LaneIdx>,
    cycle_comes: Option<LaneIdx>,
    cycle_leaves: Option<LaneIdx>,
}

impl Intersection {
    /// Lays the road.
    ///
    /// # Errors
    /// [`RoadError::OutOfRange`] names the field that is out of bounds.
    pub fn build(&self) -> Result<Network, RoadError> {
        within("intersection lanes", self.lanes as f64, [1.0, 2.0])?;
        within("intersection arm_m", self.arm_m, LENGTHS_M)?;
        within("intersection corner_radius_m", self.corner_radius_m, [6.0, 30.0])?;
        within("intersection limit_mps", self.limit_mps, LIMITS_MPS)?;
        self.rule.check(self.lanes)?;
        let mut builder = Builder::default();
        let arms: Vec<Arm> = (0..4).map(|arm| self.lay_arm(&mut builder, arm)).collect();
        for arm in 0..4 {
            Movement::ALL.iter().for_each(|movement| self.lay_ways(&mut builder, &arms, arm, *movement));
        }
        for arm in &arms {
            arm.comes.iter().chain(&arm.cycle_comes).for_each(|lane| builder.entry(*lane));
            let leaves: Vec<LaneIdx> = arm.leaves.iter().chain(&arm.cycle_leaves).copied().collect();
            builder.exit_together(&leaves);
        }
        if self.pavements {
            self.pavement().lay(&mut builder);
        }
        if let Some(signal) = self.rule.signal() {
            builder.signal(signal);
        }
        builder.finish()
    }

    /// From the middle of a road to its kerb.
    fn half_width_m(&self) -> f64 {
        4.0 * self.lanes as f64 + if self.cycle_lanes { CYCLE_LANE_M } else { 0.0 }
    }

    /// From the middle of the intersection to where the arms begin.
    fn box_m(&self) -> f64 {
        self.half_width_m() + self.corner_radius_m
    }

    /// From the middle of a road to the centre line of one of its lanes, counted from the right.
    fn offset_m(&self, lane_idx: usize) -> f64 {
        4.0 * (self.lanes - 1 - lane_idx) as f64 + 2.0
    }

    fn cycle_offset_m(&self) -> f64 {
        self.half_width_m() - CYCLE_LANE_M / 2.0
    }

    fn pavement(&self) -> Pavement<'_> {
        Pavement {
            half_width_m: self.half_width_m(),
            corner_radius_m: self.corner_radius_m,
            along_arm_m: self.arm_m.min(30.0),
            rule: &self.rule,
        }
    }

    fn lay_arm(&self, builder: &mut Builder, arm: usize) -> Arm {
        let right_edge = if self.cycle_lanes { Line::Solid } else { Line::Kerb };
        let road = Carriageway::new(self.lanes, self.limit_mps).with_edges([Line::Solid, right_edge]);
        let (box_m, outer_m) = (self.box_m(), self.box_m() + self.arm_m);
        let straight = |x_m: f64, y_m: f64, heading_rad: f64| {
            Curve::straight(quarters(pose(x_m, y_m, heading_rad), arm), self.arm_m)
        };
        let right_m = self.offset_m(0);
        let comes = road.lay(builder, &straight(outer_m, right_m, PI));
        let leaves = road.lay(builder, &straight(box_m, -right_m, 0.0));
        let mut cycle_lane = |x_m: f64, y_m: f64, heading_rad: f64| {
            let lines = [Line::Solid, Line::Kerb];
            let lane = || self.cycle_sketch(straight(x_m, y_m, heading_rad), lines);
            self.cycle_lanes.then(|| builder.add(lane()))
        };
        let cycle_comes = cycle_lane(outer_m, self.cycle_offset_m(), PI);
        let cycle_leaves = cycle_lane(box_m, -self.cycle_offset_m(), 0.0);
        Arm { comes, leaves, cycle_comes, cycle_leaves }
    }

    fn cycle_sketch(&self, curve: Curve, lines: [Line; 2]) -> Sketch {
        Sketch { width_m: CYCLE_LANE_M, users: Users::Cycles, ..Sketch::new(curve, self.limit_mps, lines) }
    }

    /// Lays the ways across from one arm for one movement: for all lanes that may make it, and for cyclists.
    fn lay_ways(&self, builder: &mut Builder, arms: &[Arm], arm: usize, movement: Movement) {
        let to = &arms[movement.leaves_by(arm)];
        let lane_idxs = match movement {
            Movement::Right => 0..1,
            Movement::Straight => 0..self.lanes,
            Movement::Left => self.lanes - 1..self.lanes,
        };
        let control = self.rule.control(arm, movement);
        // Only those who turn right have nobody else to their right, cyclists before cars.
        let kerb = if movement == Movement::Right { Line::Kerb } else { Line::None };
        let right_edge = if self.cycle_lanes { Line::None } else { kerb };
        for lane_idx in lane_idxs {
            let offset_m = self.offset_m(lane_idx);
            let way = builder.add(Sketch {
                priority: self.rule.priority(arm, movement),
                control,
                ..Sketch::new(
                    self.way(arm, movement, offset_m),
                    self.way_limit_mps(movement, offset_m),
                    [Line::None, right_edge],
                )
            });
            builder.connect(arms[arm].comes[lane_idx], way);
            builder.connect(way, to.leaves[lane_idx]);
        }
        if let (Some(comes), Some(leaves)) = (arms[arm].cycle_comes, to.cycle_leaves)
            && movement != Movement::Left
        {
            let curve = self.way(arm, movement, self.cycle_offset_m());
            let priority = self.rule.cycle_priority(arm);
            let way =
                builder.add(Sketch { priority, control, ..self.cycle_sketch(curve, [Line::None, kerb]) });
            builder.connect(comes, way);
            builder.connect(way, leaves);
        }
    }

    fn way(&self, arm: usize, movement: Movement, offset_m: f64) -> Curve {
        let from = quarters(pose(self.box_m(), offset_m, PI), arm);
        let piece = match movement {
            Movement::Right => Piece::arc(self.box_m() - offset_m, -FRAC_PI_2),
            Movement::Straight => Piece::straight(2.0 * self.box_m()),
            Movement::Left => Piece::arc(self.box_m() + offset_m, FRAC_PI_2),
        };
        run(from, &[piece]).remove(0)
    }

    fn way_limit_mps(&self, movement: Movement, offset_m: f64) -> f64 {
        match movement {
            Movement::Right => bend_limit_mps(self.box_m() - offset_m, self.limit_mps),
            Movement::Straight => self.limit_mps,
            Movement::Left => bend_limit_mps(self.box_m() + offset_m, self.limit_mps),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::right_of_way::Lights;
    use crate::road::{Conflict, Control};

    /// The way from an arm's rightmost lane to another arm.
    fn way(network: &Network, from: usize, to: usize) -> LaneIdx {
        network.guide(to, network.entries()[from]).next.unwrap()
    }

    fn conflict(network: &Network, of: LaneIdx, with: LaneIdx) -> Option<Conflict> {
        network.lane(of).conflicts.iter().find(|conflict| conflict.with == with).copied()
    }

    #[test]
    fn crossing_roads_conflict_and_the_minor_one_yields() {
        let network = Intersection::default().build().unwrap();
        let [west_to_east, south_to_north] = [way(&network, 2, 0), way(&network, 3, 1)];
        let found = conflict(&network, south_to_north, west_to_east).unwrap();
        assert!(found.yields && !found.is_yielded_to);
        assert_eq!(conflict(&network, west_to_east, way(&network, 0, 2)), None, "oncoming lanes do not meet");
    }

    #[test]
    fn who_turns_left_yields_to_those_who_come() {
        for rule in [Rule::Equal, Rule::PriorityRoad, Rule::StopAll, Rule::Signals(Lights::default())] {
            let network = Intersection { rule, ..Intersection::default() }.build().unwrap();
            let [left, oncoming] = [way(&network, 2, 1), way(&network, 0, 2)];
            assert!(conflict(&network, left, oncoming).unwrap().yields, "{rule:?}");
        }
    }

    #[test]
    fn who_turns_right_yields_to_people_on_foot_and_to_cyclists() {
        let layout = Intersection { cycle_lanes: true, ..Intersection::default() };
        let network = layout.build().unwrap();
        let right = network.guide(1, network.entries()[0]).next.unwrap();
        let yields_to: Vec<Users> = network
            .lane(right)
            .conflicts
            .iter()
            .filter(|conflict| conflict.yields)
            .map(|conflict| network.lane(conflict.with).sketch.users)
            .collect();
        assert!(yields_to.contains(&Users::Walkers) && yields_to.contains(&Users::Cycles), "{yields_to:?}");
    }

    #[test]
    fn who_waits_before_the_intersection_is_in_nobodys_way() {
        for (lanes, cycle_lanes) in [(1, false), (2, true)] {
            let layout = Intersection { lanes, cycle_lanes, ..Intersection::default() };
            let network = layout.build().unwrap();
            let waits = |lane: &LaneIdx| network.lane(*lane).sketch.users != Users::Walkers;
            for entry in network.entries().iter().filter(|lane| waits(lane)) {
                assert_eq!(network.lane(*entry).conflicts, []);
            }
        }
    }

    #[test]
    fn where_ways_that_are_open_together_meet_one_of_them_yields() {
        let protected = Rule::Signals(Lights { left_green_secs: Some(8.0), ..Lights::default() });
        for rule in [Rule::PriorityRoad, Rule::StopMinor, Rule::Signals(Lights::default()), protected] {
            let layout = Intersection { lanes: 2, cycle_lanes: true, rule, ..Intersection::default() };
            let network = layout.build().unwrap();
            let light = |lane: LaneIdx| match network.lane(lane).sketch.control {
                Control::Signal(group) => Some(group),
                _ => None,
            };
            for (idx, lane) in (0..).zip(network.lanes()) {
                for conflict in lane.conflicts.iter().filter(|it| light(it.with) == light(LaneIdx(idx))) {
                    assert!(conflict.yields != conflict.is_yielded_to, "{rule:?}: lane {idx}, {conflict:?}");
                }
            }
        }
    }

    #[test]
    fn people_on_foot_meet_vehicles_on_crossings_only() {
        for corner_radius_m in [6.0, 7.0, 8.0, 12.0, 20.0, 30.0] {
            for (lanes, cycle_lanes) in [(1, false), (1, true), (2, true)] {
                let layout = Intersection { lanes, cycle_lanes, corner_radius_m, ..Intersection::default() };
                let network = layout.build().unwrap();
                let pavements = network
                    .lanes()
                    .iter()
                    .filter(|lane| lane.sketch.users == Users::Walkers && lane.sketch.priority == 0);
                for lane in pavements {
                    assert_eq!(lane.conflicts, [], "corners of {corner_radius_m} m, {:?}", lane.sketch.curve);
                }
            }
        }
    }

    #[test]
    fn stop_signs_stand_where_the_rule_puts_them() {
        for (rule, stops) in [(Rule::Equal, 0), (Rule::StopMinor, 6), (Rule::StopAll, 12)] {
            let network = Intersection { rule, ..Intersection::default() }.build().unwrap();
            let found = network.lanes().iter().filter(|lane| lane.sketch.control == Control::Stop).count();
            assert_eq!(found, stops, "{rule:?}");
        }
    }
}
