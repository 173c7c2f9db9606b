//! Builds a cache file: episodes are decoded side by side and written in order.

use std::{
    fs::File,
    io::{BufWriter, Seek as _, SeekFrom, Write as _},
    path::Path,
};

use dreamlane_core::{Episode, EpisodeSource, Error, Result};
use rayon::prelude::*;

use super::header::{Header, Layout};
use crate::{Checked, durable};

/// Everything but the pictures, which go straight to the file.
#[derive(Default)]
struct Numbers {
    actions: Vec<f32>,
    state: Vec<f32>,
    rewards: Vec<f32>,
}

/// Decodes `source` into a cache file at `path`, which appears whole or not at all.
pub(super) fn build(
    source: &dyn EpisodeSource,
    fingerprint: String,
    path: &Path,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<()> {
    // The head comes first in the file but names tasks and endings, which only reading tells.
    let mut header = Header::new(fingerprint, source.spec());
    let pictures = tempfile::tempfile_in(folder_of(path)?).map_err(Error::io(path))?;
    let layout = Layout::of(source.spec(), source.lengths(), 0)
        .ok_or_else(|| Error::broken(path, "frames of the data set are more than can be addressed"))?;
    let numbers = decode(source, &mut header, &layout, &pictures, path, progress)?;
    durable::replace(path, |file| {
        header.write(file, path)?;
        (&pictures).seek(SeekFrom::Start(0)).map_err(Error::io(path))?;
        std::io::copy(&mut &pictures, file).map_err(Error::io(path))?;
        for values in [&numbers.actions, &numbers.state, &numbers.rewards] {
            let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            file.write_all(&bytes).map_err(Error::io(path))?;
        }
        Ok(())
    })
}

fn folder_of(path: &Path) -> Result<&Path> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(folder).map_err(Error::io(folder))?;
    Ok(folder)
}

/// Writes the pictures to their places in a file without a head, and gathers the rest.
fn decode(
    source: &dyn EpisodeSource,
    header: &mut Header,
    layout: &Layout,
    pictures: &File,
    path: &Path,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Numbers> {
    let mut out = BufWriter::with_capacity(1 << 20, pictures);
    let mut numbers = Numbers::default();
    let total: usize = source.lengths().iter().sum();
    let mut done = 0;
    let indices: Vec<usize> = (0..source.lengths().len()).collect();
    for some in indices.chunks(rayon::current_num_threads()) {
        let episodes: Vec<Result<Episode>> = some.par_iter().map(|&idx| source.read(idx)).collect();
        for (&episode_idx, episode) in some.iter().zip(episodes) {
            let episode = episode?;
            check(source, episode_idx, &episode).map_err(|reason| Error::broken(path, reason))?;
            for (camera_idx, place) in layout.cameras.iter().enumerate() {
                let start = place.start + done * source.spec().cameras[camera_idx].frame_len();
                out.seek(SeekFrom::Start(start as u64)).map_err(Error::io(path))?;
                for step in &episode.steps {
                    out.write_all(&step.images[camera_idx]).map_err(Error::io(path))?;
                }
            }
            for step in &episode.steps {
                numbers.actions.extend(&step.action);
                numbers.state.extend(&step.state);
                numbers.rewards.extend(source.spec().rewards.then_some(step.reward));
            }
            done += episode.steps.len();
            header.lengths.push(episode.steps.len());
            header.tasks.push(episode.task);
            header.terminated.push(episode.terminated);
        }
        progress(done as u64, total as u64);
    }
    out.flush().map_err(Error::io(path))?;
    Ok(numbers)
}

/// The file has fixed places, so what a source promised must hold.
fn check(source: &dyn EpisodeSource, episode_idx: usize, episode: &Episode) -> Checked<()> {
    let (expected, found) = (source.lengths()[episode_idx], episode.steps.len());
    if found != expected {
        return Err(format!("episode {episode_idx}: expected {expected} frames, found {found}"));
    }
    let spec = source.spec();
    let fits = |step: &dreamlane_core::Step| {
        step.images.len() == spec.cameras.len()
            && step.images.iter().zip(&spec.cameras).all(|(image, camera)| image.len() == camera.frame_len())
            && step.action.len() == spec.action.width()
            && step.state.len() == spec.state.len()
    };
    match episode.steps.iter().position(|step| !fits(step)) {
        Some(row) => Err(format!("episode {episode_idx}: step {row} does not fit the spec of the data set")),
        None => Ok(()),
    }
}
