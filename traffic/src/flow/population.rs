//! Who is on the road: the first participants, and those who come and go while it runs.
//!
//! Every draw is named by the episode's chance and the number of the one drawn, so the same seed meets the same
//! traffic whatever else happens. Participants below `keep` (the seats) are never taken out.

use serde::{Deserialize, Serialize};

use super::{
    Traffic,
    fleet::{NOWHERE, Participant},
};
use crate::{
    chance::Chance,
    participant::Kind,
    road::{LaneIdx, Users},
};

/// Where traffic comes from and where it goes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Supply {
    /// Who is there at the start stays: rings, circuits, car parks.
    Closed,
    /// Comes in at entries at random, so many per hour and entry, and leaves at exits.
    Arrivals {
        /// Vehicles per hour at each entry for vehicles.
        vehicles_per_hour: f64,
        /// Cyclists per hour at each of theirs.
        cyclists_per_hour: f64,
        /// People on foot per hour at each of theirs.
        walkers_per_hour: f64,
    },
    /// Lives in a window that moves with the first seat; who leaves it comes back as someone else at its other end.
    Window {
        /// Length behind the seat.
        behind_m: f64,
        /// Length ahead of it.
        ahead_m: f64,
    },
}

/// Who is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mix {
    /// Share of lorries among vehicles.
    pub trucks: f64,
    /// Share of motorcycles among vehicles.
    pub motorcycles: f64,
    /// Weights of the tempers, by index.
    pub tempers: [f64; 3],
    /// Speed that each would like on a free road: lowest and highest.
    pub desired_mps: [f64; 2],
    /// What each lane further left adds to it.
    pub faster_left_mps: f64,
    /// Exponents of the free acceleration; the tempers' own where not given.
    pub exponents: Option<[f64; 2]>,
}

impl Default for Mix {
    fn default() -> Self {
        Self {
            trucks: 0.0,
            motorcycles: 0.0,
            tempers: [1.0, 0.0, 0.0],
            desired_mps: [20.0, 30.0],
            faster_left_mps: 0.0,
            exponents: None,
        }
    }
}

/// Purposes of draws.
const ARRIVAL: u64 = 1 << 40;
pub(super) const PLACE: u64 = 2 << 40;
/// Room that an arrival wants behind the last one on its lane.
const LEAST_HEADWAY_SECS: f64 = 1.0;

impl Mix {
    /// Someone for a lane.
    #[must_use]
    pub fn draw(&self, traffic: &Traffic, lane: LaneIdx, chance: Chance) -> Participant {
        let network = &traffic.stage.network;
        let sketch = &network.lane(lane).sketch;
        let kind = match sketch.users {
            Users::Walkers => Kind::Pedestrian,
            Users::Cycles => Kind::Cyclist,
            Users::Vehicles => {
                let share = chance.of(1).share();
                if share < self.trucks {
                    Kind::Truck
                } else if share < self.trucks + self.motorcycles {
                    Kind::Motorcycle
                } else {
                    Kind::Car
                }
            }
        };
        let [low, high] = self.desired_mps;
        let desired_mps = match kind {
            Kind::Pedestrian => chance.of(2).between(0.9, 1.6),
            Kind::Cyclist => chance.of(2).between(3.5, 6.5),
            Kind::Truck => chance.of(2).between(low, high).min(23.0),
            Kind::Car | Kind::Motorcycle => {
                chance.of(2).between(low, high) + self.faster_left_mps * traffic.lanes_to_the_right(lane)
            }
        };
        let speed_mps = desired_mps.min(0.95 * sketch.limit_mps).min(kind.top_speed_mps());
        Participant {
            lane,
            desired_mps,
            speed_mps,
            look: chance.of(3).bits() as u32,
            temper: self.temper(chance.of(4).share()),
            exponent: self.exponents.map_or(f64::NAN, |[low, high]| chance.of(5).between(low, high)),
            destination: traffic.some_destination(lane, chance.of(6)),
            timer_secs: chance.of(7).share(),
            ..Participant::of(kind)
        }
    }

    fn temper(&self, share: f64) -> u8 {
        let total: f64 = self.tempers.iter().sum();
        let mut left = share * total;
        for (idx, weight) in self.tempers.iter().enumerate() {
            if left < *weight {
                return idx as u8;
            }
            left -= weight;
        }
        0
    }
}

impl Traffic {
    /// How many lanes lie to the right of a lane.
    fn lanes_to_the_right(&self, lane: LaneIdx) -> f64 {
        let mut count = 0_u32;
        let mut lane = lane;
        while let Some(right) = self.stage.network.lane(lane).right {
            count += 1;
            lane = right;
            if count >= 8 {
                break;
            }
        }
        f64::from(count)
    }

    /// A destination that can be reached from a lane; nowhere where the road offers none. Most drivers are in a lane
    /// that leads to theirs, if there is one.
    #[must_use]
    pub fn some_destination(&self, lane: LaneIdx, chance: Chance) -> u16 {
        /// The share of those who have sorted themselves before.
        const SORTED: f64 = 0.8;
        let network = &self.stage.network;
        let is_reachable = |destination: usize| network.guide(destination, lane).remaining_m.is_finite();
        let leads =
            |destination: usize| is_reachable(destination) && network.guide(destination, lane).sideways == 0;
        let all = 0..network.exits().len();
        let is_sorted = chance.of(1).share() < SORTED && all.clone().any(leads);
        let is_open =
            |destination: &usize| if is_sorted { leads(*destination) } else { is_reachable(*destination) };
        let count = all.clone().filter(is_open).count();
        if count == 0 {
            return NOWHERE;
        }
        all.filter(is_open).nth(chance.below(count)).map_or(NOWHERE, |idx| idx as u16)
    }

    /// Puts about `n` participants at random places on the lanes for `users`, where there is room for them at their
    /// speed, and returns how many found some.
    pub fn populate(&mut self, n: usize, users: Users, mix: &Mix) -> usize {
        let lanes: Vec<(LaneIdx, f64)> = self
            .stage
            .network
            .lanes()
            .iter()
            .enumerate()
            .filter(|(_, lane)| lane.sketch.users == users && lane.against.is_none())
            .map(|(idx, lane)| (LaneIdx(idx as u32), lane.sketch.curve.length_m()))
            .collect();
        let total_m: f64 = lanes.iter().map(|(_, length_m)| length_m).sum();
        let mut placed = 0;
        // A crowded road leaves some of the tries without room.
        for attempt in 0..8 * n as u64 {
            if placed == n {
                break;
            }
            let chance = self.chance.of(PLACE + attempt).of(users as u64);
            let mut place_m = chance.of(0).share() * total_m;
            let mut chosen = None;
            for &(lane, length_m) in &lanes {
                if place_m < length_m {
                    chosen = Some(lane);
                    break;
                }
                place_m -= length_m;
            }
            let Some(lane) = chosen else { continue };
            // Nobody starts within a crossing.
            if !self.stage.network.lane(lane).conflicts.is_empty() {
                continue;
            }
            let one = Participant { s_m: place_m, ..mix.draw(self, lane, chance) };
            placed += usize::from(self.place_if_room(one));
        }
        placed
    }

    /// The same for vehicles within a window around the first participant, on the lanes where traffic enters.
    pub fn populate_window(&mut self, n: usize, mix: &Mix, behind_m: f64, ahead_m: f64) -> usize {
        let Some(&own) = self.fleet.lane.first() else { return 0 };
        let here_m = self.fleet.s_m[0];
        let mut placed = 0;
        for attempt in 0..8 * n as u64 {
            if placed == n {
                break;
            }
            let network = &self.stage.network;
            let chance = self.chance.of(PLACE + attempt);
            let lane = network.entries()[chance.of(0).below(network.entries().len())];
            let s_m = here_m + chance.of(1).between(-behind_m, ahead_m);
            let [x_m, y_m] = network.lane(own).sketch.curve.point(s_m, 0.0);
            let (s_m, _) = network.lane(lane).sketch.curve.project(x_m, y_m);
            let one = Participant { s_m, ..mix.draw(self, lane, chance) };
            placed += usize::from(self.place_if_room(one));
        }
        placed
    }

    /// Adds one at its lane and place if nobody is too near ahead or behind, as fast as who is ahead allows.
    pub fn place_if_room(&mut self, mut one: Participant) -> bool {
        let room_m = |follower_mps: f64, lengths_m: f64| lengths_m + 2.0 + LEAST_HEADWAY_SECS * follower_mps;
        // A lone newcomer looks for others as if it were there: it has no index yet.
        let view = self.view();
        let [ahead, behind] = view.order.around(one.lane, one.s_m, usize::MAX);
        let halves_m = |who: u32| 0.5 * (view.fleet.length_m[who as usize] + one.length_m);
        if let Some(ahead) = ahead {
            let gap_m = ahead.s_m - one.s_m - halves_m(ahead.who);
            if gap_m < 2.0 {
                return false;
            }
            let ahead_mps = view.fleet.speed_mps[ahead.who as usize].max(0.0);
            one.speed_mps = one.speed_mps.min(safe_mps(ahead_mps, gap_m - 2.0));
        }
        if let Some(behind) = behind {
            let who = behind.who as usize;
            let follower_mps =
                (view.fleet.speed_mps[who] - one.speed_mps).max(0.0) * 2.0 + 0.3 * view.fleet.speed_mps[who];
            if one.s_m - behind.s_m < room_m(follower_mps, halves_m(behind.who)) {
                return false;
            }
        }
        let is_plain = self.stage.facts(one.lane).is_plain;
        let idx = self.add(one);
        if !is_plain && !self.fits_in(idx) {
            self.remove(idx);
            self.ids -= 1;
            return false;
        }
        true
    }

    /// Whether the last participant is there without being in anyone's way, beyond the ends of its lane too. Slows it
    /// down to what bends ahead and who is ahead allow.
    fn fits_in(&mut self, idx: usize) -> bool {
        /// What is kept clear around a newcomer.
        const AROUND_M: f64 = 0.5;
        let view = self.view();
        let fleet = view.fleet;
        let [ahead, behind] = view.around(idx, fleet.lane[idx]);
        let outlook = view.outlook(idx);
        let mut speed_mps =
            fleet.speed_mps[idx].min(view.desired_mps(idx, fleet.lane[idx])).min(outlook.cap_mps);
        for leader in ahead.map(|ahead| view.leader(idx, &ahead)).into_iter().chain(outlook.leader) {
            let leader_mps = leader.speed_mps.max(0.0);
            speed_mps = speed_mps.min(safe_mps(leader_mps, leader.gap_m - 2.0));
            if leader.gap_m < 2.0 {
                return false;
            }
        }
        // Nobody starts where it could not stop before a crossing.
        let own = fleet.lane[idx];
        if let Some(next) = view.next(idx, own)
            && !view.stage.network.lane(next).conflicts.is_empty()
        {
            let line_m = view.stage.facts(own).length_m - fleet.s_m[idx] - 0.5 * fleet.length_m[idx];
            speed_mps = speed_mps.min(safe_mps(0.0, line_m));
        }
        if outlook.stop_m.is_finite() {
            speed_mps = speed_mps.min(safe_mps(0.0, outlook.stop_m));
        }
        let is_close = behind.is_some_and(|behind| {
            let follower_mps = fleet.speed_mps[behind.who];
            let gap_m = -behind.ahead_m - 0.5 * (fleet.length_m[idx] + fleet.length_m[behind.who]);
            gap_m
                < 2.0 + LEAST_HEADWAY_SECS * ((follower_mps - speed_mps).max(0.0) * 2.0 + 0.3 * follower_mps)
        });
        let mut around = fleet.footprint(idx);
        (around.length_m, around.width_m) =
            (around.length_m + 2.0 * AROUND_M, around.width_m + 2.0 * AROUND_M);
        if is_close || outlook.stop_m < 0.0 || (0..idx).any(|other| around.touches(&fleet.footprint(other))) {
            return false;
        }
        self.fleet.speed_mps[idx] = speed_mps;
        true
    }

    /// Lets participants come and go after a tick of `secs`; those below `keep` stay. At most `most` are there.
    pub fn flow(&mut self, supply: &Supply, mix: &Mix, keep: usize, most: usize, secs: f64) {
        match *supply {
            Supply::Closed => {}
            Supply::Arrivals { vehicles_per_hour, cyclists_per_hour, walkers_per_hour } => {
                self.leave(keep);
                let per_hour = |users: Users| match users {
                    Users::Vehicles => vehicles_per_hour,
                    Users::Cycles => cyclists_per_hour,
                    Users::Walkers => walkers_per_hour,
                };
                self.arrive(mix, most, |users| per_hour(users) * secs / 3600.0);
            }
            Supply::Window { behind_m, ahead_m } => self.recycle(mix, keep, behind_m, ahead_m),
        }
    }

    /// Takes out who has left.
    fn leave(&mut self, keep: usize) {
        for idx in (keep..self.fleet.len()).rev() {
            if self.has_left(idx) {
                self.remove(idx);
            }
        }
    }

    fn arrive(&mut self, mix: &Mix, most: usize, chance_of: impl Fn(Users) -> f64) {
        for entry in 0..self.stage.network.entries().len() {
            let lane = self.stage.network.entries()[entry];
            let chance = self.chance.of(ARRIVAL + self.ticks).of(entry as u64);
            let users = self.stage.network.lane(lane).sketch.users;
            if chance.share() >= chance_of(users) || self.fleet.len() >= most {
                continue;
            }
            let one = mix.draw(self, lane, chance.of(8));
            let one = Participant { s_m: 0.5 * one.length_m, ..one };
            self.place_if_room(one);
        }
    }
}

/// The speed from which comfortable braking comes down to another within a way.
fn safe_mps(then_mps: f64, way_m: f64) -> f64 {
    (then_mps * then_mps + 2.0 * 2.0 * way_m.max(0.0)).sqrt()
}
