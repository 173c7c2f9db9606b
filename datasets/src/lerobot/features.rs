//! The features of `info.json`, made from an [`EnvSpec`] and turned back into one.

use std::{collections::BTreeMap, path::Path};

use dreamlane_core::{ActionSpace, CameraSpec, EnvSpec, Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::info::Info;
use crate::{
    fits::{self, MAX_WIDTH},
    video::{CODEC, KEY_INTERVAL, PIXEL_FORMAT, check_size},
};

pub(super) const STATE: &str = "observation.state";
pub(super) const ACTION: &str = "action";
pub(super) const REWARD: &str = "next.reward";
pub(super) const DONE: &str = "next.done";
pub(super) const TRUNCATED: &str = "next.truncated";
pub(super) const TRUST: &str = "dreamlane.trust";
/// Who is where, as JSON.
pub(super) const SCENE: &str = "scene";
pub(super) const IMAGE: &str = "image";
pub(super) const VIDEO: &str = "video";
const IMAGES: &str = "observation.images.";

/// How the pictures of a data set are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pictures {
    /// Losslessly, in the rows (dtype `image`).
    Png,
    /// As one video per episode and camera (dtype `video`).
    Av1,
}

/// One entry of `features`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Feature {
    pub(super) dtype: String,
    pub(super) shape: Vec<usize>,
    #[serde(default)]
    pub(super) names: Value,
    /// What videos are like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) info: Option<Value>,
}

impl Feature {
    /// Whether it is a camera.
    pub(super) fn is_picture(&self) -> bool {
        matches!(self.dtype.as_str(), IMAGE | VIDEO)
    }
}

/// The column of a camera.
pub(super) fn image_key(camera: &CameraSpec) -> String {
    format!("{IMAGES}{}", camera.name)
}

/// Every column that episodes of this spec have.
pub(super) fn features_of(spec: &EnvSpec, pictures: Pictures) -> BTreeMap<String, Feature> {
    let entry = |dtype: &str, shape: Vec<usize>, names: Value| Feature {
        dtype: dtype.to_owned(),
        shape,
        names,
        info: None,
    };
    let scalar = |dtype: &str| entry(dtype, vec![1], Value::Null);
    let mut features: BTreeMap<String, Feature> = ["frame_index", "episode_index", "index", "task_index"]
        .map(|name| (name.to_owned(), scalar("int64")))
        .into();
    features.insert("timestamp".to_owned(), scalar("float32"));
    for camera in &spec.cameras {
        let shape = vec![camera.height, camera.width, 3];
        let names = json!(["height", "width", "channels"]);
        let feature = match pictures {
            Pictures::Png => entry(IMAGE, shape, names),
            Pictures::Av1 => Feature {
                info: Some(video_info(camera, spec.steps_per_second)),
                ..entry(VIDEO, shape, names)
            },
        };
        features.insert(image_key(camera), feature);
    }
    if spec.scenes {
        features.insert(SCENE.to_owned(), scalar("string"));
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

/// The keys that LeRobot writes beside a video feature.
fn video_info(camera: &CameraSpec, fps: u32) -> Value {
    json!({
        "video.height": camera.height,
        "video.width": camera.width,
        "video.codec": CODEC,
        "video.pix_fmt": PIXEL_FORMAT,
        "video.fps": fps,
        "video.channels": 3,
        "video.g": KEY_INTERVAL,
        "video.is_depth_map": false,
        "is_depth_map": false,
        "has_audio": false
    })
}

/// Checks what LeRobot's columns can hold.
pub(super) fn check_spec(spec: &EnvSpec, pictures: Pictures) -> Result<()> {
    fits::check_spec(spec)?;
    let sizes = spec.cameras.iter().map(|camera| check_size([camera.height, camera.width]));
    match sizes.filter_map(std::result::Result::err).next() {
        Some(reason) if pictures == Pictures::Av1 => {
            Err(Error::Invalid(format!("cannot record `{}`: {reason}", spec.name)))
        }
        _ => Ok(()),
    }
}

/// The spec of a data set: ours where it is recorded, otherwise derived from the features.
pub(super) fn spec_of(info: &Info, path: &Path) -> Result<EnvSpec> {
    check_codecs(info, path)?;
    let Some(recorded) = info.dreamlane.as_ref().map(|ours| &ours.spec) else {
        let derived = derived_spec(info, path)?;
        check_spec(&derived, Pictures::Png).map_err(|error| Error::broken(path, error))?;
        return Ok(derived);
    };
    check_spec(recorded, Pictures::Png).map_err(|error| Error::broken(path, error))?;
    for (name, wanted) in features_of(recorded, Pictures::Png) {
        let found = info.features.get(&name);
        let same = |found: &Feature| {
            (found.dtype == wanted.dtype || found.is_picture() && wanted.is_picture())
                && found.shape == wanted.shape
        };
        if !found.is_some_and(same) {
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

/// Refuses videos that cannot be decoded, as far as the description tells; the files themselves say the rest.
fn check_codecs(info: &Info, path: &Path) -> Result<()> {
    for (name, feature) in info.features.iter().filter(|(_, feature)| feature.dtype == VIDEO) {
        let told = feature.info.as_ref().and_then(|told| told.get("video.codec")).and_then(Value::as_str);
        if let Some(found) = told.filter(|codec| !codec.contains(CODEC)) {
            return Err(Error::mismatch(path, format!("codec of `{name}`"), CODEC, found));
        }
    }
    Ok(())
}

/// Height and width of a picture feature; writers differ on where they put the channels.
fn picture_size(key: &str, feature: &Feature, path: &Path) -> Result<[usize; 2]> {
    match feature.shape[..] {
        [height, width, 3] => Ok([height, width]),
        [3, height, width] => Ok([height, width]),
        _ => {
            let found = format!("{:?}", feature.shape);
            Err(Error::mismatch(path, format!("shape of `{key}`"), "[height, width, 3]", found))
        }
    }
}

fn derived_spec(info: &Info, path: &Path) -> Result<EnvSpec> {
    let mut cameras = Vec::new();
    for (key, feature) in &info.features {
        if !feature.is_picture() {
            continue;
        }
        let [height, width] = picture_size(key, feature, path)?;
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
