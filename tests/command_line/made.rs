//! A small data set and a run, made once by the command itself, and the command's answers.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use dreamlane::{
    core::{ActionSpace, CameraSpec, EnvSpec, Episode, Provenance, Seed, Step, Truncation},
    datasets::format_named,
};

/// What a command said.
pub(crate) struct Answer {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// `truth` (24 episodes of `drive/highway`) and `run` (a debug world of it) lie here.
pub(crate) static MADE: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = fresh("made");
    works(
        &folder,
        "rollout --env drive/highway --policy noisy:1.0 --episodes 24 --lanes 8 --max-steps 40 --out truth",
    );
    works(&folder, "train world --preset debug --data truth --out run");
    folder
});

/// An empty folder of this name.
pub(crate) fn fresh(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("command_line").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The command with its arguments, in a folder.
pub(crate) fn command(folder: &Path, arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dreamlane"));
    command.current_dir(folder).env_remove("DREAMLANE_DEVICE").args(arguments.split(' '));
    command
}

/// Runs the command to its end.
pub(crate) fn answer(folder: &Path, arguments: &str) -> Answer {
    let done = command(folder, arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Answer { code: done.status.code(), out: text(done.stdout), err: text(done.stderr) }
}

/// Runs a command that must succeed; what it printed.
pub(crate) fn works(folder: &Path, arguments: &str) -> String {
    let answer = answer(folder, arguments);
    assert_eq!(answer.code, Some(0), "{arguments}\n{}", answer.err);
    answer.out
}

/// Runs a command that must be refused: exit code 2, one message with all the words, nothing new in the folder.
pub(crate) fn refused(folder: &Path, arguments: &str, words: &[&str]) {
    let before = listed(folder);
    let answer = answer(folder, arguments);
    assert_eq!(answer.code, Some(2), "{arguments}\n{}", answer.err);
    for word in words {
        assert!(answer.err.contains(word), "{arguments}: no `{word}` in\n{}", answer.err);
    }
    assert!(!answer.err.contains("panicked"), "{arguments}\n{}", answer.err);
    assert_eq!(listed(folder), before, "{arguments} left something behind");
}

/// Everything in a folder but caches of frames, which are whole or absent and built anew when they do not fit.
fn listed(folder: &Path) -> Vec<(PathBuf, u64)> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let entry = entry.unwrap();
            let path = entry.path();
            if path.extension().is_some_and(|extension| extension == "frames") {
                continue;
            }
            found.push((path.clone(), if path.is_dir() { 0 } else { entry.metadata().unwrap().len() }));
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Copies a folder with all that is in it.
pub(crate) fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copied(&path, &target),
            false => drop(fs::copy(&path, &target).unwrap()),
        }
    }
}

/// A data set of 20 episodes of noise, with pictures of `side` pixels and actions of these names.
pub(crate) fn noise(path: &Path, side: usize, actions: &[&str]) {
    let spec = EnvSpec {
        name: "made/noise".into(),
        lanes: 1,
        seats: 1,
        steps_per_second: 10,
        rewards: true,
        state: Vec::new(),
        cameras: vec![CameraSpec::new("front", side, side)],
        action: ActionSpace::Continuous {
            names: actions.iter().map(|&name| name.to_owned()).collect(),
            low: vec![-1.0; actions.len()],
            high: vec![1.0; actions.len()],
        },
        scenes: false,
    };
    let mut sink = format_named("lerobot")
        .unwrap()
        .create(path, &spec, &Provenance::recording("made/noise", "test"))
        .unwrap();
    for id in 0..20 {
        let step = |time: u64| {
            let picture = Seed::new(id).split(time).normal(3 * side * side);
            Step {
                images: vec![picture.iter().map(|x| (128.0 + 40.0 * x) as u8).collect()],
                state: Vec::new(),
                action: vec![0.0; actions.len()],
                reward: 0.0,
                trust: 1.0,
                scene: None,
            }
        };
        let steps = (0..12).map(step).collect();
        let truncated = Some(Truncation::Clock);
        let (task, beginning) = ("noise".into(), String::new());
        sink.write(&Episode { id, task, beginning, steps, terminated: false, truncated }).unwrap();
    }
    sink.finish().unwrap();
}
