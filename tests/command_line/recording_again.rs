//! Recordings that were killed, stopped or finished, and gone on with.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use dreamlane::datasets::open_any;

use super::made::{answer, command, fresh, refused, works};

const ROLLOUT: &str = "rollout --env drive/highway --policy noisy:1.0 --lanes 4 --max-steps 30";

/// Every file below a folder.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut found, mut open) = (BTreeMap::new(), vec![folder.to_path_buf()]);
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let bytes = fs::read(&path).unwrap();
                found.insert(path.strip_prefix(folder).unwrap().to_path_buf(), bytes);
            }
        }
    }
    found
}

/// Starts a recording into `out` and waits until it holds some episodes, or is over.
fn recording(folder: &Path, arguments: &str) -> Child {
    let mut child = command(folder, arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    let some = |folder: &Path| open_any(folder).is_ok_and(|source| source.lengths().len() >= 2);
    // The files are the only sign of progress, so they are looked at again and again.
    while !some(&folder.join("out")) && child.try_wait().unwrap().is_none() {
        assert!(began.elapsed() < Duration::from_secs(300), "no progress");
        std::thread::sleep(Duration::from_millis(5));
    }
    child
}

#[test]
fn a_killed_recording_is_gone_on_with_to_the_same_bytes() {
    let folder = fresh("recording-killed");
    let rollout = format!("{ROLLOUT} --episodes 40");
    works(&folder, &format!("{rollout} --out whole"));
    let whole = files(&folder.join("whole"));
    let resumed = format!("{rollout} --out out --resume");
    for _ in 0..3 {
        let mut child = recording(&folder, &resumed);
        child.kill().unwrap();
        child.wait().unwrap();
        let left = open_any(&folder.join("out")).unwrap();
        (0..left.lengths().len()).for_each(|episode_idx| drop(left.read(episode_idx).unwrap()));
    }
    works(&folder, &resumed);
    assert!(files(&folder.join("out")) == whole, "other files than those of an undisturbed recording");
    let said = works(&folder, &resumed);
    assert!(said.contains("all 40 episodes are there already"), "{said}");
    assert!(files(&folder.join("out")) == whole);
}

#[test]
fn a_stopped_recording_exits_with_130_and_says_how_to_go_on() {
    let folder = fresh("recording-stopped");
    let rollout = format!("{ROLLOUT} --episodes 100000 --out out");
    let child = recording(&folder, &rollout);
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let done = child.wait_with_output().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(130), "{said}");
    assert!(said.contains("--resume"), "{said}");
    let episodes = open_any(&folder.join("out")).unwrap().lengths().len();
    let more = format!("{ROLLOUT} --episodes {} --out out --resume", episodes + 3);
    let said = works(&folder, &more);
    assert!(said.starts_with("3 episodes, ") && said.contains(&format!("after {episodes} before")), "{said}");
    assert_eq!(open_any(&folder.join("out")).unwrap().lengths().len(), episodes + 3);
}

#[test]
fn the_recording_of_another_run_is_not_gone_on_with() {
    let folder = fresh("recording-another");
    works(&folder, &format!("{ROLLOUT} --episodes 4 --out out"));
    let cases: [(&str, &[&str]); 5] = [
        ("--seed 1", &["run seed", "expected Some(0)", "found Some(1)"]),
        ("--policy random", &["policy", "noisy:1.0", "random"]),
        ("--max-steps 31", &["most steps", "30", "31"]),
        ("--licence mine", &["licence", "mine"]),
        ("--format lerobot-av1", &["dtype", "image", "video"]),
    ];
    for (other, words) in cases {
        // The last of an argument that is given twice would be refused by the parser.
        let (name, _) = other.split_once(' ').unwrap();
        let mut words_of = ROLLOUT.split(' ').collect::<Vec<_>>();
        if let Some(at) = words_of.iter().position(|word| *word == name) {
            words_of.drain(at..at + 2);
        }
        let arguments = format!("{} {other} --episodes 8 --out out --resume", words_of.join(" "));
        refused(&folder, &arguments, words);
    }
    refused(&folder, &format!("{ROLLOUT} --episodes 8 --out out"), &["empty folder", "--resume"]);
    let said = answer(&folder, &format!("{ROLLOUT} --resume")).err;
    assert!(said.contains("--out"), "{said}");
}

#[test]
fn a_damaged_recording_goes_on_from_its_last_whole_episode() {
    let folder = fresh("recording-damaged");
    let rollout = format!("{ROLLOUT} --episodes 6");
    works(&folder, &format!("{rollout} --out out"));
    let whole = files(&folder.join("out"));
    fs::write(folder.join("out/data/chunk-000/file-003.parquet"), b"PAR1").unwrap();
    fs::write(folder.join("out/meta/.info.json.tmp"), b"{").unwrap();
    let said = works(&folder, &format!("{rollout} --out out --resume"));
    assert!(said.starts_with("3 episodes, "), "{said}");
    assert!(files(&folder.join("out")) == whole);
}
