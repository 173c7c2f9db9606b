//! A run that is stopped after any step and resumed ends with the same files as one that was not.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use burn::tensor::Device;
use dreamlane_core::{
    ActionSpace, CameraSpec, EnvSpec, Episode, Error, Learner as _, Measures, Provenance, Result, Seed, Step,
    Truncation, WorldSpec,
};
use dreamlane_datasets::{Augmentation, FrameCache, Split, SplitRule, WindowSampler, format_named, open_any};
use dreamlane_training::{Facts, Plan, RunFolder, TrainingData, train};
use dreamlane_worlds::{DitConfig, DitLearner};

const SIDE: usize = 32;
const STEPS: usize = 11;

/// Twenty short episodes of noise, decoded.
fn data(folder: &Path) -> Arc<FrameCache> {
    let spec = EnvSpec {
        name: "made/noise".into(),
        lanes: 1,
        seats: 1,
        steps_per_second: 10,
        rewards: true,
        state: Vec::new(),
        cameras: vec![CameraSpec::new("front", SIDE, SIDE)],
        action: ActionSpace::Continuous {
            names: vec!["acceleration".into(), "steering".into()],
            low: vec![-1.0; 2],
            high: vec![1.0; 2],
        },
        scenes: false,
    };
    let path = folder.join("noise");
    let provenance = Provenance::recording("made/noise", "test");
    let mut sink = format_named("lerobot").unwrap().create(&path, &spec, &provenance).unwrap();
    for id in 0..20 {
        let step = |time: u64| {
            let seed = Seed::new(id).split(time);
            Step {
                images: vec![seed.normal(3 * SIDE * SIDE).iter().map(|x| (128.0 + 40.0 * x) as u8).collect()],
                state: Vec::new(),
                action: if time == 11 { vec![0.0; 2] } else { seed.split(1).normal(2) },
                reward: if time == 11 { 0.0 } else { seed.split(2).uniform() },
                trust: 1.0,
                scene: None,
            }
        };
        let steps = (0..12).map(step).collect();
        let (task, beginning, truncated) = ("noise".into(), String::new(), Some(Truncation::Clock));
        sink.write(&Episode { id, task, beginning, steps, terminated: false, truncated }).unwrap();
    }
    sink.finish().unwrap();
    let source = open_any(&path).unwrap();
    Arc::new(FrameCache::open_or_build(source.as_ref(), &folder.join("frames"), &mut |_, _| ()).unwrap())
}

fn learner(cache: &FrameCache) -> DitLearner {
    let mut config = DitConfig::debug();
    (config.learning.codec_steps, config.learning.steps) = (5, STEPS - 5);
    DitLearner::new(
        config,
        WorldSpec::of_data(cache.spec(), "dit"),
        &Measures::unknown(0),
        Seed::new(1),
        &Device::flex(),
    )
    .unwrap()
}

fn facts() -> Facts {
    let (data, hash, code) = ("noise".into(), "feed".into(), "test".into());
    Facts { data, hash, frames: 240, licence: None, code }
}

fn plan() -> Plan {
    Plan { save_every: 3, validate_every: 2, keep: 2, ..Plan::for_steps(0, STEPS, Seed::new(2)) }
}

/// Trains in `path`, which may have begun, until after the step `stop_at`.
fn trained(cache: &Arc<FrameCache>, path: &Path, stop_at: usize) -> Result<()> {
    let sampler =
        |split| WindowSampler::new(cache.clone(), split, SplitRule::ByEpisode, Augmentation::none()).unwrap();
    let data = TrainingData { train: sampler(Split::Train), validation: sampler(Split::Validation) };
    let mut learner = learner(cache);
    let mut run = match RunFolder::record(path)? {
        Some(_) => RunFolder::resume(path, facts(), &mut learner)?,
        None => RunFolder::create(path, "", facts())?,
    };
    let stop = AtomicBool::new(learner.progress().0 + 1 >= stop_at);
    train(&mut learner, &data, &plan(), &mut run, &stop, &mut |progress| {
        // The loop looks at it after the next step.
        stop.store(progress.step + 1 >= stop_at, Ordering::Relaxed);
    })
}

/// All that a run leaves but its events, which name the steps at which it was stopped; links by what they lead to.
fn left(run: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![run.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(run).unwrap().to_path_buf();
            if let Ok(target) = fs::read_link(&path) {
                found.insert(name, target.into_os_string().into_encoded_bytes());
            } else if name.ends_with("log.jsonl") {
                found.insert(name, without_seconds(&fs::read_to_string(&path).unwrap()));
            } else if path.is_dir() && !name.ends_with("tensorboard") {
                folders.push(path);
            } else if path.is_file() {
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn without_seconds(log: &str) -> Vec<u8> {
    let lines = log.lines().map(|line| {
        let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
        line.as_object_mut().unwrap().remove("seconds").unwrap();
        format!("{line}\n")
    });
    lines.collect::<String>().into_bytes()
}

fn assert_same(expected: &BTreeMap<PathBuf, Vec<u8>>, run: &Path, how: &str) {
    let found = left(run);
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "{how}");
    for (name, bytes) in expected {
        assert!(&found[name] == bytes, "{how}: {} differs", name.display());
    }
}

#[test]
fn a_run_stopped_after_any_steps_ends_with_the_same_files() {
    let folder = tempfile::tempdir().unwrap();
    let cache = data(folder.path());
    trained(&cache, &folder.path().join("whole"), usize::MAX).unwrap();
    let expected = left(&folder.path().join("whole"));
    let names = expected.keys().map(|name| name.to_string_lossy().into_owned()).collect::<Vec<_>>();
    for name in
        ["checkpoints/000011/training_state/optimizer.safetensors", "checkpoints/last", "checkpoints/best"]
    {
        assert!(names.iter().any(|found| found == name), "no {name} in {names:?}");
    }
    for stops in [vec![2], vec![4], vec![5], vec![6], vec![9], vec![2, 4, 5, 7, 8, 10, 11]] {
        let run = folder.path().join(format!("stopped{stops:?}"));
        for &stop in &stops {
            assert!(matches!(trained(&cache, &run, stop), Err(Error::Stopped)));
        }
        trained(&cache, &run, usize::MAX).unwrap();
        assert_same(&expected, &run, &format!("stopped after {stops:?}"));
    }
}

#[test]
fn what_a_killed_process_wrote_after_its_last_checkpoint_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let cache = data(folder.path());
    trained(&cache, &folder.path().join("whole"), usize::MAX).unwrap();
    let expected = left(&folder.path().join("whole"));
    let run = folder.path().join("killed");
    assert!(trained(&cache, &run, 7).is_err());
    // As if it had gone on to the middle of its next checkpoint: the log is ahead, the folder half-written.
    let mut log = fs::read_to_string(run.join("log.jsonl")).unwrap();
    log += "{\"step\":8,\"seconds\":1.0,\"train\":{\"loss\":1.0}}\n{\"step\":9,\"seco";
    fs::write(run.join("log.jsonl"), log).unwrap();
    fs::create_dir_all(run.join("checkpoints/.000009.partial/training_state")).unwrap();
    fs::remove_file(run.join("checkpoints/last")).unwrap();
    trained(&cache, &run, usize::MAX).unwrap();
    assert_same(&expected, &run, "killed");
    // After its last checkpoint, before the old ones were removed.
    fs::create_dir_all(run.join("checkpoints/000001/training_state")).unwrap();
    trained(&cache, &run, usize::MAX).unwrap();
    assert_same(&expected, &run, "killed at the end");
    // Before its first checkpoint.
    let run = folder.path().join("early");
    fs::create_dir_all(&run).unwrap();
    fs::write(run.join("run.toml"), "").unwrap();
    fs::write(run.join("log.jsonl"), "{\"step\":1,\"seconds\":1.0,\"train\":{\"loss\":1.0}}\n").unwrap();
    trained(&cache, &run, usize::MAX).unwrap();
    assert_same(&expected, &run, "killed at once");
}

#[test]
fn a_run_is_gone_on_with_by_one_process_and_its_own_settings() {
    let folder = tempfile::tempdir().unwrap();
    let cache = data(folder.path());
    let run = folder.path().join("run");
    assert!(trained(&cache, &run, 3).is_err());
    let mut other = DitConfig::debug();
    other.learning.rate = 0.5;
    let spec = WorldSpec::of_data(cache.spec(), "dit");
    let mut other =
        DitLearner::new(other, spec, &Measures::unknown(0), Seed::new(1), &Device::flex()).unwrap();
    let refused = RunFolder::resume(&run, facts(), &mut other).err().unwrap().to_string();
    assert!(refused.contains("settings of the run") && refused.contains("rate: 0.5"), "{refused}");
    let mut first = learner(&cache);
    let open = RunFolder::resume(&run, facts(), &mut first).unwrap();
    if cfg!(unix) {
        let refused = RunFolder::resume(&run, facts(), &mut learner(&cache)).err().unwrap().to_string();
        assert!(refused.contains("another process"), "{refused}");
    }
    drop(open);
    let moments = run.join("checkpoints/last/training_state/optimizer.safetensors");
    fs::write(&moments, b"").unwrap();
    let refused = RunFolder::resume(&run, facts(), &mut first).err().unwrap().to_string();
    assert!(refused.contains("optimizer.safetensors"), "{refused}");
}
