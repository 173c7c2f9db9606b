//! A crash at any moment, for tests: from the n-th step of a file operation on, nothing reaches the disk any more.

use std::{cell::Cell, fs::File, io, path::Path};

use dreamlane_core::{Error, Result};

thread_local! {
    /// Steps until the crash; none where there is to be no crash.
    static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Runs `work`, which dies after `steps` steps of this thread's file operations; whether it got that far.
pub(crate) fn crashing_after<T>(steps: usize, work: impl FnOnce() -> T) -> (T, bool) {
    LEFT.set(Some(steps));
    let outcome = work();
    let crashed = crashed();
    LEFT.set(None);
    (outcome, crashed)
}

pub(crate) fn crashed() -> bool {
    LEFT.get() == Some(0)
}

/// Counts one step; an error once the process is dead.
pub(super) fn reached(path: &Path) -> Result<()> {
    match LEFT.get() {
        Some(0) => Err(Error::io(path)(io::Error::other("the process died"))),
        Some(left) => {
            LEFT.set(Some(left - 1));
            Ok(())
        }
        None => Ok(()),
    }
}

/// Counts one step; dying here leaves half a file.
pub(super) fn torn(path: &Path, file: &File) -> Result<()> {
    reached(path).inspect_err(|_| {
        let half = file.metadata().map_or(0, |metadata| metadata.len() / 2);
        let _ = file.set_len(half);
    })
}
