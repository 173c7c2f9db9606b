//! What a repair says and does where files are gone, damaged, or not ours.

use std::fs;

use dreamlane_core::{Error, Repair};
use dreamlane_datasets::{format_named, open_any};
use serde_json::Value;

use crate::made::{full_spec, provenance, read, write};

fn repair(folder: &std::path::Path) -> Repair {
    format_named("lerobot").unwrap().repair(folder).unwrap()
}

#[test]
fn a_whole_set_needs_no_repair() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &full_spec(), &[3, 2]);
    assert_eq!(repair(folder.path()), Repair { episodes: 2, done: Vec::new() });
}

#[test]
fn a_damaged_or_missing_file_cuts_the_set_back_to_the_episodes_before() {
    for (file, damage) in [
        ("data/chunk-000/file-002.parquet", Some(10)),
        ("data/chunk-000/file-002.parquet", None),
        ("meta/episodes/chunk-000/file-002.parquet", Some(0)),
        ("meta/episodes/chunk-000/file-002.parquet", None),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let written = write(folder.path(), &full_spec(), &[3, 2, 4, 1, 2]);
        let path = folder.path().join(file);
        match damage {
            Some(len) => fs::write(&path, &fs::read(&path).unwrap()[..len]).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let Repair { episodes, done } = repair(folder.path());
        assert_eq!(episodes, 2);
        assert!(done[0].contains("from 5 to 2 episodes") && done[0].contains("file-002.parquet"), "{done:?}");
        assert!(done.iter().any(|line| line.contains("data/chunk-000/file-004.parquet")), "{done:?}");
        assert!(done.iter().any(|line| line.contains("stats.json for 2 episodes")), "{done:?}");
        assert_eq!(read(open_any(folder.path()).unwrap().as_ref()).unwrap(), written[..2]);
        assert_eq!(repair(folder.path()), Repair { episodes: 2, done: Vec::new() });
        let before = tempfile::tempdir().unwrap();
        write(before.path(), &full_spec(), &[3, 2]);
        for name in ["meta/info.json", "meta/stats.json", "meta/tasks.parquet"] {
            let file = |folder: &std::path::Path| fs::read(folder.join(name)).unwrap();
            assert_eq!(file(folder.path()), file(before.path()), "{name}");
        }
    }
}

#[test]
fn a_folder_without_a_description_is_emptied_or_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(repair(folder.path()), Repair { episodes: 0, done: Vec::new() });
    fs::create_dir_all(folder.path().join("meta")).unwrap();
    fs::write(folder.path().join("meta/.info.json.tmp"), b"{").unwrap();
    assert_eq!(repair(folder.path()).done.len(), 2);
    assert!(fs::read_dir(folder.path()).unwrap().next().is_none());
    fs::write(folder.path().join("holiday.jpg"), b"me").unwrap();
    let answer = format_named("lerobot").unwrap().repair(folder.path());
    assert!(matches!(answer, Err(Error::Incompatible { .. })), "{answer:?}");
    assert!(folder.path().join("holiday.jpg").exists());
}

#[test]
fn sets_that_others_wrote_are_not_changed() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &full_spec(), &[4, 2]);
    let path = folder.path().join("meta/info.json");
    let mut info: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    info.as_object_mut().unwrap().remove("dreamlane");
    fs::write(&path, serde_json::to_vec(&info).unwrap()).unwrap();
    fs::remove_file(folder.path().join("meta/stats.json")).unwrap();
    assert_eq!(repair(folder.path()), Repair { episodes: 2, done: Vec::new() });
    assert!(!folder.path().join("meta/stats.json").exists());
    let answer = format_named("lerobot").unwrap().resume(folder.path(), &full_spec(), &provenance());
    let Err(error) = answer else { panic!("went on with the set of others") };
    assert!(error.to_string().contains("writer of the recording"), "{error}");
}

#[test]
fn a_set_that_is_being_written_is_neither_repaired_nor_gone_on_with() {
    let (folder, spec) = (tempfile::tempdir().unwrap(), full_spec());
    let format = format_named("lerobot").unwrap();
    let sink = format.create(folder.path(), &spec, &provenance()).unwrap();
    let error = format.repair(folder.path()).unwrap_err();
    assert!(error.to_string().contains("still at work"), "{error}");
    assert!(format.resume(folder.path(), &spec, &provenance()).is_err());
    drop(sink);
    assert_eq!(repair(folder.path()).episodes, 0);
}
