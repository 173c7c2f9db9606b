//! Gymnasium spaces as Minari writes them, and what a spec must be for Gymnasium to accept them.
//!
//! A `Box` is written with the bounds of every number, pictures included: the loader takes nothing shorter.

use dreamlane_core::{ActionSpace, CameraSpec, EnvSpec, Error, Result};

use crate::fits;

/// The state vector among the observations.
pub(super) const STATE: &str = "state";
/// Most numbers of all pictures of one observation: their bounds stand in a file that is replaced after each episode.
const MAX_PICTURE_NUMBERS: usize = 8 << 20;

/// The `observation_space` of a set: a `Dict`, or one value where there is nothing to see.
pub(super) fn observation(spec: &EnvSpec) -> String {
    let mut spaces: Vec<String> =
        spec.cameras.iter().map(|camera| format!("{}: {}", quoted(&camera.name), picture(camera))).collect();
    if !spec.state.is_empty() {
        let bounds = |bound: &str| list(&vec![bound.to_owned(); spec.state.len()]);
        let shape = [spec.state.len()];
        spaces.push(format!(
            "{}: {}",
            quoted(STATE),
            box_of("float32", &shape, &bounds("-Infinity"), &bounds("Infinity"))
        ));
    }
    match spaces.is_empty() {
        true => discrete(1),
        false => format!(r#"{{"type": "Dict", "subspaces": {{{}}}}}"#, spaces.join(", ")),
    }
}

/// The `action_space` of a set.
pub(super) fn action(spec: &EnvSpec) -> String {
    match &spec.action {
        ActionSpace::Discrete { names } => discrete(names.len()),
        ActionSpace::Continuous { low, high, .. } => {
            let bounds = |values: &[f32]| list(&values.iter().map(f32::to_string).collect::<Vec<_>>());
            box_of("float32", &[low.len()], &bounds(low), &bounds(high))
        }
    }
}

/// Checks what Minari and Gymnasium can hold.
pub(super) fn check_spec(spec: &EnvSpec) -> Result<()> {
    fits::check_spec(spec)?;
    let invalid = |what: String| Err(Error::Invalid(format!("cannot record `{}`: {what}", spec.name)));
    if spec.cameras.iter().any(|camera| camera.name == STATE) {
        return invalid(format!("a camera must not be named `{STATE}`, as the state vector is"));
    }
    let numbers = spec.cameras.iter().fold(0usize, |sum, camera| sum.saturating_add(camera.frame_len()));
    if numbers > MAX_PICTURE_NUMBERS {
        return invalid(format!(
            "pictures of {numbers} numbers an observation, Minari's description holds at most {MAX_PICTURE_NUMBERS}"
        ));
    }
    if let ActionSpace::Continuous { low, high, .. } = &spec.action {
        let in_order = |(low, high): (&f32, &f32)| low.is_finite() && high.is_finite() && low <= high;
        if !low.iter().zip(high).all(in_order) {
            return invalid(format!("action bounds must be finite and in order, found {low:?} and {high:?}"));
        }
    }
    Ok(())
}

fn picture(camera: &CameraSpec) -> String {
    let shape = [camera.height, camera.width, 3];
    let bounds = |bound: &str| {
        let row = list(&vec![list(&vec![bound.to_owned(); 3]); camera.width]);
        list(&vec![row; camera.height])
    };
    box_of("uint8", &shape, &bounds("0"), &bounds("255"))
}

fn box_of(dtype: &str, shape: &[usize], low: &str, high: &str) -> String {
    let shape = list(&shape.iter().map(usize::to_string).collect::<Vec<_>>());
    format!(r#"{{"type": "Box", "dtype": "{dtype}", "shape": {shape}, "low": {low}, "high": {high}}}"#)
}

fn discrete(n: usize) -> String {
    format!(r#"{{"type": "Discrete", "dtype": "int64", "start": 0, "n": {n}}}"#)
}

fn list(items: &[String]) -> String {
    format!("[{}]", items.join(","))
}

/// A text as JSON.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
