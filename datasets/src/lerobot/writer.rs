//! Writes episodes so that each is durable when `write` returns, and `info.json` never runs ahead.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use dreamlane_core::{EnvSpec, Episode, EpisodeSink, Error, Provenance, Result};
use serde_json::{Map, Value};

use super::{
    columns::{self, Place},
    episodes::{self, Ending, EpisodeRow},
    features::{check_spec, features_of, image_key},
    info::{CHUNK, Info, Ours, data_file, write_json},
    stats::Stats,
    table, tasks,
};

/// A data set that is being written.
#[derive(Debug)]
pub(super) struct Writer {
    root: PathBuf,
    spec: EnvSpec,
    info: Info,
    /// In order of first use.
    tasks: Vec<String>,
    task_indices: BTreeMap<String, usize>,
    stats: BTreeMap<String, Stats>,
    last_id: Option<u64>,
}

impl Writer {
    /// Begins a data set in a folder that does not exist or is empty.
    pub(super) fn create(root: &Path, spec: &EnvSpec, provenance: &Provenance) -> Result<Self> {
        check_spec(spec)?;
        // What is recorded is one lane's life, whatever ran beside it.
        let spec = EnvSpec { lanes: 1, ..spec.clone() };
        fs::create_dir_all(root).map_err(Error::io(root))?;
        if fs::read_dir(root).map_err(Error::io(root))?.next().is_some() {
            return Err(Error::mismatch(root, "folder of a new data set", "an empty folder", "files"));
        }
        let ours = Ours { spec: spec.clone(), provenance: provenance.clone() };
        let info = Info::new(ours, features_of(&spec));
        tasks::write(root, &[])?;
        info.write(root)?;
        let (tasks, task_indices, stats, last_id) = Default::default();
        Ok(Self { root: root.to_path_buf(), spec, info, tasks, task_indices, stats, last_id })
    }

    /// The index of a task, registered on disk before any row refers to it.
    fn task_idx(&mut self, task: &str) -> Result<usize> {
        if let Some(&task_idx) = self.task_indices.get(task) {
            return Ok(task_idx);
        }
        self.tasks.push(task.to_owned());
        let written = tasks::write(&self.root, &self.tasks);
        if written.is_err() {
            self.tasks.pop();
        }
        written?;
        self.task_indices.insert(task.to_owned(), self.tasks.len() - 1);
        Ok(self.tasks.len() - 1)
    }
}

impl EpisodeSink for Writer {
    fn last_id(&self) -> Option<u64> {
        self.last_id
    }

    fn write(&mut self, episode: &Episode) -> Result<()> {
        check_episode(&self.spec, episode)?;
        let task_idx = self.task_idx(&episode.task)?;
        let (episode_idx, first_row) = (self.info.total_episodes, self.info.total_frames);
        let (chunk, file) = (episode_idx / CHUNK, episode_idx % CHUNK);
        let path = data_file(&self.root, chunk, file);
        let (batch, stats) = columns::table(&self.spec, episode, Place { episode_idx, first_row, task_idx })
            .map_err(|reason| Error::broken(&path, reason))?;
        let pictures: Vec<String> = self.spec.cameras.iter().map(image_key).collect();
        table::write(&path, &batch, &pictures, None)?;
        let Episode { id, terminated, truncated, .. } = *episode;
        let ending = Ending { id, terminated, truncated };
        let row = EpisodeRow {
            task: episode.task.clone(),
            length: episode.steps.len(),
            first_row,
            chunk,
            file,
            ending: Some(ending),
            beginning: episode.beginning.clone(),
        };
        episodes::write(&self.root, episode_idx, &row, ending, &stats)?;

        let mut info = self.info.clone();
        info.total_episodes += 1;
        info.total_frames += episode.steps.len();
        info.total_tasks = self.tasks.len();
        info.splits.insert("train".to_owned(), format!("0:{}", info.total_episodes));
        info.write(&self.root)?;
        self.info = info;
        self.last_id = Some(id);
        for (feature, part) in stats {
            self.stats.entry(feature).and_modify(|whole| whole.merge(&part)).or_insert(part);
        }
        Ok(())
    }

    /// Writes `stats.json`, which LeRobot can do without: a set whose writer was stopped has none.
    fn finish(self: Box<Self>) -> Result<()> {
        let stats: Map<String, Value> =
            self.stats.iter().map(|(feature, stats)| (feature.clone(), stats.to_json())).collect();
        write_json(&self.root.join("meta/stats.json"), &stats)
    }
}

/// Checks an episode against the spec before anything of it is written.
pub(crate) fn check_episode(spec: &EnvSpec, episode: &Episode) -> Result<()> {
    let invalid = |what: String| Err(Error::Invalid(format!("episode {}: {what}", episode.id)));
    if episode.steps.is_empty() {
        return invalid("expected at least one observation, found none".to_owned());
    }
    let expected_pictures: Vec<usize> = spec.cameras.iter().map(|camera| camera.frame_len()).collect();
    for (row, step) in episode.steps.iter().enumerate() {
        let pictures: Vec<usize> = step.images.iter().map(Vec::len).collect();
        if pictures != expected_pictures {
            return invalid(format!(
                "step {row}: expected pictures of {expected_pictures:?} bytes, found {pictures:?}"
            ));
        }
        let expected = (spec.state.len(), spec.action.width());
        let found = (step.state.len(), step.action.len());
        if found != expected {
            return invalid(format!(
                "step {row}: expected (state, action) widths {expected:?}, found {found:?}"
            ));
        }
    }
    Ok(())
}
