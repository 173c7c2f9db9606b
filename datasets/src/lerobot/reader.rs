//! Reads episodes of our own and of others' data sets.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use dreamlane_core::{EnvSpec, Episode, EpisodeSource, Error, Provenance, Result, Truncation};
use sha2::{Digest as _, Sha256};

use super::{
    columns::{self, Frames},
    episodes::{self, Ending, EpisodeRow},
    features::{VIDEO, image_key, spec_of},
    info::{self, Info, data_file, video_file},
    table, videos,
};

/// An opened data set.
#[derive(Debug)]
pub(super) struct Reader {
    root: PathBuf,
    spec: EnvSpec,
    provenance: Option<Provenance>,
    rows: Vec<EpisodeRow>,
    lengths: Vec<usize>,
    /// Per camera.
    frames: Vec<Frames>,
    /// Positions among the cameras and features of those that are videos.
    videos: Vec<(usize, String)>,
    /// Row of the whole set with which each data file begins.
    file_starts: BTreeMap<(usize, usize), usize>,
}

impl Reader {
    /// Opens the data set under `root`.
    pub(super) fn open(root: &Path) -> Result<Self> {
        let info = Info::read(root)?;
        let spec = spec_of(&info, &info::path(root))?;
        let is_video = |key: &str| info.features.get(key).is_some_and(|feature| feature.dtype == VIDEO);
        let keys = spec.cameras.iter().map(image_key).enumerate();
        let videos: Vec<(usize, String)> = keys.filter(|(_, key)| is_video(key)).collect();
        let video_keys: Vec<String> = videos.iter().map(|(_, key)| key.clone()).collect();
        let frames = spec.cameras.iter().map(|camera| match is_video(&image_key(camera)) {
            true => Frames::InVideo,
            false => Frames::InRows,
        });
        let frames = frames.collect();
        let rows = episodes::read(root, info.total_episodes, &video_keys)?;
        let (mut file_starts, mut next) = (BTreeMap::new(), 0);
        for (episode_idx, row) in rows.iter().enumerate() {
            if row.first_row != next {
                let what = format!("first row of episode {episode_idx}");
                return Err(Error::mismatch(root.join("meta/episodes"), what, next, row.first_row));
            }
            next = row.first_row.saturating_add(row.length);
            file_starts.entry((row.chunk, row.file)).or_insert(row.first_row);
        }
        if next != info.total_frames {
            return Err(Error::mismatch(info::path(root), "frames", info.total_frames, next));
        }
        let lengths = rows.iter().map(|row| row.length).collect();
        let provenance = info.dreamlane.map(|ours| ours.provenance);
        Ok(Self { root: root.to_path_buf(), spec, provenance, rows, lengths, frames, videos, file_starts })
    }

    /// Episodes there are.
    pub(super) fn count(&self) -> usize {
        self.rows.len()
    }
}

impl EpisodeSource for Reader {
    fn spec(&self) -> &EnvSpec {
        &self.spec
    }

    fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    fn provenance(&self) -> Option<&Provenance> {
        self.provenance.as_ref()
    }

    fn read(&self, episode_idx: usize) -> Result<Episode> {
        let row = self.rows.get(episode_idx).ok_or_else(|| {
            Error::mismatch(&self.root, "episode index", format!("below {}", self.rows.len()), episode_idx)
        })?;
        let path = data_file(&self.root, row.chunk, row.file);
        let start = row.first_row - self.file_starts[&(row.chunk, row.file)];
        let wanted = columns::wanted(&self.spec);
        let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
        let broken = |reason| Error::broken(&path, format!("episode {episode_idx}: {reason}"));
        let (mut steps, mut flags) = (Vec::new(), Vec::new());
        for batch in table::read_rows(&path, &wanted, start..start + row.length)? {
            columns::check_rows(&batch, episode_idx).map_err(broken)?;
            steps.extend(columns::steps(&self.spec, &batch, &self.frames).map_err(broken)?);
            flags.extend(columns::endings(&batch).map_err(broken)?);
        }
        if steps.len() != row.length {
            return Err(Error::mismatch(
                &path,
                format!("rows of episode {episode_idx}"),
                row.length,
                steps.len(),
            ));
        }
        videos::read(&self.root, &self.spec, &self.videos, row, &mut steps)?;
        let ending = row.ending.unwrap_or_else(|| derived_ending(episode_idx, &flags));
        let Ending { id, terminated, truncated } = ending;
        let (task, beginning) = (row.task.clone(), row.beginning.clone());
        Ok(Episode { id, task, beginning, steps, terminated, truncated })
    }

    /// Of all metadata, statistics included, and of the sizes of the data files and videos.
    fn fingerprint(&self) -> Result<String> {
        let mut hash = Sha256::new();
        let path = info::path(&self.root);
        hash.update(fs::read(&path).map_err(Error::io(&path))?);
        let count = self.rows.len();
        for path in if count == 0 { Vec::new() } else { episodes::files(&self.root.join("meta/episodes"))? } {
            hash.update(fs::read(&path).map_err(Error::io(&path))?);
        }
        for &(chunk, file) in self.file_starts.keys() {
            let path = data_file(&self.root, chunk, file);
            hash.update(fs::metadata(&path).map_err(Error::io(&path))?.len().to_le_bytes());
        }
        for (place_idx, (_, key)) in self.videos.iter().enumerate() {
            let places =
                self.rows.iter().map(|row| (row.videos[place_idx].chunk, row.videos[place_idx].file));
            for (chunk, file) in places.collect::<BTreeSet<_>>() {
                let path = video_file(&self.root, key, chunk, file);
                hash.update(fs::metadata(&path).map_err(Error::io(&path))?.len().to_le_bytes());
            }
        }
        Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// In sets that others made, a cut says no more than that it happened: the clock is the usual cause.
fn derived_ending(episode_idx: usize, flags: &[(bool, bool)]) -> Ending {
    let last = flags.last().copied().unwrap_or_default();
    let (done, cut) = last;
    Ending { id: episode_idx as u64, terminated: done && !cut, truncated: cut.then_some(Truncation::Clock) }
}
