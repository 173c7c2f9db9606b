//! Any data set to one of our own: chosen cameras, another picture size, the rest as it was.

use std::path::Path;

use dreamlane_core::{
    CameraSpec, EnvSpec, Episode, EpisodeSource, Error, Format, Lens, Provenance, Result, Step, known_names,
};
use rayon::prelude::*;

use crate::{area, aside};

/// What is taken of a data set's pictures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Names of the cameras to keep, in this order; all of them when empty.
    pub cameras: Vec<String>,
    /// `[height, width]` that every picture is stretched to by area averaging; as they are when none.
    pub size: Option<[usize; 2]>,
}

/// What a conversion wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Converted {
    /// Episodes written.
    pub episodes: usize,
    /// Steps written.
    pub frames: usize,
}

/// Writes the episodes of `source` as a new data set at `out`.
///
/// Rate, actions, state, tasks, rewards, ends and ids stay as they are. `progress` hears of frames done and in all.
/// Nothing is left at `out` when it fails.
///
/// # Errors
/// When a camera does not exist or is named twice, the size cannot be, an episode cannot be read or is not kept by
/// the format, or `out` is in use or cannot be written.
pub fn convert(
    source: &dyn EpisodeSource,
    selection: &Selection,
    format: &dyn Format,
    out: &Path,
    provenance: &Provenance,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Converted> {
    let views = views(source.spec(), selection)?;
    let cameras = views.iter().map(|view| view.camera.clone()).collect();
    let spec = EnvSpec { cameras, ..source.spec().clone() };
    let total: usize = source.lengths().iter().sum();
    aside::write(out, |folder| {
        let mut sink = format.create(folder, &spec, provenance)?;
        let mut converted = Converted { episodes: 0, frames: 0 };
        for episode_idx in 0..source.lengths().len() {
            let episode = source.read(episode_idx)?;
            let steps = episode.steps.into_par_iter().map(|step| seen(step, &views)).collect();
            let episode = Episode { steps, ..episode };
            sink.write(&episode)?;
            converted.episodes += 1;
            converted.frames += episode.steps.len();
            progress(converted.frames as u64, total as u64);
        }
        sink.finish()?;
        Ok(converted)
    })
}

/// One camera of the new data set.
struct View {
    /// Its place among the cameras of the source.
    source_idx: usize,
    /// `[height, width]` there.
    from: [usize; 2],
    camera: CameraSpec,
}

fn views(spec: &EnvSpec, selection: &Selection) -> Result<Vec<View>> {
    if let Some(size) = selection.size {
        area::check_size(size)?;
    }
    let known = || spec.cameras.iter().map(|camera| camera.name.as_str());
    let mut chosen: Vec<usize> = Vec::new();
    for name in &selection.cameras {
        let source_idx =
            known().position(|other| other == name).ok_or_else(|| Error::unknown("camera", name, known()))?;
        if chosen.contains(&source_idx) {
            let cameras = known_names(selection.cameras.iter().map(String::as_str));
            return Err(Error::Invalid(format!("camera `{name}` is named twice: {cameras}")));
        }
        chosen.push(source_idx);
    }
    if selection.cameras.is_empty() {
        chosen = (0..spec.cameras.len()).collect();
    }
    let view = |source_idx: usize| {
        let camera = &spec.cameras[source_idx];
        let from = [camera.height, camera.width];
        View { source_idx, from, camera: resized(camera, selection.size.unwrap_or(from)) }
    };
    Ok(chosen.into_iter().map(view).collect())
}

/// The same camera with pictures of another size: its lens is in pixels.
fn resized(camera: &CameraSpec, [height, width]: [usize; 2]) -> CameraSpec {
    let scale = [width as f64 / camera.width as f64, height as f64 / camera.height as f64];
    let scaled = |[column, row]: [f64; 2]| [column * scale[0], row * scale[1]];
    let lens = camera.lens.map(|lens| Lens {
        focal_px: scaled(lens.focal_px),
        centre_px: scaled(lens.centre_px),
        place_m: lens.place_m,
    });
    CameraSpec { name: camera.name.clone(), height, width, lens }
}

fn seen(step: Step, views: &[View]) -> Step {
    let picture = |view: &View| {
        area::resize_planar(&step.images[view.source_idx], view.from, [view.camera.height, view.camera.width])
    };
    let images = views.iter().map(picture).collect();
    Step { images, ..step }
}
