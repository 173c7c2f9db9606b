//! The engine against the programs of others, by what `cargo xtask traffic` lets them write below `target/oracles/`.
//!
//! Tests skip with a message where it is not there. They print what they measure as lines `figure NAME VALUE`, which
//! `cargo xtask traffic --results` collects.

mod highway_env;
mod quirks;
mod sumo;

use std::{env, fmt::Display, fs, path::PathBuf};

use serde::de::DeserializeOwned;

/// Where the oracles are when nobody says.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/oracles");

/// What an oracle wrote; none, with a message, where it did not.
fn read<T: DeserializeOwned>(name: &str) -> Option<T> {
    let folder = env::var_os("DREAMLANE_ORACLES").map_or_else(|| FOLDER.into(), PathBuf::from);
    let path = folder.join(name);
    if !path.exists() {
        eprintln!("skipped: no oracle at {}: cargo xtask traffic makes them", path.display());
        return None;
    }
    let parsed = serde_json::from_slice(&fs::read(&path).unwrap());
    Some(
        parsed
            .unwrap_or_else(|error| panic!("{}: {error}: cargo xtask traffic makes it anew", path.display())),
    )
}

fn figure(name: &str, value: impl Display) {
    eprintln!("figure {name} {value}");
}
