//! Checkpoint folders: `model.safetensors`, `config.toml`, `spec.toml` and a card.
//!
//! A folder is written beside its place and renamed into it, so that it is whole or absent.

use std::{
    fs,
    path::{Path, PathBuf},
};

use dreamlane_core::{Error, Result, WorldSpec};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};

/// Weights.
pub const WEIGHTS: &str = "model.safetensors";
/// The resolved configuration.
pub const CONFIG: &str = "config.toml";
/// What the world takes and gives.
pub const SPEC: &str = "spec.toml";
/// A description for people.
pub const CARD: &str = "README.md";

/// Larger files are not read as settings.
const MAX_SETTINGS: u64 = 1 << 20;

/// Where the checkpoint lies: the folder itself, or the `last` one of a run.
///
/// # Errors
/// When there is none, saying what was looked for.
pub fn locate(path: &Path) -> Result<PathBuf> {
    let candidates = [path.to_path_buf(), path.join("checkpoints/last")];
    candidates.into_iter().find(|folder| folder.join(SPEC).is_file()).ok_or_else(|| Error::Incompatible {
        format: "checkpoint or run",
        reason: format!("expected `{SPEC}` in it or in its `checkpoints/last`, found none"),
        path: path.to_path_buf(),
    })
}

/// The spec of a checkpoint folder.
///
/// # Errors
/// When it is missing or broken.
pub fn spec(folder: &Path) -> Result<WorldSpec> {
    read_toml(&folder.join(SPEC))
}

/// A fingerprint of the weights, configuration and spec, for recordings.
///
/// # Errors
/// When a file cannot be read.
pub fn fingerprint(folder: &Path) -> Result<String> {
    let mut hash = Sha256::new();
    for name in [CONFIG, SPEC, WEIGHTS] {
        let path = folder.join(name);
        if path.is_file() {
            hash.update(name);
            hash.update(fs::read(&path).map_err(Error::io(&path))?);
        }
    }
    Ok(hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect())
}

/// Reads settings that must match their type exactly.
pub(crate) fn read_toml<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let size = fs::metadata(path).map_err(Error::io(path))?.len();
    if size > MAX_SETTINGS {
        return Err(Error::broken(
            path,
            format!("expected at most {MAX_SETTINGS} bytes of settings, found {size}"),
        ));
    }
    let text = fs::read_to_string(path).map_err(Error::io(path))?;
    toml::from_str(&text).map_err(|error| Error::broken(path, error.to_string().replace('\n', " ")))
}

/// Settings as text.
pub(crate) fn to_toml<T: Serialize>(settings: &T) -> Result<String> {
    toml::to_string(settings).map_err(|error| Error::Invalid(error.to_string()))
}

/// Refuses a weights file whose header does not add up, before anything is allocated for it.
pub(crate) fn check_weights(path: &Path) -> Result<()> {
    let bytes = fs::read(path).map_err(Error::io(path))?;
    safetensors::SafeTensors::deserialize(&bytes)
        .map(|_| ())
        .map_err(|error| Error::broken(path, format!("{error} ({} bytes)", bytes.len())))
}

/// Writes a folder whole or not at all; one that stands there already is replaced.
pub(crate) fn write(
    folder: &Path,
    spec: &WorldSpec,
    config: &str,
    weights: Option<&[u8]>,
    card: &str,
) -> Result<()> {
    let fresh = folder.with_extension("writing");
    let _ = fs::remove_dir_all(&fresh);
    fs::create_dir_all(&fresh).map_err(Error::io(&fresh))?;
    let spec = to_toml(spec)?;
    let files = [(CONFIG, config.as_bytes()), (SPEC, spec.as_bytes()), (CARD, card.as_bytes())];
    for (name, bytes) in files.into_iter().chain(weights.map(|bytes| (WEIGHTS, bytes))) {
        let path = fresh.join(name);
        fs::write(&path, bytes).map_err(Error::io(&path))?;
        fs::File::open(&path).and_then(|file| file.sync_all()).map_err(Error::io(&path))?;
    }
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(Error::io(folder))?;
    }
    fs::rename(&fresh, folder).map_err(Error::io(folder))
}
