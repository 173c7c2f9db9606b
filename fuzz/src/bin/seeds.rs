//! Writes one valid input per target under the folder given: `FOLDER/TARGET/valid`.

// Its callbacks are what the instrumented crates call.
extern crate libfuzzer_sys as _;

use std::{env, fs, path::Path};

const MANIFEST: &str = "[\"cam/image_array\", \"user/angle\", \"user/throttle\"]\n[]\n{}\n{}\n\
    {\"paths\": [\"catalog_0.catalog\"], \"current_index\": 4, \"deleted_indexes\": [3, 1]}\n";
const RECORD: &str = r#"{"_index": 7, "_session_id": "a_1", "_timestamp_ms": 1706173428067,
    "cam/image_array": "7_cam.jpg", "user/angle": -0.5, "user/mode": "user", "user/throttle": 0.25}"#;

fn main() {
    let folder = env::args().nth(1).expect("the folder to write into");
    let made = dreamlane_fuzz::made("seeds");
    let video = dreamlane_fuzz::made_with_video("seeds-video");
    let seeds: [(&str, &[u8]); 6] = [
        ("donkeycar_manifest", MANIFEST.as_bytes()),
        ("donkeycar_record", RECORD.as_bytes()),
        ("lerobot_info", &made.info),
        ("lerobot_episodes", &made.episodes),
        ("lerobot_data", &made.data),
        ("lerobot_video", &video.video),
    ];
    for (target, bytes) in seeds {
        let corpus = Path::new(&folder).join(target);
        fs::create_dir_all(&corpus).and_then(|()| fs::write(corpus.join("valid"), bytes)).expect("a seed");
    }
}
