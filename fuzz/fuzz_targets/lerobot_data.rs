//! Any bytes as the rows of a small data set: reading an episode answers, and never panics.

#![no_main]

use std::{fs, sync::LazyLock};

use dreamlane_core::EpisodeSource;
use dreamlane_fuzz::{Capped, Made, made, quiet};
use libfuzzer_sys::fuzz_target;

static MADE: LazyLock<Made> = LazyLock::new(|| made("data"));
static SOURCE: LazyLock<Box<dyn EpisodeSource>> =
    LazyLock::new(|| dreamlane_datasets::open_any(&MADE.root).expect("a valid set"));

fuzz_target!(|bytes: &[u8]| {
    quiet();
    let source = &*SOURCE;
    fs::write(MADE.data_path(), bytes).expect("a file");
    Capped::at_most(64 << 20);
    if let Ok(episode) = source.read(0) {
        assert_eq!(episode.steps.len(), source.lengths()[0]);
    }
});
