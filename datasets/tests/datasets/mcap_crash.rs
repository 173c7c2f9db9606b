//! Folders of MCAP files whose writer was interrupted: a valid prefix, repaired, and gone on with to the same bytes.

use std::{collections::BTreeMap, fs, path::Path};

use dreamlane_core::{Error, Format, Repair};
use dreamlane_datasets::{mcap::Mcap, open_any};

use crate::{
    made::{provenance, read},
    mcap::{made, record, told_spec},
};

const LENGTHS: [usize; 4] = [3, 1, 4, 2];

/// The files of a folder by name.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
}

/// Goes on with a folder until all episodes are there.
fn complete(folder: &Path) {
    let spec = told_spec(1);
    let mut sink = Mcap.resume(folder, &spec, &provenance()).unwrap();
    let episodes = made(&spec, &LENGTHS);
    let next =
        sink.last_id().map_or(0, |last| episodes.iter().position(|episode| episode.id == last).unwrap() + 1);
    episodes[next..].iter().for_each(|episode| sink.write(episode).unwrap());
    sink.finish().unwrap();
}

#[test]
fn every_interruption_is_repaired_and_gone_on_with_to_the_same_bytes() {
    let (folder, spec) = (tempfile::tempdir().unwrap(), told_spec(1));
    let path = folder.path().join("whole");
    let written = record(&path, &spec, &LENGTHS);
    let whole = files(&path);
    // What a folder may hold when the process dies: some episodes registered, perhaps one file more, whole or not.
    for registered in 0..=LENGTHS.len() {
        let short = folder.path().join(format!("short-{registered}"));
        record(&short, &spec, &LENGTHS[..registered]);
        let prefix = files(&short);
        for (case, extra) in [".episode.tmp", ".dreamlane.json.tmp", "whole", "none"].into_iter().enumerate()
        {
            let cut = folder.path().join(format!("cut-{registered}-{case}"));
            fs::create_dir(&cut).unwrap();
            prefix.iter().for_each(|(name, bytes)| fs::write(cut.join(name), bytes).unwrap());
            let next = format!("episode-{registered:06}.mcap");
            match extra {
                "none" => {}
                "whole" => fs::write(cut.join(&next), whole.get(&next).unwrap_or(&Vec::new())).unwrap(),
                other => fs::write(cut.join(other), b"half").unwrap(),
            }
            assert_eq!(read(open_any(&cut).unwrap().as_ref()).unwrap(), written[..registered]);
            let repaired = Mcap.repair(&cut).unwrap();
            assert_eq!((repaired.episodes, repaired.done.len()), (registered, usize::from(extra != "none")));
            assert_eq!(files(&cut), prefix);
            assert_eq!(Mcap.repair(&cut).unwrap(), Repair { episodes: registered, done: Vec::new() });
            if extra == "whole" {
                fs::write(cut.join(&next), b"left again").unwrap();
            }
            complete(&cut);
            assert_eq!(files(&cut), whole);
        }
    }
}

#[test]
fn a_folder_that_is_missing_empty_or_hardly_begun_is_begun() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    record(&path("whole"), &told_spec(1), &LENGTHS);
    fs::create_dir(path("empty")).unwrap();
    fs::create_dir(path("begun")).unwrap();
    fs::write(path("begun/.dreamlane.json.tmp"), b"{").unwrap();
    for name in ["missing", "empty", "begun"] {
        complete(&path(name));
        assert_eq!(files(&path(name)), files(&path("whole")));
    }
    fs::create_dir(path("hardly")).unwrap();
    fs::write(path("hardly/.dreamlane.json.tmp"), b"{").unwrap();
    let repaired = Mcap.repair(&path("hardly")).unwrap();
    assert_eq!((repaired.episodes, repaired.done.len()), (0, 1));
    assert!(matches!(Mcap.repair(&path("hardly")), Err(Error::Incompatible { .. })));
}

#[test]
fn a_missing_episode_cuts_the_set_and_a_damaged_one_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let written = record(folder.path(), &told_spec(1), &LENGTHS);
    fs::remove_file(folder.path().join("episode-000002.mcap")).unwrap();
    let repaired = Mcap.repair(folder.path()).unwrap();
    assert_eq!(repaired.episodes, 2);
    assert!(repaired.done[0].contains("from 4 to 2 episodes"), "{:?}", repaired.done);
    assert!(repaired.done[1].contains("episode-000003.mcap"), "{:?}", repaired.done);
    assert_eq!(read(open_any(folder.path()).unwrap().as_ref()).unwrap(), written[..2]);
    assert_eq!(Mcap.repair(folder.path()).unwrap(), Repair { episodes: 2, done: Vec::new() });

    let path = folder.path().join("episode-000001.mcap");
    let mut bytes = fs::read(&path).unwrap();
    bytes[100] ^= 1;
    fs::write(&path, bytes).unwrap();
    let error = Mcap.repair(folder.path()).unwrap_err();
    assert!(error.to_string().contains("expected SHA-256"), "{error}");
}

#[test]
fn a_set_of_another_spec_or_provenance_is_not_gone_on_with() {
    let (folder, spec) = (tempfile::tempdir().unwrap(), told_spec(1));
    record(folder.path(), &spec, &[2]);
    let mut faster = spec.clone();
    faster.steps_per_second = 31;
    let Err(error) = Mcap.resume(folder.path(), &faster, &provenance()) else { panic!("another spec") };
    assert!(
        error
            .to_string()
            .contains("`steps_per_second`) of the recording to go on with: expected 30, found 31"),
        "{error}"
    );
    let mut seeded = provenance();
    seeded.run_seed = Some(7);
    let Err(error) = Mcap.resume(folder.path(), &spec, &seeded) else { panic!("another seed") };
    assert!(
        error
            .to_string()
            .starts_with("run seed of the recording to go on with: expected None, found Some(7)"),
        "{error}"
    );
    let other = tempfile::tempdir().unwrap();
    fs::write(other.path().join("notes.txt"), b"of others").unwrap();
    assert!(matches!(Mcap.resume(other.path(), &spec, &provenance()), Err(Error::Incompatible { .. })));
    assert!(matches!(Mcap.repair(other.path()), Err(Error::Incompatible { .. })));
}

#[test]
fn what_an_interrupted_export_left_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("set.mcap");
    assert!(matches!(Mcap.repair(&path), Err(Error::Incompatible { .. })));
    fs::write(folder.path().join(".set.mcap.tmp"), b"half").unwrap();
    assert_eq!(Mcap.repair(&path).unwrap().episodes, 0);
    record(&path, &told_spec(1), &[2, 2]);
    fs::write(folder.path().join(".set.mcap.tmp"), b"half").unwrap();
    let repaired = Mcap.repair(&path).unwrap();
    assert_eq!((repaired.episodes, repaired.done.len()), (2, 1));
    assert_eq!(Mcap.repair(&path).unwrap(), Repair { episodes: 2, done: Vec::new() });
}
