//! What a recording takes, whatever its format, and whether a recording is of the spec and provenance that a caller
//! goes on with.

use std::path::Path;

use dreamlane_core::{ActionSpace, EnvSpec, Episode, Error, Provenance, Result};
use serde_json::Value;

use crate::picture::MAX_SIDE;

/// Longest vector that is believed.
pub(crate) const MAX_WIDTH: usize = 1 << 16;
/// Most cameras of a recording.
const MAX_CAMERAS: usize = 64;
/// Most bytes that the pictures of one episode take in memory.
const MAX_EPISODE_BYTES: usize = 16 << 30;

/// Checks what a recording can hold; a foreign spec too, whose numbers may be anything.
pub(crate) fn check_spec(spec: &EnvSpec) -> Result<()> {
    let invalid = |what: String| Err(Error::Invalid(format!("cannot record `{}`: {what}", spec.name)));
    if spec.cameras.len() > MAX_CAMERAS {
        return invalid(format!("expected at most {MAX_CAMERAS} cameras, found {}", spec.cameras.len()));
    }
    for (camera_idx, camera) in spec.cameras.iter().enumerate() {
        // Formats make folders and topics of camera names.
        if camera.name.is_empty() || camera.name.contains('/') {
            return invalid(format!("camera name `{}` must not be empty or contain `/`", camera.name));
        }
        if spec.cameras[..camera_idx].iter().any(|other| other.name == camera.name) {
            return invalid(format!("two cameras are named `{}`", camera.name));
        }
        if !(1..=MAX_SIDE).contains(&camera.height) || !(1..=MAX_SIDE).contains(&camera.width) {
            let (height, width) = (camera.height, camera.width);
            return invalid(format!("picture sides must be 1 to {MAX_SIDE}, found {height}x{width}"));
        }
    }
    let (width, features) = (spec.action.width(), spec.state.len());
    if !(1..=MAX_WIDTH).contains(&width) || features > MAX_WIDTH {
        return invalid(format!("action width {width} and state width {features} must be 1 to {MAX_WIDTH}"));
    }
    if let ActionSpace::Continuous { names, low, high } = &spec.action
        && (low.len() != names.len() || high.len() != names.len())
    {
        return invalid(format!("{} action names, {} and {} bounds", names.len(), low.len(), high.len()));
    }
    if spec.steps_per_second == 0 {
        return invalid("steps per second must be above 0".to_owned());
    }
    Ok(())
}

/// Checks that the pictures of an episode of so many steps fit into memory.
pub(crate) fn check_length(spec: &EnvSpec, length: usize) -> Result<()> {
    let step: usize = spec.cameras.iter().map(|camera| camera.frame_len()).sum();
    if length.checked_mul(step).is_none_or(|bytes| bytes > MAX_EPISODE_BYTES) {
        let found = format!("{length} steps of {step} bytes");
        return Err(Error::Invalid(format!(
            "expected at most {MAX_EPISODE_BYTES} bytes of pictures, found {found}"
        )));
    }
    Ok(())
}

/// Checks an episode against the spec before anything of it is written.
pub(crate) fn check_episode(spec: &EnvSpec, episode: &Episode) -> Result<()> {
    let invalid = |what: String| Err(Error::Invalid(format!("episode {}: {what}", episode.id)));
    if episode.steps.is_empty() {
        return invalid("expected at least one observation, found none".to_owned());
    }
    check_length(spec, episode.steps.len())?;
    let expected_pictures: Vec<usize> = spec.cameras.iter().map(|camera| camera.frame_len()).collect();
    for (row, step) in episode.steps.iter().enumerate() {
        let pictures: Vec<usize> = step.images.iter().map(Vec::len).collect();
        if pictures != expected_pictures {
            return invalid(format!(
                "step {row}: expected pictures of {expected_pictures:?} bytes, found {pictures:?}"
            ));
        }
        let expected = (spec.state.len(), spec.action.width());
        let found = (step.state.len(), step.action.len());
        if found != expected {
            return invalid(format!(
                "step {row}: expected (state, action) widths {expected:?}, found {found:?}"
            ));
        }
        if step.scene.is_some() && !spec.scenes {
            return invalid(format!("step {row}: expected no scene, as the spec says, found one"));
        }
    }
    Ok(())
}

/// What is recorded is one lane's life, whatever ran beside it.
pub(crate) fn recorded(spec: &EnvSpec) -> EnvSpec {
    EnvSpec { lanes: 1, ..spec.clone() }
}

/// Checks that a recording is of the spec and provenance that a caller goes on with; the error names the first
/// difference, what is recorded as the expected.
pub(crate) fn check_same(
    path: &Path,
    there: (&EnvSpec, &Provenance),
    asked: (&EnvSpec, &Provenance),
) -> Result<()> {
    let differs = |what: String, there: String, asked: String| Err(Error::mismatch(path, what, there, asked));
    if let Some((what, there, asked)) = there.1.difference(asked.1) {
        return differs(format!("{what} of the recording to go on with"), there, asked);
    }
    let fields = |spec: &EnvSpec| serde_json::to_value(spec).map_err(|error| Error::broken(path, error));
    // Numbers that were read from text are compared with numbers that were read from text.
    let asked: EnvSpec = serde_json::to_string(&recorded(asked.0))
        .and_then(|text| serde_json::from_str(&text))
        .map_err(|error| Error::broken(path, error))?;
    let (Value::Object(there), Value::Object(asked)) = (fields(there.0)?, fields(&asked)?) else {
        return Err(Error::broken(path, "a spec is not an object"));
    };
    for (name, asked) in &asked {
        let there = there.get(name).unwrap_or(&Value::Null);
        if there != asked {
            let what = format!("spec (`{name}`) of the recording to go on with");
            return differs(what, there.to_string(), asked.to_string());
        }
    }
    Ok(())
}
