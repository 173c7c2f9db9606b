//! The import names what it skips and cuts where the recording is broken.

use std::{
    fs,
    path::{Path, PathBuf},
};

use dreamlane_core::{EpisodeSource, Error, Provenance, Result};
use dreamlane_datasets::{
    donkeycar::{ImportReport, import},
    open_any,
};
use image::{ExtendedColorType, codecs::jpeg::JpegEncoder};

/// One record: index, session, time.
type Tick = (u64, &'static str, i64);

fn line(&(index, session, timestamp_ms): &Tick) -> String {
    serde_json::json!({
        "_index": index, "_session_id": session, "_timestamp_ms": timestamp_ms,
        "cam/image_array": format!("{index}_cam_image_array_.jpg"),
        "user/angle": (index % 5) as f64 / 5.0, "user/throttle": 0.5, "user/mode": "user"
    })
    .to_string()
}

fn jpeg(level: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new(&mut bytes).encode(&[level; 16 * 12 * 3], 16, 12, ExtendedColorType::Rgb8).unwrap();
    bytes
}

fn manifest(catalogues: &[&str], deleted: &[u64]) -> String {
    let last = serde_json::json!({ "paths": catalogues, "current_index": 0, "max_len": 1000, "deleted_indexes": deleted });
    format!(
        "[\"cam/image_array\", \"user/angle\", \"user/throttle\"]\n[\"image_array\", \"float\", \"float\"]\n{{}}\n{{}}\n{last}\n"
    )
}

/// A tub of 40 records at 20 Hz in two sessions: index 5 deleted, a gap before 12, picture 20 broken, line 30 broken.
fn tub(folder: &Path) -> PathBuf {
    let tub = folder.join("drive");
    fs::create_dir_all(tub.join("images")).unwrap();
    let session = |index: u64| if index < 16 { "drive_1" } else { "drive_2" };
    let late = |index: u64| if index < 12 { 0 } else { 300 };
    let ticks: Vec<Tick> =
        (0..40).map(|index| (index, session(index), 1000 + 50 * index as i64 + late(index))).collect();
    let mut lines: Vec<String> = ticks.iter().map(line).collect();
    lines[30].truncate(40);
    fs::write(tub.join("catalog_0.catalog"), lines[..25].join("\n")).unwrap();
    fs::write(tub.join("catalog_1.catalog"), lines[25..].join("\n")).unwrap();
    for (index, ..) in ticks {
        fs::write(tub.join(format!("images/{index}_cam_image_array_.jpg")), jpeg(index as u8 * 5)).unwrap();
    }
    fs::write(tub.join("images/20_cam_image_array_.jpg"), &jpeg(0)[..60]).unwrap();
    fs::write(tub.join("manifest.json"), manifest(&["catalog_0.catalog", "catalog_1.catalog"], &[5]))
        .unwrap();
    tub
}

fn tar_of(tub: &Path) -> PathBuf {
    let path = tub.with_extension("tar");
    let mut archive = tar::Builder::new(fs::File::create(&path).unwrap());
    archive.append_dir_all("drive", tub).unwrap();
    archive.finish().unwrap();
    path
}

fn run(source: &Path, out: &Path) -> Result<(ImportReport, Box<dyn EpisodeSource>)> {
    let report = import(
        &[source.to_path_buf()],
        out,
        [6, 8],
        &Provenance::recording("donkeycar", "test"),
        &mut |_, _| (),
    )?;
    Ok((report, open_any(out)?))
}

#[test]
fn runs_are_cut_where_the_recording_is_broken_and_skips_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let tub = tub(folder.path());
    let (report, source) = run(&tub, &folder.path().join("out")).unwrap();
    // 0-4 | deleted 5 | 6-11 | gap | 12-15 | session | 16-19 | picture 20 | 21-29 | line 30 | 31-39.
    assert_eq!(source.lengths(), [5, 6, 4, 4, 9, 9]);
    assert_eq!((report.episodes, report.frames, report.n_skipped, report.n_short), (6, 37, 2, 0));
    assert!(report.skipped[0].starts_with("drive/catalog_1.catalog line 6: "), "{:?}", report.skipped);
    assert!(report.skipped[1].starts_with("drive/20_cam_image_array_.jpg: "), "{:?}", report.skipped);
    assert_eq!(source.spec().steps_per_second, 20);
    let run = source.read(1).unwrap();
    assert_eq!(run.task, "donkeycar drive session 1");
    assert_eq!((run.terminated, run.truncated), (false, None));
    assert_eq!(
        (run.steps[0].action.as_slice(), run.steps[5].action.as_slice()),
        (&[0.2, 0.5][..], &[0.0; 2][..])
    );
    assert!(run.steps[0].images[0].iter().all(|&byte| byte.abs_diff(30) < 3), "picture 6 is of level 30");
}

#[test]
fn a_tar_gives_the_same_data_set_as_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let tub = tub(folder.path());
    let (from_folder, one) = run(&tub, &folder.path().join("one")).unwrap();
    let (from_tar, two) = run(&tar_of(&tub), &folder.path().join("two")).unwrap();
    assert_eq!(from_folder, from_tar);
    assert_eq!(one.fingerprint().unwrap(), two.fingerprint().unwrap());
    let episodes = |source: &dyn EpisodeSource| crate::made::read(source).unwrap();
    assert_eq!(episodes(one.as_ref()), episodes(two.as_ref()));
}

/// Imports a tub after `damage`; whatever happens, there is a data set or nothing at all.
fn check_damaged(damage: impl Fn(&Path)) -> Result<ImportReport> {
    let folder = tempfile::tempdir().unwrap();
    let tub = tub(folder.path());
    damage(&tub);
    let out = folder.path().join("out");
    let answer = run(&tub, &out).map(|(report, _)| report);
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 1 + usize::from(answer.is_ok()), "{left:?}");
    answer
}

#[test]
fn missing_and_foreign_parts_are_named() {
    let error = check_damaged(|tub| fs::remove_file(tub.join("manifest.json")).unwrap()).unwrap_err();
    assert!(
        matches!(error, Error::Incompatible { .. }) && error.to_string().contains("manifest.json"),
        "{error}"
    );
    let report = check_damaged(|tub| fs::remove_file(tub.join("catalog_1.catalog")).unwrap()).unwrap();
    assert!(report.skipped[0].starts_with("drive/catalog_1.catalog: "), "{:?}", report.skipped);
    let error = check_damaged(|tub| fs::remove_dir_all(tub.join("images")).unwrap()).unwrap_err();
    assert!(error.to_string().contains("no usable run"), "{error}");
    let text = manifest(&["../drive/catalog_0.catalog", "catalog_1.catalog"], &[]);
    let report = check_damaged(|tub| fs::write(tub.join("manifest.json"), &text).unwrap()).unwrap();
    assert!(report.skipped[0].contains("not a plain file name"), "{:?}", report.skipped);
}

#[test]
fn truncated_archives_are_errors_or_named_skips() {
    let folder = tempfile::tempdir().unwrap();
    let tar = tar_of(&tub(folder.path()));
    let bytes = fs::read(&tar).unwrap();
    for tenth in 0..10 {
        let cut = folder.path().join(format!("cut{tenth}.tar"));
        fs::write(&cut, &bytes[..bytes.len() * tenth / 10 + 100]).unwrap();
        let out = folder.path().join(format!("out{tenth}"));
        match run(&cut, &out) {
            Ok((report, _)) => assert!(report.n_skipped > 0, "a part was left out in silence"),
            Err(_) => assert!(!out.exists()),
        }
    }
}

#[test]
fn sources_of_different_rates_and_a_folder_in_use_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (tub(folder.path()), folder.path().join("slow"));
    fs::create_dir_all(&two).unwrap();
    let lines: Vec<String> = (0..5).map(|index| line(&(index, "slow_1", 100 * index as i64))).collect();
    fs::write(two.join("catalog_0.catalog"), lines.join("\n")).unwrap();
    fs::write(two.join("manifest.json"), manifest(&["catalog_0.catalog"], &[])).unwrap();
    let out = folder.path().join("out");
    let error = import(
        &[one.clone(), two],
        &out,
        [6, 8],
        &Provenance::recording("donkeycar", "test"),
        &mut |_, _| (),
    )
    .unwrap_err();
    assert!(error.to_string().contains("expected 20, as in the first tub, found 10"), "{error}");
    assert!(!out.exists());
    fs::create_dir(&out).unwrap();
    run(&one, &out).unwrap();
    assert!(run(&one, &out).is_err());
    assert!(
        import(
            &[one],
            &folder.path().join("new"),
            [0, 64],
            &Provenance::recording("donkeycar", "test"),
            &mut |_, _| ()
        )
        .is_err()
    );
}
