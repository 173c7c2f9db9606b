//! Folders compared byte by byte, and runs of the command.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// Every file below a folder, by its path from there.
pub(super) type Files = BTreeMap<PathBuf, Vec<u8>>;

/// An empty folder at this path.
pub(super) fn emptied(folder: &Path) -> Result<(), String> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))
}

/// Reads all files; a folder that is not there has none.
pub(super) fn read(folder: &Path) -> Result<Files, String> {
    let (mut found, mut open) = (Files::new(), vec![folder.to_path_buf()]);
    while let Some(next) = open.pop() {
        if !next.exists() {
            continue;
        }
        for entry in fs::read_dir(&next).map_err(|error| format!("{}: {error}", next.display()))? {
            let path = entry.map_err(|error| error.to_string())?.path();
            if path.is_dir() {
                open.push(path);
            } else {
                let bytes = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
                found.insert(path.strip_prefix(folder).unwrap_or(&path).to_path_buf(), bytes);
            }
        }
    }
    Ok(found)
}

/// Copies a folder that holds nothing but folders and files.
pub(super) fn copied(from: &Path, to: &Path) -> Result<(), String> {
    for (name, bytes) in read(from)? {
        let path = to.join(name);
        let failed = |error: std::io::Error| format!("{}: {error}", path.display());
        fs::create_dir_all(path.parent().unwrap_or(to)).map_err(failed)?;
        fs::write(&path, bytes).map_err(failed)?;
    }
    Ok(())
}

/// The first file in which two folders differ, in words.
pub(super) fn difference(found: &Files, whole: &Files) -> Option<String> {
    let names = found.keys().chain(whole.keys());
    names
        .filter(|name| found.get(*name) != whole.get(*name))
        .map(|name| {
            let len = |files: &Files| {
                files.get(name).map_or("none".to_owned(), |file| format!("{} bytes", file.len()))
            };
            format!("{}: expected {}, found {}", name.display(), len(whole), len(found))
        })
        .next()
}

/// The first file of a repaired prefix that an undisturbed run does not have or has with other bytes. Files that
/// describe the whole (those in `meta/` itself, and single files of other names) differ as they must; those with a
/// number in their name belong to an episode.
pub(super) fn strange(found: &Files, whole: &Files) -> Option<String> {
    found
        .iter()
        .filter(|(name, _)| {
            name.file_stem().is_some_and(|stem| stem.to_string_lossy().contains(char::is_numeric))
        })
        .find(|(name, bytes)| whole.get(*name) != Some(bytes))
        .map(|(name, _)| format!("{} is not as in an undisturbed run", name.display()))
}

/// The command with its arguments.
pub(super) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(super::DREAMLANE);
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// Runs the command to its end.
pub(super) fn answer(arguments: &[&str]) -> Result<Output, String> {
    command(arguments).output().map_err(|error| format!("{}: {error}; build it first", super::DREAMLANE))
}

/// Runs a command that must succeed.
pub(super) fn works(arguments: &[&str]) -> Result<(), String> {
    let answer = answer(arguments)?;
    if answer.status.success() {
        return Ok(());
    }
    Err(format!("{}: {}", arguments.join(" "), String::from_utf8_lossy(&answer.stderr)))
}
