//! Files that appear whole or not at all: temporary name, fsync, rename, fsync of the folder.

use std::{
    fs::{self, File},
    io::{BufWriter, Write as _},
    path::Path,
};

use dreamlane_core::{Error, Result};

/// Writes `path` through `fill`; a crash leaves the old file or the new one, never a part.
///
/// # Errors
/// When `fill` fails, or the file cannot be written; then the old file stands.
pub fn replace(path: &Path, fill: impl FnOnce(&mut BufWriter<&File>) -> Result<()>) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(Error::io(folder))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = folder.join(format!(".{name}.tmp"));
    let written =
        fill_and_sync(&temporary, fill).and_then(|()| fs::rename(&temporary, path).map_err(Error::io(path)));
    if written.is_err() {
        // The cause matters more than what is left to tidy.
        let _ = fs::remove_file(&temporary);
    }
    written?;
    sync_folder(folder)
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

fn fill_and_sync(path: &Path, fill: impl FnOnce(&mut BufWriter<&File>) -> Result<()>) -> Result<()> {
    let file = File::create(path).map_err(Error::io(path))?;
    let mut writer = BufWriter::with_capacity(1 << 20, &file);
    fill(&mut writer)?;
    writer.flush().map_err(Error::io(path))?;
    drop(writer);
    file.sync_all().map_err(Error::io(path))
}
