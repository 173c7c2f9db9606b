//! Formats, imports and windows, on tiny data made here and, where it is present, on real recordings.

#![expect(clippy::unwrap_used, reason = "a test that cannot make its data fails there")]

mod convert;
mod damage;
mod donkeycar;
mod frames;
mod made;
mod mcap;
mod mcap_crash;
mod mcap_damage;
mod real_data;
mod repair;
mod round_trip;
mod windows;
