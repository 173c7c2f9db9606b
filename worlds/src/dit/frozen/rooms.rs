//! Memory to work in, as much as there are threads at work, kept from step to step.

use std::sync::{Mutex, PoisonError};

/// Rooms that nobody is in.
pub(super) struct Rooms<R>(Mutex<Vec<R>>);

impl<R> Rooms<R> {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// Works in a room that is free, or in a new one.
    ///
    /// A room belongs to the work, not to its thread: a thread that waits for others may take up other work.
    pub(super) fn within<T>(&self, make: impl FnOnce() -> R, work: impl FnOnce(&mut R) -> T) -> T {
        let free = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut room = free.unwrap_or_else(make);
        let done = work(&mut room);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(room);
        done
    }
}
