//! New data sets that appear whole or not at all: written beside their place, then renamed into it.

use std::{fs, path::Path};

use dreamlane_core::{Error, Result};

use crate::durable;

/// Whether a data set can be made at `out`: nothing is there, or an empty folder.
pub(crate) fn check_free(out: &Path) -> Result<()> {
    let in_use = match fs::read_dir(out) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
        Err(error) => return Err(Error::io(out)(error)),
    };
    if in_use {
        return Err(Error::mismatch(out, "folder of a new data set", "an empty folder", "files"));
    }
    Ok(())
}

/// Has `fill` write a folder that does not exist yet, and renames it to `out`. Nothing is left when `fill` fails.
pub(crate) fn write<T>(out: &Path, fill: impl FnOnce(&Path) -> Result<T>) -> Result<T> {
    check_free(out)?;
    let parent = match out.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(parent).map_err(Error::io(parent))?;
    let temporary =
        tempfile::Builder::new().prefix(".import-").tempdir_in(parent).map_err(Error::io(parent))?;
    let folder = temporary.path().join("data");
    let filled = fill(&folder)?;
    if out.exists() {
        // A rename onto an empty folder works on some systems only.
        fs::remove_dir(out).map_err(Error::io(out))?;
    }
    fs::rename(&folder, out).map_err(Error::io(out))?;
    durable::sync_folder(parent)?;
    Ok(filled)
}
