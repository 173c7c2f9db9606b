//! An on-ramp: a road that comes in from the right, runs beside the main road for a while, and ends.

use serde::{Deserialize, Serialize};

use super::carriageway::{Carriageway, LENGTHS_M, LIMITS_MPS, chain, connect_each, within};
use super::path::{Piece, pose, run, run_into, turn};
use crate::road::{Builder, Curve, LaneIdx, Line, Network, Pose, RoadError, Sketch};

/// Sharpest radius of a ramp where it swings in or out, metres: comfortable up to some 80 km/h.
const RAMP_RADIUS_M: f64 = 220.0;

/// An on-ramp merge. Entries are the main lanes from right to left, then the ramp; destination 0 is the far
/// end of the main road.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Merge {
    /// Lanes of the main road, 1 to 5.
    pub lanes: usize,
    /// Main road before the ramp comes alongside, metres.
    pub before_m: f64,
    /// Acceleration lane beside the main road, metres.
    pub acceleration_m: f64,
    /// Main road after the end of the acceleration lane, metres.
    pub after_m: f64,
    /// Straight part of the ramp, metres.
    pub ramp_m: f64,
    /// Angle between ramp and main road, radians.
    pub ramp_rad: f64,
    /// Speed limit of the main road and of the acceleration lane, m/s.
    pub limit_mps: f64,
    /// Speed limit of the ramp, m/s.
    pub ramp_limit_mps: f64,
}

impl Default for Merge {
    fn default() -> Self {
        Self {
            lanes: 2,
            before_m: 250.0,
            acceleration_m: 200.0,
            after_m: 300.0,
            ramp_m: 120.0,
            ramp_rad: 0.2,
            limit_mps: 30.0,
            ramp_limit_mps: 20.0,
        }
    }
}

impl Merge {
    /// Lays the road.
    ///
    /// # Errors
    /// [`RoadError::OutOfRange`] names the field that is out of bounds.
    pub fn build(&self) -> Result<Network, RoadError> {
        self.check()?;
        let mut builder = Builder::default();
        let road = Carriageway::new(self.lanes, self.limit_mps);
        let straight = |x_m: f64, length_m: f64| Curve::straight(pose(x_m, 0.0, 0.0), length_m);
        let before = road.lay(&mut builder, &straight(-self.before_m, self.before_m));
        let alongside = road
            .with_edges([Line::Solid, Line::Dashed])
            .lay(&mut builder, &straight(0.0, self.acceleration_m));
        let after = road.lay(&mut builder, &straight(self.acceleration_m, self.after_m));
        connect_each(&mut builder, &before, &alongside);
        connect_each(&mut builder, &alongside, &after);

        let acceleration = builder.add(Sketch::new(
            Curve::straight(pose(0.0, -road.width_m, 0.0), self.acceleration_m),
            self.limit_mps,
            [Line::Dashed, Line::Solid],
        ));
        builder.only_leftwards(acceleration, alongside[0]);
        let ramp = Ramp { straight_m: self.ramp_m, angle_rad: self.ramp_rad, limit_mps: self.ramp_limit_mps };
        let ramp_start = ramp.lay_into(&mut builder, acceleration, pose(0.0, -road.width_m, 0.0));

        before.iter().for_each(|lane| builder.entry(*lane));
        builder.entry(ramp_start);
        builder.exit_together(&after);
        builder.finish()
    }

    fn check(&self) -> Result<(), RoadError> {
        within("merge lanes", self.lanes as f64, [1.0, 5.0])?;
        within("merge before_m", self.before_m, LENGTHS_M)?;
        within("merge acceleration_m", self.acceleration_m, LENGTHS_M)?;
        within("merge after_m", self.after_m, LENGTHS_M)?;
        within("merge ramp_m", self.ramp_m, LENGTHS_M)?;
        within("merge ramp_rad", self.ramp_rad, [0.05, 0.6])?;
        within("merge limit_mps", self.limit_mps, LIMITS_MPS)?;
        within("merge ramp_limit_mps", self.ramp_limit_mps, LIMITS_MPS)
    }
}

/// A single lane that swings into or out of a main road along the x axis, to the right of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ramp {
    pub(super) straight_m: f64,
    pub(super) angle_rad: f64,
    pub(super) limit_mps: f64,
}

impl Ramp {
    /// Lays a ramp that comes up to a lane; answers with the ramp's first lane.
    pub(super) fn lay_into(self, builder: &mut Builder, lane: LaneIdx, at: Pose) -> LaneIdx {
        let [first, second] = turn(RAMP_RADIUS_M, -self.angle_rad);
        let curves = run_into(at, &[Piece::straight(self.straight_m), first, second]);
        let lanes = self.lay(builder, &curves);
        builder.connect(lanes[2], lane);
        lanes[0]
    }

    /// Lays a ramp that leaves at the end of a lane; answers with the ramp's last lane.
    pub(super) fn lay_out_of(self, builder: &mut Builder, lane: LaneIdx, at: Pose) -> LaneIdx {
        let [first, second] = turn(RAMP_RADIUS_M, -self.angle_rad);
        let curves = run(at, &[first, second, Piece::straight(self.straight_m)]);
        let lanes = self.lay(builder, &curves);
        builder.connect(lane, lanes[0]);
        lanes[2]
    }

    fn lay(self, builder: &mut Builder, curves: &[Curve]) -> Vec<LaneIdx> {
        chain(builder, curves, |curve| Sketch::new(curve, self.limit_mps, [Line::Solid, Line::Solid]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_acceleration_lane_ends_and_can_only_be_left_to_the_left() {
        let network = Merge::default().build().unwrap();
        let ramp = *network.entries().last().unwrap();
        let mut lane = ramp;
        while let Some(next) = network.guide(0, lane).next {
            lane = next;
        }
        assert_eq!(network.guide(0, lane).sideways, 1);
        assert!(network.lane(lane).next.is_empty() && network.lane(lane).left.is_some());
        let main = network.lane(lane).left.unwrap();
        assert_eq!(network.lane(main).right, None, "nobody turns back onto the acceleration lane");
        assert!(network.lane(ramp).sketch.curve.start().y_m < -10.0, "the ramp comes in from the right");
    }
}
