//! One episode of driving: the traffic, the seats in it, and what a step does to them.

use std::sync::Arc;

use dreamlane_core::{Body, BodyKind, Seed};
use dreamlane_traffic::{
    chance::Chance,
    flow::{Driver, Fleet, NOWHERE, Participant, Stage, Supply, Traffic},
    participant::Kind,
    road::{LaneIdx, Users},
};
use rand::RngExt as _;

use super::{
    Scenario,
    replay::Recorded,
    scenario::{Aim, Start},
    seat::{Row, Seat},
    task,
};

/// Tries to find room for a seat before it is put where it was drawn.
const TRIES: u64 = 64;
/// A parked car's middle is this far before the end of its bay.
const PARKED_BEFORE_END_M: f64 = 3.0;

/// One episode in motion.
#[derive(Clone, Debug)]
pub(super) struct Episode {
    pub(super) traffic: Traffic,
    pub(super) seats: Vec<Seat>,
    /// Names the textures and the roadside of this episode.
    pub(super) scenery: u32,
    /// Participants moved times ticks, so far.
    pub(super) moved: u64,
}

impl Episode {
    /// The beginning that a seed names.
    pub(super) fn begin(scenario: &Scenario, stage: &Arc<Stage>, platoons: &[Recorded], seed: Seed) -> Self {
        let mut rng = seed.split(0).rng();
        let scenery = rng.random();
        let chance = Chance::new(seed.split(1).number());
        let mut traffic = Traffic::new(stage.clone(), chance);
        if let Some(replay) = &scenario.replay {
            replay.begin(platoons, &mut traffic, chance.of(1));
        } else {
            begin_seats(scenario, &mut traffic, chance.of(2));
            begin_others(scenario, &mut traffic, chance.of(3));
        }
        let seats = (0..scenario.seats).map(|idx| Seat::new(scenario, traffic.fleet().speed_mps[idx]));
        let seats = seats.collect();
        Self { traffic, seats, scenery, moved: 0 }
    }

    /// One step under the seats' actions; a seat without one drives itself.
    pub(super) fn step(&mut self, scenario: &Scenario, rows: &[Option<Row>]) {
        let secs = 1.0 / (f64::from(scenario.steps_per_second) * scenario.ticks as f64);
        let mut acting = [None; 64];
        let mut over = [false; 64];
        for (idx, seat) in self.seats.iter_mut().enumerate() {
            over[idx] = seat.ending.is_some();
            acting[idx] = seat.take(scenario.actions, rows[idx], &mut self.traffic, idx);
            seat.begin_step(rows[idx]);
        }
        for _ in 0..scenario.ticks {
            for (idx, seat) in self.seats.iter_mut().enumerate() {
                seat.drive(scenario, acting[idx], &mut self.traffic, idx, secs);
            }
            self.traffic.tick(secs);
            self.moved += self.traffic.fleet().len() as u64;
            for (idx, seat) in self.seats.iter_mut().enumerate().filter(|(idx, _)| rows[*idx].is_none()) {
                seat.notice(scenario.actions, self.traffic.fleet(), idx, 1.0 / scenario.ticks as f64);
            }
            self.traffic.collide(|_, _, _| ());
            for (idx, seat) in self.seats.iter_mut().enumerate() {
                seat.ending = seat.ending.or_else(|| task::ending(&self.traffic, idx, scenario.aim));
            }
            if self.seats.iter().all(|seat| seat.ending.is_some()) {
                break;
            }
            let supply = &scenario.supply;
            // Newcomers at a window's ends are far away: once a step is enough for them.
            if !matches!(supply, Supply::Window { .. }) {
                self.traffic.flow(supply, &scenario.mix, scenario.seats, scenario.most, secs);
            }
        }
        if matches!(scenario.supply, Supply::Window { .. }) {
            self.traffic.flow(&scenario.supply, &scenario.mix, scenario.seats, scenario.most, secs);
        }
        for (idx, seat) in self.seats.iter_mut().enumerate().filter(|(idx, _)| !over[*idx]) {
            seat.reward = task::reward(&mut self.traffic, idx, scenario.aim, seat.ending);
        }
    }

    /// Everyone as the words of `core` tell it, the first seat first.
    pub(super) fn told(&self) -> dreamlane_core::Scene {
        let fleet = self.traffic.fleet();
        dreamlane_core::Scene { bodies: (0..fleet.len()).map(|idx| body(fleet, idx)).collect() }
    }
}

fn body(fleet: &Fleet, idx: usize) -> Body {
    let kind = fleet.kind[idx];
    Body {
        id: fleet.id[idx],
        kind: match kind {
            Kind::Car => BodyKind::Car,
            Kind::Truck => BodyKind::Truck,
            Kind::Motorcycle => BodyKind::Motorcycle,
            Kind::Cyclist => BodyKind::Cyclist,
            Kind::Pedestrian => BodyKind::Pedestrian,
        },
        place_m: [fleet.x_m[idx] as f32, fleet.y_m[idx] as f32],
        heading_rad: fleet.heading_rad[idx] as f32,
        speed_mps: fleet.speed_mps[idx] as f32,
        size_m: [fleet.length_m[idx] as f32, fleet.width_m[idx] as f32, kind.size_m()[2] as f32],
    }
}

/// Puts the seats on the road.
fn begin_seats(scenario: &Scenario, traffic: &mut Traffic, chance: Chance) {
    for seat in 0..scenario.seats {
        for attempt in 0..=TRIES {
            let chance = chance.of(seat as u64).of(attempt);
            let one = draw_seat(scenario, traffic, seat, chance);
            if attempt == TRIES {
                traffic.add(one);
            } else if traffic.place_if_room(one) {
                break;
            }
        }
    }
}

fn draw_seat(scenario: &Scenario, traffic: &Traffic, seat: usize, chance: Chance) -> Participant {
    let network = &traffic.stage().network;
    let (lane, s_m) = match &scenario.start {
        Start::Anywhere => {
            let is_open = |lane: &LaneIdx| {
                let lane = network.lane(*lane);
                lane.sketch.users == Users::Vehicles && lane.against.is_none() && lane.conflicts.is_empty()
            };
            let lanes = || (0..network.lanes().len() as u32).map(LaneIdx).filter(is_open);
            let lane = lanes().nth(chance.of(0).below(lanes().count().max(1))).unwrap_or(LaneIdx(0));
            (lane, chance.of(1).share() * network.lane(lane).sketch.curve.length_m())
        }
        Start::Entries { entries, along_m: [low, high] } => {
            let entry = entries.get(chance.of(0).below(entries.len().max(1))).copied().unwrap_or(0);
            // Seats beside the first stand in a row behind it where the start is one place.
            let behind_m = if low == high { 18.0 * seat as f64 } else { 0.0 };
            (network.entries()[entry], chance.of(1).between(*low, *high) - behind_m)
        }
    };
    let [slow, fast] = scenario.start_mps;
    let limit_mps = network.lane(lane).sketch.limit_mps;
    Participant {
        lane,
        s_m,
        speed_mps: chance.of(2).between(slow, fast).min(1.1 * limit_mps),
        desired_mps: chance.of(3).between(0.8, 1.0) * limit_mps,
        destination: destination(scenario, traffic, lane, chance.of(4)),
        look: chance.of(5).bits() as u32,
        timer_secs: chance.of(6).share(),
        ..Participant::of(scenario.kind)
    }
}

fn destination(scenario: &Scenario, traffic: &Traffic, lane: LaneIdx, chance: Chance) -> u16 {
    let network = &traffic.stage().network;
    let goals = scenario.goals.iter().copied();
    let reachable = |goal: &usize| network.guide(*goal, lane).remaining_m.is_finite();
    let open: usize = goals.clone().filter(reachable).count();
    if open == 0 {
        return if scenario.aim == Aim::Cruise { NOWHERE } else { traffic.some_destination(lane, chance) };
    }
    goals.filter(reachable).nth(chance.below(open)).map_or(NOWHERE, |goal| goal as u16)
}

/// Puts everyone else on the road.
fn begin_others(scenario: &Scenario, traffic: &mut Traffic, chance: Chance) {
    let [fewest, most] = scenario.cars;
    let cars =
        (fewest + chance.of(0).below(most - fewest + 1)).min(scenario.most.saturating_sub(scenario.seats));
    match scenario.supply {
        Supply::Window { behind_m, ahead_m } => {
            traffic.populate_window(cars, &scenario.mix, behind_m, ahead_m);
        }
        Supply::Closed | Supply::Arrivals { .. } => {
            traffic.populate(cars, Users::Vehicles, &scenario.mix);
        }
    }
    traffic.populate(scenario.cyclists, Users::Cycles, &scenario.mix);
    traffic.populate(scenario.walkers, Users::Walkers, &scenario.mix);
    park(scenario, traffic, chance.of(1));
}

/// Fills bays with parked cars, but for those that seats are bound for.
fn park(scenario: &Scenario, traffic: &mut Traffic, chance: Chance) {
    let taken: Vec<u16> = traffic.fleet().destination[..scenario.seats].to_vec();
    let free = |goal: &&usize| !taken.contains(&(**goal as u16));
    let mut bays: Vec<usize> = scenario.goals.iter().filter(free).copied().collect();
    for idx in 0..scenario.parked {
        if bays.is_empty() {
            return;
        }
        let bay = bays.swap_remove(chance.of(idx as u64).below(bays.len()));
        let lane = traffic.stage().network.exit_lanes(bay)[0];
        let length_m = traffic.stage().network.lane(lane).sketch.curve.length_m();
        traffic.add(Participant {
            lane,
            s_m: length_m - PARKED_BEFORE_END_M,
            look: chance.of(idx as u64).of(1).bits() as u32,
            driver: Driver::Constant { acceleration_mps2: 0.0 },
            changes_lanes: false,
            ..Participant::default()
        });
    }
}
