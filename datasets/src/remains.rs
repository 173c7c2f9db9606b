//! What a writer leaves that was stopped before anything of its data set was there.

use std::{
    fs,
    path::{Path, PathBuf},
};

use dreamlane_core::{Error, Result};

use crate::durable::is_temporary;

/// Folders below one another that are looked into; no format's are deeper.
const MAX_DEPTH: usize = 4;

/// Empties a folder that holds nothing but temporary files and empty folders, and says what went; nothing where it
/// holds anything else.
pub(crate) fn clear(folder: &Path) -> Result<Option<Vec<String>>> {
    let mut temporaries = Vec::new();
    if !folder.is_dir() || !only_remains(folder, 0, &mut temporaries)? {
        return Ok(None);
    }
    let mut done = Vec::new();
    for path in temporaries {
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.map_err(Error::io(&path))?;
        let name = path.strip_prefix(folder).unwrap_or(&path);
        done.push(format!("removed {}", name.display()));
    }
    Ok(Some(done))
}

/// Gathers what is to be removed: temporary files and folders, and the folders in which nothing else is.
fn only_remains(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<bool> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::io(folder))? {
        entries.push(entry.map_err(Error::io(folder))?);
    }
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let kind = entry.file_type().map_err(Error::io(&path))?;
        let gone = is_temporary(&entry.file_name().to_string_lossy())
            || (kind.is_dir() && depth < MAX_DEPTH && only_remains(&path, depth + 1, found)?);
        if !gone {
            return Ok(false);
        }
        found.push(path);
    }
    Ok(true)
}
