//! A disk that is full, as a small file system in memory that only the recording sees.

use std::{fs, path::Path, process::Command};

use super::{
    files::{self, copied, difference, emptied, works},
    kill::{refused, repaired, rollout, text},
};

/// Room for some of the episodes and not for all.
const SIZE: &str = "size=600k";

/// Records into a disk that is too small, moves what is there to one that is not, and goes on.
fn rollout_on(disk: &Path, folder: &Path, format: &str) -> Result<(), String> {
    let (small, moved) = (disk.join("set"), folder.join(format!("{format}-moved")));
    let said = refused(&rollout(format, &text(&small)))?;
    if !said.contains("No space left on device") {
        return Err(format!("{format}: a full disk is not named in `{said}`"));
    }
    emptied(&moved)?;
    copied(&small, &moved)?;
    let moved_text = text(&moved);
    repaired(&moved_text)?;
    let mut arguments = rollout(format, &moved_text);
    arguments.push("--resume");
    works(&arguments)?;
    let whole = files::read(&folder.join(format!("{format}-whole")))?;
    match difference(&files::read(&moved)?, &whole) {
        Some(reason) => Err(format!("{format}, resumed after a full disk: {reason}")),
        None => Ok(()),
    }
}

/// The same under a mount of its own; says so where this machine does not let us have one.
pub(super) fn full(folder: &Path, format: &str) -> Result<String, String> {
    let disk = folder.join("disk");
    emptied(&disk)?;
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", SIZE, "tmpfs"])
        .arg(&disk)
        .output()
        .is_ok_and(|done| done.status.success());
    if !mounted {
        return Ok(format!(
            "{format}: full disk not tried, this user may not mount one (`unshare -rm` helps)"
        ));
    }
    let outcome = rollout_on(&disk, folder, format);
    let _ = Command::new("umount").arg(&disk).status();
    let _ = fs::remove_dir(&disk);
    outcome
        .map(|()| format!("{format}: a full disk is named, and on a larger one the same bytes are reached"))
}
