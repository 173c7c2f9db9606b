//! The network that lanes form: who follows whom, where lanes cross, how to get to an exit, and which lane is here.

mod builder;
mod conflicts;
mod error;
mod grid;
mod guides;

use std::f64::consts::PI;

pub use self::{builder::Builder, error::RoadError, guides::Guide};
use self::{grid::Grid, guides::Guides};
use super::{
    curve::turn_between,
    lane::{Lane, LaneIdx, Users},
    signal::Signal,
};

/// Rounding that a point at the very edge of a strip is forgiven; nearer scores than this are equal.
const EDGE_M: f64 = 1e-9;

/// Where something is on a network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// The lane.
    pub lane: LaneIdx,
    /// Metres along it.
    pub s_m: f64,
    /// Metres to the left of its centre line.
    pub d_m: f64,
}

/// Lanes and what follows from how they lie. Made by a [`Builder`]; nothing in it changes afterwards.
#[derive(Clone, Debug)]
pub struct Network {
    lanes: Vec<Lane>,
    entries: Vec<LaneIdx>,
    exits: Vec<LaneIdx>,
    destinations: Vec<Vec<LaneIdx>>,
    guides: Guides,
    grid: Grid,
    signal: Option<Signal>,
}

impl Network {
    /// All lanes, in the order in which they were added.
    #[must_use]
    pub fn lanes(&self) -> &[Lane] {
        &self.lanes
    }

    /// One lane.
    #[must_use]
    #[inline]
    pub fn lane(&self, idx: LaneIdx) -> &Lane {
        &self.lanes[idx.0 as usize]
    }

    /// Lanes at whose start traffic may enter.
    #[must_use]
    pub fn entries(&self) -> &[LaneIdx] {
        &self.entries
    }

    /// One lane of each destination at whose end traffic leaves; a destination is an index among them.
    #[must_use]
    pub fn exits(&self) -> &[LaneIdx] {
        &self.exits
    }

    /// All lanes at whose end one is at a destination.
    #[must_use]
    pub fn exit_lanes(&self, destination: usize) -> &[LaneIdx] {
        &self.destinations[destination]
    }

    /// Whether traffic leaves at the end of a lane.
    #[must_use]
    pub fn is_exit(&self, lane: LaneIdx) -> bool {
        self.destinations.iter().any(|lanes| lanes.contains(&lane))
    }

    /// How to go on from a lane towards a destination, an index among the exits.
    #[must_use]
    #[inline]
    pub fn guide(&self, destination: usize, lane: LaneIdx) -> Guide {
        self.guides.get(destination, lane)
    }

    /// The lane whose strip holds the point: vehicles' lanes before cycles' before walkers', then the smallest |d| / width.
    #[must_use]
    pub fn locate(&self, x_m: f64, y_m: f64) -> Option<Place> {
        best(self.near(x_m, y_m).iter().filter_map(|&idx| {
            let place = self.place_on(idx, x_m, y_m)?;
            Some((place, self.rank(place), self.offset(place)))
        }))
    }

    /// The same, but among lanes of the same users those along the heading are preferred: a lane across it counts as if half
    /// a width farther away, and one against it as a whole width.
    #[must_use]
    pub fn locate_towards(&self, x_m: f64, y_m: f64, heading_rad: f64) -> Option<Place> {
        best(self.near(x_m, y_m).iter().filter_map(|&idx| {
            let place = self.place_on(idx, x_m, y_m)?;
            let lane_rad = self.lane(idx).sketch.curve.heading_rad(place.s_m);
            let apart = turn_between(lane_rad, heading_rad).abs() / PI;
            Some((place, self.rank(place), self.offset(place) + apart))
        }))
    }

    /// Lanes whose strip, widened by 6 m, touches the cell of the point, and possibly a few more; in ascending order.
    #[must_use]
    #[inline]
    pub fn near(&self, x_m: f64, y_m: f64) -> &[LaneIdx] {
        self.grid.near(x_m, y_m)
    }

    /// Lower and upper corner of the box around all strips.
    #[must_use]
    pub fn bounds(&self) -> [[f64; 2]; 2] {
        self.grid.bounds()
    }

    /// The traffic lights, if there are any.
    #[must_use]
    pub fn signal(&self) -> Option<&Signal> {
        self.signal.as_ref()
    }

    /// The place on one lane, if the point is within its strip.
    fn place_on(&self, lane: LaneIdx, x_m: f64, y_m: f64) -> Option<Place> {
        let sketch = &self.lane(lane).sketch;
        let (s_m, d_m) = sketch.curve.project(x_m, y_m);
        let is_abreast = s_m >= -EDGE_M && s_m <= sketch.curve.length_m() + EDGE_M;
        let is_inside = is_abreast && d_m.abs() <= 0.5 * sketch.width_m + EDGE_M;
        is_inside.then_some(Place { lane, s_m, d_m })
    }

    fn rank(&self, place: Place) -> u8 {
        match self.lane(place.lane).sketch.users {
            Users::Vehicles => 0,
            Users::Cycles => 1,
            Users::Walkers => 2,
        }
    }

    fn offset(&self, place: Place) -> f64 {
        place.d_m.abs() / self.lane(place.lane).sketch.width_m
    }
}

/// The place of the lowest rank, and there of the lowest score; of equals the first.
fn best(places: impl Iterator<Item = (Place, u8, f64)>) -> Option<Place> {
    let mut best: Option<(Place, u8, f64)> = None;
    for (place, rank, score) in places {
        let is_better = best.is_none_or(|(_, best_rank, best_score)| {
            rank < best_rank || (rank == best_rank && score < best_score - EDGE_M)
        });
        if is_better {
            best = Some((place, rank, score));
        }
    }
    best.map(|(place, ..)| place)
}
