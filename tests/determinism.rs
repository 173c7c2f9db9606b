//! The same run seed gives the same bytes, with any number of lanes and threads.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod toys;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, atomic::AtomicBool},
};

use burn::tensor::Device;
use dreamlane::{
    agents,
    core::{Env, Provenance, Seed, WorldModel, WorldSpec},
    datasets::format_named,
    envs::{
        self,
        dream::{DreamLimits, WorldEnv},
    },
    rollouts::{Plan, rollout},
    worlds::{self, CodecConfig, DitConfig, TrunkConfig},
};
use toys::{Noise, briefly_trained, spec};

/// More than the most lanes, so that lanes are refilled.
const EPISODES: u64 = 70;

/// All files below a folder, by their path in it.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![folder.to_path_buf()]);
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    found.insert(path.strip_prefix(folder).unwrap().to_path_buf(), fs::read(&path).unwrap());
                }
            }
        }
    }
    found
}

/// The recording of random episodes, as files.
fn recorded(
    make: &(dyn Fn(usize) -> Box<dyn Env> + Sync),
    lanes: usize,
    threads: usize,
) -> BTreeMap<PathBuf, Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        assert_eq!(rayon::current_num_threads(), threads);
        let mut env = make(lanes);
        let mut policy = agents::build("random", env.spec()).unwrap();
        let plan =
            Plan { episodes: 0..EPISODES, run_seed: Seed::new(8), task: "toy".into(), max_steps: Some(12) };
        let provenance = Provenance::recording("toy", "test");
        let sink = format_named("lerobot")
            .unwrap()
            .create(&folder.path().join("set"), env.spec(), &provenance)
            .unwrap();
        rollout(env.as_mut(), policy.as_mut(), &plan, Some(sink), &AtomicBool::new(false), &mut |_| ())
            .unwrap();
    });
    files(folder.path())
}

fn check(make: &(dyn Fn(usize) -> Box<dyn Env> + Sync)) {
    let expected = recorded(make, 8, 1);
    for (lanes, threads) in [(1, 1), (64, 1), (8, 2), (64, 2)] {
        let found = recorded(make, lanes, threads);
        let differing = expected.iter().filter(|(path, bytes)| found.get(*path) != Some(bytes));
        let differing = differing.map(|(path, _)| path).collect::<Vec<_>>();
        assert!(differing.is_empty(), "{lanes} lanes and {threads} threads change {differing:?}");
        assert_eq!(found.len(), expected.len());
    }
}

/// Large enough for the kernels to use several threads where they want to.
fn config() -> DitConfig {
    let debug = DitConfig::debug();
    DitConfig {
        codec: CodecConfig { fine: 32, coarse: 64, ..debug.codec },
        trunk: TrunkConfig { dim: 64, hidden: 128, ..debug.trunk },
        ..debug
    }
}

/// A world in so many lanes, from contexts of noise.
fn dreaming(world: &Arc<dyn WorldModel>, lanes: usize) -> Box<dyn Env> {
    let (spec, device): (WorldSpec, _) = (world.spec().clone(), Device::flex());
    let limits = DreamLimits { clock: None, horizon: 9, min_trust: 0.0 };
    let contexts = Arc::new(Noise { spec });
    Box::new(WorldEnv::new(world.clone(), contexts, lanes, limits, "world:toy".into(), &device).unwrap())
}

#[test]
fn a_dreamed_episode_is_the_same_with_any_number_of_lanes_and_threads() {
    let folder = tempfile::tempdir().unwrap();
    let learner = briefly_trained(config(), &spec(64), &Device::flex());
    learner.world().save(&folder.path().join("world")).unwrap();
    let world = worlds::load(&folder.path().join("world"), &Device::flex()).unwrap();
    check(&|lanes| dreaming(&world, lanes));
}

#[test]
fn an_episode_of_the_truth_is_the_same_with_any_number_of_lanes_and_threads() {
    check(&|lanes| envs::build("drive/highway", lanes, &Device::flex()).unwrap());
}

#[test]
fn two_trainings_with_one_seed_give_the_same_weights_with_1_and_2_threads() {
    let [one, two] = [1, 2].map(|threads| {
        let folder = tempfile::tempdir().unwrap();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            briefly_trained(config(), &spec(64), &Device::flex()).world().save(&folder.path().join("w"))
        })
        .unwrap();
        files(folder.path())
    });
    assert!(one == two, "the number of threads changes what is learned");
}

/// Runs the command in a folder with so many threads.
fn dreamlane(folder: &Path, threads: &str, arguments: &str) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dreamlane"));
    command.current_dir(folder).env_remove("DREAMLANE_DEVICE").args(["--threads", threads]);
    let done = command.args(arguments.split(' ')).output().unwrap();
    assert!(done.status.success(), "{arguments}: {}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn the_command_writes_the_same_bytes_with_1_and_2_threads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    for threads in ["1", "2"] {
        let truth = format!(
            "rollout --env drive/highway --policy noisy:1.0 --episodes 20 --lanes 8 --max-steps 20 --out truth{threads}"
        );
        dreamlane(path, threads, &truth);
        dreamlane(path, threads, &format!("train world --preset debug --data truth1 --out run{threads}"));
        let dream = "rollout --env world:run1 --episodes 12 --lanes 8 --horizon 6 --out dream";
        dreamlane(path, threads, &format!("{dream}{threads}"));
    }
    for written in ["truth", "dream"] {
        assert!(
            files(&path.join(format!("{written}1"))) == files(&path.join(format!("{written}2"))),
            "{written}"
        );
    }
    let [one, two] = ["run1", "run2"].map(|run| files(&path.join(run).join("checkpoints/last")));
    assert!(one == two, "training");
}
