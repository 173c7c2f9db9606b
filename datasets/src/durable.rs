//! Files that appear whole or not at all: temporary name, fsync, rename, fsync of the folder.

use std::{
    fs::{self, File, TryLockError},
    io::{BufWriter, ErrorKind, Write as _},
    path::{Path, PathBuf},
};

use dreamlane_core::{Error, Result};

#[cfg(test)]
pub(crate) mod fault;

/// Writes `path` through `fill`; a crash leaves the old file or the new one, never a part.
///
/// # Errors
/// When `fill` fails, or the file cannot be written; then the old file stands.
pub fn replace(path: &Path, fill: impl FnOnce(&mut BufWriter<&File>) -> Result<()>) -> Result<()> {
    reached(path)?;
    let folder = folder_of(path);
    make_folder(folder)?;
    let temporary = temporary(path);
    let written = fill_and_sync(&temporary, fill).and_then(|()| {
        reached(path)?;
        fs::rename(&temporary, path).map_err(Error::io(path))
    });
    if written.is_err() && !crashed() {
        // The cause matters more than what is left to tidy.
        let _ = fs::remove_file(&temporary);
    }
    written?;
    reached(path)?;
    sync_folder(folder)
}

/// Writes `path` with these bytes; a crash leaves the old file or the new one, never a part.
///
/// # Errors
/// When the file cannot be written; then the old one stands.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    replace(path, |file| file.write_all(bytes).map_err(Error::io(path)))
}

/// What a file is called until it is whole; [`is_temporary`] knows it again.
pub(crate) fn temporary(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    folder_of(path).join(temporary_name(&name))
}

/// The name alone.
pub(crate) fn temporary_name(name: &str) -> String {
    format!(".{name}.tmp")
}

/// Whether a file or folder of this name is not in its place yet: what an interrupted [`replace`] left, or the
/// folder of an episode that was being written.
#[must_use]
pub fn is_temporary(name: &str) -> bool {
    name.starts_with('.') && (name.ends_with(".tmp") || name.ends_with(".writing"))
}

/// Moves a folder whose files are written into its place, for good.
pub(crate) fn place_folder(fresh: &Path, place: &Path) -> Result<()> {
    sync_folder(fresh)?;
    reached(place)?;
    fs::rename(fresh, place).map_err(Error::io(place))?;
    reached(place)?;
    sync_folder(folder_of(place))
}

/// Removes a file for good; that it is gone already is no error.
pub(crate) fn remove(path: &Path) -> Result<()> {
    reached(path)?;
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(Error::io(path)(error)),
        _ => {}
    }
    reached(path)?;
    sync_folder(folder_of(path))
}

/// Makes a folder and those above it, each of which lasts.
pub(crate) fn make_folder(folder: &Path) -> Result<()> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    let above = folder_of(folder);
    make_folder(above)?;
    match fs::create_dir(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(Error::io(folder)(error)),
        _ => {}
    }
    sync_folder(above)
}

/// Makes a rename inside `folder` last.
///
/// # Errors
/// When the folder cannot be synced.
pub fn sync_folder(folder: &Path) -> Result<()> {
    // Windows cannot open a folder as a file, and its renames need no second step.
    if cfg!(unix) {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        File::open(folder).and_then(|file| file.sync_all()).map_err(Error::io(folder))?;
    }
    Ok(())
}

/// Keeps other processes from writing to the same data set; let go when dropped, also by a crash.
#[derive(Debug)]
pub(crate) struct Claim {
    _folder: Option<File>,
}

impl Claim {
    /// Claims a folder.
    ///
    /// # Errors
    /// When another writer holds it. Where folders cannot be locked, nobody is kept out.
    pub(crate) fn of(folder: &Path) -> Result<Self> {
        let Ok(file) = File::open(folder) else { return Ok(Self { _folder: None }) };
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => {
                Err(Error::mismatch(folder, "writers of the data set", "none", "one that is still at work"))
            }
            Err(TryLockError::Error(_)) => Ok(Self { _folder: None }),
            Ok(()) => Ok(Self { _folder: Some(file) }),
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().unwrap_or(Path::new("."));
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

fn fill_and_sync(path: &Path, fill: impl FnOnce(&mut BufWriter<&File>) -> Result<()>) -> Result<()> {
    let file = File::create(path).map_err(Error::io(path))?;
    let mut writer = BufWriter::with_capacity(1 << 20, &file);
    fill(&mut writer)?;
    writer.flush().map_err(Error::io(path))?;
    drop(writer);
    torn(path, &file)?;
    file.sync_all().map_err(Error::io(path))
}

/// Where a test may let the process die; see [`fault`].
#[cfg(test)]
fn reached(path: &Path) -> Result<()> {
    fault::reached(path)
}

#[cfg(not(test))]
#[expect(clippy::unnecessary_wraps, reason = "a test's version fails")]
fn reached(_path: &Path) -> Result<()> {
    Ok(())
}

/// Where a test may let the process die in the middle of a file.
#[cfg(test)]
fn torn(path: &Path, file: &File) -> Result<()> {
    fault::torn(path, file)
}

#[cfg(not(test))]
#[expect(clippy::unnecessary_wraps, reason = "a test's version fails")]
fn torn(_path: &Path, _file: &File) -> Result<()> {
    Ok(())
}

/// Whether a test has let the process die: the dead do not tidy up.
fn crashed() -> bool {
    #[cfg(test)]
    return fault::crashed();
    #[cfg(not(test))]
    false
}
