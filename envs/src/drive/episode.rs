//! One episode of driving: the traffic, the seats in it, and what a step does to them.

use dreamlane_core::{Body, BodyKind, Seed};
use dreamlane_traffic::{
    chance::Chance,
    flow::{Driver, Fleet, NOWHERE, Participant, Supply, Traffic},
    participant::Kind,
    road::{LaneIdx, Users},
};
use rand::RngExt as _;

use super::{
    Scenario,
    scenario::{Aim, Ground, Start},
    seat::{Row, Seat},
    task,
};

/// Tries to find room for a seat before it is put where it was drawn.
const TRIES: u64 = 64;
/// How much further aside a seat without room is tried each time.
const STEP_ASIDE_M: f64 = 4.0;
/// Lanes after its own along which it is tried.
const MOST_LANES_ON: usize = 40;
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
    pub(super) fn begin(scenario: &Scenario, ground: &Ground, seed: Seed) -> Self {
        let mut rng = seed.split(0).rng();
        let scenery = rng.random();
        let chance = Chance::new(seed.split(1).number());
        let mut traffic = Traffic::new(ground.stage.clone(), chance);
        if let Some(replay) = &scenario.replay {
            replay.begin(ground, &mut traffic, chance.of(1));
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
            acting[idx] = seat.take(scenario, rows[idx], &mut self.traffic, idx);
            seat.begin_step(rows[idx]);
        }
        let mut ran = 0;
        for _ in 0..scenario.ticks {
            for (idx, seat) in self.seats.iter_mut().enumerate() {
                seat.drive(scenario, acting[idx], &mut self.traffic, idx, secs);
            }
            self.traffic.tick(secs);
            self.moved += self.traffic.fleet().len() as u64;
            for (idx, seat) in self.seats.iter_mut().enumerate().filter(|(idx, _)| rows[*idx].is_none()) {
                seat.notice(scenario.actions, self.traffic.fleet(), idx);
            }
            ran += 1;
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
        for (_, seat) in self.seats.iter_mut().enumerate().filter(|(idx, _)| rows[*idx].is_none()) {
            seat.did = seat.did.map(|sum| sum / ran as f32);
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
    for seat in 0..scenario.seats as u64 {
        let draw = |traffic: &Traffic, attempt: u64| {
            draw_seat(scenario, traffic, scenario.kind(seat as usize), chance.of(seat).of(attempt))
        };
        let placed = (0..TRIES).any(|attempt| {
            let one = draw(traffic, attempt);
            traffic.place_if_room(one)
        });
        if !placed {
            let one = draw(traffic, TRIES);
            place_nearby(traffic, one);
        }
    }
}

/// Puts a seat where there is room nearest to where it was drawn, along its lane both ways, then along the lanes that
/// lead to its destination.
fn place_nearby(traffic: &mut Traffic, one: Participant) {
    let half_m = 0.5 * one.length_m;
    let length_of = |traffic: &Traffic, lane| traffic.stage().network.lane(lane).sketch.curve.length_m();
    let length_m = length_of(traffic, one.lane);
    for step in 1..=2000_i32 {
        let off_m = STEP_ASIDE_M * f64::from((step + 1) / 2) * if step % 2 == 0 { -1.0 } else { 1.0 };
        let s_m = one.s_m + off_m;
        if s_m > half_m && s_m < length_m - half_m && traffic.place_if_room(Participant { s_m, ..one }) {
            return;
        }
    }
    let mut lane = one.lane;
    for _ in 0..MOST_LANES_ON {
        let network = &traffic.stage().network;
        let next = match one.destination {
            NOWHERE => network.lane(lane).next.first().copied(),
            destination => network.guide(usize::from(destination), lane).next,
        };
        let Some(next) = next else { break };
        lane = next;
        let steps = (length_of(traffic, lane) / STEP_ASIDE_M) as u32;
        for step in 0..=steps {
            let s_m = STEP_ASIDE_M * f64::from(step);
            if traffic.place_if_room(Participant { lane, s_m, ..one }) {
                return;
            }
        }
    }
    // More seats than the road holds.
    traffic.add(one);
}

fn draw_seat(scenario: &Scenario, traffic: &Traffic, kind: Kind, chance: Chance) -> Participant {
    let network = &traffic.stage().network;
    let (lane, s_m) = match &scenario.start {
        Start::Anywhere => {
            let is_open = |lane: &LaneIdx| {
                let lane = network.lane(*lane);
                lane.sketch.users == kind.users() && lane.against.is_none() && lane.conflicts.is_empty()
            };
            let lanes = || (0..network.lanes().len() as u32).map(LaneIdx).filter(is_open);
            let lane = lanes().nth(chance.of(0).below(lanes().count().max(1))).unwrap_or(LaneIdx(0));
            (lane, chance.of(1).share() * network.lane(lane).sketch.curve.length_m())
        }
        Start::Entries { entries, along_m: [low, high] } => {
            let all = scenario.entries(network, kind);
            let drawn = chance.of(0).below(if entries.is_empty() { all.len() } else { entries.len() });
            let entry = entries.get(drawn).map_or(drawn, |&entry| {
                entry.try_into().unwrap_or_else(|_| all.len() - entry.unsigned_abs())
            });
            let length_m = network.lane(all[entry]).sketch.curve.length_m();
            (all[entry], chance.of(1).between(*low, *high).min(0.8 * length_m))
        }
    };
    let [slow, fast] = scenario.start_mps;
    let limit_mps = network.lane(lane).sketch.limit_mps;
    Participant {
        lane,
        s_m,
        speed_mps: chance.of(2).between(slow, fast).min(1.1 * limit_mps).min(kind.top_speed_mps()),
        desired_mps: chance.of(3).between(0.8, 1.0) * limit_mps,
        destination: destination(scenario, traffic, lane, chance.of(4)),
        gives_up: false,
        look: chance.of(5).bits() as u32,
        timer_secs: chance.of(6).share(),
        ..Participant::of(kind)
    }
}

fn destination(scenario: &Scenario, traffic: &Traffic, lane: LaneIdx, chance: Chance) -> u16 {
    let network = &traffic.stage().network;
    let mut goals = scenario.goals(network);
    goals.retain(|&goal| {
        // Two seats do not park in one bay.
        let is_taken = scenario.aim == Aim::Park && traffic.fleet().destination.contains(&(goal as u16));
        network.guide(goal, lane).remaining_m.is_finite() && !is_taken
    });
    match goals.len() {
        0 if scenario.aim == Aim::Cruise => NOWHERE,
        0 => traffic.some_destination(lane, chance),
        open => goals[chance.below(open)] as u16,
    }
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
    let goals = scenario.goals(&traffic.stage().network);
    let mut bays: Vec<usize> = goals.iter().filter(free).copied().collect();
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
