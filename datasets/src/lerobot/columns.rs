//! The rows of one episode as a data table, and back.

use std::{collections::BTreeMap, sync::Arc};

use arrow::{
    array::{Array as _, ArrayRef, AsArray as _, BinaryArray, RecordBatch, StringArray, StructArray},
    compute::cast,
    datatypes::{DataType, Field},
};
use dreamlane_core::{CameraSpec, EnvSpec, Episode, Step};
use rayon::prelude::*;

use super::{
    features::{ACTION, DONE, Pictures, REWARD, SCENE, STATE, TRUNCATED, TRUST, image_key},
    numbers::{Numbers, column, counts, flags, floats},
    scenes,
    stats::Stats,
};
use crate::{
    Checked,
    picture::{decode_sized, encode_png},
};

const EPISODE: &str = "episode_index";

/// Where an episode stands in the data set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Its position, from 0.
    pub(super) episode_idx: usize,
    /// Its first row, counted over the whole set.
    pub(super) first_row: usize,
    /// Its task's position.
    pub(super) task_idx: usize,
}

/// Where the pictures of a camera are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frames {
    /// Beside the numbers.
    InRows,
    /// In files of their own.
    InVideo,
}

/// The data table of an episode, and the statistics per feature.
pub(super) fn table(
    spec: &EnvSpec,
    pictures: Pictures,
    episode: &Episode,
    place: Place,
) -> Checked<(RecordBatch, BTreeMap<String, Stats>)> {
    let mut stats = BTreeMap::new();
    let mut columns: Vec<(String, ArrayRef)> = Vec::new();
    for (camera_idx, camera) in spec.cameras.iter().enumerate() {
        let key = image_key(camera);
        let frames = episode.steps.iter().map(|step| step.images[camera_idx].as_slice());
        stats.insert(key.clone(), Stats::of_pictures(frames));
        if pictures == Pictures::Png {
            columns.push((key, picture_column(episode, camera_idx, camera)?));
        }
    }
    if spec.scenes {
        columns.push((SCENE.to_owned(), scenes::column(episode)?));
    }
    for (key, numbers) in number_columns(spec, episode, place) {
        stats.insert(key.to_owned(), numbers.stats());
        columns.push((key.to_owned(), numbers.into_array()?));
    }
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    );
    Ok((batch.map_err(|error| error.to_string())?, stats))
}

fn number_columns(spec: &EnvSpec, episode: &Episode, place: Place) -> Vec<(&'static str, Numbers)> {
    let steps = &episode.steps;
    let scalar =
        |of: &dyn Fn(&Step) -> f32| Numbers::Floats { values: steps.iter().map(of).collect(), width: 1 };
    let vector = |of: fn(&Step) -> &[f32], width| Numbers::Floats {
        values: steps.iter().flat_map(|step| of(step).iter().copied()).collect(),
        width,
    };
    // The action that led to the end, and the final observation itself.
    let at_end =
        |flag: bool| Numbers::Flags((0..steps.len()).map(|row| flag && row + 2 >= steps.len()).collect());
    let rows = steps.len() as i64;
    let counted = |first: usize| Numbers::Longs((first as i64..first as i64 + rows).collect());
    let constant = |value: usize| Numbers::Longs(vec![value as i64; steps.len()]);
    let seconds = |row: i64| (row as f64 / f64::from(spec.steps_per_second)) as f32;
    let mut columns = Vec::new();
    if !spec.state.is_empty() {
        columns.push((STATE, vector(|step| &step.state, spec.state.len())));
    }
    columns.push((ACTION, vector(|step| &step.action, spec.action.width())));
    if spec.rewards {
        columns.push((REWARD, scalar(&|step| step.reward)));
    }
    columns.push((DONE, at_end(episode.terminated || episode.truncated.is_some())));
    columns.push((TRUNCATED, at_end(episode.truncated.is_some())));
    columns.push((TRUST, scalar(&|step| step.trust)));
    columns.push(("timestamp", Numbers::Floats { values: (0..rows).map(seconds).collect(), width: 1 }));
    columns.push(("frame_index", counted(0)));
    columns.push((EPISODE, constant(place.episode_idx)));
    columns.push(("index", counted(place.first_row)));
    columns.push(("task_index", constant(place.task_idx)));
    columns
}

/// `struct<bytes: binary, path: string>`, as the Hub's `Image` feature stores it.
fn picture_column(episode: &Episode, camera_idx: usize, camera: &CameraSpec) -> Checked<ArrayRef> {
    let size = [camera.height, camera.width];
    let encode = |step: &Step| encode_png(&step.images[camera_idx], size);
    let files = episode.steps.par_iter().map(encode).collect::<Checked<Vec<_>>>()?;
    let bytes: ArrayRef = Arc::new(BinaryArray::from_iter_values(&files));
    let names = (0..files.len()).map(|row| format!("frame-{row:06}.png"));
    let paths: ArrayRef = Arc::new(StringArray::from_iter_values(names));
    let field = |name: &str, kind| Arc::new(Field::new(name, kind, true));
    Ok(Arc::new(StructArray::from(vec![
        (field("bytes", DataType::Binary), bytes),
        (field("path", DataType::Utf8), paths),
    ])))
}

/// Checks that the rows are of this episode, as `meta/episodes` says; sets without the column are believed.
pub(super) fn check_rows(batch: &RecordBatch, episode_idx: usize) -> Checked<()> {
    if batch.column_by_name(EPISODE).is_none() {
        return Ok(());
    }
    match counts(batch, EPISODE)?.iter().find(|&&found| found != episode_idx) {
        Some(found) => Err(format!("expected rows of this episode, found one of episode {found}")),
        None => Ok(()),
    }
}

/// The columns that [`steps`], [`endings`] and [`check_rows`] read.
pub(super) fn wanted(spec: &EnvSpec) -> Vec<String> {
    let mut names: Vec<String> = spec.cameras.iter().map(image_key).collect();
    names.extend(spec.scenes.then(|| SCENE.to_owned()));
    names.extend([STATE, ACTION, REWARD, DONE, TRUNCATED, TRUST, EPISODE].map(str::to_owned));
    names
}

/// The steps in a data table. Cameras whose pictures are not in it get none; see [`Frames`].
pub(super) fn steps(spec: &EnvSpec, batch: &RecordBatch, frames: &[Frames]) -> Checked<Vec<Step>> {
    let (width, features) = (spec.action.width(), spec.state.len());
    let actions = floats(batch, ACTION, width)?;
    let state = if features == 0 { Vec::new() } else { floats(batch, STATE, features)? };
    let rewards = if spec.rewards { Some(floats(batch, REWARD, 1)?) } else { None };
    // Sets that others made are recordings of the truth.
    let trust = batch.column_by_name(TRUST).map(|_| floats(batch, TRUST, 1)).transpose()?;
    let cameras = spec
        .cameras
        .iter()
        .zip(frames)
        .map(|(camera, frames)| match frames {
            Frames::InRows => picture_files(batch, &image_key(camera)).map(Some),
            Frames::InVideo => Ok(None),
        })
        .collect::<Checked<Vec<_>>>()?;
    let scenes = if spec.scenes { Some(scenes::read(batch)?) } else { None };
    let step = |row: usize| -> Checked<Step> {
        let pictures = cameras.iter().zip(&spec.cameras).map(|(files, camera)| match files {
            Some(files) => decode_sized(files.value(row), [camera.height, camera.width])
                .map_err(|error| format!("row {row}: {error}")),
            None => Ok(Vec::new()),
        });
        Ok(Step {
            images: pictures.collect::<Checked<_>>()?,
            state: state[row * features..(row + 1) * features].to_vec(),
            action: actions[row * width..(row + 1) * width].to_vec(),
            reward: rewards.as_ref().map_or(0.0, |rewards| rewards[row]),
            trust: trust.as_ref().map_or(1.0, |trust| trust[row]),
            scene: scenes.as_ref().and_then(|scenes| scenes[row].clone()),
        })
    };
    (0..batch.num_rows()).into_par_iter().map(step).collect()
}

/// Per row, whether the episode is done, and whether it was cut; rows of sets without flags are neither.
pub(super) fn endings(batch: &RecordBatch) -> Checked<Vec<(bool, bool)>> {
    let read = |name| match batch.column_by_name(name) {
        Some(_) => flags(batch, name),
        None => Ok(vec![false; batch.num_rows()]),
    };
    Ok(read(DONE)?.into_iter().zip(read(TRUNCATED)?).collect())
}

fn picture_files(batch: &RecordBatch, key: &str) -> Checked<BinaryArray> {
    let array = column(batch, key)?;
    let pictures = array.as_struct_opt().ok_or_else(|| format!("`{key}`: expected struct<bytes, path>"))?;
    let bytes = pictures.column_by_name("bytes").ok_or_else(|| format!("`{key}`: no field `bytes`"))?;
    let bytes = cast(bytes, &DataType::Binary).map_err(|error| format!("`{key}`: {error}"))?;
    if pictures.null_count() + bytes.null_count() > 0 {
        return Err(format!("`{key}`: some rows have no picture bytes"));
    }
    Ok(bytes.as_binary::<i32>().clone())
}
