//! `kill -9` at random moments.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use super::{
    files::{self, answer, command, difference, emptied, works},
    options::Options,
};

/// What is recorded; a kill falls anywhere between its first and its last file.
const EPISODES: &str = "48";

/// The arguments of the recording that is disturbed.
pub(super) fn rollout<'a>(format: &'a str, out: &'a str) -> Vec<&'a str> {
    let fixed = [
        "rollout",
        "--env",
        "drive/highway",
        "--policy",
        "noisy:1.0",
        "--lanes",
        "8",
        "--max-steps",
        "40",
        "--episodes",
        EPISODES,
        "--format",
        format,
        "--out",
        out,
    ];
    fixed.to_vec()
}

/// Kills a recording `kills` times, each in a fresh folder or, every second time, in one killed before.
pub(super) fn rollouts(options: &Options, folder: &Path, format: &str) -> Result<String, String> {
    let (whole, out) = (folder.join(format!("{format}-whole")), folder.join(format!("{format}-killed")));
    let began = Instant::now();
    works(&rollout(format, &text(&whole)))?;
    let (whole, length) = (files::read(&whole)?, began.elapsed());
    let mut random = Random(options.seed.wrapping_add(1));
    let (mut partial, mut resumes) = (0, 0);
    for kill in 0..options.kills {
        if kill % 2 == 0 {
            emptied(&out)?;
        }
        let out = text(&out);
        let mut arguments = rollout(format, &out);
        arguments.push("--resume");
        killed_within(&arguments, random.below(length))?;
        if !files::read(Path::new(&out))?.is_empty() {
            repaired(&out)?;
            let found = files::read(Path::new(&out))?;
            if let Some(reason) = files::strange(&found, &whole) {
                return Err(format!("{format}, kill {kill}: {reason}"));
            }
            partial += usize::from(found.len() < whole.len());
        }
        if kill % 2 == 1 || kill + 1 == options.kills {
            works(&arguments)?;
            resumes += 1;
            if let Some(reason) = difference(&files::read(Path::new(&out))?, &whole) {
                return Err(format!("{format}, resumed after kill {kill}: {reason}"));
            }
        }
        eprint!("\r{format}: {} of {} kills", kill + 1, options.kills);
    }
    eprintln!();
    Ok(format!(
        "{format}: {} kills, {partial} of them left a part, {resumes} resumed to the same bytes",
        options.kills
    ))
}

/// Kills a training `kills` times, going on after each; the weights must be those of one that was left alone.
pub(super) fn trainings(options: &Options, folder: &Path) -> Result<String, String> {
    let [truth, whole, out] = ["truth", "train-whole", "train-killed"].map(|name| text(&folder.join(name)));
    works(&rollout("lerobot", &truth))?;
    let train = |out| vec!["train", "world", "--preset", "debug", "--data", &truth, "--out", out];
    let began = Instant::now();
    works(&train(&whole))?;
    let length = began.elapsed();
    let mut random = Random(options.seed.wrapping_add(2));
    for kill in 0..options.kills {
        let mut arguments = train(&out);
        arguments.extend(Path::new(&out).exists().then_some("--resume"));
        killed_within(&arguments, random.below(length))?;
        eprint!("\rtrain: {} of {} kills", kill + 1, options.kills);
    }
    eprintln!();
    let mut arguments = train(&out);
    arguments.extend(Path::new(&out).exists().then_some("--resume"));
    works(&arguments)?;
    let weights = |run: &str| {
        let path = Path::new(run).join("checkpoints/last/model.safetensors");
        std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))
    };
    if weights(&out)? != weights(&whole)? {
        return Err("train: other weights than of a training that was left alone".to_owned());
    }
    Ok(format!("train: {} kills, resumed to the same weights", options.kills))
}

/// Puts an interrupted folder right, twice; the second time there is nothing left to do.
pub(super) fn repaired(out: &str) -> Result<(), String> {
    works(&["repair", out])?;
    let before = files::read(Path::new(out))?;
    works(&["repair", out])?;
    match difference(&files::read(Path::new(out))?, &before) {
        Some(reason) => Err(format!("a second repair changed {reason}")),
        None => Ok(()),
    }
}

/// Runs the command and kills it after this long, unless it has ended by itself, which must be well.
fn killed_within(arguments: &[&str], after: Duration) -> Result<(), String> {
    let mut child = command(arguments).spawn().map_err(|error| format!("{}: {error}", super::DREAMLANE))?;
    std::thread::sleep(after);
    // SIGKILL; a child that has ended already is no error.
    let _ = child.kill();
    let done = child.wait_with_output().map_err(|error| error.to_string())?;
    match done.status.code() {
        Some(code) if code != 0 => {
            Err(format!("{}: {}", arguments.join(" "), String::from_utf8_lossy(&done.stderr)))
        }
        _ => Ok(()),
    }
}

pub(super) fn text(path: &Path) -> String {
    path.display().to_string()
}

/// What a run of the command must not do: succeed. Its message.
pub(super) fn refused(arguments: &[&str]) -> Result<String, String> {
    let answer = answer(arguments)?;
    let said = String::from_utf8_lossy(&answer.stderr).into_owned();
    match answer.status.code() {
        Some(2) => Ok(said),
        code => Err(format!("{}: expected exit code 2, found {code:?}: {said}", arguments.join(" "))),
    }
}

/// A small generator of moments (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, most: Duration) -> Duration {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        most.mul_f64(((bits ^ (bits >> 31)) >> 11) as f64 / (1u64 << 53) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_spread_over_the_whole_run() {
        let mut random = Random(0);
        let moments: Vec<_> = (0..1000).map(|_| random.below(Duration::from_secs(10)).as_secs()).collect();
        assert!((0..10).all(|second| moments.iter().filter(|&&moment| moment == second).count() > 50));
    }
}
