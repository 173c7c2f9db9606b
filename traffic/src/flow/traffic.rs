//! One episode of traffic: its participants, who comes after whom, and the clock.

use std::sync::Arc;

use super::{
    Stage, Variant, advance, drive,
    fleet::{Driver, Fleet, NOWHERE, Participant},
    like_highway_env,
    look::View,
    order::Order,
    touching::Sweep,
};
use crate::{
    chance::Chance,
    participant::bicycle::wrap,
    road::{LaneIdx, Place},
};

/// Everyone on one network, in motion.
#[derive(Clone, Debug)]
pub struct Traffic {
    pub(super) stage: Arc<Stage>,
    pub(super) fleet: Fleet,
    pub(super) order: Order,
    pub(super) sweep: Sweep,
    pub(super) chance: Chance,
    pub(super) ticks: u64,
    pub(super) secs: f64,
    /// Ids given so far.
    pub(super) ids: u32,
    /// Whether `order` is that of the present places.
    pub(super) ordered: bool,
}

impl Traffic {
    /// An empty network; its draws come from `chance`.
    #[must_use]
    pub fn new(stage: Arc<Stage>, chance: Chance) -> Self {
        Self {
            stage,
            fleet: Fleet::default(),
            order: Order::default(),
            sweep: Sweep::default(),
            chance,
            ticks: 0,
            secs: 0.0,
            ids: 0,
            ordered: false,
        }
    }

    /// What it moves on.
    #[must_use]
    pub fn stage(&self) -> &Arc<Stage> {
        &self.stage
    }

    /// Everyone, by column.
    #[must_use]
    pub fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    /// Simulated time.
    #[must_use]
    pub fn secs(&self) -> f64 {
        self.secs
    }

    /// Adds a participant at the place that its `lane`, `s_m` and `d_m` name, under way along the lane: its wheels
    /// are turned for the bend there. Its id is the next free one.
    pub fn add(&mut self, mut one: Participant) -> usize {
        let curve = &self.stage.network.lane(one.lane).sketch.curve;
        [one.x_m, one.y_m] = curve.point(one.s_m, one.d_m);
        let bend_per_m = curve.curvature_per_m(one.s_m);
        one.sin_slip =
            (0.5 * one.length_m * bend_per_m / (1.0 - bend_per_m * one.d_m).max(0.2)).clamp(-0.5, 0.5);
        one.heading_rad = wrap(curve.heading_rad(one.s_m) - one.sin_slip.asin());
        one.target = one.lane;
        self.put(one)
    }

    /// Adds a participant where its `x_m`, `y_m` and `heading_rad` say, on the lane that is there.
    pub fn add_at(&mut self, mut one: Participant) -> usize {
        if let Some(place) = self.stage.network.locate_towards(one.x_m, one.y_m, one.heading_rad) {
            (one.lane, one.s_m, one.d_m) = (place.lane, place.s_m, place.d_m);
        }
        one.target = one.lane;
        self.put(one)
    }

    fn put(&mut self, mut one: Participant) -> usize {
        one.id = self.ids;
        self.ids += 1;
        (one.sin, one.cos) = one.heading_rad.sin_cos();
        self.ordered = false;
        self.fleet.push(one);
        self.fleet.len() - 1
    }

    /// Takes a participant out; the last one comes to its place.
    pub fn remove(&mut self, idx: usize) {
        self.ordered = false;
        self.fleet.swap_remove(idx);
    }

    /// Moves everyone on for `secs`: all decide by what they see now, then all move.
    pub fn tick(&mut self, secs: f64) {
        self.sort();
        match self.stage.rules.variant {
            Variant::Textbook => {
                drive::decide(self, secs);
                advance::all(self, secs);
            }
            Variant::HighwayEnv => {
                like_highway_env::decide(self, secs);
                like_highway_env::advance(self, secs);
            }
        }
        self.ticks += 1;
        self.secs += secs;
        self.ordered = false;
    }

    /// Who comes after whom, at the present places.
    pub(super) fn sort(&mut self) {
        if self.ordered {
            return;
        }
        let Self { stage, fleet, order, .. } = self;
        let reaches = match stage.rules.variant {
            Variant::Textbook => drive::reaches,
            Variant::HighwayEnv => like_highway_env::reaches,
        };
        order.rebuild(stage.facts.len(), fleet, |idx, enter| reaches(stage, fleet, idx, enter));
        self.ordered = true;
    }

    /// A look around, at the present places.
    pub fn view(&mut self) -> View<'_> {
        self.sort();
        self.seen()
    }

    /// A look around, where everyone was when `sort` was called last.
    pub(super) fn seen(&self) -> View<'_> {
        View { stage: &self.stage, fleet: &self.fleet, order: &self.order, secs: self.secs }
    }

    /// Marks all who touch another as crashed, and calls `touch` for each such pair, the lower index first.
    pub fn collide(&mut self, mut touch: impl FnMut(&Fleet, usize, usize)) {
        let [low, high] = self.stage.network.bounds();
        let axis = usize::from(high[1] - low[1] > high[0] - low[0]);
        let Self { sweep, fleet, .. } = self;
        let mut touched = false;
        sweep.pairs(fleet, axis, |one, other| {
            touched = true;
            touch(fleet, one, other);
        });
        if touched {
            let mut crashed = std::mem::take(&mut fleet.crashed);
            sweep.pairs(fleet, axis, |one, other| (crashed[one], crashed[other]) = (true, true));
            fleet.crashed = crashed;
        }
    }

    /// Sets who decides for a participant.
    pub fn set_driver(&mut self, idx: usize, driver: Driver) {
        self.fleet.driver[idx] = driver;
    }

    /// Sets the lane that a participant keeps or changes to.
    pub fn set_target(&mut self, idx: usize, lane: LaneIdx) {
        // Who changes counts on both lanes.
        self.ordered &= self.fleet.target[idx] == lane;
        self.fleet.target[idx] = lane;
    }

    /// Whether a participant has driven off the end of a lane where traffic leaves.
    #[must_use]
    pub fn has_left(&self, idx: usize) -> bool {
        let facts = self.stage.facts(self.fleet.lane[idx]);
        facts.is_exit && self.fleet.s_m[idx] > facts.length_m
    }

    /// Whether a participant is at its destination, or has none and left.
    #[must_use]
    pub fn has_arrived(&self, idx: usize) -> bool {
        let destination = self.fleet.destination[idx];
        self.has_left(idx)
            && (destination == NOWHERE
                || self.stage.network.exit_lanes(usize::from(destination)).contains(&self.fleet.lane[idx]))
    }

    /// The place of a participant as the network sees it, `None` off the road.
    #[must_use]
    pub fn locate(&self, idx: usize) -> Option<Place> {
        let fleet = &self.fleet;
        self.stage.network.locate_towards(fleet.x_m[idx], fleet.y_m[idx], fleet.heading_rad[idx])
    }
}
