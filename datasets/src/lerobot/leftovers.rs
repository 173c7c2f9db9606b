//! What an interrupted writer may leave beside whole episodes: temporary files, files of an episode that was not
//! counted yet, and folders that were made for it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use dreamlane_core::{Error, Result};

use super::info::CHUNK;
use crate::durable::{is_temporary, remove as remove_file, sync_folder};

/// Removes all of it, and says so; `episodes` are whole. Files that a writer of ours does not make stay.
pub(super) fn remove(root: &Path, episodes: usize, done: &mut Vec<String>) -> Result<()> {
    let mut tidy = Tidy { root, episodes, done };
    for part in ["meta", "data", "videos"] {
        tidy.folder(&root.join(part))?;
    }
    Ok(())
}

/// Whether there is nothing else: a writer died before it had written its first file.
pub(super) fn are_all(root: &Path) -> Result<bool> {
    for (path, is_folder) in entries(root)? {
        if !is_folder || path != root.join("meta") {
            return Ok(false);
        }
        if !entries(&path)?.iter().all(|(path, is_folder)| !is_folder && is_temporary(&name(path))) {
            return Ok(false);
        }
    }
    Ok(true)
}

struct Tidy<'a> {
    root: &'a Path,
    episodes: usize,
    done: &'a mut Vec<String>,
}

impl Tidy<'_> {
    /// Tidies a folder and those in it, and removes those that this leaves empty.
    fn folder(&mut self, folder: &Path) -> Result<()> {
        if !folder.is_dir() {
            return Ok(());
        }
        for (path, is_folder) in entries(folder)? {
            if is_folder {
                self.folder(&path)?;
            } else if is_temporary(&name(&path)) {
                remove_file(&path)?;
                self.say(&path, "a file that was not written to its end");
            } else if episode_of(&path).is_some_and(|episode_idx| episode_idx >= self.episodes) {
                remove_file(&path)?;
                self.say(&path, "of an episode that is not whole");
            }
        }
        if entries(folder)?.is_empty() {
            fs::remove_dir(folder).map_err(Error::io(folder))?;
            sync_folder(folder.parent().unwrap_or(Path::new(".")))?;
            self.say(folder, "an empty folder");
        }
        Ok(())
    }

    fn say(&mut self, path: &Path, what: &str) {
        let path = path.strip_prefix(self.root).unwrap_or(path);
        self.done.push(format!("removed {}, {what}", path.display()));
    }
}

/// The episode that a file belongs to by its name, `chunk-C/file-F.parquet` or `.mp4`.
fn episode_of(path: &Path) -> Option<usize> {
    let number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    let file = name(path);
    let file = file.strip_prefix("file-")?;
    let file: usize = number(file.strip_suffix(".parquet").or_else(|| file.strip_suffix(".mp4"))?)?;
    let chunk: usize = number(name(path.parent()?).strip_prefix("chunk-")?)?;
    chunk.checked_mul(CHUNK)?.checked_add(file)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// What is in a folder, in order, and whether each is a folder; links are not followed.
fn entries(folder: &Path) -> Result<Vec<(PathBuf, bool)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::io(folder))? {
        let entry = entry.map_err(Error::io(folder))?;
        let kind = entry.file_type().map_err(Error::io(folder))?;
        found.push((entry.path(), kind.is_dir()));
    }
    found.sort();
    Ok(found)
}
