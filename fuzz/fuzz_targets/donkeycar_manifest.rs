//! Any bytes as a tub's `manifest.json`: parsing answers, and never panics.

#![no_main]

use dreamlane_fuzz::Capped;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    Capped::at_most(1 << 20);
    let _ = dreamlane_datasets::donkeycar::Manifest::parse(bytes);
});
