//! The command as people use it: what works, what is refused and how, and how it stops.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bench;
mod damage;
mod happy_path;
mod made;
mod refused;
mod recording_again;
mod resuming;
mod stopping;
