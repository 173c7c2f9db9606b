//! Every format against a writer that dies at any step of any of its file operations.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use dreamlane_core::{
    ActionSpace, Body, BodyKind, CameraSpec, EnvSpec, Episode, EpisodeSink, EpisodeSource, Error, Format,
    Provenance, Result, Scene, Seed, Step, Truncation,
};

use crate::{FORMATS, durable::fault::crashing_after};

/// Steps after which no writer of these tests is still at work.
const MOST_STEPS: usize = 2000;
const EPISODES: u64 = 2;

fn spec() -> EnvSpec {
    EnvSpec {
        name: "made/crash".to_owned(),
        lanes: 1,
        seats: 1,
        steps_per_second: 10,
        rewards: true,
        state: vec!["speed".to_owned()],
        cameras: vec![CameraSpec::new("front", 16, 16)],
        action: ActionSpace::Continuous {
            names: vec!["steering".to_owned()],
            low: vec![-9.0],
            high: vec![9.0],
        },
        scenes: true,
    }
}

fn provenance() -> Provenance {
    Provenance::recording("made/crash", "test")
}

fn episode(id: u64) -> Episode {
    let step = |row: u64| {
        let seed = Seed::new(id).split(row);
        let noise = seed.normal(9);
        let body = Body {
            id: 0,
            kind: BodyKind::Car,
            place_m: [noise[0], noise[1]],
            heading_rad: noise[2],
            speed_mps: noise[3],
            size_m: [noise[4], noise[5], noise[6]],
        };
        Step {
            images: vec![seed.split(1).normal(768).iter().map(|x| (x * 40.0 + 128.0) as u8).collect()],
            state: vec![noise[7]],
            action: vec![if row == 3 { 0.0 } else { noise[8] }],
            reward: if row == 3 { 0.0 } else { seed.uniform() },
            trust: 1.0,
            scene: Some(Scene { bodies: vec![body] }),
        }
    };
    Episode {
        id,
        task: format!("task {}", id % 2),
        beginning: format!("frame {id}"),
        steps: (0..4).map(step).collect(),
        terminated: id == 1,
        truncated: (id != 1).then_some(Truncation::Clock),
    }
}

fn go_on(mut sink: Box<dyn EpisodeSink>) -> Result<()> {
    let next = sink.last_id().map_or(0, |id| id + 1);
    (next..EPISODES).try_for_each(|id| sink.write(&episode(id)))?;
    sink.finish()
}

fn resume(format: &dyn Format, path: &Path) -> Result<()> {
    format.resume(path, &spec(), &provenance()).and_then(go_on)
}

/// Every file below a path, or the path itself where it is a file.
fn files(path: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut found, mut open) = (BTreeMap::new(), vec![path.to_path_buf()]);
    while let Some(next) = open.pop() {
        if next.is_dir() {
            open.extend(fs::read_dir(&next).unwrap().map(|entry| entry.unwrap().path()));
        } else if next.exists() {
            found.insert(next.strip_prefix(path).unwrap().to_path_buf(), fs::read(&next).unwrap());
        }
    }
    found
}

fn episodes(source: &dyn EpisodeSource) -> Vec<Episode> {
    (0..source.lengths().len()).map(|episode_idx| source.read(episode_idx).unwrap()).collect()
}

/// What is left is a valid prefix of `whole`, as it is; or nothing that claims to be a data set.
fn assert_prefix(format: &dyn Format, path: &Path, whole: &[Episode]) {
    match format.open(path) {
        Ok(source) => {
            let found = episodes(source.as_ref());
            assert_eq!(found, whole[..found.len()]);
        }
        Err(Error::Incompatible { .. } | Error::Io { .. }) => {}
        Err(error) => panic!("{error}"),
    }
}

/// An uninterrupted recording: its files, and its episodes as they are read.
fn uninterrupted(format: &dyn Format) -> (BTreeMap<PathBuf, Vec<u8>>, Vec<Episode>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("set");
    format.create(&path, &spec(), &provenance()).and_then(go_on).unwrap();
    (files(&path), episodes(format.open(&path).unwrap().as_ref()))
}

#[test]
fn a_writer_that_dies_anywhere_leaves_a_prefix_that_is_gone_on_with_to_the_same_bytes() {
    for format in FORMATS {
        let (whole, read) = uninterrupted(*format);
        let survived = (0..MOST_STEPS).find(|&steps| {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("set");
            let (outcome, _) =
                crashing_after(steps, || format.create(&path, &spec(), &provenance()).and_then(go_on));
            assert_prefix(*format, &path, &read);
            resume(*format, &path).unwrap();
            assert_eq!(files(&path), whole, "{} after {steps} steps", format.name());
            outcome.is_ok()
        });
        assert!(survived.is_some_and(|steps| steps > 10), "{}: {survived:?}", format.name());
    }
}

#[test]
fn a_repair_may_die_as_well_and_a_second_one_changes_nothing() {
    for format in FORMATS {
        let (whole, read) = uninterrupted(*format);
        // Every moment of the writer would take long with every moment of the repair.
        for steps in (3..MOST_STEPS).step_by(5) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("set");
            let (outcome, _) =
                crashing_after(steps, || format.create(&path, &spec(), &provenance()).and_then(go_on));
            for steps in 0..MOST_STEPS {
                let (repaired, _) = crashing_after(steps, || format.repair(&path));
                assert_prefix(*format, &path, &read);
                if repaired.is_ok() {
                    break;
                }
            }
            let left = files(&path);
            assert_eq!(format.repair(&path).unwrap().done, Vec::<String>::new(), "{}", format.name());
            assert_eq!(files(&path), left);
            resume(*format, &path).unwrap();
            assert_eq!(files(&path), whole, "{} after {steps} steps", format.name());
            if outcome.is_ok() {
                break;
            }
        }
    }
}

#[test]
fn a_finished_set_can_be_gone_on_with() {
    for format in FORMATS {
        let (whole, _) = uninterrupted(*format);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("set");
        for episodes in 0..=EPISODES {
            let mut sink = format.resume(&path, &spec(), &provenance()).unwrap();
            assert_eq!(sink.last_id(), episodes.checked_sub(2));
            if episodes > 0 {
                sink.write(&episode(episodes - 1)).unwrap();
            }
            sink.finish().unwrap();
        }
        assert_eq!(files(&path), whole, "{}", format.name());
    }
}

#[test]
fn what_another_run_began_is_not_gone_on_with() {
    for format in FORMATS {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("set");
        format.create(&path, &spec(), &provenance()).and_then(go_on).unwrap();
        let before = files(&path);
        let refused = |spec: &EnvSpec, provenance: &Provenance, word: &str| {
            let Err(error) = format.resume(&path, spec, provenance) else { panic!("went on: {word}") };
            assert!(error.to_string().contains(word), "{}: no `{word}` in {error}", format.name());
            assert_eq!(files(&path), before);
        };
        refused(&spec(), &Provenance { run_seed: Some(7), ..provenance() }, "seed");
        refused(&spec(), &Provenance { licence: Some("mine".to_owned()), ..provenance() }, "licence");
        refused(&EnvSpec { steps_per_second: 11, ..spec() }, &provenance(), "11");
    }
}
