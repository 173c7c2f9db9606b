//! Puts right what an interrupted writer left, and tells how far the whole episodes go.
//!
//! `info.json` is replaced last, so it counts whole episodes alone. Files beyond its count, temporary files and a
//! table of tasks that ran ahead are tidied away. Where files that it counts are gone or unreadable, which no
//! crash of ours does but a disk may, the data set is cut back to the episodes before. Whether a file is readable is
//! judged by its footer and its count of rows; the pictures are not decoded.

use std::{collections::BTreeMap, fs, io::ErrorKind, path::Path};

use dreamlane_core::{EnvSpec, Error, Repair, Result};

use super::{
    episodes::{self, EpisodeRow},
    features::{VIDEO, image_key},
    info::{self, CHUNK, Info, data_file},
    leftovers,
    reader::Reader,
    stats::{Kind, Stats},
    table, tasks, videos,
};
use crate::durable::{self, Claim};

/// What the whole episodes of a data set come to.
#[derive(Debug, Default)]
pub(super) struct Prefix {
    pub(super) episodes: usize,
    pub(super) frames: usize,
    /// In order of first use.
    pub(super) tasks: Vec<String>,
    pub(super) stats: BTreeMap<String, Stats>,
    pub(super) last_id: Option<u64>,
}

impl Prefix {
    fn push(&mut self, row: EpisodeRow, stats: BTreeMap<String, Stats>) {
        self.episodes += 1;
        self.frames += row.length;
        if !self.tasks.contains(&row.task) {
            self.tasks.push(row.task);
        }
        Stats::merge_all(&mut self.stats, stats);
        self.last_id = row.ending.map(|ending| ending.id);
    }
}

/// A data set that was put right.
pub(super) struct Repaired {
    pub(super) repair: Repair,
    /// What is there now; none where not even the description had been written, or where others wrote it.
    pub(super) ours: Option<(Info, Prefix, Claim)>,
}

/// Repairs the data set under `root`.
pub(super) fn repair(root: &Path) -> Result<Repaired> {
    let info = match Info::read(root) {
        Ok(info) => info,
        Err(error @ Error::Incompatible { .. }) => return repair_unborn(root, error),
        Err(error) => return Err(error),
    };
    let Some(spec) = info.dreamlane.as_ref().map(|ours| ours.spec.clone()) else {
        return repair_foreign(root);
    };
    let claim = Claim::of(root)?;
    let Some((prefix, lost)) = whole_prefix(root, &info, &spec)? else { return repair_foreign(root) };
    let mut done = Vec::new();
    let right = info.cut(prefix.episodes, prefix.frames, prefix.tasks.len());
    let said = match lost {
        Some(reason) => {
            format!("cut back from {} to {} episodes: {reason}", info.total_episodes, prefix.episodes)
        }
        None => "rewrote meta/info.json".to_owned(),
    };
    // Before any file is removed that it counts.
    let path = info::path(root);
    rewrite(&path, &info::json(&path, &right)?, said, &mut done)?;
    leftovers::remove(root, prefix.episodes, &mut done)?;
    let path = tasks::path(root);
    let said = format!("rewrote meta/tasks.parquet with {} tasks", prefix.tasks.len());
    rewrite(&path, &tasks::bytes(&path, &prefix.tasks)?, said, &mut done)?;
    let path = info::stats_path(root);
    let said = format!("rewrote meta/stats.json for {} episodes", prefix.episodes);
    rewrite(&path, &info::json(&path, &Stats::to_json_of(&prefix.stats))?, said, &mut done)?;
    let repair = Repair { episodes: prefix.episodes, done };
    Ok(Repaired { repair, ours: Some((right, prefix, claim)) })
}

/// A folder in which a writer got no further than its first temporary file becomes an empty one.
fn repair_unborn(root: &Path, error: Error) -> Result<Repaired> {
    if !root.is_dir() || !leftovers::are_all(root)? {
        return Err(error);
    }
    let mut done = Vec::new();
    leftovers::remove(root, 0, &mut done)?;
    Ok(Repaired { repair: Repair { episodes: 0, done }, ours: None })
}

/// What others laid out is not ours to change: it is whole, or an error.
fn repair_foreign(root: &Path) -> Result<Repaired> {
    let episodes = Reader::open(root)?.count();
    Ok(Repaired { repair: Repair { episodes, done: Vec::new() }, ours: None })
}

/// The whole episodes that `info` counts, and why there are not more; none where the layout is not ours.
fn whole_prefix(root: &Path, info: &Info, spec: &EnvSpec) -> Result<Option<(Prefix, Option<String>)>> {
    let keys: Vec<String> = spec.cameras.iter().map(image_key).collect();
    let is_video = |key: &String| info.features.get(key).is_some_and(|feature| feature.dtype == VIDEO);
    let videos: Vec<String> = keys.into_iter().filter(is_video).collect();
    let numeric = info.features.iter().filter(|(_, feature)| feature.dtype != "string");
    let kinds: BTreeMap<String, Kind> = numeric
        .map(|(key, feature)| {
            (key.clone(), if feature.is_picture() { Kind::Pictures } else { Kind::Numbers })
        })
        .collect();
    let mut prefix = Prefix::default();
    for episode_idx in 0..info.total_episodes {
        let found = episodes::read_one(root, episode_idx, &videos, &kinds).and_then(|found| {
            let Some((row, stats)) = found else { return Ok(None) };
            check_files(root, episode_idx, prefix.frames, &videos, &row)?;
            Ok(Some((row, stats)))
        });
        match found {
            Ok(Some((row, stats))) => prefix.push(row, stats),
            Ok(None) => return Ok(None),
            Err(error) => return Ok(Some((prefix, Some(lost(error)?)))),
        }
    }
    Ok(Some((prefix, None)))
}

fn check_files(
    root: &Path,
    episode_idx: usize,
    first_row: usize,
    videos: &[String],
    row: &EpisodeRow,
) -> Result<()> {
    let path = data_file(root, episode_idx / CHUNK, episode_idx % CHUNK);
    if row.first_row != first_row {
        let what = format!("first row of episode {episode_idx}");
        return Err(Error::mismatch(&path, what, first_row, row.first_row));
    }
    let rows = table::rows(&path)?;
    if rows != row.length {
        return Err(Error::mismatch(&path, format!("rows of episode {episode_idx}"), row.length, rows));
    }
    videos::check(root, videos, row)
}

/// Why an episode is not whole. What says nothing about the data, such as a missing permission, stays an error.
fn lost(error: Error) -> Result<String> {
    match &error {
        Error::Io { source, .. } if source.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(error.to_string()),
    }
}

fn rewrite(path: &Path, right: &[u8], said: String, done: &mut Vec<String>) -> Result<()> {
    match fs::read(path) {
        Ok(found) if found == right => return Ok(()),
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(Error::io(path)(error)),
        _ => {}
    }
    durable::write(path, right)?;
    done.push(said);
    Ok(())
}
