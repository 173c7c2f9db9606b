//! Checkpoint folders: `model.safetensors`, `config.toml`, `spec.toml` and a card; how they are found and written.
//!
//! A folder is written beside its place and renamed into it, so that it is whole or absent.

mod foreign;

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use dreamlane_core::{Error, Result, WorldSpec};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

pub use foreign::{Checked, MAX_HEADER, MAX_SETTINGS, check_weights, parse};
pub(crate) use foreign::{read_toml, read_weights};

/// Weights.
pub const WEIGHTS: &str = "model.safetensors";
/// The resolved configuration.
pub const CONFIG: &str = "config.toml";
/// What the world takes and gives.
pub const SPEC: &str = "spec.toml";
/// A description for people.
pub const CARD: &str = "README.md";
/// The folder, in a checkpoint that was made to be handed on, of recordings to begin dreams from.
pub const BEGINNINGS: &str = "beginnings";
/// The folder of checkpoints in a run.
const CHECKPOINTS: &str = "checkpoints";
/// The link to the newest of them.
const LAST: &str = "last";

/// Where the checkpoint lies: the folder itself, what `last` or `best` of a run points to, or a run's newest one.
///
/// # Errors
/// When there is none, saying what was looked for.
pub fn locate(path: &Path) -> Result<PathBuf> {
    let checkpoints = path.join(CHECKPOINTS);
    let candidates = [Some(path.to_path_buf()), Some(checkpoints.join(LAST)), newest(&checkpoints)];
    let found = candidates.into_iter().flatten().map(|path| followed(&path));
    found.into_iter().find(|folder| folder.join(SPEC).is_file()).ok_or_else(|| Error::Incompatible {
        format: "checkpoint or run",
        reason: format!("expected `{SPEC}` in it or in its `{CHECKPOINTS}/{LAST}`, found none"),
        path: path.to_path_buf(),
    })
}

/// A link to the folder beside it: a symbolic one, or a small file with the name where there are none.
fn followed(link: &Path) -> PathBuf {
    /// More than any name of a checkpoint.
    const NAME: u64 = 64;
    let beside = |name: &Path| link.parent().unwrap_or(Path::new("")).join(name);
    if let Ok(target) = fs::read_link(link) {
        return if target.is_relative() { beside(&target) } else { target };
    }
    let text = match fs::metadata(link) {
        Ok(about) if about.is_file() && about.len() <= NAME => fs::read_to_string(link).unwrap_or_default(),
        _ => return link.to_path_buf(),
    };
    match text.trim() {
        name if is_number(name) => beside(Path::new(name)),
        _ => link.to_path_buf(),
    }
}

/// The newest checkpoint, for a run that was stopped before it could point to it.
fn newest(checkpoints: &Path) -> Option<PathBuf> {
    let names =
        fs::read_dir(checkpoints).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let newest = names.filter(|name| is_number(name)).max_by_key(|name| (name.len(), name.clone()))?;
    Some(checkpoints.join(newest))
}

fn is_number(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit())
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

/// Settings as text.
pub(crate) fn to_toml<T: Serialize>(settings: &T) -> Result<String> {
    toml::to_string(settings).map_err(|error| Error::Invalid(error.to_string()))
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
        write_file(&fresh.join(name), bytes)?;
    }
    sync_folder(&fresh)?;
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(Error::io(folder))?;
    }
    fs::rename(&fresh, folder).map_err(Error::io(folder))?;
    sync_folder(folder.parent().unwrap_or(Path::new("")))
}

/// Writes a file of a folder that is not in its place yet, and makes it last.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let written = fs::File::create(path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(Error::io(path))
}

/// Makes what was put into a folder, or renamed in it, last.
fn sync_folder(folder: &Path) -> Result<()> {
    // Windows cannot open a folder as a file, and its renames need no second step.
    if cfg!(unix) {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        fs::File::open(folder).and_then(|file| file.sync_all()).map_err(Error::io(folder))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_found_from_its_run_its_links_and_itself() {
        let run = tempfile::tempdir().unwrap();
        let checkpoints = run.path().join(CHECKPOINTS);
        assert!(locate(run.path()).unwrap_err().to_string().contains("checkpoints/last"));
        for step in ["000002", "000010"] {
            fs::create_dir_all(checkpoints.join(step)).unwrap();
            fs::write(checkpoints.join(step).join(SPEC), "").unwrap();
        }
        let check = |path: &Path, step: &str| assert_eq!(locate(path).unwrap(), checkpoints.join(step));
        check(&checkpoints.join("000002"), "000002");
        check(run.path(), "000010");
        fs::write(checkpoints.join("last"), "000002\n").unwrap();
        check(run.path(), "000002");
        check(&checkpoints.join("last"), "000002");
        #[cfg(unix)]
        std::os::unix::fs::symlink("000010", checkpoints.join("best")).unwrap();
        #[cfg(unix)]
        check(&checkpoints.join("best"), "000010");
    }
}
