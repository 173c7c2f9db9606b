//! Runs that go on: killed at any moment, stopped by hand, with other arguments, with other data.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use dreamlane::{core::Seed, worlds::checkpoint};

use super::made::{MADE, answer, command, fresh, noise, refused, works};

fn train(arguments: &str) -> String {
    let data = MADE.join("truth");
    format!("train world --preset debug --data {} --save-every 5 --out {arguments}", data.display())
}

/// The files of a run's checkpoints, links by what they lead to, and its log but for the seconds.
fn left(run: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![run.join("checkpoints")]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(run).unwrap().to_path_buf();
            match (fs::read_link(&path), path.is_dir()) {
                (Ok(target), _) => drop(found.insert(name, target.into_os_string().into_encoded_bytes())),
                (_, true) => folders.push(path),
                (_, false) => drop(found.insert(name, fs::read(&path).unwrap())),
            }
        }
    }
    let log = fs::read_to_string(run.join("log.jsonl")).unwrap();
    let lines = log.lines().map(|line| {
        let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
        line.as_object_mut().unwrap().remove("seconds").unwrap();
        format!("{line}\n")
    });
    found.insert("log.jsonl".into(), lines.collect::<String>().into_bytes());
    found
}

fn assert_same(expected: &Path, run: &Path) {
    let (expected, found) = (left(expected), left(run));
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "{}", run.display());
    for (name, bytes) in &expected {
        assert!(&found[name] == bytes, "{} differs in {}", name.display(), run.display());
    }
}

#[test]
fn a_training_killed_at_any_moment_ends_with_the_same_bytes() {
    let folder = fresh("killed");
    works(&folder, &train("whole --set learning.steps=16"));
    // How often is a matter of time only: `DREAMLANE_KILLS=200` for a long look.
    let kills = std::env::var("DREAMLANE_KILLS").map_or(6, |kills| kills.parse().unwrap());
    let (mut killed, mut round) = (0, 0);
    while killed < kills {
        let run = format!("run{round}");
        let arguments = format!("{} --resume", train(&format!("{run} --set learning.steps=16")));
        loop {
            let seed = Seed::new(round).split(killed);
            let mut training = command(&folder, &arguments).stderr(Stdio::null()).spawn().unwrap();
            // The moment is what is tested, so it is drawn.
            std::thread::sleep(Duration::from_millis(20 + seed.below(1500) as u64));
            if let Some(status) = training.try_wait().unwrap() {
                assert!(status.success(), "killed {killed} times: {status}");
                break;
            }
            training.kill().unwrap();
            training.wait().unwrap();
            killed += 1;
        }
        assert_same(&folder.join("whole"), &folder.join(run));
        round += 1;
    }
}

#[test]
fn a_stopped_training_goes_on_with_what_it_was_begun_with() {
    let folder = fresh("stopped");
    let steps = "--seed 3 --set learning.steps=40";
    works(&folder, &train(&format!("whole {steps}")));
    let mut training =
        command(&folder, &train(&format!("run {steps}"))).stderr(Stdio::null()).spawn().unwrap();
    while !folder.join("run/checkpoints/last").exists() {
        assert!(training.try_wait().unwrap().is_none_or(|status| status.success()), "it failed");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(Command::new("kill").args(["-INT", &training.id().to_string()]).status().unwrap().success());
    assert!(training.wait().unwrap().code().is_some_and(|code| [0, 130].contains(&code)));
    let resume = "train world --out run --resume";
    for (argument, words) in [
        ("--seed 4", ["--seed", "expected 3, found 4"]),
        ("--preset nano", ["--preset", "expected debug, found nano"]),
        ("--set learning.steps=41", ["--set", "found learning.steps=41"]),
        ("--augment mirror", ["--augment", "expected none, found mirror"]),
        ("--licence MIT", ["--licence", "expected none, found MIT"]),
        ("--save-every 6", ["--save-every", "expected 5, found 6"]),
    ] {
        refused(&folder, &format!("{resume} {argument}"), &words);
    }
    noise(&folder.join("other"), 64, &["acceleration", "steering"]);
    refused(
        &folder,
        &format!("{resume} --data other"),
        &["data set of the run", "expected", "trained on", "found", "other"],
    );
    works(&folder, resume);
    assert_same(&folder.join("whole"), &folder.join("run"));
    works(&folder, resume);
    assert_same(&folder.join("whole"), &folder.join("run"));
}

#[test]
fn a_run_keeps_the_newest_checkpoints_and_the_best_each_with_a_card() {
    let folder = fresh("kept");
    works(&folder, &train("run --keep 2 --licence CC-BY-4.0 --set learning.steps=20"));
    let run = folder.join("run");
    let checkpoints = run.join("checkpoints");
    let mut names = fs::read_dir(&checkpoints)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.parse::<usize>().is_ok())
        .collect::<Vec<_>>();
    names.sort();
    assert!(names.ends_with(&["000020".into(), "000024".into()]) && names.len() <= 3, "{names:?}");
    assert_eq!(checkpoint::locate(&run).unwrap(), checkpoints.join("000024"));
    let best = checkpoint::locate(&checkpoints.join("best")).unwrap();
    assert!(best.starts_with(&checkpoints) && best.join("model.safetensors").is_file());
    assert!(!checkpoints.join("000020/training_state").exists());
    assert!(checkpoints.join("last/training_state/training_step.json").is_file());
    let card = fs::read_to_string(checkpoints.join("last/README.md")).unwrap();
    for words in [
        "license: CC-BY-4.0",
        "`truth`, 854 frames",
        "24 of 24",
        "skill",
        "config.toml",
        "dreamlane::worlds::load",
    ] {
        assert!(card.contains(words), "no `{words}` in\n{card}");
    }
    works(
        &folder,
        "rollout --env world:run/checkpoints/best --data made --episodes 2 --lanes 2"
            .replace("made", &MADE.join("truth").display().to_string())
            .as_str(),
    );
}

#[test]
fn what_cannot_be_gone_on_with_is_refused() {
    let folder = fresh("nothing");
    refused(&folder, "train world --out run --resume", &["no run to resume", "run.toml", "--data"]);
    refused(&folder, "train world --out run", &["needs --data"]);
    works(&folder, &train("run"));
    fs::write(folder.join("run/run.toml"), "data = 1").unwrap();
    refused(&folder, "train world --out run --resume", &["broken data", "run.toml"]);
    let said = answer(&folder, &train("run")).err;
    assert!(said.contains("empty folder"), "{said}");
}
