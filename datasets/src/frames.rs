//! The frame cache: every frame of a data set decoded once into one flat, memory-mapped file.
//!
//! The file is a header (see `frames/header.rs`), then per camera all frames in order, then actions, states and
//! rewards. It carries the fingerprint of its data set; a cache of other data, or a broken one, is built anew.

mod build;
mod header;

use std::{fs::File, ops::Range, path::Path};

use dreamlane_core::{Batch, EnvSpec, EpisodeSource, Error, Result};
use memmap2::Mmap;

use header::{Header, Layout};

/// All frames of a data set, ready to be cut.
#[derive(Debug)]
pub struct FrameCache {
    header: Header,
    layout: Layout,
    /// The first frame of each episode, and the end of the last.
    firsts: Vec<usize>,
    map: Mmap,
    actions: Vec<f32>,
    state: Vec<f32>,
    rewards: Vec<f32>,
}

impl FrameCache {
    /// Opens the cache of a data set, or builds it where there is none, it is of other data, or it is broken.
    /// `progress` hears of frames decoded and in all; a cache that is only opened makes no progress.
    ///
    /// # Errors
    /// When the data set cannot be read or the cache cannot be written.
    pub fn open_or_build(
        source: &dyn EpisodeSource,
        cache_path: &Path,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Self> {
        let fingerprint = source.fingerprint()?;
        if let Ok(cache) = Self::open(cache_path)
            && cache.header.fingerprint == fingerprint
            && &cache.header.spec == source.spec()
            && cache.header.lengths == source.lengths()
        {
            return Ok(cache);
        }
        build::build(source, fingerprint, cache_path, progress)?;
        Self::open(cache_path)
    }

    /// The fingerprint of the data set it was made of, see [`EpisodeSource::fingerprint`].
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.header.fingerprint
    }

    /// Opens a cache, of whatever data set.
    ///
    /// # Errors
    /// When it is no cache of this version, or broken.
    pub fn open(path: &Path) -> Result<Self> {
        let mut file = File::open(path).map_err(Error::io(path))?;
        let header = Header::read(&mut file, path)?;
        let layout = Layout::of(&header.spec, &header.lengths, header.first_byte())
            .ok_or_else(|| Error::broken(path, "larger than can be addressed"))?;
        let found = file.metadata().map_err(Error::io(path))?.len();
        if found != layout.end as u64 {
            return Err(Error::mismatch(path, "bytes of the frame cache", layout.end, found));
        }
        let map = map(&file, path)?;
        let floats = |range: &Range<usize>| -> Vec<f32> {
            let (numbers, _) = map[range.clone()].as_chunks();
            numbers.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect()
        };
        let (actions, state, rewards) =
            (floats(&layout.actions), floats(&layout.state), floats(&layout.rewards));
        let mut firsts = vec![0];
        for len in &header.lengths {
            firsts.push(firsts[firsts.len() - 1] + len);
        }
        Ok(Self { header, layout, firsts, map, actions, state, rewards })
    }

    /// Cameras, state, actions, rate of the data set.
    #[must_use]
    pub fn spec(&self) -> &EnvSpec {
        &self.header.spec
    }

    /// Frames of each episode, in order.
    #[must_use]
    pub fn lengths(&self) -> &[usize] {
        &self.header.lengths
    }

    /// Frames in all.
    #[must_use]
    pub fn n_frames(&self) -> usize {
        self.firsts[self.firsts.len() - 1]
    }

    /// Number of an episode's first frame, counted over the whole data set.
    #[must_use]
    pub fn first_frame(&self, episode_idx: usize) -> usize {
        self.firsts[episode_idx]
    }

    /// What an episode is about.
    #[must_use]
    pub fn task(&self, episode_idx: usize) -> &str {
        &self.header.tasks[episode_idx]
    }

    /// One picture, `[channel, height, width]`, straight from the file. Frames are counted over the whole data set.
    #[must_use]
    pub fn frame(&self, camera_idx: usize, frame_idx: usize) -> &[u8] {
        let (cameras, frames) = (&self.layout.cameras[camera_idx], self.n_frames());
        assert!(frame_idx < frames, "frame {frame_idx} of {frames}");
        let len = self.header.spec.cameras[camera_idx].frame_len();
        let start = cameras.start + frame_idx * len;
        &self.map[start..start + len]
    }

    /// `[frame, width]` actions of a range of frames.
    #[must_use]
    pub fn actions(&self, frames: Range<usize>) -> &[f32] {
        let width = self.header.spec.action.width();
        &self.actions[frames.start * width..frames.end * width]
    }

    /// `[frame, feature]` states of a range of frames.
    #[must_use]
    pub fn state(&self, frames: Range<usize>) -> &[f32] {
        let features = self.header.spec.state.len();
        &self.state[frames.start * features..frames.end * features]
    }

    /// `[frame]` rewards that followed; empty where the data has none.
    #[must_use]
    pub fn rewards(&self, frames: Range<usize>) -> &[f32] {
        if self.header.spec.rewards { &self.rewards[frames] } else { &[] }
    }

    /// Whether an episode's task ended with its last observation.
    #[must_use]
    pub fn terminated(&self, episode_idx: usize) -> bool {
        self.header.terminated[episode_idx]
    }

    /// A cut of an episode as recorded, a batch of one: frames `start..start + time` of it.
    #[must_use]
    pub fn window(&self, episode_idx: usize, start: usize, time: usize) -> Batch {
        let frames = self.frames_of(episode_idx, start, time);
        let spec = self.spec();
        let pictures = |camera_idx: usize| -> Vec<u8> {
            frames.clone().flat_map(|frame_idx| self.frame(camera_idx, frame_idx)).copied().collect()
        };
        Batch {
            batch: 1,
            time,
            sizes: spec.cameras.iter().map(|camera| [camera.height, camera.width]).collect(),
            images: (0..spec.cameras.len()).map(pictures).collect(),
            state: self.state(frames.clone()).to_vec(),
            actions: self.actions(frames.clone()).to_vec(),
            rewards: self.rewards(frames).to_vec(),
            ends: self.ends(episode_idx, start, time),
        }
    }

    /// The frames of a cut, counted over the whole data set.
    pub(crate) fn frames_of(&self, episode_idx: usize, start: usize, time: usize) -> Range<usize> {
        let len = self.header.lengths[episode_idx];
        assert!(start + time <= len, "frames {start}..{} of episode {episode_idx} with {len}", start + time);
        let first = self.firsts[episode_idx] + start;
        first..first + time
    }

    /// `[time]`: 1 where the task ended after the action, and on the final observation; empty without rewards.
    pub(crate) fn ends(&self, episode_idx: usize, start: usize, time: usize) -> Vec<f32> {
        if !self.header.spec.rewards {
            return Vec::new();
        }
        let (len, terminated) = (self.header.lengths[episode_idx], self.header.terminated[episode_idx]);
        let ended = |frame: usize| terminated && frame + 2 >= len;
        (start..start + time).map(|frame| f32::from(u8::from(ended(frame)))).collect()
    }
}

#[expect(unsafe_code, reason = "a memory map is unsafe while others may shorten the file")]
fn map(file: &File, path: &Path) -> Result<Mmap> {
    // SAFETY: cache files are renamed into place whole and never written again, only replaced; an old map keeps
    // the old file.
    unsafe { Mmap::map(file) }.map_err(Error::io(path))
}
