//! `drive/highway` as a batched environment.

use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use dreamlane_core::{
    ActionSpace, Actions, CameraSpec, Env, EnvSpec, Error, Frames, LaneMask, Observation, Result, Seed,
    Snapshot, Timestep, Truncation, View,
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    HighwayConfig,
    camera::Camera,
    picture::Easel,
    scene::{STEPS_PER_SECOND, Scene},
    state, task,
};
use crate::{
    frozen::{freeze, thaw},
    request::{check_lane, check_reset, check_step},
    status::{LaneStatus, timestep},
};

const NAME: &str = "drive/highway";
const CAMERA: &str = "front";

/// A highway per lane.
pub struct Highway {
    spec: EnvSpec,
    config: HighwayConfig,
    device: Device,
    lanes: Vec<Lane>,
}

struct Lane {
    life: Life,
    /// `[channel, height, width]`, empty without a camera; black before the first reset.
    picture: Vec<u8>,
    features: Vec<f32>,
}

/// What a snapshot keeps; pictures and features follow from it.
#[derive(Clone, Serialize, Deserialize)]
struct Life {
    config: HighwayConfig,
    status: LaneStatus,
    scene: Option<Scene>,
}

impl Highway {
    /// Highways for so many lanes, their tensors on the device.
    ///
    /// # Errors
    /// When the configuration cannot work.
    pub fn new(lanes: usize, config: HighwayConfig, device: &Device) -> Result<Self> {
        config.check()?;
        let spec = spec(lanes, &config);
        let lane = || Lane {
            life: Life { config, status: LaneStatus::unbegun(), scene: None },
            picture: vec![0; spec.cameras.iter().map(CameraSpec::frame_len).sum()],
            features: vec![0.0; spec.state.len()],
        };
        let lanes = (0..lanes).map(|_| lane()).collect();
        Ok(Self { spec, config, device: device.clone(), lanes })
    }

    fn timestep(&mut self) -> Timestep {
        let observation = self.observe();
        timestep(self.lanes.iter().map(|lane| &lane.life.status), observation, &self.device)
    }
}

impl Env for Highway {
    fn spec(&self) -> &EnvSpec {
        &self.spec
    }

    fn reset(&mut self, lanes: &LaneMask, seeds: &[Seed]) -> Result<Timestep> {
        check_reset(&self.spec, lanes, seeds)?;
        self.lanes.iter_mut().for_each(|lane| lane.life.status.reward = 0.0);
        let config = self.config;
        let chosen = self.lanes.iter_mut().zip(lanes.as_slice()).filter(|(_, marked)| **marked);
        let mut begun: Vec<_> = chosen.zip(seeds).map(|((lane, _), seed)| (lane, *seed)).collect();
        begun.par_iter_mut().for_each_init(
            || config.picture.map(Easel::new),
            |easel, (lane, seed)| {
                lane.life.status = LaneStatus::beginning();
                lane.life.scene = Some(Scene::begin(&config, *seed));
                lane.look(easel);
            },
        );
        Ok(self.timestep())
    }

    fn step(&mut self, actions: &Actions, running: &LaneMask) -> Result<Timestep> {
        check_step(&self.spec, actions, running, self.lanes.iter().map(|lane| &lane.life.status))?;
        let commands = commands(&self.spec, actions, running)?;
        let config = self.config;
        let work = self.lanes.par_iter_mut().zip(commands).zip(running.as_slice());
        work.for_each_init(
            || config.picture.map(Easel::new),
            |easel, ((lane, command), &runs)| {
                lane.life.status.reward = 0.0;
                if runs {
                    lane.step(command, config.clock_steps);
                    lane.look(easel);
                }
            },
        );
        Ok(self.timestep())
    }

    fn snapshot(&self, lane: usize) -> Result<Snapshot> {
        check_lane(&self.spec, lane)?;
        freeze(NAME, &self.lanes[lane].life)
    }

    fn restore(&mut self, lane: usize, from: &Snapshot) -> Result<()> {
        check_lane(&self.spec, lane)?;
        let life: Life = thaw(NAME, from)?;
        let roads = life.scene.as_ref().map(|scene| (scene.road, scene.traffic.n_lanes()));
        if life.config != self.config
            || roads.is_some_and(|roads| roads != (self.config.road, self.config.road.lanes))
        {
            return Err(Error::Invalid(format!(
                "snapshot of {NAME}: expected {:?}, found {:?}",
                self.config, life.config
            )));
        }
        self.lanes[lane].life = life;
        self.lanes[lane].look(&mut self.config.picture.map(Easel::new));
        Ok(())
    }

    fn render(&mut self, _view: View) -> Result<Frames> {
        let Some(side) = self.config.picture else {
            return Err(Error::Unsupported("a camera view", NAME.to_owned()));
        };
        let area = side * side;
        let interleaved = |lane: &Lane| -> Vec<u8> {
            (0..area).flat_map(|idx| [0, 1, 2].map(|channel| lane.picture[channel * area + idx])).collect()
        };
        Ok(Frames { height: side, width: side, rgb: self.lanes.iter().flat_map(interleaved).collect() })
    }

    fn observe(&mut self) -> Observation {
        let rows = self.lanes.len();
        let image = |camera: &CameraSpec| {
            let bytes: Vec<u8> = self.lanes.iter().flat_map(|lane| lane.picture.iter().copied()).collect();
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
        self.lanes[lane].life.scene.as_ref().map(Scene::told)
    }
}

impl Lane {
    fn step(&mut self, command: Option<[f32; 2]>, clock_steps: usize) {
        let Life { status, scene: Some(scene), .. } = &mut self.life else { return };
        let ending = scene.step(command);
        status.step += 1;
        status.reward = task::reward(scene.road, &scene.ego, ending);
        status.terminated = ending.is_some();
        status.truncated = (ending.is_none() && status.step >= clock_steps).then_some(Truncation::Clock);
    }

    fn look(&mut self, easel: &mut Option<Easel>) {
        let Some(scene) = &self.life.scene else { return };
        self.features = state::features(scene);
        if let Some(easel) = easel {
            easel.draw(scene, &mut self.picture);
        }
    }
}

fn spec(lanes: usize, config: &HighwayConfig) -> EnvSpec {
    let camera = |side| CameraSpec { lens: Some(Camera::lens(side)), ..CameraSpec::new(CAMERA, side, side) };
    EnvSpec {
        name: NAME.to_owned(),
        lanes,
        seats: 1,
        steps_per_second: STEPS_PER_SECOND,
        rewards: true,
        state: state::names(config.road),
        cameras: config.picture.map(camera).into_iter().collect(),
        action: ActionSpace::Continuous {
            names: ["acceleration", "steering"].map(str::to_owned).to_vec(),
            low: vec![-1.0; 2],
            high: vec![1.0; 2],
        },
        scenes: true,
    }
}

/// The command of each lane, `None` where the ego drives itself.
fn commands(spec: &EnvSpec, actions: &Actions, running: &LaneMask) -> Result<Vec<Option<[f32; 2]>>> {
    let values: Vec<f32> = actions.values.to_data().iter::<f32>().collect();
    let mut commands = vec![None; spec.lanes];
    for lane_idx in running.indices().filter(|&lane_idx| actions.given.get(lane_idx)) {
        let row = [values[2 * lane_idx], values[2 * lane_idx + 1]];
        if !spec.action.contains(&row) {
            return Err(Error::Invalid(format!(
                "{NAME}: expected an action within [-1, 1], found {row:?} in lane {lane_idx}"
            )));
        }
        commands[lane_idx] = Some(row);
    }
    Ok(commands)
}
