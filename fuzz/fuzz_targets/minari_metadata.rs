//! Any bytes as `data/metadata.json` and as an episode's: opening answers, and never panics.

#![no_main]

use std::fs;

use libfuzzer_sys::fuzz_target;

const SET: &str = r#"{
    "total_episodes": 1, "total_steps": 1, "data_format": "parquet",
    "dreamlane": {
        "spec": {
            "name": "drive", "lanes": 1, "seats": 1, "steps_per_second": 10, "rewards": true, "state": ["speed"],
            "cameras": [{"name": "front", "height": 4, "width": 6}],
            "action": {"kind": "continuous", "names": ["steering"], "low": [-1.0], "high": [1.0]}
        },
        "provenance": {"source": "truth", "env": "drive", "code": "fuzz"}
    }
}"#;

fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (set, episode) = (folder.path().join("data"), folder.path().join("data/0"));
    fs::create_dir_all(&episode).expect("a temporary folder");
    fs::write(set.join("metadata.json"), bytes).expect("a temporary file");
    let _ = dreamlane_datasets::open_any(folder.path());
    fs::write(set.join("metadata.json"), SET).expect("a temporary file");
    fs::write(episode.join("metadata.json"), bytes).expect("a temporary file");
    fs::write(episode.join("part-0.parquet"), bytes).expect("a temporary file");
    if let Ok(source) = dreamlane_datasets::open_any(folder.path()) {
        let _ = source.read(0);
    }
});
