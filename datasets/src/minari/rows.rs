//! The steps in a table, every type, width and null checked.

use arrow::{
    array::{Array, ArrayRef, ArrowPrimitiveType, AsArray as _, PrimitiveArray, RecordBatch, StructArray},
    datatypes::{Float32Type, Int64Type, UInt8Type},
};
use dreamlane_core::{ActionSpace, CameraSpec, EnvSpec, Scene, Step};
use image::RgbImage;

use super::{
    columns::{ACTIONS, INFOS, OBSERVATIONS, REWARDS, SCENE, TRUST},
    spaces::STATE,
};
use crate::{Checked, picture::planar};

/// The steps of some rows; `last` is the row of the final observation, counted from the first of them.
pub(super) fn steps(spec: &EnvSpec, batch: &RecordBatch, last: usize) -> Checked<Vec<Step>> {
    let rows = batch.num_rows();
    let pictures = spec.cameras.iter().map(|camera| pictures(batch, camera)).collect::<Checked<Vec<_>>>()?;
    let features = spec.state.len();
    let state = match features {
        0 => Vec::new(),
        _ => vectors(field(structure(batch, OBSERVATIONS)?, STATE)?, STATE, features)?,
    };
    let (width, actions) = (spec.action.width(), actions(spec, batch, last)?);
    let rewards = numbers::<Float32Type>(column(batch, REWARDS)?, REWARDS)?;
    let infos = structure(batch, INFOS)?;
    let trust = numbers::<Float32Type>(field(infos, TRUST)?, TRUST)?;
    let scenes = if spec.scenes { scenes(field(infos, SCENE)?)? } else { vec![None; rows] };
    let step = |(row, scene): (usize, Option<Scene>)| Step {
        images: pictures.iter().map(|pictures| pictures[row].clone()).collect(),
        state: state[row * features..(row + 1) * features].to_vec(),
        action: actions[row * width..(row + 1) * width].to_vec(),
        reward: if spec.rewards { rewards.value(row) } else { 0.0 },
        trust: trust.value(row),
        scene,
    };
    Ok(scenes.into_iter().enumerate().map(step).collect())
}

/// Each row's picture, `[channel, height, width]`.
fn pictures(batch: &RecordBatch, camera: &CameraSpec) -> Checked<Vec<Vec<u8>>> {
    let name = &camera.name;
    let column = field(structure(batch, OBSERVATIONS)?, name)?;
    let bytes = numbers::<UInt8Type>(values(column, name, camera.frame_len())?, name)?;
    let side = |pixels: usize| u32::try_from(pixels).map_err(|_| format!("side of {pixels} pixels"));
    let (height, width) = (side(camera.height)?, side(camera.width)?);
    let picture = |bytes: &[u8]| {
        let picture = RgbImage::from_raw(width, height, bytes.to_vec());
        picture.map(|picture| planar(&picture)).ok_or_else(|| format!("`{name}`: {} bytes", bytes.len()))
    };
    bytes.values().chunks_exact(camera.frame_len()).map(picture).collect()
}

/// `[row, width]`: as they stand, or one-hot of the choice; where nothing was chosen, zeros.
fn actions(spec: &EnvSpec, batch: &RecordBatch, last: usize) -> Checked<Vec<f32>> {
    let (column, width) = (column(batch, ACTIONS)?, spec.action.width());
    let ActionSpace::Discrete { .. } = spec.action else { return vectors(column, ACTIONS, width) };
    let choices = numbers::<Int64Type>(column, ACTIONS)?;
    let mut actions = vec![0.0; batch.num_rows() * width];
    for (row, &choice) in choices.values().iter().enumerate().take(last) {
        let choice = usize::try_from(choice).ok().filter(|&choice| choice < width);
        let choice = choice.ok_or_else(|| {
            format!("`{ACTIONS}`: expected a choice below {width}, found {}", choices.value(row))
        })?;
        actions[row * width + choice] = 1.0;
    }
    Ok(actions)
}

fn scenes(column: &ArrayRef) -> Checked<Vec<Option<Scene>>> {
    let texts = column.as_string_opt::<i32>().ok_or_else(|| wrong(SCENE, "texts", column))?;
    let scene = |text: Option<&str>| text.map(serde_json::from_str).transpose();
    texts.iter().map(scene).collect::<Result<_, _>>().map_err(|error| format!("`{SCENE}`: {error}"))
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> Checked<&'a ArrayRef> {
    batch.column_by_name(name).ok_or_else(|| format!("no column `{name}`"))
}

fn structure<'a>(batch: &'a RecordBatch, name: &str) -> Checked<&'a StructArray> {
    let column = column(batch, name)?;
    let found = column.as_struct_opt().ok_or_else(|| wrong(name, "a struct", column))?;
    whole(name, found)?;
    Ok(found)
}

fn field<'a>(of: &'a StructArray, name: &str) -> Checked<&'a ArrayRef> {
    of.column_by_name(name).ok_or_else(|| format!("no field `{name}`"))
}

/// `[row, width]` numbers.
fn vectors(column: &ArrayRef, name: &str, width: usize) -> Checked<Vec<f32>> {
    Ok(numbers::<Float32Type>(values(column, name, width)?, name)?.values().to_vec())
}

/// The numbers of rows of exactly this width.
fn values<'a>(column: &'a ArrayRef, name: &str, width: usize) -> Checked<&'a ArrayRef> {
    let lists =
        column.as_fixed_size_list_opt().ok_or_else(|| wrong(name, &format!("lists of {width}"), column))?;
    whole(name, lists)?;
    let found = lists.value_length();
    if usize::try_from(found) != Ok(width) || lists.values().len() != lists.len() * width {
        return Err(format!("`{name}`: expected {width} numbers a row, found {found}"));
    }
    Ok(lists.values())
}

fn numbers<'a, T: ArrowPrimitiveType>(column: &'a ArrayRef, name: &str) -> Checked<&'a PrimitiveArray<T>> {
    let wanted = || wrong(name, &T::DATA_TYPE.to_string(), column);
    let numbers = column.as_primitive_opt::<T>().ok_or_else(wanted)?;
    whole(name, numbers)?;
    Ok(numbers)
}

fn whole(name: &str, array: &dyn Array) -> Checked<()> {
    match array.null_count() {
        0 => Ok(()),
        nulls => Err(format!("`{name}`: {nulls} empty values")),
    }
}

fn wrong(name: &str, expected: &str, found: &ArrayRef) -> String {
    format!("`{name}`: expected {expected}, found {}", found.data_type())
}
