//! `meta/info.json`: what the data set holds and how far it is complete.

use std::{
    collections::BTreeMap,
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use dreamlane_core::{EnvSpec, Error, Provenance, Result};
use serde::{Deserialize, Deserializer, Serialize};

use super::{
    NAME,
    features::{Feature, Pictures, features_of},
};
use crate::durable;

/// The version this module reads and writes.
pub(super) const VERSION: &str = "v3.0";
/// Files per `chunk-*` folder.
pub(super) const CHUNK: usize = 1000;
/// Larger files are not a description of a data set.
const MAX_INFO_BYTES: u64 = 64 << 20;
const DATA_PATH: &str = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet";
const VIDEO_PATH: &str = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4";

/// The content of `info.json`; keys that are not here are ignored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Info {
    pub(super) codebase_version: String,
    #[serde(default)]
    pub(super) robot_type: Option<String>,
    pub(super) total_episodes: usize,
    pub(super) total_frames: usize,
    #[serde(default)]
    pub(super) total_tasks: usize,
    #[serde(default)]
    pub(super) chunks_size: usize,
    #[serde(default)]
    pub(super) data_files_size_in_mb: u64,
    #[serde(default)]
    pub(super) video_files_size_in_mb: u64,
    #[serde(deserialize_with = "whole")]
    pub(super) fps: u32,
    #[serde(default)]
    pub(super) splits: BTreeMap<String, String>,
    pub(super) data_path: String,
    #[serde(default)]
    pub(super) video_path: Option<String>,
    pub(super) features: BTreeMap<String, Feature>,
    /// Our own key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) dreamlane: Option<Ours>,
}

/// What LeRobot has no keys for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Ours {
    /// Restores the spec exactly.
    pub(super) spec: EnvSpec,
    pub(super) provenance: Provenance,
}

/// Writers differ on `20` and `20.0`.
fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<u32, D::Error> {
    let fps = f64::deserialize(deserializer)?;
    if fps.fract() != 0.0 || !(1.0..=1e6).contains(&fps) {
        return Err(serde::de::Error::custom(format!("fps must be a whole number above 0, found {fps}")));
    }
    Ok(fps as u32)
}

impl Info {
    /// The description of a data set that has no episodes yet.
    pub(super) fn new(ours: Ours, pictures: Pictures) -> Self {
        let features = features_of(&ours.spec, pictures);
        Self {
            codebase_version: VERSION.to_owned(),
            robot_type: Some(ours.spec.name.clone()),
            total_episodes: 0,
            total_frames: 0,
            total_tasks: 0,
            chunks_size: CHUNK,
            data_files_size_in_mb: 100,
            video_files_size_in_mb: 200,
            fps: ours.spec.steps_per_second,
            splits: train_split(0),
            data_path: DATA_PATH.to_owned(),
            video_path: (pictures == Pictures::Av1).then(|| VIDEO_PATH.to_owned()),
            features,
            dreamlane: Some(ours),
        }
    }

    /// Reads `info.json` under `root`; `Incompatible` where there is none or it is of another version.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let path = path(root);
        let incompatible =
            |reason: String| Error::Incompatible { format: NAME, reason, path: root.to_path_buf() };
        if !path.is_file() {
            return Err(incompatible("no meta/info.json".to_owned()));
        }
        let mut text = Vec::new();
        let file = fs::File::open(&path).map_err(Error::io(&path))?;
        file.take(MAX_INFO_BYTES + 1).read_to_end(&mut text).map_err(Error::io(&path))?;
        if text.len() as u64 > MAX_INFO_BYTES {
            return Err(Error::broken(&path, format!("larger than {MAX_INFO_BYTES} bytes")));
        }
        let value: serde_json::Value =
            serde_json::from_slice(&text).map_err(|error| Error::broken(&path, error))?;
        let version = value.get("codebase_version").and_then(|version| version.as_str());
        if version != Some(VERSION) {
            let found = version.unwrap_or("none");
            return Err(incompatible(format!("expected codebase_version {VERSION}, found {found}")));
        }
        let info: Self = serde_json::from_value(value).map_err(|error| Error::broken(&path, error))?;
        if info.data_path != DATA_PATH {
            return Err(Error::mismatch(&path, "data_path", DATA_PATH, &info.data_path));
        }
        match &info.video_path {
            Some(found) if found != VIDEO_PATH => {
                return Err(Error::mismatch(&path, "video_path", VIDEO_PATH, found));
            }
            _ => {}
        }
        Ok(info)
    }

    /// The same with one more episode of this many frames.
    pub(super) fn with_episode(&self, frames: usize, total_tasks: usize) -> Self {
        let mut info = self.clone();
        info.total_episodes += 1;
        info.total_frames += frames;
        info.total_tasks = total_tasks;
        info.splits = train_split(info.total_episodes);
        info
    }

    /// The same with these totals.
    pub(super) fn cut(&self, total_episodes: usize, total_frames: usize, total_tasks: usize) -> Self {
        let splits = train_split(total_episodes);
        Self { total_episodes, total_frames, total_tasks, splits, ..self.clone() }
    }

    /// Replaces `info.json` under `root`.
    pub(super) fn write(&self, root: &Path) -> Result<()> {
        let path = path(root);
        durable::write(&path, &json(&path, self)?)
    }
}

fn train_split(episodes: usize) -> BTreeMap<String, String> {
    BTreeMap::from([("train".to_owned(), format!("0:{episodes}"))])
}

/// The bytes of a JSON file.
pub(super) fn json(path: &Path, value: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec_pretty(value).map_err(|error| Error::broken(path, error))
}

/// Where `info.json` is.
pub(super) fn path(root: &Path) -> PathBuf {
    root.join("meta/info.json")
}

/// Where `stats.json` is.
pub(super) fn stats_path(root: &Path) -> PathBuf {
    root.join("meta/stats.json")
}

/// The data file of a chunk and file number.
pub(super) fn data_file(root: &Path, chunk: usize, file: usize) -> PathBuf {
    root.join(format!("data/chunk-{chunk:03}/file-{file:03}.parquet"))
}

/// The video file of a camera's feature, chunk and file number.
pub(super) fn video_file(root: &Path, key: &str, chunk: usize, file: usize) -> PathBuf {
    root.join(format!("videos/{key}/chunk-{chunk:03}/file-{file:03}.mp4"))
}

/// The `meta/episodes` file of a chunk and file number.
pub(super) fn episodes_file(root: &Path, chunk: usize, file: usize) -> PathBuf {
    root.join(format!("meta/episodes/chunk-{chunk:03}/file-{file:03}.parquet"))
}
