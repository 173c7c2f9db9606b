//! Names for checkpoints: relative symbolic links where there are such, small files with the name elsewhere.

use std::{fs, path::Path};

use dreamlane_core::{Error, Result};
use dreamlane_datasets::durable::sync_folder;

/// Makes `link` lead to the entry `name` of its folder. At any moment it leads there or to where it led before.
pub(crate) fn point(link: &Path, name: &str) -> Result<()> {
    let folder = link.parent().unwrap_or(Path::new(""));
    let fresh = folder.join(format!(".{}.tmp", link.file_name().unwrap_or_default().to_string_lossy()));
    let _ = fs::remove_file(&fresh);
    #[cfg(unix)]
    let made = std::os::unix::fs::symlink(name, &fresh);
    #[cfg(not(unix))]
    let made = fs::write(&fresh, name);
    made.and_then(|()| fs::rename(&fresh, link)).map_err(Error::io(link))?;
    sync_folder(folder)
}

/// Removes a link, if it is there.
pub(crate) fn remove(link: &Path) -> Result<()> {
    match fs::remove_file(link) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io(link)(error)),
        _ => Ok(()),
    }
}
