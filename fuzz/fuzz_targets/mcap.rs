//! Any bytes as an MCAP of ours: reading answers, and never panics.

#![no_main]

// Its allocator keeps the cap.
use dreamlane_fuzz as _;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = dreamlane_datasets::mcap::read_bytes(bytes);
});
