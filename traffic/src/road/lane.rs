//! A lane: a strip along a curve, what its edges are painted with, who may use it, and what lies around it.

use serde::{Deserialize, Serialize};

use super::curve::Curve;

/// Names a lane of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LaneIdx(pub u32);

/// What the edge of a lane is painted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Line {
    /// Nothing.
    None,
    /// Dashes: may be crossed.
    Dashed,
    /// A solid line: not to be crossed.
    Solid,
    /// A kerb: the edge of what is paved.
    Kerb,
}

/// Who a lane is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Users {
    /// All vehicles.
    Vehicles,
    /// Cyclists.
    Cycles,
    /// People on foot.
    Walkers,
}

/// What tells those who enter a lane, at its start, whether they may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Control {
    /// Nothing: where lanes cross, those of lower priority yield, and equals by who comes first.
    #[default]
    None,
    /// A stop sign: come to a stand first, then as by priority.
    Stop,
    /// A light of this group of the network's signal.
    Signal(u8),
}

/// A stretch that two lanes share: who is in it on one must not meet who is in it on the other.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conflict {
    /// The other lane.
    pub with: LaneIdx,
    /// From and to along this lane.
    pub here_m: [f64; 2],
    /// From and to along the other lane.
    pub there_m: [f64; 2],
    /// Whether this lane gives way to the other: its priority is lower.
    pub yields: bool,
    /// Whether the other lane gives way to this one. Neither does where priorities are equal.
    pub is_yielded_to: bool,
}

/// What a layout says of a lane; the network adds what follows from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sketch {
    /// Its centre line, in the direction of travel.
    pub curve: Curve,
    /// From edge to edge.
    pub width_m: f64,
    /// Speed limit.
    pub limit_mps: f64,
    /// Its left and its right edge.
    pub lines: [Line; 2],
    /// Who it is for.
    pub users: Users,
    /// Right of way where lanes cross: the higher goes first.
    pub priority: u8,
    /// What stands at its start.
    pub control: Control,
}

impl Sketch {
    /// A lane for vehicles, 4 m wide, no sign, priority 0.
    #[must_use]
    pub fn new(curve: Curve, limit_mps: f64, lines: [Line; 2]) -> Self {
        Self {
            curve,
            width_m: 4.0,
            limit_mps,
            lines,
            users: Users::Vehicles,
            priority: 0,
            control: Control::None,
        }
    }
}

/// A lane within its network.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    /// What the layout said.
    pub sketch: Sketch,
    /// Lanes that begin where this one ends, in the order in which they were connected.
    pub next: Vec<LaneIdx>,
    /// Lanes that end where this one begins.
    pub before: Vec<LaneIdx>,
    /// The lane to the left in the same direction that one may change to.
    pub left: Option<LaneIdx>,
    /// The lane to the right in the same direction that one may change to.
    pub right: Option<LaneIdx>,
    /// The oncoming lane on the same strip of road, where this lane is for overtaking against the traffic.
    pub against: Option<LaneIdx>,
    /// Stretches shared with other lanes, ordered by where they begin here. Lanes that merely touch end to start are
    /// not among them, nor are neighbours.
    pub conflicts: Vec<Conflict>,
}
