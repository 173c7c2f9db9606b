//! A country road: one lane in each direction, on which overtaking means driving on the lane of those who
//! come.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use super::carriageway::{LENGTHS_M, LIMITS_MPS, within};
use super::path::pose;
use crate::road::{Builder, Curve, LaneIdx, Line, Network, Pose, RoadError, Sketch};

/// A two-way road along the x axis. Entry 0 and destination 0 belong to the direction of x, entry 1 and
/// destination 1 to the other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TwoWay {
    /// Lengths of its sections in the direction of x, metres. Overtaking is allowed on the first one, the
    /// third and so on, where the middle line is dashed, and forbidden on those between, where it is solid.
    pub sections_m: Vec<f64>,
    /// Speed limit, m/s.
    pub limit_mps: f64,
}

impl Default for TwoWay {
    fn default() -> Self {
        Self { sections_m: vec![400.0, 100.0, 400.0], limit_mps: 25.0 }
    }
}

/// A stretch of the road in both directions.
struct Section {
    starts_m: f64,
    length_m: f64,
    middle: Line,
}

impl TwoWay {
    /// Lays the road: for each section the lane along x, the one against it, and where overtaking is
    /// allowed a lane for overtaking in each direction, on the strip of the oncoming lane.
    ///
    /// # Errors
    /// [`RoadError::OutOfRange`] names the field that is out of bounds.
    pub fn build(&self) -> Result<Network, RoadError> {
        within("two_way sections_m, their number", self.sections_m.len() as f64, [1.0, 99.0])?;
        self.sections_m.iter().try_for_each(|length_m| within("two_way sections_m", *length_m, LENGTHS_M))?;
        within("two_way limit_mps", self.limit_mps, LIMITS_MPS)?;
        let mut builder = Builder::default();
        let (mut along, mut back) = (Vec::new(), Vec::new());
        let mut starts_m = 0.0;
        for (idx, &length_m) in self.sections_m.iter().enumerate() {
            let middle = if idx % 2 == 0 { Line::Dashed } else { Line::Solid };
            let lanes = self.lay(&mut builder, &Section { starts_m, length_m, middle });
            along.push(lanes[0]);
            back.push(lanes[1]);
            starts_m += length_m;
        }
        along.windows(2).for_each(|pair| builder.connect(pair[0], pair[1]));
        back.windows(2).for_each(|pair| builder.connect(pair[1], pair[0]));
        builder.entry(along[0]);
        builder.entry(back[back.len() - 1]);
        builder.exit(along[along.len() - 1]);
        builder.exit(back[0]);
        builder.finish()
    }

    /// Lays a section; answers with its lane along x and the one against it.
    fn lay(&self, builder: &mut Builder, section: &Section) -> [LaneIdx; 2] {
        let right_strip = pose(section.starts_m, -2.0, 0.0);
        let left_strip = pose(section.starts_m + section.length_m, 2.0, PI);
        let edges = [section.middle, Line::Solid];
        let mut add = |from: Pose, lines: [Line; 2], priority: u8| {
            let curve = Curve::straight(from, section.length_m);
            builder.add(Sketch { priority, ..Sketch::new(curve, self.limit_mps, lines) })
        };
        let lanes = [add(right_strip, edges, 1), add(left_strip, edges, 1)];
        if section.middle == Line::Dashed {
            let overtaking_edges = [Line::Solid, Line::Dashed];
            let on_left_strip = pose(section.starts_m, 2.0, 0.0);
            let on_right_strip = pose(section.starts_m + section.length_m, -2.0, PI);
            let overtaking =
                [add(on_left_strip, overtaking_edges, 0), add(on_right_strip, overtaking_edges, 0)];
            builder.beside(lanes[0], overtaking[0]);
            builder.beside(lanes[1], overtaking[1]);
            builder.against(overtaking[0], lanes[1]);
            builder.against(overtaking[1], lanes[0]);
        }
        lanes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overtaking_is_possible_where_the_middle_line_is_dashed_and_nowhere_else() {
        let network = TwoWay::default().build().unwrap();
        for entry in network.entries() {
            let mut lane = network.lane(*entry);
            for overtakes in [true, false, true] {
                assert_eq!(lane.left.is_some(), overtakes);
                let line = if overtakes { Line::Dashed } else { Line::Solid };
                assert_eq!(lane.sketch.lines[0], line);
                lane = lane.next.first().map_or(lane, |next| network.lane(*next));
            }
        }
    }

    #[test]
    fn who_overtakes_is_told_to_come_back_and_whom_he_meets() {
        let network = TwoWay::default().build().unwrap();
        let [along, back] = [network.entries()[0], network.exits()[1]];
        let overtaking = network.lane(along).left.unwrap();
        assert_eq!(network.lane(overtaking).against, Some(back));
        assert_eq!(network.guide(0, overtaking).sideways, -1);
    }
}
