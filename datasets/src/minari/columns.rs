//! An episode as the table that Minari loads.

use std::sync::Arc;

use arrow::{
    array::{
        ArrayRef, BooleanArray, FixedSizeListArray, Float32Array, Int64Array, RecordBatch, StringArray,
        StructArray, UInt8Array,
    },
    datatypes::{DataType, Field, Fields},
};
use dreamlane_core::{ActionSpace, EnvSpec, Episode, Step};

use super::{entry::rows, spaces::STATE};
use crate::{Checked, picture::interleaved};

pub(super) const OBSERVATIONS: &str = "observations";
pub(super) const ACTIONS: &str = "actions";
pub(super) const REWARDS: &str = "rewards";
pub(super) const TERMINATIONS: &str = "terminations";
pub(super) const TRUNCATIONS: &str = "truncations";
pub(super) const INFOS: &str = "infos";
pub(super) const TRUST: &str = "trust";
pub(super) const SCENE: &str = "scene";

/// The table of an episode: a row per observation, the last one padded. One observation alone stands there twice.
pub(super) fn table(spec: &EnvSpec, episode: &Episode) -> Checked<RecordBatch> {
    let last = episode.steps.len() - 1;
    let steps: Vec<&Step> = (0..rows(episode.steps.len())).map(|row| &episode.steps[row.min(last)]).collect();
    // The action that led to the end; the row after it is padding.
    let at_end = |flag: bool| -> ArrayRef {
        Arc::new(BooleanArray::from_iter((0..steps.len()).map(|row| Some(flag && row + 2 == steps.len()))))
    };
    let reward = |step: &&Step| if spec.rewards { step.reward } else { f32::NAN };
    let columns: [(&str, ArrayRef); 6] = [
        (OBSERVATIONS, observations(spec, &steps)?),
        (ACTIONS, actions(spec, &steps, last)?),
        (REWARDS, Arc::new(Float32Array::from_iter_values(steps.iter().map(reward)))),
        (TERMINATIONS, at_end(episode.terminated)),
        (TRUNCATIONS, at_end(episode.truncated.is_some())),
        (INFOS, infos(spec, &steps)?),
    ];
    let columns = columns.into_iter().map(|(name, array)| (name, array, true));
    RecordBatch::try_from_iter_with_nullable(columns).map_err(|error| error.to_string())
}

fn observations(spec: &EnvSpec, steps: &[&Step]) -> Checked<ArrayRef> {
    let mut columns: Vec<(&str, ArrayRef)> = Vec::new();
    for (camera_idx, camera) in spec.cameras.iter().enumerate() {
        let mut bytes = Vec::with_capacity(steps.len() * camera.frame_len());
        for step in steps {
            bytes.extend(interleaved(&step.images[camera_idx]));
        }
        columns.push((&camera.name, fixed(Arc::new(UInt8Array::from(bytes)), camera.frame_len())?));
    }
    if !spec.state.is_empty() {
        columns.push((STATE, vectors(steps, |step| &step.state, spec.state.len())?));
    }
    match columns.is_empty() {
        // Nothing to see: the only value of `Discrete(1)`.
        true => Ok(Arc::new(Int64Array::from(vec![0; steps.len()]))),
        false => Ok(structure(columns)),
    }
}

/// Rows from `last` on have no action: zeros, and of discrete choices the first.
fn actions(spec: &EnvSpec, steps: &[&Step], last: usize) -> Checked<ArrayRef> {
    let ActionSpace::Discrete { .. } = &spec.action else {
        return vectors(steps, |step| &step.action, spec.action.width());
    };
    let choice = |(row, step): (usize, &&Step)| {
        let chosen = step.action.iter().position(|&x| x == 1.0);
        match chosen.filter(|_| row < last && spec.action.contains(&step.action)) {
            Some(chosen) => Ok(chosen as i64),
            None if row >= last && step.action.iter().all(|&x| x == 0.0) => Ok(0),
            None => Err(format!(
                "step {row}: expected a one-hot action, and zeros at the end, found {:?}",
                step.action
            )),
        }
    };
    let choices = steps.iter().enumerate().map(choice).collect::<Checked<Vec<_>>>()?;
    Ok(Arc::new(Int64Array::from(choices)))
}

fn infos(spec: &EnvSpec, steps: &[&Step]) -> Checked<ArrayRef> {
    let trust = Float32Array::from_iter_values(steps.iter().map(|step| step.trust));
    let mut columns: Vec<(&str, ArrayRef)> = vec![(TRUST, Arc::new(trust))];
    if spec.scenes {
        let text = |step: &&Step| step.scene.as_ref().map(serde_json::to_string).transpose();
        let texts: Vec<Option<String>> =
            steps.iter().map(text).collect::<Result<_, _>>().map_err(|error| error.to_string())?;
        columns.push((SCENE, Arc::new(StringArray::from(texts))));
    }
    Ok(structure(columns))
}

fn vectors(steps: &[&Step], of: fn(&Step) -> &[f32], width: usize) -> Checked<ArrayRef> {
    let values: Float32Array = steps.iter().flat_map(|step| of(step).iter().copied()).map(Some).collect();
    fixed(Arc::new(values), width)
}

/// Numbers as rows of `width`, nullable as pyarrow has them.
fn fixed(values: ArrayRef, width: usize) -> Checked<ArrayRef> {
    let size = i32::try_from(width).map_err(|_| format!("width of {width}"))?;
    let field = Arc::new(Field::new("item", values.data_type().clone(), true));
    let lists = FixedSizeListArray::try_new(field, size, values, None).map_err(|error| error.to_string())?;
    Ok(Arc::new(lists))
}

fn structure(columns: Vec<(&str, ArrayRef)>) -> ArrayRef {
    let field =
        |(name, array): &(&str, ArrayRef)| Field::new(*name, DataType::clone(array.data_type()), true);
    let fields: Fields = columns.iter().map(field).collect();
    Arc::new(StructArray::new(fields, columns.into_iter().map(|(_, array)| array).collect(), None))
}
