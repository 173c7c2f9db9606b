//! The column `scene`: who was where, as one JSON text per row, since LeRobot has no columns for bodies.

use std::sync::Arc;

use arrow::{
    array::{Array as _, ArrayRef, AsArray as _, RecordBatch, StringArray},
    compute::cast,
    datatypes::DataType,
};
use dreamlane_core::{Body, Episode, Scene};

use super::{features::SCENE, numbers};
use crate::Checked;

/// Longest text of a scene that is believed: some ten thousand bodies.
const MAX_SCENE_BYTES: usize = 4 << 20;

/// The texts of an episode; empty where a step has no scene.
pub(super) fn column(episode: &Episode) -> Checked<ArrayRef> {
    let text = |(row, scene): (usize, Option<&Scene>)| -> Checked<Option<String>> {
        let Some(scene) = scene else { return Ok(None) };
        // JSON has no words for numbers that are not finite, and would lose them.
        if !scene.bodies.iter().all(is_finite) {
            return Err(format!("step {row}: a scene with numbers that are not finite"));
        }
        serde_json::to_string(scene).map(Some).map_err(|error| format!("step {row}: {error}"))
    };
    let scenes = episode.steps.iter().map(|step| step.scene.as_ref()).enumerate();
    let texts = scenes.map(text).collect::<Checked<Vec<_>>>()?;
    Ok(Arc::new(StringArray::from(texts)))
}

/// The scenes of a data table, row by row.
pub(super) fn read(batch: &RecordBatch) -> Checked<Vec<Option<Scene>>> {
    let texts = cast(numbers::column(batch, SCENE)?, &DataType::Utf8)
        .map_err(|error| format!("`{SCENE}`: {error}"))?;
    let texts = texts.as_string::<i32>();
    let scene = |row: usize| -> Checked<Option<Scene>> {
        if texts.is_null(row) {
            return Ok(None);
        }
        let text = texts.value(row);
        if text.len() > MAX_SCENE_BYTES {
            return Err(format!("row {row}: a scene of {} bytes, above {MAX_SCENE_BYTES}", text.len()));
        }
        serde_json::from_str(text).map(Some).map_err(|error| format!("row {row}: `{SCENE}`: {error}"))
    };
    (0..texts.len()).map(scene).collect()
}

fn is_finite(body: &Body) -> bool {
    let numbers = [&body.place_m[..], &body.size_m, &[body.heading_rad, body.speed_mps]];
    numbers.into_iter().flatten().all(|number| number.is_finite())
}
