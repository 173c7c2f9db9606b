//! Recordings between formats, on one screen, and put right.

use std::{fs, path::Path};

use burn::tensor::Device;
use dreamlane::{datasets::open_any, worlds::Precision};
use serde_json::Value;

use super::made::{MADE, answer, copied, fresh, refused, works};

fn json(folder: &Path, arguments: &str) -> Value {
    serde_json::from_str(&works(folder, arguments)).unwrap()
}

#[test]
fn a_copy_in_another_format_is_the_same_data_set() {
    let (made, folder) = (&*MADE, fresh("export"));
    let truth = made.join("truth");
    let said = works(&folder, &format!("export {} --format minari --out copy", truth.display()));
    assert!(said.starts_with("copy: 24 episodes, "), "{said}");
    works(&folder, "export copy --format lerobot --out back --episodes 3..5");
    let (source, copy) = (open_any(&truth).unwrap(), open_any(&folder.join("copy")).unwrap());
    let back = open_any(&folder.join("back")).unwrap();
    assert_eq!((copy.spec(), copy.provenance()), (source.spec(), source.provenance()));
    assert_eq!(copy.lengths(), source.lengths());
    assert_eq!((back.lengths(), back.provenance()), (&source.lengths()[3..5], source.provenance()));
    for idx in 0..2 {
        assert_eq!(source.read(idx).unwrap(), copy.read(idx).unwrap());
        assert_eq!(source.read(3 + idx).unwrap(), back.read(idx).unwrap());
    }
}

#[test]
fn copies_that_cannot_be_made_leave_nothing() {
    let (made, folder) = (&*MADE, fresh("export_refused"));
    copied(&made.join("truth"), &folder.join("truth"));
    fs::create_dir(folder.join("empty")).unwrap();
    let export = |rest: &str| format!("export truth {rest}");
    let cases: [(String, &[&str]); 8] = [
        (export("--format vhs --out new"), &["format `vhs`", "lerobot, lerobot-av1, mcap, minari"]),
        (export("--format minari --out truth"), &["outside of the data set"]),
        (export("--format minari --out truth/copy"), &["outside of the data set"]),
        (export("--format minari --out new --episodes 20..30"), &["part of 0..24", "20..30"]),
        (export("--format minari --out new --episodes 5..5"), &["part of 0..24"]),
        (export("--format minari --out new --episodes many"), &["A..B", "many"]),
        ("export empty --format minari --out new".into(), &["data set", "no data/metadata.json"]),
        ("export nowhere --format minari --out new".into(), &["nothing there", "nowhere"]),
    ];
    for (arguments, words) in cases {
        refused(&folder, &arguments, words);
    }
    works(&folder, &export("--format minari --out copy --episodes ..2"));
    refused(&folder, &export("--format minari --out copy"), &["empty folder", "found files", "copy"]);
}

#[test]
fn a_data_set_is_shown_with_where_it_comes_from() {
    let (made, folder) = (&*MADE, fresh("info_data"));
    let truth = made.join("truth");
    works(&folder, &format!("export {} --format minari --out copy", truth.display()));
    for (path, format) in [(truth.display().to_string(), "lerobot"), ("copy".to_owned(), "minari")] {
        let info = json(&folder, &format!("info {path} --json"));
        assert_eq!((&info["kind"], &info["format"]), (&"data set".into(), &format.into()));
        assert_eq!((&info["episodes"], &info["steps_per_second"]), (&24.into(), &10.into()));
        assert_eq!(info["provenance"]["policy"]["name"], "noisy:1.0");
        assert_eq!(info["cameras"][0]["width"], 64);
        assert_eq!(info["lengths"]["max"], 41);
        assert_eq!(info["fingerprint"].as_str().unwrap().len(), 16);
        assert_eq!(info["interrupted"], Value::Array(Vec::new()));
        assert!(info["size"]["bytes"].as_u64().unwrap() > 10_000);
        let said = works(&folder, &format!("info {path}"));
        let lines = ["kind  data set", "from  truth drive/highway", "policy  noisy:1.0", "run seed  0"];
        assert!(lines.iter().all(|line| said.contains(line)), "{said}");
        assert!(said.lines().count() <= 24 && said.lines().all(|line| line.len() < 400), "{said}");
    }
    fs::write(folder.join("copy/data/.metadata.json.tmp"), "{").unwrap();
    let said = works(&folder, "info copy");
    assert!(
        said.contains("`dreamlane repair` would remove") && said.contains(".metadata.json.tmp"),
        "{said}"
    );
}

#[test]
fn a_dream_in_bf16_says_so_and_is_no_dream_in_f32() {
    let (made, folder) = (&*MADE, fresh("bf16"));
    let rollout = |more: &str| {
        let run = made.join("run");
        format!("rollout --env world:{} --episodes 2 --lanes 2 --horizon 4 {more}", run.display())
    };
    if let Err(error) = Precision::Bf16.check(&Device::flex()) {
        eprintln!("skipped: {error}");
        refused(&folder, &rollout("--precision bf16 --out new"), &["bf16"]);
        return;
    }
    works(&folder, &rollout("--out single"));
    works(&folder, &rollout("--precision bf16 --out half"));
    let world = |name: &str| json(&folder, &format!("info {name} --json"))["provenance"]["world"].clone();
    let [single, half] = [world("single"), world("half")];
    assert_eq!([&single["name"], &half["name"]], ["dit", "dit:bf16"]);
    assert_eq!(single["hash"], half["hash"]);
    refused(
        &folder,
        &rollout("--out half --resume --episodes 3").replacen("--episodes 2 ", "", 1),
        &["world"],
    );
}

#[test]
fn runs_checkpoints_and_caches_are_shown() {
    let (made, folder) = (&*MADE, fresh("info_run"));
    let run = made.join("run");
    let info = json(&folder, &format!("info {} --json", run.display()));
    assert_eq!(info["kind"], "run");
    assert_eq!(info["run"]["preset"], "debug");
    assert!(
        info["steps"].as_u64().unwrap() > 0 && info["metrics"].as_object().is_some_and(|all| !all.is_empty())
    );
    let names: Vec<&Value> =
        info["checkpoints"].as_array().unwrap().iter().map(|each| &each["name"]).collect();
    assert!(names.contains(&&"last".into()), "{names:?}");
    let world = json(&folder, &format!("info {}/checkpoints/last --json", run.display()));
    assert_eq!((&world["kind"], &world["world"]), (&"checkpoint".into(), &"dit".into()));
    assert!(world["parameters"].as_u64().unwrap() > 1000);
    assert_eq!(world["hash"], info["last"]["hash"]);
    assert_eq!(world["run"]["preset"], "debug");
    let said = works(&folder, &format!("info {}", run.display()));
    assert!(said.contains("trained on") && said.contains("checkpoints"), "{said}");
    let cache = json(&folder, &format!("info {}.frames --json", made.join("truth").display()));
    assert_eq!((&cache["kind"], &cache["episodes"]), (&"frame cache".into(), &24.into()));
}

#[test]
fn what_is_none_of_these_is_refused_with_what_was_looked_for() {
    let folder = fresh("info_refused");
    fs::create_dir(folder.join("empty")).unwrap();
    fs::write(folder.join("notes.txt"), "of mine").unwrap();
    for path in ["empty", "notes.txt"] {
        let words =
            ["no meta/info.json", "no data/metadata.json", "spec.toml", "run.toml", "frame cache", path];
        refused(&folder, &format!("info {path}"), &words);
    }
    refused(&folder, "info nowhere", &["nothing there", "nowhere"]);
    refused(&folder, "repair notes.txt", &["no data/metadata.json", "notes.txt"]);
    refused(&folder, "repair nowhere", &["nothing there", "nowhere"]);
}

#[test]
fn an_interrupted_recording_is_put_right() {
    let (made, folder) = (&*MADE, fresh("repair"));
    works(
        &folder,
        &format!("export {} --format minari --out set --episodes ..3", made.join("truth").display()),
    );
    let whole = works(&folder, "info set --json");
    copied(&folder.join("set/data/2"), &folder.join("set/data/3"));
    fs::create_dir(folder.join("set/data/.4.writing")).unwrap();
    let said = works(&folder, "repair set");
    assert!(said.contains("removed data/3: an episode that was not registered yet"), "{said}");
    assert!(said.contains("set: minari, 3 whole episodes"), "{said}");
    assert_eq!(works(&folder, "info set --json"), whole);
    let again = json(&folder, "repair set --json");
    assert_eq!(again, serde_json::json!({"format": "minari", "episodes": 3, "done": []}));
    fs::remove_file(folder.join("set/data/1/part-0.parquet")).unwrap();
    refused(&folder, "repair set", &["part-0.parquet"]);
    fs::create_dir_all(folder.join("begun/data")).unwrap();
    fs::write(folder.join("begun/data/.metadata.json.tmp"), "{").unwrap();
    let said = answer(&folder, "repair begun");
    assert!(said.out.contains("nothing had been written"), "{}{}", said.out, said.err);
    assert_eq!(fs::read_dir(folder.join("begun")).unwrap().count(), 0);
}
