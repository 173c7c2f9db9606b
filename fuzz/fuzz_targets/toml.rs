//! Any bytes as `config.toml` and `spec.toml` of a checkpoint: parsing and checking answer, and never panic.

#![no_main]

// Its allocator keeps the cap.
use dreamlane_core::WorldSpec;
use dreamlane_fuzz as _;
use dreamlane_worlds::{DitConfig, checkpoint};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(config) = checkpoint::parse::<DitConfig>(bytes) {
        let _ = config.check();
    }
    let _ = checkpoint::parse::<WorldSpec>(bytes);
});
