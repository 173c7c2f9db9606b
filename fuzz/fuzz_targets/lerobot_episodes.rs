//! Any bytes as the table of episodes of a small data set: opening answers, and never panics.

#![no_main]

use std::{fs, sync::LazyLock};

use dreamlane_fuzz::{Capped, Made, made, quiet};
use libfuzzer_sys::fuzz_target;

static MADE: LazyLock<Made> = LazyLock::new(|| made("episodes"));

fuzz_target!(|bytes: &[u8]| {
    quiet();
    fs::write(MADE.episodes_path(), bytes).expect("a file");
    Capped::at_most(64 << 20);
    if let Ok(source) = dreamlane_datasets::open_any(&MADE.root) {
        let _ = source.read(0);
    }
});
