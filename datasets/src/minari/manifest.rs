//! `data/metadata.json`: what the set holds and how far it is complete.

use std::{
    fs,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

use dreamlane_core::{EnvSpec, Error, Provenance, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    NAME,
    spaces::{self, check_spec},
};
use crate::durable;

/// The storage of Minari that this module reads and writes.
const DATA_FORMAT: &str = "parquet";
/// The version whose layout this is; loaders refuse versions that they do not know.
const MINARI_VERSION: &str = "0.5.4";
/// Larger files are not a description of a data set.
const MAX_BYTES: u64 = 128 << 20;

/// What of `metadata.json` changes from set to set; keys that are not here are ignored.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Manifest {
    pub(super) total_episodes: usize,
    /// Actions, over all episodes, as Minari counts them.
    pub(super) total_steps: usize,
    /// Our own key.
    pub(super) dreamlane: Ours,
    /// The bytes of all episodes' tables; not read back.
    #[serde(skip)]
    pub(super) data_bytes: u64,
}

/// What Minari has no keys for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Ours {
    /// Restores the spec exactly.
    pub(super) spec: EnvSpec,
    pub(super) provenance: Provenance,
}

impl Manifest {
    /// The description of a set without episodes.
    pub(super) fn new(spec: EnvSpec, provenance: Provenance) -> Self {
        Self { total_episodes: 0, total_steps: 0, dreamlane: Ours { spec, provenance }, data_bytes: 0 }
    }

    /// Reads the description of the set under `root`; `Incompatible` where there is none or others made it.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let path = path(root);
        let incompatible = |reason: &str| Error::Incompatible {
            format: NAME,
            reason: reason.to_owned(),
            path: root.to_path_buf(),
        };
        if !path.is_file() {
            return Err(incompatible("no data/metadata.json"));
        }
        let value: Value = read_json(&path, MAX_BYTES)?;
        let format = value.get("data_format").and_then(Value::as_str).unwrap_or("none");
        if format != DATA_FORMAT {
            return Err(incompatible(&format!("expected data_format {DATA_FORMAT}, found {format}")));
        }
        if value.get("dreamlane").is_none() {
            return Err(incompatible("no key `dreamlane` in data/metadata.json: others made it"));
        }
        let manifest: Self = serde_json::from_value(value).map_err(|error| Error::broken(&path, error))?;
        check_spec(&manifest.dreamlane.spec).map_err(|error| Error::broken(&path, error))?;
        Ok(manifest)
    }

    /// The whole text of the file. The spaces are long, so a writer makes them once.
    pub(super) fn text(&self, spaces: &Spaces) -> String {
        let Ours { spec, provenance } = &self.dreamlane;
        let mut metadata = json!({
            "total_episodes": self.total_episodes,
            "total_steps": self.total_steps,
            "data_format": DATA_FORMAT,
            "jpeg_encoding": false,
            "observation_space": spaces.observation,
            "action_space": spaces.action,
            "dataset_id": dataset_id(&spec.name),
            "dataset_size": (self.data_bytes as f64 / 1e5).round() / 10.0,
            "minari_version": MINARI_VERSION,
            "dreamlane": self.dreamlane,
        });
        if let Some(policy) = &provenance.policy {
            metadata["algorithm_name"] = json!(policy.name);
        }
        metadata.to_string()
    }

    /// Replaces the description of the set under `root`.
    pub(super) fn write(&self, root: &Path, spaces: &Spaces) -> Result<()> {
        let path = path(root);
        let text = self.text(spaces);
        if text.len() as u64 > MAX_BYTES {
            let (found, path) = (text.len(), &path);
            return Err(Error::mismatch(
                path,
                "bytes of the description",
                format!("at most {MAX_BYTES}"),
                found,
            ));
        }
        durable::replace(&path, |file| file.write_all(text.as_bytes()).map_err(Error::io(&path)))
    }
}

/// The texts of the two spaces.
#[derive(Clone, Debug)]
pub(super) struct Spaces {
    observation: String,
    action: String,
}

impl Spaces {
    pub(super) fn of(spec: &EnvSpec) -> Self {
        Self { observation: spaces::observation(spec), action: spaces::action(spec) }
    }
}

/// Where the episodes are.
pub(super) fn data_folder(root: &Path) -> PathBuf {
    root.join("data")
}

/// Where the description is.
pub(super) fn path(root: &Path) -> PathBuf {
    data_folder(root).join("metadata.json")
}

/// Reads JSON of at most so many bytes.
pub(super) fn read_json<T: serde::de::DeserializeOwned>(path: &Path, max_bytes: u64) -> Result<T> {
    let mut text = Vec::new();
    let file = fs::File::open(path).map_err(Error::io(path))?;
    file.take(max_bytes + 1).read_to_end(&mut text).map_err(Error::io(path))?;
    if text.len() as u64 > max_bytes {
        return Err(Error::broken(path, format!("larger than {max_bytes} bytes")));
    }
    serde_json::from_slice(&text).map_err(|error| Error::broken(path, error))
}

/// Minari's name of the set, `dreamlane/<env>-v0`: it says what was recorded, not where it lies.
fn dataset_id(env: &str) -> String {
    let keep = |letter: char| if letter.is_ascii_alphanumeric() || letter == '_' { letter } else { '-' };
    let name: String = env.chars().map(keep).collect();
    format!("dreamlane/{}-v0", if name.is_empty() { "env" } else { &name })
}
