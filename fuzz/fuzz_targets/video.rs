//! Any bytes as an MP4 file of AV1: opening and decoding answer, and never panic.

#![no_main]

// Its allocator keeps the cap.
use dreamlane_fuzz as _;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = dreamlane_datasets::fuzzing::video(bytes);
});
