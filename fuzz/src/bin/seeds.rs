//! Writes valid inputs of every target under the folder given: `FOLDER/TARGET/NAME`.

// Its callbacks are what the instrumented crates call.
extern crate libfuzzer_sys as _;

use std::{env, fs, path::Path};

use dreamlane_traffic::{
    chance::Chance,
    flow::{Mix, Rules, Stage, Traffic},
    layout::Highway,
    road::Users,
};

const MANIFEST: &str = "[\"cam/image_array\", \"user/angle\", \"user/throttle\"]\n[]\n{}\n{}\n\
    {\"paths\": [\"catalog_0.catalog\"], \"current_index\": 4, \"deleted_indexes\": [3, 1]}\n";
const RECORD: &str = r#"{"_index": 7, "_session_id": "a_1", "_timestamp_ms": 1706173428067,
    "cam/image_array": "7_cam.jpg", "user/angle": -0.5, "user/mode": "user", "user/throttle": 0.25}"#;

const SPEC: &str = "world = \"dit\"\nsteps_per_second = 20\ncontext = 16\ndraws = true\nrewards = false\nstate = []\n\
    [[cameras]]\nname = \"front\"\nheight = 64\nwidth = 64\n\
    [action]\nkind = \"continuous\"\nnames = [\"steering\"]\nlow = [-1.0]\nhigh = [1.0]\n";

const PLATOON: &str = "t1,ID1,Y1,v1,a1,ID2,Y2,v2,a2\n0.0,7,20,5,0.1,9,0,4.5,0\n0.1,7,20.5,5,0.1,9,0.45,4.5,0\n\
    0.2,7,21,5,0.1,9,0.9,4.5,-0.2\n";

/// A weights file of one tensor.
fn weights() -> Vec<u8> {
    let header =
        r#"{"__metadata__":{"format":"pt"},"a.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}"#;
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend_from_slice(&[0; 24]);
    bytes
}

/// A saved episode of a highway with a few cars.
fn traffic() -> Vec<u8> {
    let network = Highway { lanes: 3, length_m: 1000.0, limit_mps: 30.0 }.build().expect("a highway");
    let mut traffic = Traffic::new(Stage::new(network, Rules::textbook()), Chance::new(1));
    traffic.populate(5, Users::Vehicles, &Mix::default());
    traffic.tick(0.1);
    postcard::to_stdvec(&traffic.save()).expect("a saved episode")
}

fn main() {
    let folder = env::args().nth(1).expect("the folder to write into");
    let made = dreamlane_fuzz::made("seeds");
    let video = dreamlane_fuzz::made_with_video("seeds-video");
    let mcap = dreamlane_fuzz::made_file("mcap", "seeds.mcap", "");
    let minari = dreamlane_fuzz::made_file("minari", "seeds-minari", "data/metadata.json");
    let entry = dreamlane_fuzz::made_file("minari", "seeds-entry", "data/0/metadata.json");
    let table = dreamlane_fuzz::made_file("minari", "seeds-table", "data/0/part-0.parquet");
    let weights = weights();
    let traffic = traffic();
    let seeds: [(&str, &str, &[u8]); 15] = [
        ("traffic_snapshot", "valid", &traffic),
        ("donkeycar_manifest", "valid", MANIFEST.as_bytes()),
        ("donkeycar_record", "valid", RECORD.as_bytes()),
        ("lerobot_info", "valid", &made.info),
        ("lerobot_episodes", "valid", &made.episodes),
        ("lerobot_data", "valid", &made.data),
        ("lerobot_video", "valid", &video.video),
        ("video", "valid", &video.video),
        ("mcap", "valid", &mcap),
        ("minari_metadata", "set", &minari),
        ("minari_metadata", "entry", &entry),
        ("minari_metadata", "table", &table),
        ("platoon_table", "valid", PLATOON.as_bytes()),
        ("safetensors", "valid", &weights),
        ("toml", "spec", SPEC.as_bytes()),
    ];
    for (target, name, bytes) in seeds {
        let corpus = Path::new(&folder).join(target);
        fs::create_dir_all(&corpus).and_then(|()| fs::write(corpus.join(name), bytes)).expect("a seed");
    }
}
