//! Which stretches of a recording are judged: equal ones spread evenly, and those that stand for all its starts.

use std::ops::Range;

use dreamlane::{
    core::{Context, Error, Result, Seed},
    datasets::{FrameCache, Split, ranges},
    evaluation::{Case, OutcomeWindow},
};

use super::super::store;

/// The unbroken parts of a split: episode, and frames within it.
fn unbroken(cache: &FrameCache, split: Split) -> Vec<(usize, Range<usize>)> {
    ranges(cache.lengths(), split, store::split_rule(cache))
}

/// Frames that the longest unbroken part has after a context.
pub(super) fn longest(cache: &FrameCache, split: Split, context: usize) -> usize {
    let lengths = unbroken(cache, split).into_iter().map(|(_, range)| range.len());
    lengths.max().unwrap_or(0).saturating_sub(context)
}

/// Frames that every other unbroken part that has any has after a context.
pub(super) fn usual(cache: &FrameCache, split: Split, context: usize) -> usize {
    let mut lengths = unbroken(cache, split)
        .into_iter()
        .map(|(_, range)| range.len().saturating_sub(context))
        .filter(|&len| len > 0)
        .collect::<Vec<_>>();
    lengths.sort_unstable();
    lengths.get(lengths.len() / 2).copied().unwrap_or(0)
}

/// Stretches of `context + horizon` frames, at most `most` of them, spread evenly.
pub(in super::super) fn cases(
    cache: &FrameCache,
    split: Split,
    context: usize,
    horizon: usize,
    most: usize,
) -> Result<Vec<Case>> {
    let len = context + horizon;
    let starts = unbroken(cache, split)
        .into_iter()
        .flat_map(|(episode_idx, range)| {
            let last = (range.end + 1).saturating_sub(len);
            (range.start..last).map(move |start| (episode_idx, start))
        })
        .collect::<Vec<_>>();
    if starts.is_empty() {
        return Err(Error::Invalid(format!(
            "no stretch of {len} frames ({context} of context, {horizon} to dream) fits into this part of the data"
        )));
    }
    let case = |(episode_idx, start)| case(cache, episode_idx, start, [context, horizon]);
    Ok(spread(starts, most).into_iter().map(case).collect())
}

/// The frames of one episode from `start`, as context and what came after it.
fn case(cache: &FrameCache, episode_idx: usize, start: usize, [context, horizon]: [usize; 2]) -> Case {
    let spec = cache.spec();
    let (frame, width, features) = (spec.cameras[0].frame_len(), spec.action.width(), spec.state.len());
    let len = context + horizon;
    let window = cache.window(episode_idx, start, len);
    let images = &window.images[0];
    let is_last = start + len == cache.lengths()[episode_idx];
    let followed = context - 1..len - 1;
    Case {
        run: episode_idx,
        frame: start + context - 1,
        context: Context {
            len: context,
            images: vec![images[..context * frame].to_vec()],
            state: window.state[..context * features].to_vec(),
            actions: window.actions[..context * width].to_vec(),
            source: format!("episode {episode_idx}, frame {start}"),
        },
        actions: window.actions[followed.start * width..followed.end * width].to_vec(),
        truth: images[context * frame..].to_vec(),
        state: window.state[context * features..].to_vec(),
        rewards: if spec.rewards { window.rewards[followed].to_vec() } else { Vec::new() },
        ended: is_last && cache.terminated(episode_idx),
    }
}

/// Where a window of rewards and endings lies, and for how many starts it stands. Its frames are read when it is its
/// turn: thousands of them do not fit into memory.
pub(super) struct Drawn {
    episode_idx: usize,
    start: usize,
    sizes: [usize; 2],
    weight: f64,
}

impl Drawn {
    pub(super) fn window(&self, cache: &FrameCache) -> OutcomeWindow {
        OutcomeWindow { case: case(cache, self.episode_idx, self.start, self.sizes), weight: self.weight }
    }
}

/// Windows of `steps` frames after a context, or fewer where the task ended before, at most `most`. Those with an
/// ending are rare: up to half of the windows are drawn among them, and weights make up for it.
pub(super) fn windows(
    cache: &FrameCache,
    split: Split,
    [context, steps]: [usize; 2],
    most: usize,
    seed: Seed,
) -> Vec<Drawn> {
    let (mut ending, mut going_on) = (Vec::new(), Vec::new());
    for (episode_idx, range) in unbroken(cache, split) {
        let ends = cache.terminated(episode_idx) && range.end == cache.lengths()[episode_idx];
        for start in range.start..range.end.saturating_sub(context) {
            let after = range.end - start - context;
            // Where a clock cut the episode, nobody knows whether its task would have ended.
            match (after > steps, ends) {
                (true, _) => going_on.push((episode_idx, start, steps)),
                (false, true) => ending.push((episode_idx, start, after)),
                (false, false) if after == steps => going_on.push((episode_idx, start, steps)),
                (false, false) => {}
            }
        }
    }
    let n_ending = ending.len().min(most / 2);
    let drawn = [(ending, n_ending, seed.split(0)), (going_on, most - n_ending, seed.split(1))];
    let windows = drawn.into_iter().flat_map(|(starts, count, seed)| {
        let all = starts.len();
        let chosen = one_of_each_part(starts, count, seed);
        let weight = all as f64 / chosen.len().max(1) as f64;
        chosen.into_iter().map(move |(episode_idx, start, horizon)| Drawn {
            episode_idx,
            start,
            sizes: [context, horizon],
            weight,
        })
    });
    let mut windows: Vec<Drawn> = windows.collect();
    windows.sort_by_key(|drawn| (drawn.episode_idx, drawn.start));
    windows
}

/// A random one of each of `count` equal parts, in order; all where there are no more.
fn one_of_each_part<T: Copy>(items: Vec<T>, count: usize, seed: Seed) -> Vec<T> {
    let len = items.len();
    if len <= count {
        return items;
    }
    let part = |idx: usize| {
        let (from, to) = (idx * len / count, (idx + 1) * len / count);
        items[from + seed.split(idx as u64).below(to - from)]
    };
    (0..count).map(part).collect()
}

/// At most `most` of the items, evenly spaced, in order.
pub(in super::super) fn spread<T>(items: Vec<T>, most: usize) -> Vec<T> {
    let (len, count) = (items.len(), most.min(items.len()));
    let kept =
        (0..count).map(|idx| (2 * idx + 1) * len / (2 * count)).collect::<std::collections::BTreeSet<_>>();
    items.into_iter().enumerate().filter_map(|(idx, item)| kept.contains(&idx).then_some(item)).collect()
}
