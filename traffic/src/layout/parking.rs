//! A car park: bays at right angles on both sides of an aisle, each reached by an arc that touches the
//! aisle and the bay.

use std::f64::consts::{FRAC_PI_2, PI};

use serde::{Deserialize, Serialize};

use super::carriageway::{LIMITS_MPS, chain, within};
use super::path::{Piece, pose, run};
use crate::road::{Builder, Curve, LaneIdx, Line, Network, Pose, RoadError, Sketch};

/// Width of a lane of the aisle, metres.
const AISLE_LANE_M: f64 = 4.0;

/// Aisle before the first and after the last arc, metres.
const AISLE_ENDS_M: f64 = 20.0;

/// Which way the aisle leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aisle {
    /// Along x only.
    OneWay,
    /// Along x, and against it on a second lane.
    TwoWay,
}

/// A car park with an aisle along the x axis.
///
/// Entry 0 is the aisle's western end; entry 1, where it leads both ways, its eastern one. Destinations are
/// the bays to the south from west to east, then those to the north from west to east, and last the way out
/// at the ends of the aisle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Parking {
    /// Bays on each side, 1 to 60.
    pub bays: usize,
    /// Width of a bay, metres.
    pub bay_width_m: f64,
    /// Length of a bay, metres.
    pub bay_length_m: f64,
    /// Radius of the arcs into the bays, and so how far the nearer ones lie from a lane of the aisle, metres.
    pub bend_radius_m: f64,
    /// Which way the aisle leads.
    pub aisle: Aisle,
    /// Speed limit in the aisle, m/s.
    pub limit_mps: f64,
    /// Speed limit on the arcs and in the bays, m/s.
    pub bay_limit_mps: f64,
}

impl Default for Parking {
    fn default() -> Self {
        Self {
            bays: 14,
            bay_width_m: 4.0,
            bay_length_m: 8.0,
            bend_radius_m: 6.0,
            aisle: Aisle::OneWay,
            limit_mps: 5.0,
            bay_limit_mps: 2.5,
        }
    }
}

impl Parking {
    /// Lays the car park.
    ///
    /// # Errors
    /// [`RoadError::OutOfRange`] names the field that is out of bounds.
    pub fn build(&self) -> Result<Network, RoadError> {
        self.check()?;
        let mut builder = Builder::default();
        let south = self.lay_bays(&mut builder, -FRAC_PI_2);
        let north = self.lay_bays(&mut builder, FRAC_PI_2);
        let aisles = match self.aisle {
            Aisle::OneWay => vec![pose(0.0, 0.0, 0.0)],
            Aisle::TwoWay => {
                vec![pose(0.0, -AISLE_LANE_M / 2.0, 0.0), pose(self.aisle_m(), AISLE_LANE_M / 2.0, PI)]
            }
        };
        let mut ways_out = Vec::new();
        for (idx, start) in aisles.into_iter().enumerate() {
            // The lane that leads west meets the bays in the other order, and on the other sides.
            let pairs: Vec<[LaneIdx; 2]> = match idx {
                0 => south.iter().zip(&north).map(|(south, north)| [*south, *north]).collect(),
                _ => north.iter().zip(&south).rev().map(|(north, south)| [*north, *south]).collect(),
            };
            let [way_in, way_out] = self.lay_aisle(&mut builder, start, &pairs);
            builder.entry(way_in);
            ways_out.push(way_out);
        }
        south.iter().chain(&north).for_each(|bay| builder.exit(*bay));
        builder.exit_together(&ways_out);
        builder.finish()
    }

    fn check(&self) -> Result<(), RoadError> {
        within("parking bays", self.bays as f64, [1.0, 60.0])?;
        within("parking bay_width_m", self.bay_width_m, [2.2, 6.0])?;
        within("parking bay_length_m", self.bay_length_m, [4.0, 20.0])?;
        within("parking bend_radius_m", self.bend_radius_m, [4.0, 12.0])?;
        within("parking limit_mps", self.limit_mps, LIMITS_MPS)?;
        within("parking bay_limit_mps", self.bay_limit_mps, LIMITS_MPS)
    }

    fn aisle_m(&self) -> f64 {
        self.bays as f64 * self.bay_width_m + 2.0 * AISLE_ENDS_M
    }

    /// From the middle of the aisle to where the bays begin.
    fn bays_begin_m(&self) -> f64 {
        match self.aisle {
            Aisle::OneWay => self.bend_radius_m,
            Aisle::TwoWay => self.bend_radius_m + AISLE_LANE_M / 2.0,
        }
    }

    /// Lays the bays of one side from west to east.
    fn lay_bays(&self, builder: &mut Builder, heading_rad: f64) -> Vec<LaneIdx> {
        (0..self.bays)
            .map(|idx| {
                let start = pose(self.bay_m(idx), self.bays_begin_m() * heading_rad.signum(), heading_rad);
                builder.add(Sketch {
                    width_m: self.bay_width_m,
                    ..Sketch::new(
                        Curve::straight(start, self.bay_length_m),
                        self.bay_limit_mps,
                        [Line::Solid; 2],
                    )
                })
            })
            .collect()
    }

    /// Where the middle of a bay lies along a lane of the aisle, counted as the lane meets them.
    fn bay_m(&self, idx: usize) -> f64 {
        AISLE_ENDS_M + (idx as f64 + 0.5) * self.bay_width_m
    }

    /// Lays a lane of the aisle, cut where it leads into bays, and the ways into the bays to its right and
    /// left, in pairs as it meets them; answers with its first and its last piece.
    fn lay_aisle(&self, builder: &mut Builder, start: Pose, pairs: &[[LaneIdx; 2]]) -> [LaneIdx; 2] {
        let along = Curve::straight(start, self.aisle_m());
        let cut_m = |idx: usize| self.bay_m(idx) - self.bend_radius_m;
        let piece = |builder: &mut Builder, from_m: f64, to_m: f64| {
            let curve = Curve::straight(along.pose(from_m), to_m - from_m);
            builder.add(Sketch { priority: 1, ..Sketch::new(curve, self.limit_mps, [Line::None; 2]) })
        };
        let first = piece(builder, 0.0, cut_m(0));
        let mut last = first;
        for (idx, [right, left]) in pairs.iter().enumerate() {
            for (bay, pieces) in [(*right, self.way_right()), (*left, self.way_left())] {
                let way = chain(builder, &run(along.pose(cut_m(idx)), &pieces), |curve| {
                    Sketch::new(curve, self.bay_limit_mps, [Line::None; 2])
                });
                builder.connect(last, way[0]);
                builder.connect(way[way.len() - 1], bay);
            }
            let ends_m = if idx + 1 == pairs.len() { self.aisle_m() } else { cut_m(idx + 1) };
            let next = piece(builder, cut_m(idx), ends_m);
            builder.connect(last, next);
            last = next;
        }
        [first, last]
    }

    fn way_right(&self) -> Vec<Piece> {
        vec![Piece::arc(self.bend_radius_m, -FRAC_PI_2)]
    }

    fn way_left(&self) -> Vec<Piece> {
        let arc = Piece::arc(self.bend_radius_m, FRAC_PI_2);
        match self.aisle {
            Aisle::OneWay => vec![arc],
            Aisle::TwoWay => vec![arc, Piece::straight(AISLE_LANE_M)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bay_and_the_way_out_can_be_reached_from_every_entry() {
        for aisle in [Aisle::OneWay, Aisle::TwoWay] {
            for (bays, bay_width_m) in [(1, 2.5), (14, 4.0), (20, 2.7)] {
                let layout = Parking { bays, bay_width_m, aisle, ..Parking::default() };
                let network = layout.build().unwrap();
                assert_eq!(network.exits().len(), 2 * bays + 1);
                for entry in network.entries() {
                    for destination in 0..network.exits().len() {
                        let remaining_m = network.guide(destination, *entry).remaining_m;
                        assert!(remaining_m.is_finite(), "{layout:?}: destination {destination}");
                    }
                }
            }
        }
    }

    #[test]
    fn bays_to_the_south_come_first() {
        let network = Parking::default().build().unwrap();
        let ends: Vec<[f64; 2]> = network.exits()[..28]
            .iter()
            .map(|bay| network.lane(*bay).sketch.curve.end())
            .map(|end| [end.x_m, end.y_m])
            .collect();
        assert!(
            ends[..14].iter().all(|[_, y_m]| *y_m < -10.0) && ends[14..].iter().all(|[_, y_m]| *y_m > 10.0)
        );
        assert!(ends[0][0] < ends[1][0] && ends[14][0] < ends[15][0]);
    }
}
