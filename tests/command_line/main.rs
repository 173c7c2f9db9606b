//! The command as people use it: what works, what is refused and how, and how it stops.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bench;
mod damage;
mod forks;
mod happy_path;
mod made;
mod recording_again;
mod recordings;
mod refused;
mod resuming;
mod stopping;
