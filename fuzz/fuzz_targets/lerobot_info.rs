//! Any bytes as `meta/info.json`: opening answers, and never panics.

#![no_main]

use std::fs;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let meta = folder.path().join("meta");
    fs::create_dir(&meta).and_then(|()| fs::write(meta.join("info.json"), bytes)).expect("a temporary file");
    let _ = dreamlane_datasets::open_any(folder.path());
});
