//! Any bytes as a tub's `manifest.json`: parsing answers, and never panics.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = dreamlane_datasets::donkeycar::Manifest::parse(bytes);
});
