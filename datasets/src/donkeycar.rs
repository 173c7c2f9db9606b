//! Import of DonkeyCar recordings: tub v2, as a folder or inside a tar archive.
//!
//! Format: <https://docs.donkeycar.com/parts/stores/> and `donkeycar/parts/tub_v2.py`. A tub is a
//! `manifest.json` of JSON lines, catalogues of JSON lines with one record each, and JPEG pictures.
//! Everything in it is foreign: names must stay inside the tub, sizes are capped, and what is broken is named.

mod catalogue;
mod import;
mod manifest;
mod rate;
mod runs;
mod skips;
mod store;

pub use catalogue::{Record, parse_record};
pub use import::{ImportReport, import};
pub use manifest::Manifest;
