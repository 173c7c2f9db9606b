//! What a recording takes, and whether one is of the spec and provenance that a caller goes on with.

use std::path::Path;

use dreamlane_core::{EnvSpec, Episode, Error, Provenance, Result};
use serde_json::Value;

use crate::lerobot;

/// Most cameras of a recording.
const MAX_CAMERAS: usize = 64;
/// Most bytes that the pictures of one episode take in memory.
const MAX_EPISODE_BYTES: usize = 16 << 30;

/// Checks what a recording can hold; a foreign spec too, whose numbers may be anything.
pub(super) fn check_spec(spec: &EnvSpec) -> Result<()> {
    if spec.cameras.len() > MAX_CAMERAS {
        let found = spec.cameras.len();
        return Err(Error::Invalid(format!("expected at most {MAX_CAMERAS} cameras, found {found}")));
    }
    lerobot::check_spec(spec)
}

/// Checks that the pictures of an episode of so many steps fit into memory.
pub(super) fn check_length(spec: &EnvSpec, length: usize) -> Result<()> {
    let step: usize = spec.cameras.iter().map(|camera| camera.frame_len()).sum();
    if length.checked_mul(step).is_none_or(|bytes| bytes > MAX_EPISODE_BYTES) {
        let found = format!("{length} steps of {step} bytes");
        return Err(Error::Invalid(format!(
            "expected at most {MAX_EPISODE_BYTES} bytes of pictures, found {found}"
        )));
    }
    Ok(())
}

/// The spec of what is recorded: one lane's life, whatever ran beside it.
pub(super) fn recorded(spec: &EnvSpec) -> Result<EnvSpec> {
    check_spec(spec)?;
    Ok(EnvSpec { lanes: 1, ..spec.clone() })
}

/// Checks an episode against the spec before anything of it is written.
pub(super) fn check_episode(spec: &EnvSpec, episode: &Episode) -> Result<()> {
    lerobot::check_episode(spec, episode)?;
    check_length(spec, episode.steps.len())?;
    let told = episode.steps.iter().position(|step| step.scene.is_some());
    if let Some(row) = told.filter(|_| !spec.scenes) {
        let what = "expected no scene, as the spec says, found one";
        return Err(Error::Invalid(format!("episode {}: step {row}: {what}", episode.id)));
    }
    Ok(())
}

/// Checks that a recording is of this spec and provenance; the error names the first difference.
pub(super) fn same(
    path: &Path,
    recorded: (&EnvSpec, &Provenance),
    given: (&EnvSpec, &Provenance),
) -> Result<()> {
    let fields = |spec: &EnvSpec| serde_json::to_value(spec).map_err(|error| Error::broken(path, error));
    // Numbers that were read from text are compared with numbers that were read from text.
    let given_fields: EnvSpec = serde_json::to_string(given.0)
        .and_then(|text| serde_json::from_str(&text))
        .map_err(|error| Error::broken(path, error))?;
    let (Value::Object(ours), Value::Object(theirs)) = (fields(recorded.0)?, fields(&given_fields)?) else {
        return Err(Error::broken(path, "a spec is not an object"));
    };
    for (name, theirs) in &theirs {
        let ours = ours.get(name).unwrap_or(&Value::Null);
        if ours != theirs {
            return Err(Error::mismatch(path, format!("spec ({name})"), theirs, ours));
        }
    }
    if let Some((name, ours, theirs)) = recorded.1.difference(given.1) {
        return Err(Error::mismatch(path, format!("provenance ({name})"), theirs, ours));
    }
    Ok(())
}
