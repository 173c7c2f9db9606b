//! The features of `info.json`, made from an [`EnvSpec`] and turned back into one.

use std::{collections::BTreeMap, path::Path};

use dreamlane_core::{ActionSpace, CameraSpec, EnvSpec, Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::info::Info;
use crate::picture::MAX_SIDE;

pub(super) const STATE: &str = "observation.state";
pub(super) const ACTION: &str = "action";
pub(super) const REWARD: &str = "next.reward";
pub(super) const DONE: &str = "next.done";
pub(super) const TRUNCATED: &str = "next.truncated";
pub(super) const TRUST: &str = "dreamlane.trust";
const IMAGES: &str = "observation.images.";
/// Longest vector that is believed.
const MAX_WIDTH: usize = 1 << 16;

/// One entry of `features`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Feature {
    pub(super) dtype: String,
    pub(super) shape: Vec<usize>,
    #[serde(default)]
    pub(super) names: Value,
}

/// The column of a camera.
pub(super) fn image_key(camera: &CameraSpec) -> String {
    format!("{IMAGES}{}", camera.name)
}

/// Every column that episodes of this spec have.
pub(super) fn features_of(spec: &EnvSpec) -> BTreeMap<String, Feature> {
    let entry =
        |dtype: &str, shape: Vec<usize>, names: Value| Feature { dtype: dtype.to_owned(), shape, names };
    let scalar = |dtype: &str| entry(dtype, vec![1], Value::Null);
    let mut features: BTreeMap<String, Feature> = ["frame_index", "episode_index", "index", "task_index"]
        .map(|name| (name.to_owned(), scalar("int64")))
        .into();
    features.insert("timestamp".to_owned(), scalar("float32"));
    for camera in &spec.cameras {
        let shape = vec![camera.height, camera.width, 3];
        features.insert(image_key(camera), entry("image", shape, json!(["height", "width", "channels"])));
    }
    if !spec.state.is_empty() {
        features.insert(STATE.to_owned(), entry("float32", vec![spec.state.len()], json!(spec.state)));
    }
    let names = json!(spec.action.names());
    features.insert(ACTION.to_owned(), entry("float32", vec![spec.action.width()], names));
    if spec.rewards {
        features.insert(REWARD.to_owned(), scalar("float32"));
    }
    for flag in [DONE, TRUNCATED] {
        features.insert(flag.to_owned(), scalar("bool"));
    }
    features.insert(TRUST.to_owned(), scalar("float32"));
    features
}

/// Checks what LeRobot's columns can hold.
pub(crate) fn check_spec(spec: &EnvSpec) -> Result<()> {
    let invalid = |what: String| Err(Error::Invalid(format!("cannot record `{}`: {what}", spec.name)));
    for (camera_idx, camera) in spec.cameras.iter().enumerate() {
        // LeRobot makes folders of feature names.
        if camera.name.is_empty() || camera.name.contains('/') {
            return invalid(format!("camera name `{}` must not be empty or contain `/`", camera.name));
        }
        if spec.cameras[..camera_idx].iter().any(|other| other.name == camera.name) {
            return invalid(format!("two cameras are named `{}`", camera.name));
        }
        if !(1..=MAX_SIDE).contains(&camera.height) || !(1..=MAX_SIDE).contains(&camera.width) {
            let (height, width) = (camera.height, camera.width);
            return invalid(format!("picture sides must be 1 to {MAX_SIDE}, found {height}x{width}"));
        }
    }
    let (width, features) = (spec.action.width(), spec.state.len());
    if !(1..=MAX_WIDTH).contains(&width) || features > MAX_WIDTH {
        return invalid(format!("action width {width} and state width {features} must be 1 to {MAX_WIDTH}"));
    }
    if let ActionSpace::Continuous { names, low, high } = &spec.action
        && (low.len() != names.len() || high.len() != names.len())
    {
        return invalid(format!("{} action names, {} and {} bounds", names.len(), low.len(), high.len()));
    }
    if spec.steps_per_second == 0 {
        return invalid("steps per second must be above 0".to_owned());
    }
    Ok(())
}

/// The spec of a data set: ours where it is recorded, otherwise derived from the features.
pub(super) fn spec_of(info: &Info, path: &Path) -> Result<EnvSpec> {
    if let Some((name, _)) = info.features.iter().find(|(_, feature)| feature.dtype == "video") {
        let found = format!("`{name}` of dtype video");
        return Err(Error::mismatch(path, "pictures", "dtype image (PNG in parquet)", found));
    }
    let Some(recorded) = info.dreamlane.as_ref().map(|ours| &ours.spec) else {
        let derived = derived_spec(info, path)?;
        check_spec(&derived).map_err(|error| Error::broken(path, error))?;
        return Ok(derived);
    };
    check_spec(recorded).map_err(|error| Error::broken(path, error))?;
    for (name, wanted) in features_of(recorded) {
        let found = info.features.get(&name);
        if found.is_none_or(|found| found.dtype != wanted.dtype || found.shape != wanted.shape) {
            let describe = |feature: &Feature| format!("{} {:?}", feature.dtype, feature.shape);
            let found = found.map_or("nothing".to_owned(), describe);
            return Err(Error::mismatch(path, format!("feature `{name}`"), describe(&wanted), found));
        }
    }
    if info.fps != recorded.steps_per_second {
        return Err(Error::mismatch(path, "fps", recorded.steps_per_second, info.fps));
    }
    Ok(recorded.clone())
}

fn derived_spec(info: &Info, path: &Path) -> Result<EnvSpec> {
    let mut cameras = Vec::new();
    for (key, feature) in &info.features {
        if feature.dtype != "image" {
            continue;
        }
        let [height, width, 3] = feature.shape[..] else {
            let found = format!("{:?}", feature.shape);
            return Err(Error::mismatch(path, format!("shape of `{key}`"), "[height, width, 3]", found));
        };
        let Some(name) = key.strip_prefix(IMAGES) else {
            return Err(Error::mismatch(path, "name of a picture column", format!("{IMAGES}*"), key));
        };
        cameras.push(CameraSpec::new(name, height, width));
    }
    let action = info.features.get(ACTION);
    let names =
        vector_names(action.ok_or_else(|| Error::broken(path, "no feature `action`"))?, ACTION, path)?;
    let (low, high) = (vec![-1.0; names.len()], vec![1.0; names.len()]);
    let state = info.features.get(STATE).map(|state| vector_names(state, STATE, path)).transpose()?;
    Ok(EnvSpec {
        name: info.robot_type.clone().unwrap_or_else(|| "recording".to_owned()),
        lanes: 1,
        seats: 1,
        steps_per_second: info.fps,
        rewards: info.features.contains_key(REWARD),
        state: state.unwrap_or_default(),
        cameras,
        action: ActionSpace::Continuous { names, low, high },
        scenes: false,
    })
}

/// The names of a vector's numbers. Writers use a list, a dictionary with one list, or nothing.
fn vector_names(feature: &Feature, key: &str, path: &Path) -> Result<Vec<String>> {
    let &[width @ 1..=MAX_WIDTH] = &feature.shape[..] else {
        let found = format!("{:?}", feature.shape);
        return Err(Error::mismatch(path, format!("shape of `{key}`"), format!("[1..={MAX_WIDTH}]"), found));
    };
    let list = match &feature.names {
        Value::Object(entries) if entries.len() == 1 => entries.values().next(),
        other => Some(other),
    };
    let named: Option<Vec<String>> = list
        .and_then(Value::as_array)
        .and_then(|names| names.iter().map(|name| name.as_str().map(str::to_owned)).collect());
    Ok(named
        .filter(|names| names.len() == width)
        .unwrap_or_else(|| (0..width).map(|idx| format!("{key}_{idx}")).collect()))
}
