//! An off-ramp: a lane that opens to the right of a road, runs beside it for a while, and leaves.

use serde::{Deserialize, Serialize};

use super::carriageway::{Carriageway, LENGTHS_M, LIMITS_MPS, connect_each, within};
use super::merge::Ramp;
use super::path::pose;
use crate::road::{Builder, Curve, Line, Network, RoadError, Sketch};

/// A highway exit. Entries are the lanes from right to left; destination 0 is straight on, 1 is the ramp.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Exit {
    /// Lanes of the main road, 1 to 5.
    pub lanes: usize,
    /// Main road before the deceleration lane opens, metres.
    pub before_m: f64,
    /// Deceleration lane beside the main road, metres.
    pub deceleration_m: f64,
    /// Main road after the ramp has left, metres.
    pub after_m: f64,
    /// Straight part of the ramp, metres.
    pub ramp_m: f64,
    /// Angle between ramp and main road, radians.
    pub ramp_rad: f64,
    /// Speed limit of the main road and of the deceleration lane, m/s.
    pub limit_mps: f64,
    /// Speed limit of the ramp, m/s.
    pub ramp_limit_mps: f64,
}

impl Default for Exit {
    fn default() -> Self {
        Self {
            lanes: 3,
            before_m: 400.0,
            deceleration_m: 200.0,
            after_m: 250.0,
            ramp_m: 120.0,
            ramp_rad: 0.2,
            limit_mps: 30.0,
            ramp_limit_mps: 20.0,
        }
    }
}

impl Exit {
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
            .lay(&mut builder, &straight(0.0, self.deceleration_m));
        let after = road.lay(&mut builder, &straight(self.deceleration_m, self.after_m));
        connect_each(&mut builder, &before, &alongside);
        connect_each(&mut builder, &alongside, &after);

        let deceleration = builder.add(Sketch::new(
            Curve::straight(pose(0.0, -road.width_m, 0.0), self.deceleration_m),
            self.limit_mps,
            [Line::Dashed, Line::Solid],
        ));
        builder.only_rightwards(deceleration, alongside[0]);
        let ramp = Ramp { straight_m: self.ramp_m, angle_rad: self.ramp_rad, limit_mps: self.ramp_limit_mps };
        let leaves_at = pose(self.deceleration_m, -road.width_m, 0.0);
        let ramp_end = ramp.lay_out_of(&mut builder, deceleration, leaves_at);

        before.iter().for_each(|lane| builder.entry(*lane));
        builder.exit_together(&after);
        builder.exit(ramp_end);
        builder.finish()
    }

    fn check(&self) -> Result<(), RoadError> {
        within("exit lanes", self.lanes as f64, [1.0, 5.0])?;
        within("exit before_m", self.before_m, LENGTHS_M)?;
        within("exit deceleration_m", self.deceleration_m, LENGTHS_M)?;
        within("exit after_m", self.after_m, LENGTHS_M)?;
        within("exit ramp_m", self.ramp_m, LENGTHS_M)?;
        within("exit ramp_rad", self.ramp_rad, [0.05, 0.6])?;
        within("exit limit_mps", self.limit_mps, LIMITS_MPS)?;
        within("exit ramp_limit_mps", self.ramp_limit_mps, LIMITS_MPS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_leaves_has_to_get_to_the_right_and_who_stays_need_not_move() {
        let network = Exit::default().build().unwrap();
        for (lane_idx, entry) in network.entries().iter().enumerate() {
            let alongside = network.guide(0, *entry).next.unwrap();
            assert_eq!(network.guide(0, alongside).sideways, 0);
            assert_eq!(i32::from(network.guide(1, alongside).sideways), -(lane_idx as i32) - 1);
        }
    }

    #[test]
    fn the_ramp_leaves_to_the_right() {
        let network = Exit::default().build().unwrap();
        assert_eq!(network.exits().len(), 2);
        assert!(network.lane(network.exits()[1]).sketch.curve.end().y_m < -20.0);
    }
}
