//! Any bytes as a weights file: the header is checked, and nothing panics or allocates what a header merely claims.

#![no_main]

// Its allocator keeps the cap.
use dreamlane_fuzz as _;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = dreamlane_worlds::checkpoint::check_weights(bytes);
});
