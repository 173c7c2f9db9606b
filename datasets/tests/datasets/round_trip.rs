//! What is written is read back, byte for byte.

use std::fs;

use dreamlane_core::{
    ActionSpace, Body, BodyKind, CameraSpec, EnvSpec, Episode, Error, Scene, Seed, Truncation,
};
use dreamlane_datasets::{FORMATS, format_named, open_any};
use proptest::prelude::*;
use serde_json::Value;

use crate::made::{Shape, episode, full_spec, provenance, read, spec, write};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn every_shape_comes_back_equal(
        (cameras, features, actions, rewards) in (0usize..3, 0usize..4, 1usize..4, any::<bool>()),
        lengths in prop::collection::vec(1usize..7, 0..10),
    ) {
        for format in FORMATS.iter().filter(|format| format.name() != "lerobot-av1") {
            let folder = tempfile::tempdir().unwrap();
            let spec = spec(Shape { cameras, features, actions, rewards });
            let mut sink = format.create(folder.path(), &spec, &provenance()).unwrap();
            let written: Vec<_> = lengths.iter().enumerate().map(|(id, &len)| episode(&spec, id as u64, len)).collect();
            written.iter().for_each(|episode| sink.write(episode).unwrap());
            sink.finish().unwrap();
            let source = open_any(folder.path()).unwrap();
            prop_assert_eq!(source.spec(), &spec);
            prop_assert_eq!(source.lengths(), &lengths[..]);
            prop_assert_eq!(read(source.as_ref()).unwrap(), written);
        }
    }
}

#[test]
fn why_an_episode_was_cut_survives_in_every_format() {
    let reasons = [None, Some(Truncation::Clock), Some(Truncation::Horizon), Some(Truncation::Trust)];
    for format in FORMATS {
        // Video wants pictures of a certain size.
        let (folder, cameras) = (tempfile::tempdir().unwrap(), vec![CameraSpec::new("front", 16, 16)]);
        let spec = EnvSpec { cameras, ..full_spec() };
        let mut sink = format.create(folder.path(), &spec, &provenance()).unwrap();
        for (id, truncated) in reasons.into_iter().enumerate() {
            let ending =
                Episode { truncated, terminated: truncated.is_none(), ..episode(&spec, id as u64, 3) };
            sink.write(&ending).unwrap();
        }
        sink.finish().unwrap();
        let found: Vec<_> = read(open_any(folder.path()).unwrap().as_ref())
            .unwrap()
            .into_iter()
            .map(|episode| (episode.truncated, episode.terminated))
            .collect();
        assert_eq!(found, reasons.map(|reason| (reason, reason.is_none())), "{}", format.name());
    }
}

#[test]
fn a_data_set_of_discrete_actions_keeps_its_spec_and_has_one_lane() {
    let folder = tempfile::tempdir().unwrap();
    let names = vec!["left".to_owned(), "right".to_owned()];
    let wide = EnvSpec { action: ActionSpace::Discrete { names }, lanes: 64, ..full_spec() };
    write(folder.path(), &wide, &[3]);
    assert_eq!(open_any(folder.path()).unwrap().spec(), &EnvSpec { lanes: 1, ..wide });
}

#[test]
fn episodes_are_readable_as_soon_as_they_are_written() {
    let (folder, spec) = (tempfile::tempdir().unwrap(), full_spec());
    let mut sink = format_named("lerobot").unwrap().create(folder.path(), &spec, &provenance()).unwrap();
    assert_eq!(open_any(folder.path()).unwrap().lengths(), [0; 0]);
    for id in 0..4 {
        let written = episode(&spec, id, 3);
        sink.write(&written).unwrap();
        let source = open_any(folder.path()).unwrap();
        assert_eq!(source.lengths().len() as u64, id + 1);
        assert_eq!(source.read(id as usize).unwrap(), written);
    }
}

#[test]
fn a_writer_stopped_before_its_last_registration_leaves_the_episodes_before() {
    let (folder, spec) = (tempfile::tempdir().unwrap(), full_spec());
    let info = folder.path().join("meta/info.json");
    let mut sink = format_named("lerobot").unwrap().create(folder.path(), &spec, &provenance()).unwrap();
    let written: Vec<_> = (0..3).map(|id| episode(&spec, id, 4)).collect();
    sink.write(&written[0]).unwrap();
    sink.write(&written[1]).unwrap();
    let registered = fs::read(&info).unwrap();
    sink.write(&written[2]).unwrap();
    // The process dies here: the files of the third episode are there, its registration is not.
    drop(sink);
    fs::write(&info, registered).unwrap();
    fs::write(folder.path().join("data/chunk-000/.file-003.parquet.tmp"), b"half").unwrap();
    let source = open_any(folder.path()).unwrap();
    assert_eq!(read(source.as_ref()).unwrap(), written[..2]);
}

#[test]
fn scenes_come_back_exactly_and_need_no_statistics() {
    let folder = tempfile::tempdir().unwrap();
    let spec = EnvSpec { scenes: true, ..full_spec() };
    let mut written = episode(&spec, 5, 4);
    for (row, step) in written.steps.iter_mut().enumerate().skip(1) {
        let noise = Seed::new(row as u64).normal(8);
        let body = |id: u32| Body {
            id,
            kind: BodyKind::Truck,
            place_m: [noise[0] * 1e6, f32::MIN_POSITIVE],
            heading_rad: noise[1] / 3.0,
            speed_mps: -0.0,
            size_m: [noise[2], noise[3] * 1e-20, f32::MAX],
        };
        step.scene = Some(Scene { bodies: (0..row as u32).map(body).collect() });
    }
    let mut sink = format_named("lerobot").unwrap().create(folder.path(), &spec, &provenance()).unwrap();
    sink.write(&written).unwrap();
    let mut broken = written.clone();
    broken.steps[2].scene.as_mut().unwrap().bodies[0].speed_mps = f32::NAN;
    assert!(sink.write(&broken).unwrap_err().to_string().contains("step 2: a scene"));
    sink.finish().unwrap();
    assert_eq!(read(open_any(folder.path()).unwrap().as_ref()).unwrap(), [written]);
    let json = |name| -> Value {
        serde_json::from_slice(&fs::read(folder.path().join("meta").join(name)).unwrap()).unwrap()
    };
    let expected = serde_json::json!({"dtype": "string", "shape": [1], "names": null});
    assert_eq!(json("info.json")["features"]["scene"], expected);
    assert_eq!(json("stats.json")["scene"], Value::Null);
}

#[test]
fn foreign_sets_are_read_by_their_features() {
    let (folder, spec) = (tempfile::tempdir().unwrap(), full_spec());
    let written = write(folder.path(), &spec, &[4, 2]);
    let path = folder.path().join("meta/info.json");
    let mut info: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    info.as_object_mut().unwrap().remove("dreamlane");
    info["fps"] = serde_json::json!(10.0);
    info["features"]["action"]["names"] = Value::Null;
    info["tools"] = Value::Null;
    fs::write(&path, serde_json::to_vec(&info).unwrap()).unwrap();
    let source = open_any(folder.path()).unwrap();
    let found = source.spec();
    assert_eq!((found.cameras.as_slice(), found.state.as_slice()), (&spec.cameras[..], &spec.state[..]));
    let names = vec!["action_0".to_owned(), "action_1".to_owned()];
    assert_eq!(found.action, ActionSpace::Continuous { names, low: vec![-1.0; 2], high: vec![1.0; 2] });
    assert_eq!(read(source.as_ref()).unwrap(), written);
}

#[test]
fn a_codec_that_is_not_av1_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let spec = full_spec();
    write(folder.path(), &spec, &[2]);
    let path = folder.path().join("meta/info.json");
    let mut info: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let camera = &mut info["features"]["observation.images.camera0"];
    camera["dtype"] = "video".into();
    camera["info"] = serde_json::json!({"video.codec": "h264"});
    fs::write(&path, serde_json::to_vec(&info).unwrap()).unwrap();
    let Err(error) = open_any(folder.path()) else { panic!("opened a video of H.264") };
    let said = error.to_string();
    assert!(said.contains("codec of `observation.images.camera0`: expected av1, found h264"), "{said}");
}

#[test]
fn unknown_data_and_names_are_answered_with_the_known_ones() {
    let folder = tempfile::tempdir().unwrap();
    let Err(error) = open_any(folder.path()) else { panic!("opened an empty folder") };
    assert!(error.to_string().contains("lerobot (no meta/info.json)"), "{error}");
    let Err(error) = format_named("hdf5") else { panic!("found a format") };
    assert!(matches!(error, Error::Unknown { .. }) && error.to_string().contains("lerobot"), "{error}");
}

#[test]
fn a_folder_in_use_and_an_episode_that_does_not_fit_are_refused() {
    let (folder, spec) = (tempfile::tempdir().unwrap(), full_spec());
    let mut sink = format_named("lerobot").unwrap().create(folder.path(), &spec, &provenance()).unwrap();
    assert!(format_named("lerobot").unwrap().create(folder.path(), &spec, &provenance()).is_err());
    let mut wrong = episode(&spec, 0, 3);
    wrong.steps[1].action.pop();
    assert!(sink.write(&wrong).unwrap_err().to_string().contains("step 1"));
    let empty = episode(&spec, 0, 0);
    assert!(sink.write(&empty).is_err());
    sink.write(&episode(&spec, 1, 2)).unwrap();
    sink.finish().unwrap();
    assert_eq!(open_any(folder.path()).unwrap().lengths(), [2]);
}

#[test]
fn the_layout_is_that_of_lerobot() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &full_spec(), &[3, 2]);
    for file in [
        "meta/info.json",
        "meta/stats.json",
        "meta/tasks.parquet",
        "meta/episodes/chunk-000/file-001.parquet",
        "data/chunk-000/file-001.parquet",
    ] {
        assert!(folder.path().join(file).is_file(), "{file}");
    }
    let json = |name| -> Value {
        serde_json::from_slice(&fs::read(folder.path().join("meta").join(name)).unwrap()).unwrap()
    };
    let (info, stats) = (json("info.json"), json("stats.json"));
    assert_eq!((&info["total_frames"], &info["splits"]["train"]), (&Value::from(5), &Value::from("0:2")));
    assert_eq!(stats["observation.images.camera0"]["mean"].as_array().unwrap().len(), 3);
    assert!(stats["observation.images.camera0"]["mean"][0][0][0].is_f64());
    assert_eq!(stats["action"]["count"], serde_json::json!([5]));
    assert!(fs::read(folder.path().join("meta/tasks.parquet")).unwrap().windows(6).any(|at| at == b"pandas"));
}
