//! `meta/info.json`: what the data set holds and how far it is complete.

use std::{
    collections::BTreeMap,
    fs,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

use dreamlane_core::{EnvSpec, Error, Provenance, Result};
use serde::{Deserialize, Deserializer, Serialize};

use super::{NAME, features::Feature};
use crate::durable;

/// The version this module reads and writes.
pub(super) const VERSION: &str = "v3.0";
/// Files per `chunk-*` folder.
pub(super) const CHUNK: usize = 1000;
/// Larger files are not a description of a data set.
const MAX_INFO_BYTES: u64 = 64 << 20;
const DATA_PATH: &str = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet";

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
    pub(super) fn new(ours: Ours, features: BTreeMap<String, Feature>) -> Self {
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
            splits: BTreeMap::from([("train".to_owned(), "0:0".to_owned())]),
            data_path: DATA_PATH.to_owned(),
            video_path: None,
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
        Ok(info)
    }

    /// Replaces `info.json` under `root`.
    pub(super) fn write(&self, root: &Path) -> Result<()> {
        write_json(&path(root), self)
    }
}

/// Replaces a JSON file.
pub(super) fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_vec_pretty(value).map_err(|error| Error::broken(path, error))?;
    durable::replace(path, |file| file.write_all(&text).map_err(Error::io(path)))
}

/// Where `info.json` is.
pub(super) fn path(root: &Path) -> PathBuf {
    root.join("meta/info.json")
}

/// The data file of a chunk and file number.
pub(super) fn data_file(root: &Path, chunk: usize, file: usize) -> PathBuf {
    root.join(format!("data/chunk-{chunk:03}/file-{file:03}.parquet"))
}

/// The `meta/episodes` file of a chunk and file number.
pub(super) fn episodes_file(root: &Path, chunk: usize, file: usize) -> PathBuf {
    root.join(format!("meta/episodes/chunk-{chunk:03}/file-{file:03}.parquet"))
}
