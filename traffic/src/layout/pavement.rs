//! Pavements and crossings around an intersection, for people on foot who keep to the right.
//!
//! A path follows the kerb of one arm, bends to the crossing over the next arm, and bends back to the kerb
//! beyond. Crossings lie where the ways of vehicles have just begun, so that signs and lights stand before
//! them.

use std::f64::consts::FRAC_PI_2;

use super::carriageway::chain;
use super::path::{Piece, pose, quarters, run, shift};
use super::right_of_way::{Rule, WALKERS_PRIORITY};
use crate::road::{Builder, Curve, LaneIdx, Line, Sketch, Users};

/// Width of a lane for people on foot, metres.
pub(super) const WALKERS_LANE_M: f64 = 1.5;

/// A brisk walk, m/s.
const WALK_MPS: f64 = 2.0;

/// From the middle of a crossing to the start of the arm, outwards: who waits at the end of the arm is
/// clear of it.
const CROSSING_INSIDE_M: f64 = 3.0;

/// From the kerb to the middle of the pavement.
const KERB_TO_MIDDLE_M: f64 = 2.0;

/// How far beyond the kerbs the straight part of a crossing reaches.
const BEYOND_KERB_M: f64 = 1.0;

/// How far along the arms the bends reach.
const BEND_ALONG_ARM_M: f64 = 6.0;

/// The lane within a path that crosses the road.
const CROSSING: usize = 3;

/// The pavements of an intersection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pavement<'rule> {
    pub(super) half_width_m: f64,
    pub(super) corner_radius_m: f64,
    /// How far the pavements follow the arms.
    pub(super) along_arm_m: f64,
    pub(super) rule: &'rule Rule,
}

/// A direction around the intersection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Around {
    CounterClockwise,
    Clockwise,
}

impl Pavement<'_> {
    /// Adds all paths, each an entry and a destination: arm by arm that they cross, counter-clockwise ones
    /// first.
    pub(super) fn lay(&self, builder: &mut Builder) {
        let around = [Around::CounterClockwise, Around::Clockwise];
        let paths: Vec<[Vec<LaneIdx>; 2]> =
            (0..4).map(|arm| around.map(|around| self.lay_path(builder, arm, around))).collect();
        for (arm, [counter_clockwise, clockwise]) in paths.iter().enumerate() {
            self.lay_corner(
                builder,
                Around::CounterClockwise,
                arm,
                [counter_clockwise[0], last(&paths[(arm + 3) % 4][0])],
            );
            self.lay_corner(builder, Around::Clockwise, arm, [clockwise[0], last(&paths[(arm + 1) % 4][1])]);
            for path in [counter_clockwise, clockwise] {
                builder.entry(path[0]);
                builder.exit(last(path));
            }
        }
    }

    /// From the middle of a road to the middle of its pavement.
    fn middle_m(&self) -> f64 {
        self.half_width_m + KERB_TO_MIDDLE_M
    }

    /// From the middle of the intersection to where the bends begin.
    fn bend_m(&self) -> f64 {
        self.half_width_m + self.corner_radius_m + BEND_ALONG_ARM_M
    }

    /// From the middle of a road to the end of a crossing: beyond the kerb, which is already bending at its inner side.
    fn half_crossing_m(&self) -> f64 {
        let inside_m = CROSSING_INSIDE_M + WALKERS_LANE_M;
        let bent_m = self.corner_radius_m - (self.corner_radius_m.powi(2) - inside_m.powi(2)).sqrt();
        self.half_width_m + bent_m + BEYOND_KERB_M
    }

    /// Lays the path that crosses an arm.
    fn lay_path(&self, builder: &mut Builder, arm: usize, around: Around) -> Vec<LaneIdx> {
        let half_crossing_m = self.half_crossing_m();
        let outwards_m = self.corner_radius_m - CROSSING_INSIDE_M - KERB_TO_MIDDLE_M;
        let outer_m = self.half_width_m + self.corner_radius_m + self.along_arm_m;
        let aside_m = WALKERS_LANE_M / 2.0;
        let (start, to_the_left_m) = match around {
            Around::CounterClockwise => (pose(self.middle_m() + aside_m, -outer_m, FRAC_PI_2), -outwards_m),
            Around::Clockwise => (pose(self.middle_m() - aside_m, outer_m, -FRAC_PI_2), outwards_m),
        };
        let along = Piece::straight(outer_m - self.bend_m());
        let [out_first, out_second] = shift(self.bend_m() - half_crossing_m, to_the_left_m);
        let [back_first, back_second] = shift(self.bend_m() - half_crossing_m, -to_the_left_m);
        let crossing = Piece::straight(2.0 * half_crossing_m);
        let pieces = [along, out_first, out_second, crossing, back_first, back_second, along];
        let curves = run(quarters(start, arm), &pieces);
        let before = chain(builder, &curves[..CROSSING], walkers_sketch);
        let crossing = builder.add(Sketch {
            priority: WALKERS_PRIORITY,
            control: self.rule.crossing_control(arm),
            ..walkers_sketch(curves[CROSSING].clone())
        });
        let after = chain(builder, &curves[CROSSING + 1..], walkers_sketch);
        builder.connect(last(&before), crossing);
        builder.connect(crossing, after[0]);
        [before, vec![crossing], after].concat()
    }

    /// Lays the way around a corner without crossing a road, from the first lane of a path to the last one
    /// of another.
    fn lay_corner(&self, builder: &mut Builder, around: Around, arm: usize, [from, to]: [LaneIdx; 2]) {
        let aside_m = WALKERS_LANE_M / 2.0;
        let (start, angle_rad) = match around {
            Around::CounterClockwise => {
                (pose(self.middle_m() + aside_m, -self.bend_m(), FRAC_PI_2), -FRAC_PI_2)
            }
            Around::Clockwise => (pose(self.middle_m() - aside_m, self.bend_m(), -FRAC_PI_2), FRAC_PI_2),
        };
        let piece = Piece::arc(self.bend_m() - start.x_m, angle_rad);
        let corner = chain(builder, &run(quarters(start, arm), &[piece]), walkers_sketch);
        builder.connect(from, corner[0]);
        builder.connect(corner[0], to);
    }
}

/// A lane for people on foot.
pub(super) fn walkers_sketch(curve: Curve) -> Sketch {
    Sketch {
        width_m: WALKERS_LANE_M,
        users: Users::Walkers,
        ..Sketch::new(curve, WALK_MPS, [Line::None, Line::None])
    }
}

fn last(lanes: &[LaneIdx]) -> LaneIdx {
    lanes[lanes.len() - 1]
}
