//! Any bytes as the episodes' table and as the data of a small data set: reading answers, and never panics.

#![no_main]

use std::fs;

use libfuzzer_sys::fuzz_target;

const INFO: &str = r#"{
    "codebase_version": "v3.0", "fps": 10, "total_episodes": 1, "total_frames": 2,
    "data_path": "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
    "features": {
        "observation.images.front": {"dtype": "image", "shape": [4, 6, 3]},
        "observation.state": {"dtype": "float32", "shape": [2]},
        "action": {"dtype": "float32", "shape": [2]},
        "next.reward": {"dtype": "float32", "shape": [1]}
    }
}"#;

fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder"))
            .and_then(|()| fs::write(path, bytes))
            .expect("a file");
    };
    write("meta/info.json", INFO.as_bytes());
    write("meta/episodes/chunk-000/file-000.parquet", bytes);
    write("data/chunk-000/file-000.parquet", bytes);
    if let Ok(source) = dreamlane_datasets::open_any(folder.path()) {
        let _ = source.read(0);
    }
});
