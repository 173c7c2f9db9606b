//! Training cuts: seeded, uniform over every start at which a window fits into its part of the data.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

use dreamlane_core::{Batch, BatchShape, Error, Measures, Result, Seed};
use rayon::prelude::*;

use crate::{
    Augmentation, FrameCache, Split, SplitRule,
    augment::{Look, mirrored_columns},
    measures::measures,
    split::{Starts, ranges},
};

/// Draws batches from one part of a data set. A batch is a function of its shape and seed.
#[derive(Clone, Debug)]
pub struct WindowSampler {
    cache: Arc<FrameCache>,
    ranges: Vec<(usize, Range<usize>)>,
    augmentation: Augmentation,
    /// Columns that change their sign in a mirror.
    mirrored_actions: Vec<usize>,
    mirrored_state: Vec<usize>,
    /// By window length; a training asks for few lengths, again and again.
    places: Arc<Mutex<BTreeMap<usize, Arc<Places>>>>,
}

impl WindowSampler {
    /// A sampler over the part of the data that `split` and `rule` name.
    ///
    /// # Errors
    /// When the augmentation does not fit the data, see [`Augmentation::check`].
    pub fn new(
        cache: Arc<FrameCache>,
        split: Split,
        rule: SplitRule,
        augmentation: Augmentation,
    ) -> Result<Self> {
        augmentation.check(cache.spec())?;
        let ranges = ranges(cache.lengths(), split, rule);
        let mirrored_actions = mirrored_columns(cache.spec().action.names());
        let mirrored_state = mirrored_columns(&cache.spec().state);
        Ok(Self { cache, ranges, augmentation, mirrored_actions, mirrored_state, places: Arc::default() })
    }

    /// The frames that are drawn from: episode and frames within it, in order.
    #[must_use]
    pub fn ranges(&self) -> &[(usize, Range<usize>)] {
        &self.ranges
    }

    /// The number of starts at which a window of `time` frames fits.
    #[must_use]
    pub fn n_starts(&self, time: usize) -> usize {
        self.places(time).starts.len()
    }

    /// Checks that windows of `time` frames can be drawn, which [`WindowSampler::sample`] takes for granted.
    ///
    /// # Errors
    /// When the longest unbroken part is shorter; the message says by how much.
    pub fn check(&self, time: usize) -> Result<()> {
        let longest = self.ranges.iter().map(|(_, range)| range.len()).max().unwrap_or(0);
        if time == 0 || longest < time {
            return Err(Error::Invalid(format!(
                "windows of {time} frames do not fit: the longest unbroken part of this split has {longest} frames"
            )));
        }
        Ok(())
    }

    /// A cut as recorded, a batch of one; for evaluation in order.
    #[must_use]
    pub fn window(&self, episode_idx: usize, start: usize, time: usize) -> Batch {
        self.cache.window(episode_idx, start, time)
    }

    /// The longest window that fits.
    #[must_use]
    pub fn longest(&self) -> usize {
        self.ranges.iter().map(|(_, range)| range.len()).max().unwrap_or(0)
    }

    /// What the numbers of this part are like, beside its pictures.
    #[must_use]
    pub fn measures(&self) -> Measures {
        measures(&self.cache, &self.ranges)
    }

    /// Draws `shape.batch` cuts of `shape.time` frames with replacement and augments each; `shape.ends` of them end
    /// where a task ended, if any did.
    /// Windows of that length must fit, see [`WindowSampler::check`].
    #[must_use]
    pub fn sample(&self, shape: BatchShape, seed: Seed) -> Batch {
        let places = self.places(shape.time);
        let Places { starts, endings } = &*places;
        assert!(starts.len() > 0, "no window of {} frames fits into {:?}", shape.time, self.ranges);
        let cuts: Vec<Cut> = (0..shape.batch as u64)
            .map(|cut_idx| {
                let seed = seed.split(cut_idx);
                let is_ending = !endings.is_empty() && seed.split(1).uniform() < shape.ends;
                let (episode_idx, start) = match is_ending {
                    true => endings[seed.split(2).below(endings.len())],
                    false => starts.at(seed.below(starts.len())),
                };
                Cut { episode_idx, start, look: self.augmentation.draw(seed.split(0)) }
            })
            .collect();
        self.batch(&cuts, shape.time)
    }

    fn places(&self, time: usize) -> Arc<Places> {
        // A table is whole or not there, so one left by a thread that panicked is as good as any.
        let mut known = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let of_length = || Places { starts: Starts::new(&self.ranges, time), endings: self.endings(time) };
        known.entry(time).or_insert_with(|| Arc::new(of_length())).clone()
    }

    /// Episode and first frame of the windows whose last frame ended a task.
    fn endings(&self, time: usize) -> Vec<(usize, usize)> {
        let ends = self.ranges.iter().filter(|(episode_idx, range)| {
            let is_whole = range.end == self.cache.lengths()[*episode_idx];
            is_whole && range.len() >= time && self.cache.terminated(*episode_idx)
        });
        ends.map(|(episode_idx, range)| (*episode_idx, range.end - time)).collect()
    }

    fn batch(&self, cuts: &[Cut], time: usize) -> Batch {
        let spec = self.cache.spec();
        let mut batch = Batch {
            batch: cuts.len(),
            time,
            sizes: spec.cameras.iter().map(|camera| [camera.height, camera.width]).collect(),
            images: (0..spec.cameras.len()).map(|camera_idx| self.pictures(cuts, time, camera_idx)).collect(),
            state: Vec::new(),
            actions: Vec::new(),
            rewards: Vec::new(),
            ends: Vec::new(),
        };
        for cut in cuts {
            let frames = self.cache.frames_of(cut.episode_idx, cut.start, time);
            let (actions, state) = (self.cache.actions(frames.clone()), self.cache.state(frames.clone()));
            if cut.look.mirrored {
                extend_mirrored(&mut batch.actions, actions, spec.action.width(), &self.mirrored_actions);
                extend_mirrored(&mut batch.state, state, spec.state.len(), &self.mirrored_state);
            } else {
                batch.actions.extend_from_slice(actions);
                batch.state.extend_from_slice(state);
            }
            batch.rewards.extend_from_slice(self.cache.rewards(frames));
            batch.ends.extend(self.cache.ends(cut.episode_idx, cut.start, time));
        }
        batch
    }

    /// `[batch, time, channel, height, width]`.
    fn pictures(&self, cuts: &[Cut], time: usize, camera_idx: usize) -> Vec<u8> {
        let camera = &self.cache.spec().cameras[camera_idx];
        let (size, len) = ([camera.height, camera.width], camera.frame_len());
        let mut bytes = vec![0; cuts.len() * time * len];
        bytes.par_chunks_exact_mut(time * len).zip(cuts).for_each(|(bytes, cut)| {
            let frames = self.cache.frames_of(cut.episode_idx, cut.start, time);
            for (frame_idx, to) in frames.zip(bytes.chunks_exact_mut(len)) {
                cut.look.apply(self.cache.frame(camera_idx, frame_idx), size, to);
            }
        });
        bytes
    }
}

/// Where windows of one length begin.
#[derive(Debug)]
struct Places {
    starts: Starts,
    endings: Vec<(usize, usize)>,
}

/// One drawn window.
struct Cut {
    episode_idx: usize,
    start: usize,
    look: Look,
}

fn extend_mirrored(to: &mut Vec<f32>, from: &[f32], width: usize, columns: &[usize]) {
    let first = to.len();
    to.extend_from_slice(from);
    for row in to[first..].chunks_exact_mut(width.max(1)) {
        // Not `-x`, which makes -0.0 of 0.
        columns.iter().for_each(|&column| row[column] = 0.0 - row[column]);
    }
}
