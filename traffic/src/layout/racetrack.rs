//! A closed circuit: two straights, two wide bends that clothoids lead into and out of, and a chicane.
//!
//! It closes because it is made of pairs: both bends are alike, the chicane is its own mirror image,
//! and the straights beside the chicane make up the length of the one opposite.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use super::carriageway::{Carriageway, LENGTHS_M, LIMITS_MPS, connect_each, within};
use super::path::{Piece, bend_limit_mps, pose, run};
use crate::road::{Builder, Curve, LaneIdx, Line, Network, RoadError};

/// A circuit driven counter-clockwise. It has no entries and no destinations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Racetrack {
    /// Lanes, 1 to 4; those to the left lie inside.
    pub lanes: usize,
    /// Width of a lane, metres.
    pub width_m: f64,
    /// Straight that the circuit begins with, metres. The one opposite is as long, its chicane counted.
    pub straight_m: f64,
    /// Radius of the wide bends on the rightmost lane, metres.
    pub radius_m: f64,
    /// Clothoid before and after each wide bend, metres.
    pub clothoid_m: f64,
    /// Sharpest radius of the chicane, metres.
    pub chicane_radius_m: f64,
    /// The angle by which the chicane turns away and back, radians.
    pub chicane_rad: f64,
    /// Speed limit on the straights, m/s; bends have a lower one by their radius.
    pub limit_mps: f64,
}

impl Default for Racetrack {
    fn default() -> Self {
        Self {
            lanes: 2,
            width_m: 5.0,
            straight_m: 250.0,
            radius_m: 50.0,
            clothoid_m: 40.0,
            chicane_radius_m: 45.0,
            chicane_rad: 0.5,
            limit_mps: 25.0,
        }
    }
}

impl Racetrack {
    /// Lays the circuit, section by section, the lanes of each from right to left.
    ///
    /// # Errors
    /// [`RoadError::OutOfRange`] names the field that is out of bounds.
    pub fn build(&self) -> Result<Network, RoadError> {
        self.check()?;
        let chicane = self.chicane();
        let chicane_m = run(pose(0.0, 0.0, 0.0), &chicane).last().map_or(0.0, |curve| curve.end().x_m);
        within(
            "racetrack straight_m, the chicane opposite included",
            self.straight_m,
            [chicane_m + 20.0, LENGTHS_M[1]],
        )?;
        let beside_chicane = Piece::straight((self.straight_m - chicane_m) / 2.0);
        let bend = self.bend();
        let pieces: Vec<Piece> = [
            [Piece::straight(self.straight_m)].as_slice(),
            &bend,
            &[beside_chicane],
            &chicane,
            &[beside_chicane],
            &bend,
        ]
        .concat();
        let mut builder = Builder::default();
        let sections: Vec<Vec<LaneIdx>> = run(pose(0.0, 0.0, 0.0), &pieces)
            .iter()
            .map(|curve| self.carriageway(curve).lay(&mut builder, curve))
            .collect();
        for (idx, section) in sections.iter().enumerate() {
            connect_each(&mut builder, section, &sections[(idx + 1) % sections.len()]);
        }
        builder.finish()
    }

    fn check(&self) -> Result<(), RoadError> {
        within("racetrack lanes", self.lanes as f64, [1.0, 4.0])?;
        within("racetrack width_m", self.width_m, [2.5, 8.0])?;
        // The innermost lane must keep a radius that cars can drive.
        let inner_m = self.width_m * (self.lanes - 1) as f64 + 12.0;
        within("racetrack radius_m", self.radius_m, [inner_m, 1000.0])?;
        within("racetrack chicane_radius_m", self.chicane_radius_m, [inner_m, 1000.0])?;
        within("racetrack chicane_rad", self.chicane_rad, [0.1, 1.2])?;
        // Both clothoids of a bend turn by half of what an arc of their length would: together at most half
        // a turn.
        within("racetrack clothoid_m", self.clothoid_m, [5.0, 0.9 * PI * self.radius_m])?;
        within("racetrack limit_mps", self.limit_mps, LIMITS_MPS)
    }

    /// Half a turn to the left.
    fn bend(&self) -> [Piece; 3] {
        let curvature_per_m = 1.0 / self.radius_m;
        [
            Piece::clothoid(self.clothoid_m, [0.0, curvature_per_m]),
            Piece::arc(self.radius_m, PI - self.clothoid_m * curvature_per_m),
            Piece::clothoid(self.clothoid_m, [curvature_per_m, 0.0]),
        ]
    }

    /// To the left, straight along, and back to the right, by clothoids only.
    fn chicane(&self) -> [Piece; 6] {
        let curvature_per_m = 1.0 / self.chicane_radius_m;
        let length_m = self.chicane_rad * self.chicane_radius_m;
        let swing = |from: f64, to: f64, lengths: f64| {
            Piece::clothoid(lengths * length_m, [from * curvature_per_m, to * curvature_per_m])
        };
        [
            swing(0.0, 1.0, 1.0),
            swing(1.0, -1.0, 2.0),
            swing(-1.0, 0.0, 1.0),
            swing(0.0, -1.0, 1.0),
            swing(-1.0, 1.0, 2.0),
            swing(1.0, 0.0, 1.0),
        ]
    }

    fn carriageway(&self, curve: &Curve) -> Carriageway {
        let sharpest_per_m = [0.0, curve.length_m()]
            .map(|s_m| curve.curvature_per_m(s_m).abs())
            .into_iter()
            .fold(0.0, f64::max);
        let limit_mps = if sharpest_per_m > 0.0 {
            bend_limit_mps(1.0 / sharpest_per_m, self.limit_mps)
        } else {
            self.limit_mps
        };
        Carriageway { width_m: self.width_m, ..Carriageway::new(self.lanes, limit_mps) }
            .with_edges([Line::Kerb, Line::Kerb])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_closed(track: &Racetrack) {
        let network = track.build().unwrap();
        for start in 0..track.lanes {
            let first = LaneIdx(start as u32);
            let mut lane_idx = first;
            loop {
                let lane = network.lane(lane_idx);
                lane_idx = lane.next[0];
                let (end, begin) = (lane.sketch.curve.end(), network.lane(lane_idx).sketch.curve.start());
                let gap_m = (end.x_m - begin.x_m).hypot(end.y_m - begin.y_m);
                assert!(gap_m < 1e-6, "{gap_m} m between {lane:?} and lane {lane_idx:?}");
                if lane_idx == first {
                    break;
                }
            }
        }
    }

    #[test]
    fn every_lane_closes() {
        check_closed(&Racetrack::default());
        check_closed(&Racetrack { lanes: 3, clothoid_m: 70.0, chicane_rad: 0.3, ..Racetrack::default() });
    }

    #[test]
    fn a_straight_too_short_for_the_chicane_is_refused() {
        let refusal = Racetrack { straight_m: 100.0, ..Racetrack::default() }.build().unwrap_err();
        assert!(refusal.to_string().contains("straight_m"), "{refusal}");
    }
}
