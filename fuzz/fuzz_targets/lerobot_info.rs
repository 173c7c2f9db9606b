//! Any bytes as `meta/info.json`: opening answers, and never panics.

#![no_main]

use std::{fs, sync::LazyLock};

use dreamlane_fuzz::{Capped, Made, made, quiet};
use libfuzzer_sys::fuzz_target;

static MADE: LazyLock<Made> = LazyLock::new(|| made("info"));

fuzz_target!(|bytes: &[u8]| {
    quiet();
    let path = MADE.root.join("meta/info.json");
    fs::write(path, bytes).expect("a file");
    Capped::at_most(16 << 20);
    if let Ok(source) = dreamlane_datasets::open_any(&MADE.root) {
        let _ = (0..source.lengths().len().min(2)).map(|idx| source.read(idx)).count();
    }
});
