//! A lane drop: one lane of a road ends, and who is in it has to merge with those beside.

use serde::{Deserialize, Serialize};

use super::carriageway::{Carriageway, LENGTHS_M, LIMITS_MPS, connect_each, within};
use super::path::pose;
use crate::road::{Builder, Curve, LaneIdx, Line, Network, RoadError, Sketch};

/// A side of the road, as seen in the direction of travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Left.
    Left,
    /// Right.
    Right,
}

/// A lane drop. Entries are the lanes' starts from right to left; destination 0 is the far end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LaneDrop {
    /// Lanes before the drop, 2 to 6; one fewer goes on.
    pub lanes: usize,
    /// Which of the outer lanes ends.
    pub ends: Side,
    /// Road on which all lanes are alike, metres.
    pub before_m: f64,
    /// Road on which the lane that ends may only be left, metres.
    pub closing_m: f64,
    /// Road after the drop, metres.
    pub after_m: f64,
    /// Speed limit, m/s.
    pub limit_mps: f64,
}

impl Default for LaneDrop {
    fn default() -> Self {
        Self {
            lanes: 3,
            ends: Side::Left,
            before_m: 350.0,
            closing_m: 150.0,
            after_m: 300.0,
            limit_mps: 27.8,
        }
    }
}

impl LaneDrop {
    /// Lays the road.
    ///
    /// # Errors
    /// [`RoadError::OutOfRange`] names the field that is out of bounds.
    pub fn build(&self) -> Result<Network, RoadError> {
        self.check()?;
        let mut builder = Builder::default();
        let all = Carriageway::new(self.lanes, self.limit_mps);
        let stays = Carriageway { count: self.lanes - 1, ..all };
        let (stays_from, stays_y_m) = match self.ends {
            Side::Left => (0, 0.0),
            Side::Right => (1, all.width_m),
        };
        let straight = |x_m: f64, y_m: f64, length_m: f64| Curve::straight(pose(x_m, y_m, 0.0), length_m);
        let before = all.lay(&mut builder, &straight(-self.before_m, 0.0, self.before_m));
        let closing_edges = match self.ends {
            Side::Left => [Line::Dashed, Line::Solid],
            Side::Right => [Line::Solid, Line::Dashed],
        };
        let closing =
            stays.with_edges(closing_edges).lay(&mut builder, &straight(0.0, stays_y_m, self.closing_m));
        let after = stays.lay(&mut builder, &straight(self.closing_m, stays_y_m, self.after_m));
        connect_each(&mut builder, &before[stays_from..], &closing);
        connect_each(&mut builder, &closing, &after);
        self.lay_ending(&mut builder, &before, &closing);

        before.iter().for_each(|lane| builder.entry(*lane));
        builder.exit_together(&after);
        builder.finish()
    }

    /// Lays the last stretch of the lane that ends.
    fn lay_ending(&self, builder: &mut Builder, before: &[LaneIdx], closing: &[LaneIdx]) {
        let outer = match self.ends {
            Side::Left => before.len() - 1,
            Side::Right => 0,
        };
        let curve = Curve::straight(pose(0.0, 4.0 * outer as f64, 0.0), self.closing_m);
        match self.ends {
            Side::Left => {
                let ending = builder.add(Sketch::new(curve, self.limit_mps, [Line::Solid, Line::Dashed]));
                builder.connect(before[outer], ending);
                builder.only_rightwards(closing[closing.len() - 1], ending);
            }
            Side::Right => {
                let ending = builder.add(Sketch::new(curve, self.limit_mps, [Line::Dashed, Line::Solid]));
                builder.connect(before[outer], ending);
                builder.only_leftwards(ending, closing[0]);
            }
        }
    }

    fn check(&self) -> Result<(), RoadError> {
        within("lane_drop lanes", self.lanes as f64, [2.0, 6.0])?;
        within("lane_drop before_m", self.before_m, LENGTHS_M)?;
        within("lane_drop closing_m", self.closing_m, LENGTHS_M)?;
        within("lane_drop after_m", self.after_m, LENGTHS_M)?;
        within("lane_drop limit_mps", self.limit_mps, LIMITS_MPS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lane_that_ends_is_the_one_named() {
        for (ends, outer, sideways) in [(Side::Left, 2, -1), (Side::Right, 0, 1)] {
            let network = LaneDrop { ends, ..LaneDrop::default() }.build().unwrap();
            for (idx, entry) in network.entries().iter().enumerate() {
                let closing = network.lane(*entry).next[0];
                assert_eq!(network.lane(closing).next.is_empty(), idx == outer);
                assert_eq!(network.guide(0, closing).sideways, if idx == outer { sideways } else { 0 });
            }
        }
    }
}
