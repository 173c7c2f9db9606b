//! A checkpoint: which world, of how many numbers, made for what.

use std::{fs, path::Path};

use dreamlane::{
    core::{Error, Result},
    worlds::checkpoint,
};
use serde_json::{Value, json};

use super::{
    data_set::{actions, cameras},
    description::{Description, listed, yes_no},
    disk::Disk,
    run, weights,
};
use crate::commands::provenance::short_hash;

/// The folder itself, with the run it stands in where there is one.
pub(super) fn describe(folder: &Path) -> Result<Description> {
    let mut description = facts(folder)?;
    let real = fs::canonicalize(folder).map_err(Error::io(folder))?;
    // RUN/checkpoints/NAME.
    if let Some(run) = real.parent().and_then(Path::parent).filter(|run| run::is_run(run)) {
        run::add_settings(&mut description, run)?;
    }
    Ok(description)
}

/// What the files of a checkpoint say.
pub(super) fn facts(folder: &Path) -> Result<Description> {
    let mut description = Description::of("checkpoint");
    let spec = checkpoint::spec(folder)?;
    description.add("world", spec.world.as_str(), spec.world.as_str());
    let count = weights::parameters(&folder.join(checkpoint::WEIGHTS))?;
    let text = count.map_or("none of its own".to_owned(), |count| count.to_string());
    description.add("parameters", json!(count), text);
    let hash = checkpoint::fingerprint(folder)?;
    description.add("hash", hash.as_str(), hash.as_str());
    let config = digest(&folder.join(checkpoint::CONFIG))?;
    description.add("configuration", json!(config), config.as_deref().unwrap_or("none"));
    description.add("cameras", json!(spec.cameras), cameras(&spec.cameras));
    description.add("state", json!(spec.state), listed(&spec.state));
    description.add("actions", json!(spec.action), actions(&spec.action));
    let text = format!("{} frames at {} a second", spec.context, spec.steps_per_second);
    description.add("context", spec.context, text);
    description.add("rewards", spec.rewards, yes_no(spec.rewards));
    description.set("spec", json!(spec));
    Disk::of(folder)?.add_to(&mut description);
    Ok(description)
}

/// The fingerprint of a text file; none where there is none.
fn digest(path: &Path) -> Result<Option<String>> {
    if !path.is_file() {
        return Ok(None);
    }
    let text = fs::read_to_string(path).map_err(Error::io(path))?;
    Ok(Some(short_hash(&[&text])))
}

/// A checkpoint's line in the list of a run: its name, and where a link leads.
pub(super) fn named(path: &Path) -> (String, Value) {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    match fs::read_link(path) {
        Ok(target) => {
            let target = target.display().to_string();
            (format!("{name} -> {target}"), json!({"name": name, "link": target}))
        }
        Err(_) => (name.clone(), json!({"name": name})),
    }
}
