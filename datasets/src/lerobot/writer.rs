//! Writes episodes so that each is durable when `write` returns, and `info.json` never runs ahead.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use dreamlane_core::{EnvSpec, Episode, EpisodeSink, Error, Provenance, Result};

use super::{
    columns::{self, Place},
    episodes::{self, Ending, EpisodeRow},
    features::{Pictures, check_spec, image_key},
    info::{self, CHUNK, Info, Ours, data_file, episodes_file, video_file},
    repair::Prefix,
    stats::Stats,
    table, tasks, videos,
};
use crate::{
    durable::{self, Claim},
    encoders,
    fits::{check_episode, recorded},
};

/// A data set that is being written.
#[derive(Debug)]
pub(super) struct Writer {
    root: PathBuf,
    spec: EnvSpec,
    pictures: Pictures,
    info: Info,
    /// In order of first use.
    tasks: Vec<String>,
    task_indices: BTreeMap<String, usize>,
    stats: BTreeMap<String, Stats>,
    last_id: Option<u64>,
    _claim: Claim,
}

impl Writer {
    /// Begins a data set in a folder that does not exist or is empty.
    pub(super) fn create(
        root: &Path,
        spec: &EnvSpec,
        provenance: &Provenance,
        pictures: Pictures,
    ) -> Result<Self> {
        check_spec(spec, pictures)?;
        if !is_vacant(root)? {
            return Err(Error::mismatch(root, "folder of a new data set", "an empty folder", "files"));
        }
        durable::make_folder(root)?;
        let claim = Claim::of(root)?;
        let ours = Ours { spec: recorded(spec), provenance: provenance.clone() };
        let info = Info::new(ours, pictures);
        // First of all, so that whatever an interrupted writer leaves is known for what it is.
        info.write(root)?;
        tasks::write(root, &[])?;
        Ok(Self::after(root, recorded(spec), pictures, info, Prefix::default(), claim))
    }

    /// Goes on after the episodes of `prefix`, which are all that `info` counts.
    pub(super) fn after(
        root: &Path,
        spec: EnvSpec,
        pictures: Pictures,
        info: Info,
        prefix: Prefix,
        claim: Claim,
    ) -> Self {
        let Prefix { tasks, stats, last_id, .. } = prefix;
        let task_indices = tasks.iter().cloned().enumerate().map(|(idx, task)| (task, idx)).collect();
        let root = root.to_path_buf();
        Self { root, spec, pictures, info, tasks, task_indices, stats, last_id, _claim: claim }
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

    /// The files of an episode, then the description that counts it.
    fn write_files(&self, episode: &Episode, task_idx: usize) -> Result<(Info, BTreeMap<String, Stats>)> {
        let (episode_idx, first_row) = (self.info.total_episodes, self.info.total_frames);
        let (chunk, file) = (episode_idx / CHUNK, episode_idx % CHUNK);
        let keys = self.video_keys();
        let places = videos::write(&self.root, &self.spec, &keys, episode, episode_idx)?;
        let path = data_file(&self.root, chunk, file);
        let place = Place { episode_idx, first_row, task_idx };
        let (batch, stats) = encoders::run(|| columns::table(&self.spec, self.pictures, episode, place))
            .map_err(|reason| Error::broken(&path, reason))?;
        let in_rows: Vec<String> = match self.pictures {
            Pictures::Png => self.spec.cameras.iter().map(image_key).collect(),
            Pictures::Av1 => Vec::new(),
        };
        table::write(&path, &batch, &in_rows)?;
        let Episode { id, terminated, truncated, .. } = *episode;
        let row = EpisodeRow {
            task: episode.task.clone(),
            length: episode.steps.len(),
            first_row,
            chunk,
            file,
            ending: Some(Ending { id, terminated, truncated }),
            beginning: episode.beginning.clone(),
            videos: places,
        };
        episodes::write(&self.root, episode_idx, &row, &keys, &stats)?;
        let info = self.info.with_episode(episode.steps.len(), self.tasks.len());
        info.write(&self.root)?;
        Ok((info, stats))
    }

    fn video_keys(&self) -> Vec<String> {
        match self.pictures {
            Pictures::Png => Vec::new(),
            Pictures::Av1 => self.spec.cameras.iter().map(image_key).collect(),
        }
    }

    /// Removes what was written of an episode that did not become whole, as far as that is possible.
    fn let_go(&self) {
        let episode_idx = self.info.total_episodes;
        // The description may count it already, if only the last sync failed.
        if !Info::read(&self.root).is_ok_and(|info| info.total_episodes == episode_idx) {
            return;
        }
        let (chunk, file) = (episode_idx / CHUNK, episode_idx % CHUNK);
        let videos = self.video_keys();
        let videos = videos.iter().map(|key| video_file(&self.root, key, chunk, file));
        let files = [episodes_file(&self.root, chunk, file), data_file(&self.root, chunk, file)];
        for path in files.into_iter().chain(videos) {
            // Why the episode was not written matters more, and a repair knows these files as well.
            let _ = durable::remove(&path);
        }
    }
}

impl EpisodeSink for Writer {
    fn last_id(&self) -> Option<u64> {
        self.last_id
    }

    fn write(&mut self, episode: &Episode) -> Result<()> {
        check_episode(&self.spec, episode)?;
        let task_idx = self.task_idx(&episode.task)?;
        let (info, stats) = self.write_files(episode, task_idx).inspect_err(|_| self.let_go())?;
        self.info = info;
        self.last_id = Some(episode.id);
        Stats::merge_all(&mut self.stats, stats);
        Ok(())
    }

    /// Writes `stats.json`, which LeRobot can do without: a set whose writer was stopped has none.
    fn finish(self: Box<Self>) -> Result<()> {
        let path = info::stats_path(&self.root);
        durable::write(&path, &info::json(&path, &Stats::to_json_of(&self.stats))?)
    }
}

/// Whether a data set can begin here: nothing there, or an empty folder.
pub(super) fn is_vacant(root: &Path) -> Result<bool> {
    if !root.exists() {
        return Ok(true);
    }
    Ok(fs::read_dir(root).map_err(Error::io(root))?.next().is_none())
}
