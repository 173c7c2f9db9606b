//! Checkpoints and data sets that are broken or of something else.

use std::{fs, path::Path};

use super::made::{MADE, copied, fresh, noise, refused};

/// Cuts a file down to a part of its length.
fn truncated(path: &Path) {
    let bytes = fs::read(path).unwrap();
    fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
}

fn edited(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "no `{from}` in {}", path.display());
    fs::write(path, text.replace(from, to)).unwrap();
}

/// A copy of the run whose newest checkpoint was harmed.
fn harmed(folder: &Path, harm: impl Fn(&Path)) {
    let _ = fs::remove_dir_all(folder.join("run"));
    copied(&MADE.join("run"), &folder.join("run"));
    harm(&folder.join("run/checkpoints/last"));
}

#[test]
fn a_broken_checkpoint_is_refused_by_name() {
    let folder = fresh("checkpoint");
    let check = |harm: &dyn Fn(&Path), words: &[&str]| {
        harmed(&folder, harm);
        refused(&folder, "rollout --env world:run --episodes 2 --lanes 2 --out new", words);
        refused(&folder, "evaluate world run --split all --out new", words);
    };
    check(&|last| truncated(&last.join("model.safetensors")), &["broken data", "bytes", "model.safetensors"]);
    check(
        &|last| fs::write(last.join("model.safetensors"), b"").unwrap(),
        &["broken data", "model.safetensors"],
    );
    check(&|last| fs::remove_file(last.join("model.safetensors")).unwrap(), &["model.safetensors"]);
    check(&|last| fs::remove_file(last.join("config.toml")).unwrap(), &["config.toml"]);
    check(
        &|last| fs::write(last.join("spec.toml"), "x = [").unwrap(),
        &["broken data", "unclosed array", "spec.toml"],
    );
    check(
        &|last| edited(&last.join("spec.toml"), "height = 64", "height = 32"),
        &["trunk.places", "expected", "found", "model.safetensors"],
    );
    check(
        &|last| edited(&last.join("spec.toml"), "height = 64", "height = 60"),
        &["multiples of 16", "64x60"],
    );
    check(
        &|last| edited(&last.join("spec.toml"), "\"dit\"", "\"dot\""),
        &["world `dot`", "dit, still, mean"],
    );
    check(
        &|last| edited(&last.join("config.toml"), "dim = 16", "dim = 32"),
        &["expected", "found", "model.safetensors"],
    );
    check(&|last| edited(&last.join("config.toml"), "depth", "deepness"), &["deepness", "config.toml"]);
}

#[test]
fn data_that_a_world_was_not_made_for_is_refused() {
    let folder = fresh("mismatch");
    let (run, truth) = (MADE.join("run"), MADE.join("truth"));
    let (run, truth) = (run.display(), truth.display());
    noise(&folder.join("small"), 32, &["acceleration", "steering"]);
    noise(&folder.join("wide"), 64, &["acceleration", "steering", "horn"]);
    let cases: [(&str, &[&str]); 2] = [
        ("small", &["cameras", "expected", "64x64", "found", "32x32"]),
        ("wide", &["actions", "expected 2", "found 3", "horn"]),
    ];
    for (data, words) in cases {
        refused(&folder, &format!("rollout --env world:{run} --data {data} --episodes 2 --out new"), words);
        refused(&folder, &format!("evaluate world {run} --data {data} --split all --out new"), words);
        let words = ["weights to begin with", "expected", "found"];
        refused(&folder, &format!("train world --preset debug --init {run} --data {data} --out new"), &words);
    }
    let other =
        format!("train world --preset debug --init {run} --data {truth} --set trunk.dim=32 --out new");
    refused(&folder, &other, &["weights to begin with", "dim: 32", "dim: 16"]);
    let other =
        format!("train world --preset debug --codec {run} --data {truth} --set codec.fine=16 --out new");
    refused(&folder, &other, &["codec to begin with", "fine: 16", "fine: 8"]);
    let replay = "rollout --env drive/highway --policy replay --data wide --episodes 2 --out new";
    refused(&folder, replay, &["actions to replay", "horn"]);
}

#[test]
fn a_broken_data_set_is_refused_by_name_even_where_its_frames_were_decoded_before() {
    let folder = fresh("parquet");
    copied(&MADE.join("truth"), &folder.join("truth"));
    fs::copy(MADE.join("truth.frames"), folder.join("truth.frames")).unwrap();
    truncated(&folder.join("truth/data/chunk-000/file-003.parquet"));
    let words = ["broken data", "file-003.parquet"];
    refused(&folder, "train world --preset debug --data truth --out new", &words);
    let run = MADE.join("run");
    let run = run.display();
    refused(&folder, &format!("evaluate world {run} --data truth --split all --out new"), &words);
    refused(&folder, &format!("rollout --env world:{run} --data truth --episodes 2 --out new"), &words);
    fs::write(folder.join("truth/meta/info.json"), "{").unwrap();
    refused(&folder, "train world --preset debug --data truth --out new", &["broken data", "info.json"]);
    fs::remove_file(folder.join("truth/meta/info.json")).unwrap();
    refused(
        &folder,
        "train world --preset debug --data truth --out new",
        &["data set", "lerobot", "meta/info.json"],
    );
}

#[test]
fn a_cache_of_frames_that_was_cut_short_is_built_anew() {
    let folder = fresh("cache");
    copied(&MADE.join("truth"), &folder.join("truth"));
    fs::copy(MADE.join("truth.frames"), folder.join("truth.frames")).unwrap();
    truncated(&folder.join("truth.frames"));
    super::made::works(&folder, "train world --preset debug --data truth --out run");
    assert_eq!(fs::read(folder.join("truth.frames")).unwrap(), fs::read(MADE.join("truth.frames")).unwrap());
}
