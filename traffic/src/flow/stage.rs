//! What does not change while traffic moves: the network, the rules, recorded tracks, and what follows from them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{give_way, track::Track};
use crate::{
    driver::Temper,
    participant::Kind,
    road::{Conflict, LaneIdx, Network},
};

/// Which models move the traffic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Variant {
    /// The models as their papers give them: gaps from bumper to bumper, a wanted gap that is never less than the
    /// standstill gap, speeds that stop at 0, motion exact for a held command.
    #[default]
    Textbook,
    /// The models as highway-env 1.12.1 has them, to its last quirk, for roads without junctions.
    HighwayEnv,
}

/// How traffic moves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Which models.
    pub variant: Variant,
    /// Drivers, by the index that participants name.
    pub tempers: Vec<Temper>,
    /// Standard deviation of what drivers' accelerations miss, anew at every tick.
    pub noise_mps2: f64,
    /// What the tyres hold, as a share of the weight: 0.9 on a dry road, 0.3 on snow.
    pub friction: f64,
    /// The speed at which those who are driven from outside may go backwards.
    pub reverse_mps: f64,
    /// Whether who reaches the end of its way stands there, as in a bay, instead of leaving.
    pub stands_at_end: bool,
}

impl Rules {
    /// The models of the papers on a dry road, with an ordinary, an aggressive and a defensive driver.
    #[must_use]
    pub fn textbook() -> Self {
        Self {
            variant: Variant::Textbook,
            tempers: vec![Temper::normal(), Temper::aggressive(), Temper::defensive()],
            noise_mps2: 0.0,
            friction: 0.9,
            reverse_mps: 0.0,
            stands_at_end: false,
        }
    }

    /// The models of highway-env.
    #[must_use]
    pub fn highway_env() -> Self {
        Self { variant: Variant::HighwayEnv, tempers: vec![Temper::highway_env()], ..Self::textbook() }
    }
}

/// What the rules want to know of a lane at every tick.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct LaneFacts {
    pub(super) length_m: f64,
    pub(super) half_width_m: f64,
    pub(super) limit_mps: f64,
    /// Sharpest bend anywhere along it.
    pub(super) bend_per_m: f64,
    /// Whether traffic leaves at its end.
    pub(super) is_exit: bool,
    /// Whether it ends and nobody can go on.
    pub(super) is_dead_end: bool,
    /// A lane beside it that ends, and whose traffic has to come over.
    pub(super) lets_in: Option<LaneIdx>,
    /// Whether nothing along it or at its end can ask for more than following.
    pub(super) is_plain: bool,
}

/// What does not change while traffic moves.
#[derive(Debug)]
pub struct Stage {
    /// The roads.
    pub network: Network,
    /// How traffic moves on them.
    pub rules: Rules,
    /// Tracks that logged participants and those with waypoints follow.
    pub tracks: Vec<Track>,
    pub(super) facts: Vec<LaneFacts>,
    /// The rules' tempers as those of each kind.
    pub(super) tempers: Vec<[Temper; Kind::ALL.len()]>,
    /// For each lane the stretches that only long bodies share with those on other lanes.
    pub(super) tight: Vec<Vec<Conflict>>,
}

impl Stage {
    /// A stage without tracks.
    #[must_use]
    pub fn new(network: Network, rules: Rules) -> Arc<Self> {
        Self::with_tracks(network, rules, Vec::new())
    }

    /// A stage with recorded tracks.
    #[must_use]
    pub fn with_tracks(network: Network, rules: Rules, tracks: Vec<Track>) -> Arc<Self> {
        assert!(!rules.tempers.is_empty(), "rules without a driver");
        let lanes = 0..network.lanes().len() as u32;
        let facts = lanes.map(|idx| facts(&network, &rules, LaneIdx(idx))).collect();
        let tight = give_way::tight::find(&network);
        let kinds = |temper: &Temper| Kind::ALL.map(|kind| temper.of(kind));
        let tempers = rules.tempers.iter().map(kinds).collect();
        Arc::new(Self { network, rules, tracks, facts, tempers, tight })
    }

    #[inline]
    pub(super) fn facts(&self, lane: LaneIdx) -> &LaneFacts {
        &self.facts[lane.0 as usize]
    }
}

fn facts(network: &Network, rules: &Rules, idx: LaneIdx) -> LaneFacts {
    let lane = network.lane(idx);
    let curve = &lane.sketch.curve;
    let length_m = curve.length_m();
    let samples = (length_m / 2.0).ceil().clamp(2.0, 4000.0);
    let bend_per_m = (0..=samples as usize)
        .map(|idx| curve.curvature_per_m(length_m * idx as f64 / samples).abs())
        .fold(0.0, f64::max);
    let is_exit = network.is_exit(idx);
    let beside = (0..network.lanes().len() as u32).map(LaneIdx);
    let lets_in = beside
        .filter(|&side| side != idx && is_dead_end(network, side))
        .find(|&side| network.lane(side).left == Some(idx) || network.lane(side).right == Some(idx));
    LaneFacts {
        length_m,
        half_width_m: 0.5 * lane.sketch.width_m,
        limit_mps: lane.sketch.limit_mps,
        bend_per_m,
        is_exit,
        is_dead_end: is_dead_end(network, idx),
        lets_in,
        is_plain: is_exit
            && !rules.stands_at_end
            && lane.next.is_empty()
            && lane.conflicts.is_empty()
            && lane.against.is_none()
            && lets_in.is_none(),
    }
}

fn is_dead_end(network: &Network, idx: LaneIdx) -> bool {
    network.lane(idx).next.is_empty() && !network.is_exit(idx)
}
