//! All built-in layouts under one type, and the list of their names.

use serde::{Deserialize, Serialize};

use super::exit::Exit;
use super::highway::Highway;
use super::intersection::Intersection;
use super::lane_drop::LaneDrop;
use super::merge::Merge;
use super::parking::Parking;
use super::racetrack::Racetrack;
use super::right_of_way::{Lights, Rule};
use super::ring::Ring;
use super::roundabout::Roundabout;
use super::two_way::TwoWay;
use super::weave::Weave;
use crate::road::{Network, RoadError};

/// A built-in layout with its figures; in files, `kind` says which.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Layout {
    /// A straight road of several lanes.
    Highway(Highway),
    /// An on-ramp.
    Merge(Merge),
    /// An off-ramp.
    Exit(Exit),
    /// An on-ramp and an off-ramp joined by a lane.
    Weave(Weave),
    /// A road that loses a lane.
    LaneDrop(LaneDrop),
    /// A ring road without entries.
    Ring(Ring),
    /// A roundabout with four arms.
    Roundabout(Roundabout),
    /// Two roads that cross.
    Intersection(Intersection),
    /// One lane in each direction.
    TwoWay(TwoWay),
    /// A closed circuit.
    Racetrack(Racetrack),
    /// A car park.
    Parking(Parking),
}

impl Layout {
    /// Lays the road.
    ///
    /// # Errors
    /// [`RoadError::OutOfRange`] names the field that is out of bounds.
    pub fn build(&self) -> Result<Network, RoadError> {
        match self {
            Self::Highway(layout) => layout.build(),
            Self::Merge(layout) => layout.build(),
            Self::Exit(layout) => layout.build(),
            Self::Weave(layout) => layout.build(),
            Self::LaneDrop(layout) => layout.build(),
            Self::Ring(layout) => layout.build(),
            Self::Roundabout(layout) => layout.build(),
            Self::Intersection(layout) => layout.build(),
            Self::TwoWay(layout) => layout.build(),
            Self::Racetrack(layout) => layout.build(),
            Self::Parking(layout) => layout.build(),
        }
    }
}

/// A name, what it is, and the layout with its figures.
pub type NamedLayout = (&'static str, &'static str, fn() -> Layout);

/// The built-in layouts.
pub static LAYOUTS: &[NamedLayout] = &[
    ("highway", "straight road of four lanes", || Layout::Highway(Highway::default())),
    ("merge", "on-ramp with an acceleration lane that ends", || Layout::Merge(Merge::default())),
    ("exit", "deceleration lane and off-ramp", || Layout::Exit(Exit::default())),
    ("weave", "on-ramp and off-ramp joined by an auxiliary lane", || Layout::Weave(Weave::default())),
    ("lane_drop", "three lanes become two", || Layout::LaneDrop(LaneDrop::default())),
    ("ring", "ring road of 230 m without entries", || Layout::Ring(Ring::default())),
    (
        "roundabout",
        "four arms, two ring lanes, zebra crossings",
        || Layout::Roundabout(Roundabout::default()),
    ),
    ("intersection", "four-way, the road from east to west has priority", || {
        Layout::Intersection(Intersection::default())
    }),
    ("intersection_stop", "four-way with stop signs on all arms", || {
        Layout::Intersection(Intersection { rule: Rule::StopAll, ..Intersection::default() })
    }),
    ("intersection_signal", "four-way with lights, two lanes per direction, cycle lanes", || {
        let lights = Lights { green_secs: 16.0, left_green_secs: Some(8.0), ..Lights::default() };
        Layout::Intersection(Intersection {
            lanes: 2,
            rule: Rule::Signals(lights),
            cycle_lanes: true,
            ..Intersection::default()
        })
    }),
    ("two_way", "one lane in each direction, overtaking against the traffic", || {
        Layout::TwoWay(TwoWay::default())
    }),
    ("racetrack", "closed circuit of two lanes with a chicane", || Layout::Racetrack(Racetrack::default())),
    ("parking", "one-way aisle between 2 x 14 bays", || Layout::Parking(Parking::default())),
];
