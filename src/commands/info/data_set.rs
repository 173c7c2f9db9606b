//! A data set of any format: what it shows, how much of it there is, and where it comes from.

use std::path::Path;

use dreamlane::core::{ActionSpace, CameraSpec, EpisodeSource, Provenance, Result};
use serde_json::{Value, json};

use super::{
    description::{Description, listed, yes_no},
    disk::Disk,
};
use crate::{commands::provenance::data_hash, progress::time};

pub(super) fn describe(path: &Path, format: &str, source: &dyn EpisodeSource) -> Result<Description> {
    let mut description = Description::of("data set");
    let spec = source.spec();
    description.add("format", format, format);
    description.add("env", spec.name.as_str(), spec.name.as_str());
    add_lengths(&mut description, source.lengths(), spec.steps_per_second);
    description.add("cameras", json!(spec.cameras), cameras(&spec.cameras));
    description.add("state", json!(spec.state), listed(&spec.state));
    description.add("actions", json!(spec.action), actions(&spec.action));
    description.add("rewards", spec.rewards, yes_no(spec.rewards));
    description.add("scenes", spec.scenes, yes_no(spec.scenes));
    description.set("spec", json!(spec));
    add_provenance(&mut description, source.provenance());
    let hash = data_hash(source)?;
    description.add("fingerprint", hash.as_str(), hash.as_str());
    let disk = Disk::of(path)?;
    disk.add_to(&mut description);
    let left: Vec<String> = disk.temporaries().iter().map(|path| path.display().to_string()).collect();
    if !left.is_empty() {
        let text = format!("`dreamlane repair` would remove what a writer left: {}", left.join(", "));
        description.say("interrupted", text);
    }
    description.set("interrupted", left);
    Ok(description)
}

/// Episodes, frames, time and how episodes differ.
pub(super) fn add_lengths(description: &mut Description, lengths: &[usize], steps_per_second: u32) {
    let frames: usize = lengths.iter().sum();
    let seconds = frames as f64 / f64::from(steps_per_second.max(1));
    description.add("episodes", lengths.len(), lengths.len().to_string());
    let text = format!("{frames}, {} at {steps_per_second} a second", time(seconds));
    description.add("frames", frames, text);
    description.set("steps_per_second", steps_per_second);
    description.set("seconds", seconds);
    let mut sorted = lengths.to_vec();
    sorted.sort_unstable();
    if let (Some(&shortest), Some(&longest)) = (sorted.first(), sorted.last()) {
        let median = sorted[(sorted.len() - 1) / 2];
        let text = format!("{shortest} to {longest} frames, median {median}");
        description.add("lengths", json!({"min": shortest, "median": median, "max": longest}), text);
    } else {
        description.set("lengths", Value::Null);
    }
}

/// Names and sizes.
pub(super) fn cameras(cameras: &[CameraSpec]) -> String {
    let camera = |camera: &CameraSpec| {
        let lens = if camera.lens.is_some() { " with its lens" } else { "" };
        format!("{} {}x{}{lens}", camera.name, camera.width, camera.height)
    };
    listed(&cameras.iter().map(camera).collect::<Vec<_>>())
}

/// Names and bounds, or choices.
pub(super) fn actions(space: &ActionSpace) -> String {
    match space {
        ActionSpace::Discrete { names } => format!("one of {}", names.join(", ")),
        ActionSpace::Continuous { names, low, high } => {
            let bounded = names.iter().zip(low.iter().zip(high));
            let bounded = bounded.map(|(name, (low, high))| format!("{name} {low} to {high}"));
            listed(&bounded.collect::<Vec<_>>())
        }
    }
}

fn add_provenance(description: &mut Description, provenance: Option<&Provenance>) {
    description.set("provenance", json!(provenance));
    let Some(provenance) = provenance else {
        return description.say("from", "not said: others made it");
    };
    let source = format!("{:?}", provenance.source).to_lowercase();
    description.say("from", format!("{source} {}", provenance.env));
    let origin = |what: &dreamlane::core::Origin| format!("{} {}", what.name, what.hash);
    let lines = [
        ("world", provenance.world.as_ref().map(origin)),
        ("policy", provenance.policy.as_ref().map(origin)),
        ("run seed", provenance.run_seed.map(|seed| seed.to_string())),
        ("most steps", provenance.max_steps.map(|steps| steps.to_string())),
        ("horizon", provenance.horizon.map(|steps| steps.to_string())),
        ("least trust", provenance.min_trust.map(|trust| trust.to_string())),
        (
            "contexts",
            provenance.contexts.as_ref().map(|from| format!("{} of {} {}", from.split, from.data, from.hash)),
        ),
        ("licence", provenance.licence.clone()),
        ("code", Some(provenance.code.clone())),
    ];
    for (label, text) in lines {
        if let Some(text) = text {
            description.say(label, text);
        }
    }
}
