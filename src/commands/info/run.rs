//! A run folder: how it was begun, how far it came, and which checkpoints it holds.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use dreamlane::{
    core::{Error, Result},
    datasets::durable::is_temporary,
    training::RECORD,
    worlds::checkpoint,
};
use serde_json::{Map, Value, json};

use super::{description::Description, disk::Disk, world};
use crate::progress::time;

const LOG: &str = "log.jsonl";
const CHECKPOINTS: &str = "checkpoints";
/// The end of a log that is looked at: its last lines stand there.
const LOG_TAIL: u64 = 1 << 18;
/// Larger files are not settings.
const MAX_SETTINGS: u64 = 1 << 20;

/// Whether a folder has the marks of a run.
pub(super) fn is_run(path: &Path) -> bool {
    path.join(RECORD).is_file() || path.join(LOG).is_file() || path.join(CHECKPOINTS).is_dir()
}

pub(super) fn describe(run: &Path) -> Result<Description> {
    let mut description = Description::of("run");
    add_settings(&mut description, run)?;
    add_progress(&mut description, run)?;
    add_checkpoints(&mut description, run)?;
    let disk = Disk::of(run)?;
    match checkpoint::locate(run) {
        Ok(folder) => {
            description.say("", "the last checkpoint:");
            description.nest("last", world::facts(&folder)?);
            description.say("", "the whole run:");
        }
        Err(Error::Incompatible { .. }) => description.set("last", Value::Null),
        Err(error) => return Err(error),
    }
    disk.add_to(&mut description);
    Ok(description)
}

/// What was asked for: `run.toml`, key by key.
pub(super) fn add_settings(description: &mut Description, run: &Path) -> Result<()> {
    let path = run.join(RECORD);
    if !path.is_file() {
        return Ok(());
    }
    let size = fs::metadata(&path).map_err(Error::io(&path))?.len();
    if size > MAX_SETTINGS {
        return Err(Error::broken(&path, format!("{size} bytes of settings, at most {MAX_SETTINGS}")));
    }
    let text = fs::read_to_string(&path).map_err(Error::io(&path))?;
    let table: toml::Table =
        toml::from_str(&text).map_err(|error| Error::broken(&path, error.message().to_owned()))?;
    let said = |key: &str| table.get(key).and_then(toml::Value::as_str);
    if let Some(data) = said("data") {
        description.say("trained on", data);
    }
    let settings =
        table.iter().filter(|(key, _)| *key != "data").map(|(key, value)| format!("{key} = {value}"));
    description.say("settings", settings.collect::<Vec<_>>().join(", "));
    description.set("run", serde_json::to_value(&table).map_err(|error| Error::broken(&path, error))?);
    Ok(())
}

/// The last line of each kind in the log.
fn add_progress(description: &mut Description, run: &Path) -> Result<()> {
    let path = run.join(LOG);
    if !path.is_file() {
        return Ok(());
    }
    let (mut step, mut seconds, mut last) = (0, 0.0, BTreeMap::new());
    for line in tail(&path)?.lines() {
        // The first line of the tail may be cut, and the last one half-written.
        let Ok(Value::Object(line)) = serde_json::from_str(line) else { continue };
        step = line.get("step").and_then(Value::as_u64).unwrap_or(step);
        seconds = line.get("seconds").and_then(Value::as_f64).unwrap_or(seconds);
        let kinds = line.into_iter().filter(|(key, _)| key != "step" && key != "seconds");
        last.extend(kinds.map(|(kind, numbers)| (kind, (step, numbers))));
    }
    description.add("steps", step, format!("{step} in {}", time(seconds)));
    description.set("seconds", seconds);
    let mut metrics = Map::new();
    for (kind, (step, numbers)) in last {
        description.say("metrics", format!("{kind} at step {step}: {}", figures(&numbers)));
        metrics.insert(kind, json!({"step": step, "numbers": numbers}));
    }
    description.set("metrics", metrics);
    Ok(())
}

/// Numbers for people.
fn figures(numbers: &Value) -> String {
    let figure = |(name, number): (&String, &Value)| match number.as_f64() {
        Some(number) => format!("{name} {number:.4}"),
        None => format!("{name} {number}"),
    };
    match numbers {
        Value::Object(numbers) => numbers.iter().map(figure).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

fn add_checkpoints(description: &mut Description, run: &Path) -> Result<()> {
    let folder = run.join(CHECKPOINTS);
    let mut paths: Vec<PathBuf> = Vec::new();
    if folder.is_dir() {
        for entry in fs::read_dir(&folder).map_err(Error::io(&folder))? {
            paths.push(entry.map_err(Error::io(&folder))?.path());
        }
    }
    paths.retain(|path| !path.file_name().is_some_and(|name| is_temporary(&name.to_string_lossy())));
    // Steps in the order of their numbers, then links.
    paths.sort_by_key(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        (name.parse::<u64>().unwrap_or(u64::MAX), name)
    });
    let (texts, values): (Vec<String>, Vec<Value>) = paths.iter().map(|path| world::named(path)).unzip();
    let text = if texts.is_empty() { "none yet".to_owned() } else { texts.join(", ") };
    description.add("checkpoints", values, text);
    Ok(())
}

/// The end of a text file.
fn tail(path: &Path) -> Result<String> {
    let mut file = File::open(path).map_err(Error::io(path))?;
    let len = file.metadata().map_err(Error::io(path))?.len();
    file.seek(SeekFrom::Start(len.saturating_sub(LOG_TAIL))).map_err(Error::io(path))?;
    let mut bytes = Vec::new();
    file.take(LOG_TAIL).read_to_end(&mut bytes).map_err(Error::io(path))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
