//! The `videos/` of a data set: one file per episode and camera when written; any number of episodes per file when read.

use std::{fs, path::Path};

use dreamlane_core::{EnvSpec, Episode, Error, Result, Step};
use rayon::prelude::*;

use super::{
    episodes::{EpisodeRow, VideoPlace},
    info::{CHUNK, video_file},
};
use crate::{
    durable, encoders,
    video::{self, Video},
};

/// Encodes and writes the files of an episode; `keys` is empty, or one per camera.
pub(super) fn write(
    root: &Path,
    spec: &EnvSpec,
    keys: &[String],
    episode: &Episode,
    episode_idx: usize,
) -> Result<Vec<VideoPlace>> {
    let (chunk, file, fps) = (episode_idx / CHUNK, episode_idx % CHUNK, spec.steps_per_second);
    let encode = |camera_idx: usize| {
        let camera = &spec.cameras[camera_idx];
        let frames: Vec<&[u8]> =
            episode.steps.iter().map(|step| step.images[camera_idx].as_slice()).collect();
        video::encode(&frames, [camera.height, camera.width], fps)
    };
    let encoded: Vec<_> = encoders::run(|| (0..keys.len()).into_par_iter().map(encode).collect());
    for (key, bytes) in keys.iter().zip(encoded) {
        let path = video_file(root, key, chunk, file);
        durable::write(&path, &bytes.map_err(|reason| Error::broken(&path, reason))?)?;
    }
    let to_s = episode.steps.len() as f64 / f64::from(fps);
    Ok(vec![VideoPlace { chunk, file, from_s: 0.0, to_s }; keys.len()])
}

/// Fills in the pictures of the cameras whose features are `keys`, at their places among the cameras.
pub(super) fn read(
    root: &Path,
    spec: &EnvSpec,
    keys: &[(usize, String)],
    row: &EpisodeRow,
    steps: &mut [Step],
) -> Result<()> {
    for ((camera_idx, key), place) in keys.iter().zip(&row.videos) {
        let camera = &spec.cameras[*camera_idx];
        let path = video_file(root, key, place.chunk, place.file);
        let mut video = open(&path)?;
        let (found, expected) = (video.size(), [camera.height, camera.width]);
        if found != expected {
            return Err(Error::mismatch(
                &path,
                "[height, width]",
                format!("{expected:?}"),
                format!("{found:?}"),
            ));
        }
        let frames = video
            .frames(place.from_s, row.length, spec.steps_per_second)
            .map_err(|reason| Error::broken(&path, reason))?;
        if frames.len() != steps.len() {
            return Err(Error::mismatch(&path, "frames", steps.len(), frames.len()));
        }
        for (step, frame) in steps.iter_mut().zip(frames) {
            step.images[*camera_idx] = frame;
        }
    }
    Ok(())
}

/// Whether the videos of an episode are there and can be opened.
pub(super) fn check(root: &Path, keys: &[String], row: &EpisodeRow) -> Result<()> {
    for (key, place) in keys.iter().zip(&row.videos) {
        let path = video_file(root, key, place.chunk, place.file);
        let found = open(&path)?.len();
        if found < row.length {
            return Err(Error::mismatch(&path, "frames", row.length, found));
        }
    }
    Ok(())
}

fn open(path: &Path) -> Result<Video> {
    // A file that is gone is something else than one that is broken.
    fs::metadata(path).map_err(Error::io(path))?;
    Video::open(path).map_err(|reason| Error::broken(path, reason))
}
