//! A ring road without entries or exits, as in the experiment on jams that arise from nothing:
//! Y. Sugiyama et al., New J. Phys. 10 (2008) 033001, <https://doi.org/10.1088/1367-2630/10/3/033001>.

use std::f64::consts::{FRAC_PI_2, PI};

use serde::{Deserialize, Serialize};

use super::carriageway::{Carriageway, LIMITS_MPS, connect_each, within};
use super::path::{pose, quarters};
use crate::road::{Builder, Curve, Network, RoadError};

/// A ring road around the origin, driven counter-clockwise. It has no entries and no destinations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ring {
    /// Lanes, 1 to 4; those to the left lie inside.
    pub lanes: usize,
    /// Length once around along the rightmost lane, metres; the others are shorter.
    pub circumference_m: f64,
    /// Speed limit, m/s.
    pub limit_mps: f64,
}

impl Default for Ring {
    fn default() -> Self {
        Self { lanes: 1, circumference_m: 230.0, limit_mps: 8.0 }
    }
}

impl Ring {
    /// Lays the road: four quarters, the lanes of each from right to left.
    ///
    /// # Errors
    /// [`RoadError::OutOfRange`] names the field that is out of bounds.
    pub fn build(&self) -> Result<Network, RoadError> {
        within("ring lanes", self.lanes as f64, [1.0, 4.0])?;
        within("ring circumference_m", self.circumference_m, [130.0, 20_000.0])?;
        within("ring limit_mps", self.limit_mps, LIMITS_MPS)?;
        let mut builder = Builder::default();
        let radius_m = self.circumference_m / (2.0 * PI);
        let road = Carriageway::new(self.lanes, self.limit_mps);
        let sections: Vec<_> = (0..4)
            .map(|quarter| {
                let start = quarters(pose(radius_m, 0.0, FRAC_PI_2), quarter);
                road.lay(&mut builder, &Curve::arc(start, self.circumference_m / 4.0, 1.0 / radius_m))
            })
            .collect();
        for quarter in 0..4 {
            connect_each(&mut builder, &sections[quarter], &sections[(quarter + 1) % 4]);
        }
        builder.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_lane_closes_and_lanes_to_the_left_are_shorter() {
        let network = Ring { lanes: 3, ..Ring::default() }.build().unwrap();
        let mut lengths_m = Vec::new();
        for start in &network.lanes()[..3] {
            let (mut lane, mut length_m) = (start, 0.0);
            for _ in 0..4 {
                length_m += lane.sketch.curve.length_m();
                let next = network.lane(lane.next[0]);
                let (end, begin) = (lane.sketch.curve.end(), next.sketch.curve.start());
                assert!((end.x_m - begin.x_m).hypot(end.y_m - begin.y_m) < 1e-6);
                lane = next;
            }
            assert_eq!(lane, start);
            lengths_m.push(length_m);
        }
        assert!((lengths_m[0] - 230.0).abs() < 1e-6);
        assert!((lengths_m[1] - lengths_m[2] - 8.0 * PI).abs() < 1e-6);
    }
}
