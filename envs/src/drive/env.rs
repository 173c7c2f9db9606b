//! Any scenario as a batched environment.

use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use dreamlane_core::{
    Actions, CameraSpec, Env, EnvSpec, Error, Fault, Frames, LaneMask, Observation, Result, Seed, Snapshot,
    Timestep, Truncation, View,
};
use dreamlane_traffic::{chance::Chance, flow::Saved};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    Scenario,
    actions::ActionKind,
    episode::Episode,
    paint::{Easel, GroundMap, Sight, above, camera::Camera},
    request::rows,
    scenario::Ground,
    seat::{Row, Seat},
    state,
};
use crate::{
    frozen::{freeze, thaw},
    request::{check_lane, check_reset, check_step},
    status::LaneStatus,
};

const CAMERA: &str = "front";
/// Side of a picture from above, and what a pixel of it covers.
const ABOVE_PX: usize = 256;
const ABOVE_M_PER_PX: f64 = 0.5;

/// A scenario, in every lane its own episode.
pub struct Drive {
    spec: EnvSpec,
    scenario: Scenario,
    /// Tells the scenario, and what its files hold, from any other.
    identity: String,
    ground: Ground,
    map: GroundMap,
    device: Device,
    lanes: Vec<Lane>,
}

struct Lane {
    status: LaneStatus,
    episode: Option<Episode>,
    /// `[seat, channel, height, width]`, empty without a camera; black before the first reset.
    pictures: Vec<u8>,
    /// `[seat, feature]`.
    features: Vec<f32>,
    /// Participants moved times ticks in episodes before this one.
    moved_before: u64,
}

/// What a snapshot keeps; pictures and features follow from it.
#[derive(Serialize, Deserialize)]
struct Life {
    /// The scenario, so that none is restored into another.
    scenario: String,
    status: LaneStatus,
    episode: Option<(Saved, Vec<Seat>, u32)>,
}

/// What every lane's step needs of the env.
#[derive(Clone, Copy)]
struct Shared<'a> {
    scenario: &'a Scenario,
    ground: &'a Ground,
    map: &'a GroundMap,
}

impl Drive {
    /// Lanes of one scenario, their tensors on the device. `name` is the env's own, options included.
    ///
    /// # Errors
    /// When the scenario cannot work.
    pub fn new(name: &str, lanes: usize, scenario: Scenario, device: &Device) -> Result<Self> {
        let ground = scenario.ground(name)?;
        let spec = spec(name, lanes, &scenario);
        let map = GroundMap::of(&ground.stage.network);
        let identity = format!("{}, files {:016x}", scenario.told_apart(), ground.digest());
        let lane = || Lane {
            status: LaneStatus::unbegun(),
            episode: None,
            pictures: vec![0; scenario.seats * spec.cameras.iter().map(CameraSpec::frame_len).sum::<usize>()],
            features: vec![0.0; scenario.seats * spec.state.len()],
            moved_before: 0,
        };
        let lanes = (0..lanes).map(|_| lane()).collect();
        Ok(Self { spec, scenario, identity, ground, map, device: device.clone(), lanes })
    }

    fn timestep(&mut self) -> Timestep {
        let observation = self.observe();
        let rewards = self.per_seat(0.0, |seat| seat.reward);
        let statuses = || self.lanes.iter().map(|lane| &lane.status);
        let firsts = statuses()
            .flat_map(|status| std::iter::repeat_n(status.begun && status.step == 0, self.scenario.seats));
        Timestep {
            observation,
            reward: Tensor::from_floats(rewards.as_slice(), &self.device),
            first: firsts.collect::<Vec<_>>().into(),
            terminated: self.per_seat(false, |seat| seat.ending.is_some()).into(),
            truncated: statuses().map(|status| status.truncated).collect(),
            trust: Tensor::ones([self.spec.rows()], &self.device),
            fault: statuses().map(|status| status.fault.clone()).collect(),
        }
    }

    /// One value per row; `before` where nothing was begun.
    fn per_seat<T: Clone>(&self, before: T, of: impl Fn(&Seat) -> T) -> Vec<T> {
        let mut values = Vec::with_capacity(self.spec.rows());
        for lane in &self.lanes {
            match &lane.episode {
                Some(episode) => values.extend(episode.seats.iter().map(&of)),
                None => values.extend(std::iter::repeat_n(before.clone(), self.scenario.seats)),
            }
        }
        values
    }
}

impl Env for Drive {
    fn spec(&self) -> &EnvSpec {
        &self.spec
    }

    fn reset(&mut self, lanes: &LaneMask, seeds: &[Seed]) -> Result<Timestep> {
        check_reset(&self.spec, lanes, seeds)?;
        self.lanes.iter_mut().for_each(Lane::stand_still);
        let shared = Shared { scenario: &self.scenario, ground: &self.ground, map: &self.map };
        let chosen = self.lanes.iter_mut().zip(lanes.as_slice()).filter(|(_, marked)| **marked);
        let mut begun: Vec<_> = chosen.zip(seeds).map(|((lane, _), seed)| (lane, *seed)).collect();
        begun.par_iter_mut().for_each_init(
            || shared.easel(),
            |easel, (lane, seed)| {
                lane.retire();
                lane.status = LaneStatus::beginning();
                lane.episode = Some(Episode::begin(shared.scenario, shared.ground, *seed));
                lane.look(shared, easel);
            },
        );
        Ok(self.timestep())
    }

    fn step(&mut self, actions: &Actions, running: &LaneMask) -> Result<Timestep> {
        check_step(&self.spec, actions, running, self.lanes.iter().map(|lane| &lane.status))?;
        let rows = rows(&self.spec, actions, running)?;
        let shared = Shared { scenario: &self.scenario, ground: &self.ground, map: &self.map };
        let work =
            self.lanes.par_iter_mut().zip(rows.par_chunks_exact(self.spec.seats)).zip(running.as_slice());
        work.for_each_init(
            || shared.easel(),
            |easel, ((lane, rows), &runs)| {
                lane.stand_still();
                if runs {
                    lane.step(shared, rows);
                    lane.look(shared, easel);
                }
            },
        );
        Ok(self.timestep())
    }

    fn snapshot(&self, lane: usize) -> Result<Snapshot> {
        check_lane(&self.spec, lane)?;
        let Lane { status, episode, .. } = &self.lanes[lane];
        let episode =
            episode.as_ref().map(|episode| (episode.traffic.save(), episode.seats.clone(), episode.scenery));
        let life = Life { scenario: self.identity.clone(), status: status.clone(), episode };
        freeze(origin(&self.spec.name), &life)
    }

    fn restore(&mut self, lane: usize, from: &Snapshot) -> Result<()> {
        check_lane(&self.spec, lane)?;
        let life: Life = thaw(origin(&self.spec.name), from)?;
        let expected = &self.identity;
        let unfit = |expected: &str, found: &str| {
            Error::Invalid(format!("snapshot of {}: expected {expected}, found {found}", self.spec.name))
        };
        if life.scenario != *expected {
            return Err(unfit(expected, &life.scenario));
        }
        let restored = life.episode.map(|(saved, seats, scenery)| {
            let traffic = dreamlane_traffic::flow::Traffic::restored(self.ground.stage.clone(), saved)?;
            let fits = seats.len() == self.scenario.seats
                && traffic.fleet().len() >= seats.len()
                && traffic.fleet().len() <= self.scenario.most.max(64)
                && seats.iter().all(|seat| seat.is_sound(&self.scenario, &self.spec.action));
            fits.then_some(Episode { traffic, seats, scenery, moved: 0 })
        });
        let episode = match restored {
            Some(None) => return Err(unfit("an episode of this road", "one that does not fit it")),
            Some(Some(episode)) => Some(episode),
            None => None,
        };
        if life.status.begun != episode.is_some() || life.status.step > self.scenario.clock_steps {
            return Err(unfit("a lane whose status fits its episode", "one that does not"));
        }
        let shared = Shared { scenario: &self.scenario, ground: &self.ground, map: &self.map };
        self.lanes[lane].retire();
        (self.lanes[lane].status, self.lanes[lane].episode) = (life.status, episode);
        self.lanes[lane].look(shared, &mut shared.easel());
        Ok(())
    }

    fn render(&mut self, view: View) -> Result<Frames> {
        match view {
            View::Camera => self.camera(),
            View::Above => Ok(self.above()),
        }
    }

    fn observe(&mut self) -> Observation {
        let rows = self.spec.rows();
        let image = |camera: &CameraSpec| {
            let bytes: Vec<u8> = self.lanes.iter().flat_map(|lane| lane.pictures.iter().copied()).collect();
            let data = TensorData::new(bytes, [rows, 3, camera.height, camera.width]);
            Tensor::<4, Int>::from_data(data, (&self.device, DType::U8))
        };
        let features: Vec<f32> = self.lanes.iter().flat_map(|lane| lane.features.iter().copied()).collect();
        Observation {
            images: self.spec.cameras.iter().map(image).collect(),
            state: Tensor::from_data(TensorData::new(features, [rows, self.spec.state.len()]), &self.device),
        }
    }

    fn scene(&self, lane: usize) -> Option<dreamlane_core::Scene> {
        self.lanes.get(lane)?.episode.as_ref().map(Episode::told)
    }

    fn driven(&self) -> Result<Tensor<2>> {
        if matches!(self.scenario.actions, ActionKind::Meta | ActionKind::Waypoints) {
            return Err(Error::Unsupported(
                "telling what a row without an action did",
                self.spec.name.clone(),
            ));
        }
        let width = self.spec.action.width();
        let mut values = Vec::with_capacity(self.spec.rows() * width);
        for lane in &self.lanes {
            match &lane.episode {
                Some(episode) => values.extend(episode.seats.iter().flat_map(|seat| &seat.did[..width])),
                None => values.extend(std::iter::repeat_n(0.0, self.scenario.seats * width)),
            }
        }
        Ok(Tensor::from_data(TensorData::new(values, [self.spec.rows(), width]), &self.device))
    }

    fn moved(&self) -> u64 {
        let now = |lane: &Lane| lane.episode.as_ref().map_or(0, |episode| episode.moved);
        self.lanes.iter().map(|lane| lane.moved_before + now(lane)).sum()
    }
}

impl Drive {
    /// What the first seat of each lane sees.
    fn camera(&self) -> Result<Frames> {
        let side = self.scenario.picture;
        if side == 0 {
            return Err(Error::Unsupported("a camera view", self.spec.name.clone()));
        }
        let area = side * side;
        let interleaved = |lane: &Lane| -> Vec<u8> {
            (0..area).flat_map(|idx| [0, 1, 2].map(|channel| lane.pictures[channel * area + idx])).collect()
        };
        Ok(Frames { height: side, width: side, rgb: self.lanes.iter().flat_map(interleaved).collect() })
    }

    /// The first seat of each lane from above, its heading up.
    fn above(&self) -> Frames {
        let area = ABOVE_PX * ABOVE_PX;
        let mut planes = vec![0; 3 * area];
        let mut rgb = Vec::with_capacity(3 * area * self.lanes.len());
        let shared = Shared { scenario: &self.scenario, ground: &self.ground, map: &self.map };
        for lane in &self.lanes {
            planes.fill(0);
            if let Some(episode) = &lane.episode {
                above(&shared.sight(episode, 0), ABOVE_PX, ABOVE_M_PER_PX, &mut planes);
            }
            rgb.extend((0..area).flat_map(|idx| [0, 1, 2].map(|channel| planes[channel * area + idx])));
        }
        Frames { height: ABOVE_PX, width: ABOVE_PX, rgb }
    }
}

impl<'a> Shared<'a> {
    fn easel(&self) -> Option<Easel> {
        (self.scenario.picture > 0).then(|| Easel::new(self.scenario.picture))
    }

    fn sight(&self, episode: &'a Episode, seat: usize) -> Sight<'a> {
        Sight {
            network: &self.ground.stage.network,
            ground: self.map,
            fleet: episode.traffic.fleet(),
            ego: seat,
            scenery: episode.scenery,
            secs: episode.traffic.secs(),
        }
    }
}

impl Lane {
    /// Its episode ends here; what it moved still counts.
    fn retire(&mut self) {
        self.moved_before += self.episode.take().map_or(0, |episode| episode.moved);
    }

    /// A lane that does not run earns nothing.
    fn stand_still(&mut self) {
        let seats = self.episode.iter_mut().flat_map(|episode| &mut episode.seats);
        seats.for_each(|seat| seat.reward = 0.0);
    }

    fn step(&mut self, shared: Shared, rows: &[Option<Row>]) {
        let Some(episode) = &mut self.episode else { return };
        episode.step(shared.scenario, rows);
        let status = &mut self.status;
        status.step += 1;
        status.terminated = episode.seats.iter().all(|seat| seat.ending.is_some());
        let late = status.step >= shared.scenario.clock_steps;
        let fleet = episode.traffic.fleet();
        let is_finite = |column: &[f64]| column.iter().all(|x| x.is_finite());
        if ![&fleet.x_m, &fleet.y_m, &fleet.speed_mps].into_iter().all(|column| is_finite(column)) {
            status.fault = Some(Fault::NotFinite);
        }
        status.truncated = (!status.terminated && late).then_some(Truncation::Clock);
    }

    /// What the seats see now.
    fn look(&mut self, shared: Shared, easel: &mut Option<Easel>) {
        let Some(episode) = &mut self.episode else { return };
        let scenario = shared.scenario;
        let width = self.features.len() / scenario.seats;
        let chance = Chance::new(u64::from(episode.scenery)).of(self.status.step as u64);
        for seat in 0..scenario.seats {
            let features = &mut self.features[seat * width..(seat + 1) * width];
            state::write(scenario, &mut episode.traffic, seat, chance.of(seat as u64), features);
        }
        let Some(easel) = easel else { return };
        let frame_len = self.pictures.len() / scenario.seats;
        for (seat, picture) in self.pictures.chunks_exact_mut(frame_len).enumerate() {
            easel.draw(&shared.sight(episode, seat), picture);
            spoil(scenario, chance.of(seat as u64).of(3), picture);
        }
    }
}

/// What a camera's noise and drop-outs make of a picture.
fn spoil(scenario: &Scenario, chance: Chance, picture: &mut [u8]) {
    if scenario.picture_dropout > 0.0 && chance.of(0).share() < scenario.picture_dropout {
        picture.fill(0);
    } else if scenario.picture_noise > 0.0 {
        for (place, byte) in picture.iter_mut().enumerate() {
            let noise = scenario.picture_noise * chance.of(1).of(place as u64).normal();
            *byte = (f64::from(*byte) + noise).round().clamp(0.0, 255.0) as u8;
        }
    }
}

fn spec(name: &str, lanes: usize, scenario: &Scenario) -> EnvSpec {
    let side = scenario.picture;
    let camera = || CameraSpec { lens: Some(Camera::lens(side)), ..CameraSpec::new(CAMERA, side, side) };
    EnvSpec {
        name: name.to_owned(),
        lanes,
        seats: scenario.seats,
        steps_per_second: scenario.steps_per_second,
        rewards: true,
        state: state::names(scenario),
        cameras: (side > 0).then(camera).into_iter().collect(),
        action: scenario.actions.space(),
        scenes: true,
    }
}

/// The name of the env without its options: what a snapshot says it is of.
fn origin(name: &str) -> &str {
    name.split(':').next().unwrap_or(name)
}
