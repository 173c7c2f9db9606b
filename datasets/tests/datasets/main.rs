//! Formats, imports and windows, on tiny data made here and, where it is present, on real recordings.

mod damage;
mod donkeycar;
mod frames;
mod made;
mod real_data;
mod round_trip;
mod windows;
