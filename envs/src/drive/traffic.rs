//! The other cars: queues in lanes, each following the next by IDM, the ego among those they follow.
//!
//! Cars live in a window that moves with the ego. One that leaves it comes back as a new car at the other end,
//! so the number per lane stays constant. Order within a lane never changes.

use std::collections::VecDeque;

use dreamlane_core::Seed;
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use super::{
    config::HighwayConfig,
    idm::{Idm, Leader},
    road::Road,
    vehicle::{LENGTH_M, Vehicle, WIDTH_M},
};

/// The window around the ego in which cars live.
const BEHIND_M: f64 = 80.0;
const AHEAD_M: f64 = 240.0;
/// Where new cars enter, well inside the window so that none leaves where it came in.
const ENTER_BEHIND_M: f64 = 60.0;
const ENTER_AHEAD_M: f64 = 200.0;
/// No car starts this close to the ego in the ego's lane.
const CLEAR_AT_START_M: f64 = 25.0;
/// A car that overlaps the lane this much is followed: half of each width and a little room.
const CORRIDOR_M: f64 = WIDTH_M + 0.3;

/// A car that is not the ego.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Car {
    /// Middle of the box, along the road.
    pub x_m: f64,
    /// Along the road; never negative.
    pub speed_mps: f64,
    /// What it drives at when nothing is ahead.
    pub desired_mps: f64,
    /// Of the last step; brake lights show it.
    pub acceleration_mps2: f64,
    /// Decides paint and shape.
    pub look: u32,
}

/// All cars but the ego.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Traffic {
    /// Per lane of the road, the foremost car first.
    lanes: Vec<VecDeque<Car>>,
    seed: Seed,
    /// Cars drawn so far; names the stream of the next one.
    drawn: u64,
}

impl Traffic {
    /// Fills the road around the ego.
    #[must_use]
    pub fn begin(config: &HighwayConfig, ego: &Vehicle, seed: Seed) -> Self {
        let mut traffic = Self { lanes: vec![VecDeque::new(); config.road.lanes], seed, drawn: 0 };
        let ego_lane = config.road.nearest_lane(ego.y_m);
        for lane_idx in 0..config.road.lanes {
            let mut rng = seed.split(u64::MAX).split(lane_idx as u64).rng();
            let n_cars = rng.random_range(config.fewest_cars..=config.most_cars);
            let spacing_m = (BEHIND_M + AHEAD_M) / n_cars.max(1) as f64;
            let phase: f64 = rng.random_range(0.2..0.8);
            for car_idx in (0..n_cars).rev() {
                let jitter: f64 = rng.random_range(-0.2..0.2);
                let offset_m = (car_idx as f64 + phase + jitter) * spacing_m - BEHIND_M;
                let mut car = traffic.draw(lane_idx, ego.x_m + offset_m);
                car.speed_mps *= 0.9;
                if lane_idx != ego_lane || offset_m.abs() > CLEAR_AT_START_M {
                    traffic.lanes[lane_idx].push_back(car);
                }
            }
        }
        traffic
    }

    /// Moves all cars on for `secs`. All look first, then all move.
    pub fn advance(&mut self, road: Road, ego: &Vehicle, secs: f64) {
        let idm = Idm::kesting_2010();
        for (lane_idx, queue) in self.lanes.iter_mut().enumerate() {
            let ego = in_corridor(road, lane_idx, ego).then_some(ego);
            let mut ahead: Option<(f64, f64)> = None;
            for car in queue.iter_mut() {
                let leader = nearest_ahead(car.x_m, ahead, ego);
                car.acceleration_mps2 = idm.acceleration(car.speed_mps, car.desired_mps, leader);
                ahead = Some((car.x_m, car.speed_mps));
            }
            for car in queue.iter_mut() {
                let next_mps = (car.speed_mps + car.acceleration_mps2 * secs).max(0.0);
                car.x_m += 0.5 * (car.speed_mps + next_mps) * secs;
                car.speed_mps = next_mps;
            }
        }
    }

    /// Brings cars that left the window back in at its other end, where there is room.
    pub fn recycle(&mut self, road: Road, ego: &Vehicle) {
        for lane_idx in 0..self.lanes.len() {
            while self.back_to_front(lane_idx, ego.x_m) {}
            while self.front_to_back(lane_idx, road, ego) {}
        }
    }

    /// All cars with the y of their lane, lane by lane from the right, the foremost first.
    pub fn cars(&self, road: Road) -> impl Iterator<Item = (f64, &Car)> {
        self.lanes
            .iter()
            .enumerate()
            .flat_map(move |(lane_idx, queue)| queue.iter().map(move |car| (road.centre_m(lane_idx), car)))
    }

    /// The cars of one lane, the foremost first.
    pub fn lane(&self, lane_idx: usize) -> impl DoubleEndedIterator<Item = &Car> {
        self.lanes[lane_idx].iter()
    }

    /// Number of lanes that the cars are spread over.
    #[must_use]
    pub fn n_lanes(&self) -> usize {
        self.lanes.len()
    }

    fn draw(&mut self, lane_idx: usize, x_m: f64) -> Car {
        let mut rng = self.seed.split(self.drawn).rng();
        self.drawn += 1;
        // Traffic to the left is faster. The spread within a lane is what closes and opens gaps.
        let desired_mps = 21.0 + 2.0 * lane_idx.min(5) as f64 + rng.random_range(-3.0..3.0);
        Car { x_m, speed_mps: desired_mps, desired_mps, acceleration_mps2: 0.0, look: rng.random() }
    }

    fn back_to_front(&mut self, lane_idx: usize, ego_x_m: f64) -> bool {
        let queue = &self.lanes[lane_idx];
        let Some(last) = queue.back() else { return false };
        if last.x_m >= ego_x_m - BEHIND_M {
            return false;
        }
        let foremost = queue.front().filter(|_| queue.len() > 1);
        let x_m = foremost.map_or(ego_x_m + ENTER_AHEAD_M, |car| {
            (ego_x_m + ENTER_AHEAD_M).max(car.x_m + room_m(car.speed_mps))
        });
        if x_m > ego_x_m + AHEAD_M {
            return false;
        }
        let car = self.draw(lane_idx, x_m);
        self.lanes[lane_idx].pop_back();
        self.lanes[lane_idx].push_front(car);
        true
    }

    fn front_to_back(&mut self, lane_idx: usize, road: Road, ego: &Vehicle) -> bool {
        let queue = &self.lanes[lane_idx];
        let Some(first) = queue.front() else { return false };
        if first.x_m <= ego.x_m + AHEAD_M {
            return false;
        }
        let hindmost = queue.back().filter(|_| queue.len() > 1).copied();
        let mut car = self.draw(lane_idx, ego.x_m - ENTER_BEHIND_M);
        if let Some(leader) = hindmost {
            car.speed_mps = car.speed_mps.min(leader.speed_mps);
            car.x_m = car.x_m.min(leader.x_m - room_m(car.speed_mps));
        }
        if in_corridor(road, lane_idx, ego) {
            car.speed_mps = car.speed_mps.min(ego.forward_mps().max(0.0));
        }
        if car.x_m < ego.x_m - BEHIND_M {
            self.drawn -= 1;
            return false;
        }
        self.lanes[lane_idx].pop_front();
        self.lanes[lane_idx].push_back(car);
        true
    }
}

/// The room, middle to middle, that a car at this speed wants.
fn room_m(speed_mps: f64) -> f64 {
    LENGTH_M + 2.0 + 1.5 * speed_mps
}

/// Whether the ego is in the way of a lane.
#[must_use]
pub fn in_corridor(road: Road, lane_idx: usize, ego: &Vehicle) -> bool {
    (ego.y_m - road.centre_m(lane_idx)).abs() < CORRIDOR_M
}

/// The nearer of the next car and the ego, as seen from `x_m`.
fn nearest_ahead(x_m: f64, car: Option<(f64, f64)>, ego: Option<&Vehicle>) -> Option<Leader> {
    let ego = ego.filter(|ego| ego.x_m > x_m).map(|ego| (ego.x_m, ego.forward_mps()));
    let (ahead_x_m, speed_mps) = match (car, ego) {
        (Some(car), Some(ego)) if ego.0 < car.0 => ego,
        (Some(car), _) => car,
        (None, ego) => ego?,
    };
    Some(Leader { gap_m: ahead_x_m - x_m - LENGTH_M, speed_mps })
}
