//! Tiny data sets, made from a seed.

use std::path::Path;

use dreamlane_core::{
    ActionSpace, Body, BodyKind, CameraSpec, EnvSpec, Episode, EpisodeSource, Provenance, Result, Scene,
    Seed, Step, Truncation,
};
use dreamlane_datasets::format_named;

/// What varies between specs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) cameras: usize,
    pub(crate) features: usize,
    pub(crate) actions: usize,
    pub(crate) rewards: bool,
}

/// A spec with small pictures, each camera of its own size.
pub(crate) fn spec(shape: Shape) -> EnvSpec {
    let names = |what: &str, n: usize| (0..n).map(|idx| format!("{what}_{idx}")).collect::<Vec<_>>();
    let mut actions = names("action", shape.actions);
    actions[0] = "steering".to_owned();
    let mut state = names("feature", shape.features);
    if let Some(first) = state.first_mut() {
        *first = "lateral_m".to_owned();
    }
    EnvSpec {
        name: "made/tiny".to_owned(),
        lanes: 1,
        seats: 1,
        steps_per_second: 10,
        rewards: shape.rewards,
        state,
        cameras: (0..shape.cameras).map(|idx| CameraSpec::new(format!("camera{idx}"), 4 + idx, 6)).collect(),
        action: ActionSpace::Continuous {
            names: actions,
            low: vec![-2.0; shape.actions],
            high: vec![2.0; shape.actions],
        },
        scenes: false,
    }
}

/// An episode of noise.
pub(crate) fn episode(spec: &EnvSpec, id: u64, len: usize) -> Episode {
    let seed = Seed::new(id);
    let step = |row: usize| {
        let seed = seed.split(row as u64);
        let noise = |stream, len| seed.split(stream).normal(len);
        let picture = |(idx, camera): (usize, &CameraSpec)| {
            noise(10 + idx as u64, camera.frame_len()).iter().map(|x| (x * 50.0 + 128.0) as u8).collect()
        };
        Step {
            images: spec.cameras.iter().enumerate().map(picture).collect(),
            state: noise(0, spec.state.len()),
            action: if row + 1 == len {
                vec![0.0; spec.action.width()]
            } else {
                noise(1, spec.action.width())
            },
            reward: if spec.rewards && row + 1 < len { seed.uniform() } else { 0.0 },
            trust: 1.0 - seed.uniform(),
            scene: spec.scenes.then(|| scene(seed.split(2), row)),
        }
    };
    let truncated = [None, Some(Truncation::Clock), Some(Truncation::Horizon), Some(Truncation::Trust)];
    Episode {
        id: seed.number(),
        task: format!("task {}", id % 3),
        beginning: format!("frame {id}"),
        steps: (0..len).map(step).collect(),
        terminated: id.is_multiple_of(2),
        truncated: truncated[(id / 2) as usize % 4],
    }
}

/// One to four bodies; who is there changes from row to row.
fn scene(seed: Seed, row: usize) -> Scene {
    let kinds = [BodyKind::Car, BodyKind::Truck, BodyKind::Pedestrian, BodyKind::Other];
    let body = |idx: usize| {
        let [x, y, heading_rad, speed_mps, length, width, height] =
            std::array::from_fn(|number| seed.split((7 * idx + number) as u64).uniform() * 9.0 - 2.0);
        let id = if idx == 0 { 0 } else { (row + idx) as u32 };
        Body {
            id,
            kind: kinds[idx],
            place_m: [x, y],
            heading_rad,
            speed_mps,
            size_m: [length, width, height],
        }
    };
    Scene { bodies: (0..=row % kinds.len()).map(body).collect() }
}

/// Where made data comes from.
pub(crate) fn provenance() -> Provenance {
    Provenance::recording("made/tiny", "test")
}

/// Writes episodes of these lengths as a data set.
pub(crate) fn write(folder: &Path, spec: &EnvSpec, lengths: &[usize]) -> Vec<Episode> {
    let mut sink = format_named("lerobot").unwrap().create(folder, spec, &provenance()).unwrap();
    let episodes: Vec<Episode> =
        lengths.iter().enumerate().map(|(id, &len)| episode(spec, id as u64, len)).collect();
    episodes.iter().for_each(|episode| sink.write(episode).unwrap());
    sink.finish().unwrap();
    episodes
}

/// Every episode of a source.
pub(crate) fn read(source: &dyn EpisodeSource) -> Result<Vec<Episode>> {
    (0..source.lengths().len()).map(|episode_idx| source.read(episode_idx)).collect()
}

/// A spec with everything.
pub(crate) fn full_spec() -> EnvSpec {
    spec(Shape { cameras: 1, features: 2, actions: 2, rewards: true })
}
