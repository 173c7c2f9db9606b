//! Any bytes as an MCAP of ours: reading answers, and never panics.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = dreamlane_datasets::mcap::read_bytes(bytes);
});
