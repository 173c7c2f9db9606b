//! A weaving section: an on-ramp and an off-ramp joined by a lane beside the main road, so that paths cross.

use serde::{Deserialize, Serialize};

use super::carriageway::{Carriageway, LENGTHS_M, LIMITS_MPS, connect_each, within};
use super::merge::Ramp;
use super::path::pose;
use crate::road::{Builder, Curve, Network, RoadError};

/// A weaving section. Entries are the main lanes from right to left, then the on-ramp; destination 0 is
/// straight on, 1 the off-ramp.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Weave {
    /// Lanes of the main road, the auxiliary one not counted, 1 to 5.
    pub lanes: usize,
    /// Main road before the on-ramp comes alongside, metres.
    pub before_m: f64,
    /// Auxiliary lane from ramp to ramp, metres.
    pub weaving_m: f64,
    /// Main road after the off-ramp has left, metres.
    pub after_m: f64,
    /// Straight part of either ramp, metres.
    pub ramp_m: f64,
    /// Angle between either ramp and the main road, radians.
    pub ramp_rad: f64,
    /// Speed limit of the main road and of the auxiliary lane, m/s.
    pub limit_mps: f64,
    /// Speed limit of the ramps, m/s.
    pub ramp_limit_mps: f64,
}

impl Default for Weave {
    fn default() -> Self {
        Self {
            lanes: 2,
            before_m: 250.0,
            weaving_m: 300.0,
            after_m: 250.0,
            ramp_m: 120.0,
            ramp_rad: 0.2,
            limit_mps: 27.8,
            ramp_limit_mps: 20.0,
        }
    }
}

impl Weave {
    /// Lays the road.
    ///
    /// # Errors
    /// [`RoadError::OutOfRange`] names the field that is out of bounds.
    pub fn build(&self) -> Result<Network, RoadError> {
        self.check()?;
        let mut builder = Builder::default();
        let road = Carriageway::new(self.lanes, self.limit_mps);
        let with_auxiliary = Carriageway { count: self.lanes + 1, ..road };
        let straight = |x_m: f64, y_m: f64, length_m: f64| Curve::straight(pose(x_m, y_m, 0.0), length_m);
        let before = road.lay(&mut builder, &straight(-self.before_m, 0.0, self.before_m));
        let weaving = with_auxiliary.lay(&mut builder, &straight(0.0, -road.width_m, self.weaving_m));
        let after = road.lay(&mut builder, &straight(self.weaving_m, 0.0, self.after_m));
        connect_each(&mut builder, &before, &weaving[1..]);
        connect_each(&mut builder, &weaving[1..], &after);

        let ramp = Ramp { straight_m: self.ramp_m, angle_rad: self.ramp_rad, limit_mps: self.ramp_limit_mps };
        let on_ramp = ramp.lay_into(&mut builder, weaving[0], pose(0.0, -road.width_m, 0.0));
        let off_ramp = ramp.lay_out_of(&mut builder, weaving[0], pose(self.weaving_m, -road.width_m, 0.0));

        before.iter().for_each(|lane| builder.entry(*lane));
        builder.entry(on_ramp);
        builder.exit_together(&after);
        builder.exit(off_ramp);
        builder.finish()
    }

    fn check(&self) -> Result<(), RoadError> {
        within("weave lanes", self.lanes as f64, [1.0, 5.0])?;
        within("weave before_m", self.before_m, LENGTHS_M)?;
        within("weave weaving_m", self.weaving_m, LENGTHS_M)?;
        within("weave after_m", self.after_m, LENGTHS_M)?;
        within("weave ramp_m", self.ramp_m, LENGTHS_M)?;
        within("weave ramp_rad", self.ramp_rad, [0.05, 0.6])?;
        within("weave limit_mps", self.limit_mps, LIMITS_MPS)?;
        within("weave ramp_limit_mps", self.ramp_limit_mps, LIMITS_MPS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_come_and_those_who_leave_have_to_cross() {
        let network = Weave::default().build().unwrap();
        let from_ramp = *network.entries().last().unwrap();
        let mut lane = from_ramp;
        while let Some(next) = network.guide(0, lane).next {
            lane = next;
        }
        assert_eq!(network.guide(0, lane).sideways, 1, "from the ramp straight on: one lane to the left");
        let from_right_lane = network.guide(1, network.entries()[0]).next.unwrap();
        assert_eq!(network.guide(1, from_right_lane).sideways, -1, "from the road to the ramp: to the right");
        assert_eq!(network.lane(from_right_lane).right, Some(lane));
    }
}
