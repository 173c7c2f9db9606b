//! What a path takes on disk, and what an interrupted writer left there.

use std::{
    fs,
    path::{Path, PathBuf},
};

use dreamlane::{
    core::{Error, Result},
    datasets::durable::is_temporary,
};
use serde_json::json;

use super::description::Description;

/// Everything below a path; links are not followed.
#[derive(Debug, Default)]
pub(super) struct Disk {
    files: usize,
    bytes: u64,
    temporaries: Vec<PathBuf>,
}

impl Disk {
    pub(super) fn of(path: &Path) -> Result<Self> {
        let mut disk = Self::default();
        let mut left = vec![path.to_path_buf()];
        while let Some(next) = left.pop() {
            let metadata = fs::symlink_metadata(&next).map_err(Error::io(&next))?;
            let name = next.file_name().unwrap_or_default().to_string_lossy();
            if next != path && is_temporary(&name) {
                disk.temporaries.push(next.strip_prefix(path).unwrap_or(&next).to_path_buf());
            }
            if metadata.is_dir() {
                for entry in fs::read_dir(&next).map_err(Error::io(&next))? {
                    left.push(entry.map_err(Error::io(&next))?.path());
                }
            } else if metadata.is_file() {
                disk.files += 1;
                disk.bytes += metadata.len();
            }
        }
        disk.temporaries.sort();
        Ok(disk)
    }

    /// Adds the size.
    pub(super) fn add_to(&self, description: &mut Description) {
        let text = format!("{} in {} files", size(self.bytes), self.files);
        description.add("size", json!({"bytes": self.bytes, "files": self.files}), text);
    }

    /// Files and folders that are not in their place, which a repair removes.
    pub(super) fn temporaries(&self) -> &[PathBuf] {
        &self.temporaries
    }
}

fn size(bytes: u64) -> String {
    match bytes as f64 {
        b if b >= 1e9 => format!("{:.1} GB", b / 1e9),
        b if b >= 1e6 => format!("{:.1} MB", b / 1e6),
        b if b >= 1e3 => format!("{:.1} kB", b / 1e3),
        b => format!("{b:.0} bytes"),
    }
}
