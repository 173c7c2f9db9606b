//! Minari sets: their layout, what only they hold, how they are gone on with and put right.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use dreamlane_core::{ActionSpace, Body, BodyKind, EnvSpec, Episode, Error, Format, Provenance, Scene};
use dreamlane_datasets::{format_named, open_any, repair_any};
use proptest::prelude::*;
use serde_json::Value;

use crate::made::{Shape, episode, full_spec, provenance, read, spec};

fn minari() -> &'static dyn Format {
    format_named("minari").unwrap()
}

fn write(folder: &Path, spec: &EnvSpec, episodes: &[Episode]) {
    let mut sink = minari().create(folder, spec, &provenance()).unwrap();
    episodes.iter().for_each(|episode| sink.write(episode).unwrap());
    sink.finish().unwrap();
}

fn episodes(spec: &EnvSpec, lengths: &[usize]) -> Vec<Episode> {
    lengths.iter().enumerate().map(|(id, &len)| episode(spec, id as u64, len)).collect()
}

/// Every file below a folder with its bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![folder.to_path_buf()]);
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    let bytes = fs::read(&path).unwrap();
                    found.insert(path.strip_prefix(folder).unwrap().to_path_buf(), bytes);
                }
            }
        }
    }
    found
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn scene(row: usize) -> Scene {
    let body = |id: u32| Body {
        id,
        kind: if id == 0 { BodyKind::Car } else { BodyKind::Truck },
        place_m: [row as f32 * 0.1, -1.75],
        heading_rad: 1e-7 * row as f32,
        speed_mps: 1.0 / 3.0,
        size_m: [4.5, 1.8, f32::MIN_POSITIVE],
    };
    Scene { bodies: (0..=row as u32 % 3).map(body).collect() }
}

#[test]
fn the_layout_is_that_of_minari() {
    let (folder, spec) = (tempfile::tempdir().unwrap(), full_spec());
    write(folder.path(), &spec, &episodes(&spec, &[3, 1]));
    let root = json(&folder.path().join("data/metadata.json"));
    // An episode that ended where it began has one step for Minari.
    for (key, wanted) in [
        ("total_episodes", Value::from(2)),
        ("total_steps", Value::from(3)),
        ("data_format", Value::from("parquet")),
        ("jpeg_encoding", Value::from(false)),
        ("dataset_id", Value::from("dreamlane/made-tiny-v0")),
        ("minari_version", Value::from("0.5.4")),
    ] {
        assert_eq!(root[key], wanted, "{key}");
    }
    let action: Value = serde_json::from_str(root["action_space"].as_str().unwrap()).unwrap();
    assert_eq!(action["low"], serde_json::json!([-2, -2]));
    let seen = root["observation_space"].as_str().unwrap().replace("Infinity", "1e999");
    assert!(seen.contains(r#""shape": [4,6,3], "low": [[[0,0,0],"#), "{seen}");
    assert!(seen.contains(r#""state": {"type": "Box", "dtype": "float32", "shape": [2]"#), "{seen}");
    let entry = json(&folder.path().join("data/1/metadata.json"));
    assert_eq!((&entry["id"], &entry["total_steps"]), (&Value::from(1), &Value::from(1)));
    assert_eq!(entry["dreamlane"]["observations"], 1);
    assert!(folder.path().join("data/1/part-0.parquet").is_file());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn scenes_and_choices_come_back_equal(lengths in prop::collection::vec(1usize..6, 1..4), choices in 1usize..4) {
        let folder = tempfile::tempdir().unwrap();
        let names = (0..choices).map(|choice| format!("choice {choice}")).collect();
        let spec = EnvSpec { action: ActionSpace::Discrete { names }, scenes: true, ..full_spec() };
        let mut written = episodes(&spec, &lengths);
        for episode in &mut written {
            let last = episode.steps.len() - 1;
            for (row, step) in episode.steps.iter_mut().enumerate() {
                step.action = (0..choices).map(|choice| f32::from(u8::from(row < last && choice == row % choices))).collect();
                step.scene = (row != 1).then(|| scene(row));
            }
        }
        write(folder.path(), &spec, &written);
        let source = open_any(folder.path()).unwrap();
        prop_assert_eq!(source.spec(), &spec);
        prop_assert_eq!(source.provenance(), Some(&provenance()));
        prop_assert_eq!(read(source.as_ref()).unwrap(), written);
    }

    #[test]
    fn a_set_that_was_gone_on_with_has_the_bytes_of_one_written_in_one_go(
        lengths in prop::collection::vec(1usize..5, 1..6), cut: prop::sample::Index, left in 0usize..4,
    ) {
        let (whole, parts, spec) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), full_spec());
        let all = episodes(&spec, &lengths);
        write(whole.path(), &spec, &all);
        let cut = cut.index(all.len() + 1);
        let mut sink = minari().create(parts.path(), &spec, &provenance()).unwrap();
        all[..cut].iter().for_each(|episode| sink.write(episode).unwrap());
        drop(sink);
        leave(parts.path(), &spec, cut, left);
        let mut sink = minari().resume(parts.path(), &spec, &provenance()).unwrap();
        prop_assert_eq!(sink.last_id(), all[..cut].last().map(|episode| episode.id));
        all[cut..].iter().for_each(|episode| sink.write(episode).unwrap());
        sink.finish().unwrap();
        prop_assert_eq!(files(parts.path()), files(whole.path()));
    }
}

/// What a writer leaves that dies at one of its moments in episode `idx`.
fn leave(root: &Path, spec: &EnvSpec, idx: usize, moment: usize) {
    let data = root.join("data");
    let half = data.join(format!(".{idx}.writing"));
    match moment {
        1 => {
            fs::create_dir(&half).unwrap();
            fs::write(half.join(".part-0.parquet.tmp"), b"half").unwrap();
        }
        2 => {
            // The folder is in its place, its registration is half-written.
            let beside = tempfile::tempdir().unwrap();
            write(beside.path(), spec, &episodes(spec, &[2]));
            fs::rename(beside.path().join("data/0"), data.join(idx.to_string())).unwrap();
            fs::write(data.join(".metadata.json.tmp"), b"{").unwrap();
        }
        3 => fs::create_dir(data.join(idx.to_string())).unwrap(),
        _ => {}
    }
}

#[test]
fn a_repair_says_what_it_did_and_does_nothing_twice() {
    let spec = full_spec();
    for (moment, said) in [
        (0, &[][..]),
        (1, &["removed data/.2.writing: half-written"]),
        (
            2,
            &[
                "removed data/2: an episode that was not registered yet",
                "removed data/.metadata.json.tmp: half-written",
            ],
        ),
        (3, &["removed data/2: an episode that was not registered yet"]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let written = episodes(&spec, &[3, 2]);
        write(folder.path(), &spec, &written);
        let whole = files(folder.path());
        leave(folder.path(), &spec, 2, moment);
        assert_eq!(read(open_any(folder.path()).unwrap().as_ref()).unwrap(), written);
        let (format, repair) = repair_any(folder.path()).unwrap();
        assert_eq!((format.unwrap().name(), repair.episodes), ("minari", 2));
        assert_eq!(repair.done, said);
        assert_eq!(files(folder.path()), whole);
        assert_eq!(minari().repair(folder.path()).unwrap().done, [""; 0]);
    }
}

#[test]
fn where_nothing_had_been_written_a_repair_leaves_an_empty_folder() {
    let (folder, spec) = (tempfile::tempdir().unwrap(), full_spec());
    let (format, repair) = repair_any(folder.path()).unwrap();
    assert!(format.is_none() && repair.episodes == 0 && repair.done.is_empty());
    fs::create_dir(folder.path().join("data")).unwrap();
    fs::write(folder.path().join("data/.metadata.json.tmp"), b"{").unwrap();
    let (format, repair) = repair_any(folder.path()).unwrap();
    assert!(format.is_none());
    assert_eq!(repair.done, ["removed data/.metadata.json.tmp", "removed data"]);
    fs::create_dir(folder.path().join("data")).unwrap();
    fs::write(folder.path().join("data/.metadata.json.tmp"), b"{").unwrap();
    assert_eq!(minari().resume(folder.path(), &spec, &provenance()).unwrap().last_id(), None);
    fs::write(folder.path().join("data/notes"), b"of others").unwrap();
    fs::remove_file(folder.path().join("data/metadata.json")).unwrap();
    assert!(repair_any(folder.path()).is_err());
    assert!(folder.path().join("data/notes").is_file());
}

#[test]
fn another_spec_or_provenance_is_not_gone_on_with() {
    let (folder, spec) = (tempfile::tempdir().unwrap(), full_spec());
    write(folder.path(), &spec, &episodes(&spec, &[2]));
    let refused = |spec: &EnvSpec, provenance: &Provenance, words: &[&str]| {
        let Err(error) = minari().resume(folder.path(), spec, provenance) else { panic!("resumed") };
        assert!(words.iter().all(|word| error.to_string().contains(word)), "{error}");
    };
    let faster = EnvSpec { steps_per_second: 20, ..spec.clone() };
    refused(&faster, &provenance(), &["steps_per_second", "expected 10, found 20"]);
    let other = Provenance { run_seed: Some(7), ..provenance() };
    refused(&spec, &other, &["run seed", "Some(7)", "None"]);
    let wide = EnvSpec { lanes: 64, ..spec.clone() };
    assert_eq!(
        minari().resume(folder.path(), &wide, &provenance()).unwrap().last_id(),
        Some(episode(&spec, 0, 2).id)
    );
}

#[test]
fn sets_that_others_made_are_not_of_this_format() {
    let (folder, spec) = (tempfile::tempdir().unwrap(), full_spec());
    write(folder.path(), &spec, &episodes(&spec, &[2]));
    let path = folder.path().join("data/metadata.json");
    let check = |key: &str, value: Option<Value>, words: &str| {
        let whole = json(&path);
        let mut other = whole.clone();
        let keys = other.as_object_mut().unwrap();
        match value {
            Some(value) => keys.insert(key.to_owned(), value),
            None => keys.remove(key),
        };
        fs::write(&path, other.to_string()).unwrap();
        let Err(error) = minari().open(folder.path()) else { panic!("opened") };
        assert!(matches!(error, Error::Incompatible { .. }) && error.to_string().contains(words), "{error}");
        assert!(matches!(minari().repair(folder.path()), Err(Error::Incompatible { .. })));
        fs::write(&path, whole.to_string()).unwrap();
    };
    check("dreamlane", None, "no key `dreamlane`");
    check("data_format", Some("hdf5".into()), "expected data_format parquet, found hdf5");
}

#[test]
fn what_minari_cannot_hold_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let named = |name: &str| {
        let mut spec = full_spec();
        spec.cameras[0].name = name.to_owned();
        spec
    };
    let bounded = |low: f32, high: f32| EnvSpec {
        action: ActionSpace::Continuous { names: vec!["steering".into()], low: vec![low], high: vec![high] },
        ..full_spec()
    };
    let large = spec(Shape { cameras: 1, features: 0, actions: 1, rewards: true });
    let large = EnvSpec { cameras: vec![dreamlane_core::CameraSpec::new("front", 4000, 4000)], ..large };
    for (spec, words) in [
        (named("state"), "must not be named `state`"),
        (named(""), "must not be empty"),
        (bounded(1.0, -1.0), "in order"),
        (bounded(f32::NEG_INFINITY, 1.0), "finite"),
        (large, "48000000 numbers"),
    ] {
        let path = folder.path().join("set");
        let Err(error) = minari().create(&path, &spec, &provenance()) else { panic!("created") };
        assert!(error.to_string().contains(words), "{error}");
        assert!(!path.exists());
    }
}

#[test]
fn a_choice_that_is_none_is_refused_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let names = vec!["left".to_owned(), "right".to_owned()];
    let spec = EnvSpec { action: ActionSpace::Discrete { names }, ..full_spec() };
    let mut sink = minari().create(folder.path(), &spec, &provenance()).unwrap();
    let before = files(folder.path());
    let error = sink.write(&episode(&spec, 1, 3)).unwrap_err();
    assert!(error.to_string().contains("one-hot"), "{error}");
    assert_eq!(files(folder.path()), before);
}

/// Reads a small set of which one file was changed.
fn damaged(file: &str, damage: impl FnOnce(&mut Vec<u8>)) -> Result<Vec<Episode>, Error> {
    let (folder, spec) = (tempfile::tempdir().unwrap(), full_spec());
    write(folder.path(), &spec, &episodes(&spec, &[3]));
    let path = folder.path().join(file);
    let mut bytes = fs::read(&path).unwrap();
    damage(&mut bytes);
    fs::write(path, bytes).unwrap();
    open_any(folder.path()).and_then(|source| read(source.as_ref()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn a_table_with_any_bit_flipped_is_an_error(at: prop::sample::Index, bit in 0u8..8) {
        let answer = damaged("data/0/part-0.parquet", |bytes| {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        });
        prop_assert!(answer.is_err());
    }

    #[test]
    fn descriptions_with_a_bit_flipped_never_panic(
        file in prop::sample::select(&["data/metadata.json", "data/0/metadata.json"][..]), at: prop::sample::Index, bit in 0u8..8,
    ) {
        let _ = damaged(file, |bytes| {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        });
    }

    #[test]
    fn files_that_were_cut_short_are_errors(
        file in prop::sample::select(&["data/metadata.json", "data/0/metadata.json", "data/0/part-0.parquet"][..]),
        at: prop::sample::Index,
    ) {
        prop_assert!(damaged(file, |bytes| bytes.truncate(at.index(bytes.len()))).is_err());
    }
}

#[test]
fn absurd_counts_are_errors() {
    for (file, from, to) in [
        ("data/metadata.json", "\"total_episodes\":1", "\"total_episodes\":18446744073709551615"),
        ("data/metadata.json", "\"total_steps\":2", "\"total_steps\":3"),
        ("data/0/metadata.json", "\"observations\":3", "\"observations\":18446744073709551615"),
        ("data/0/metadata.json", "\"observations\":3", "\"observations\":0"),
        ("data/0/metadata.json", "\"total_steps\":2", "\"total_steps\":9"),
        ("data/metadata.json", "\"height\":4", "\"height\":9000000000000000000"),
    ] {
        let answer = damaged(file, |bytes| {
            let text = String::from_utf8(bytes.clone()).unwrap();
            assert!(text.contains(from), "{from}");
            *bytes = text.replace(from, to).into_bytes();
        });
        assert!(answer.is_err(), "{to}");
    }
}
