//! Recordings in MCAP: everything comes back, from folders and from single files, and others' files are refused.

use std::{fs, io::Cursor, path::Path};

use dreamlane_core::{EnvSpec, Episode, Error, Format, Lens};
use dreamlane_datasets::{
    mcap::{Mcap, read_bytes},
    open_any,
};
use proptest::prelude::*;

use crate::made::{Shape, episode, provenance, read, spec};

/// A spec with scenes, and with a lens on every second camera.
pub(crate) fn told_spec(cameras: usize) -> EnvSpec {
    let mut spec = spec(Shape { cameras, features: 2, actions: 2, rewards: true });
    spec.scenes = true;
    spec.steps_per_second = 30;
    for camera in spec.cameras.iter_mut().step_by(2) {
        camera.lens = Some(Lens { focal_px: [5.25, 5.5], centre_px: [3.0, 2.0], place_m: [1.25, 0.0, 1.5] });
    }
    spec
}

/// Writes episodes of these lengths to a folder or a file.
pub(crate) fn record(path: &Path, spec: &EnvSpec, lengths: &[usize]) -> Vec<Episode> {
    let mut sink = Mcap.create(path, spec, &provenance()).unwrap();
    let episodes = made(spec, lengths);
    episodes.iter().for_each(|episode| sink.write(episode).unwrap());
    sink.finish().unwrap();
    episodes
}

/// Episodes of these lengths.
pub(crate) fn made(spec: &EnvSpec, lengths: &[usize]) -> Vec<Episode> {
    lengths.iter().enumerate().map(|(id, &len)| episode(spec, id as u64, len)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn folders_and_single_files_keep_scenes_and_lenses(
        cameras in 0usize..3,
        lengths in prop::collection::vec(1usize..7, 0..6),
    ) {
        let (folder, spec) = (tempfile::tempdir().unwrap(), told_spec(cameras));
        for name in ["set", "set.mcap"] {
            let path = folder.path().join(name);
            let written = record(&path, &spec, &lengths);
            let source = open_any(&path).unwrap();
            prop_assert_eq!(source.spec(), &spec);
            prop_assert_eq!(source.lengths(), &lengths[..]);
            prop_assert_eq!(source.provenance(), Some(&provenance()));
            prop_assert_eq!(read(source.as_ref()).unwrap(), written);
        }
        let bytes = fs::read(folder.path().join("set.mcap")).unwrap();
        prop_assert_eq!(read_bytes(&bytes).unwrap(), made(&spec, &lengths));
    }
}

#[test]
fn numbers_that_are_not_finite_and_odd_names_come_back() {
    let (folder, mut spec) = (tempfile::tempdir().unwrap(), told_spec(1));
    spec.state = vec!["arm.pos".to_owned(), "arm pos".to_owned()];
    let mut episode = episode(&spec, 1, 2);
    episode.task = "links \"θ\"\n".to_owned();
    episode.steps[0].state = vec![f32::INFINITY, -0.0];
    episode.steps[1].reward = f32::NAN;
    let path = folder.path().join("odd.mcap");
    let mut sink = Mcap.create(&path, &spec, &provenance()).unwrap();
    sink.write(&episode).unwrap();
    sink.finish().unwrap();
    let found = open_any(&path).unwrap().read(0).unwrap();
    assert_eq!(found.task, episode.task);
    assert_eq!(
        found.steps[0].state.iter().map(|x| x.to_bits()).collect::<Vec<_>>(),
        [f32::INFINITY.to_bits(), (-0.0f32).to_bits()]
    );
    assert!(found.steps[1].reward.is_nan());
}

#[test]
fn a_file_of_a_folder_is_a_recording_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let written = record(&folder.path().join("set"), &told_spec(1), &[2, 3]);
    let source = open_any(&folder.path().join("set/episode-000001.mcap")).unwrap();
    assert_eq!(read(source.as_ref()).unwrap(), written[1..]);
}

#[test]
fn a_single_file_is_whole_or_absent() {
    let (folder, spec) = (tempfile::tempdir().unwrap(), told_spec(1));
    let path = folder.path().join("new/set.mcap");
    let mut sink = Mcap.create(&path, &spec, &provenance()).unwrap();
    assert_eq!(sink.last_id(), None);
    let first = episode(&spec, 0, 3);
    sink.write(&first).unwrap();
    assert_eq!(sink.last_id(), Some(first.id));
    assert!(!path.exists());
    drop(sink);
    assert_eq!(fs::read_dir(folder.path().join("new")).unwrap().count(), 0);
    record(&path, &spec, &[3]);
    assert!(matches!(Mcap.create(&path, &spec, &provenance()), Err(Error::Mismatch { .. })));
    assert!(matches!(Mcap.resume(&path, &spec, &provenance()), Err(Error::Unsupported(..))));
}

#[test]
fn the_fingerprint_changes_with_the_data_alone() {
    let (folder, spec) = (tempfile::tempdir().unwrap(), told_spec(1));
    for end in ["", ".mcap"] {
        let print = |name: &str, ids: [u64; 2]| {
            let path = folder.path().join(format!("{name}{end}"));
            let mut sink = Mcap.create(&path, &spec, &provenance()).unwrap();
            ids.iter().for_each(|&id| sink.write(&episode(&spec, id, 3)).unwrap());
            sink.finish().unwrap();
            open_any(&path).unwrap().fingerprint().unwrap()
        };
        let [one, same, other] = [print("one", [1, 2]), print("same", [1, 2]), print("other", [1, 3])];
        assert_eq!(one, same);
        assert_ne!(one, other);
    }
}

#[test]
fn what_does_not_fit_is_refused_before_anything_is_written() {
    let (folder, spec) = (tempfile::tempdir().unwrap(), told_spec(1));
    let blind = EnvSpec { scenes: false, ..spec.clone() };
    let mut sink = Mcap.create(&folder.path().join("set"), &blind, &provenance()).unwrap();
    let error = sink.write(&episode(&spec, 0, 2)).unwrap_err();
    assert!(error.to_string().contains("step 0: expected no scene"), "{error}");
    let mut wrong = episode(&blind, 0, 2);
    wrong.steps[1].action.pop();
    assert!(sink.write(&wrong).unwrap_err().to_string().contains("step 1"));
    assert_eq!(open_any(&folder.path().join("set")).unwrap().lengths(), [0; 0]);
}

#[test]
fn files_of_others_are_told_what_they_miss() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        match Mcap.open(&path) {
            Err(Error::Incompatible { reason, .. }) => reason,
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("opened {name}"),
        }
    };
    let mut foreign = mcap::Writer::new(Cursor::new(Vec::new())).unwrap();
    foreign.finish().unwrap();
    assert!(
        refused("foreign.mcap", foreign.into_inner().get_ref()).contains("no metadata record `dreamlane`")
    );
    assert!(refused("text.mcap", b"a text").contains("no magic bytes"));
    fs::write(folder.path().join("dreamlane.json"), r#"{"format": "other"}"#).unwrap();
    let Err(error) = Mcap.open(folder.path()) else { panic!("opened another format") };
    assert!(error.to_string().contains("expected format mcap, found other"), "{error}");
}
