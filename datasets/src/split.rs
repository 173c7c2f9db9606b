//! Which frames train, which validate and which are kept for the last judgement.

use std::ops::Range;

/// A part of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// What is learned from.
    Train,
    /// What progress is judged on while learning.
    Validation,
    /// What is judged once, at the end.
    Test,
    /// Everything.
    All,
}

/// How a data set is cut into parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplitRule {
    /// Of each episode the first 80 % trains, the next 10 % validates, the rest is the test. For few, long episodes.
    WithinRuns,
    /// Of every ten episodes the ninth validates and the tenth is the test. For many, short episodes.
    ByEpisode,
}

/// The frames of a part: episode and frames within it, in order. Empty ranges are left out.
#[must_use]
pub fn ranges(lengths: &[usize], split: Split, rule: SplitRule) -> Vec<(usize, Range<usize>)> {
    let part = |(episode_idx, &len): (usize, &usize)| (episode_idx, range(episode_idx, len, split, rule));
    lengths.iter().enumerate().map(part).filter(|(_, range)| !range.is_empty()).collect()
}

fn range(episode_idx: usize, len: usize, split: Split, rule: SplitRule) -> Range<usize> {
    let (train_end, validation_end) = match rule {
        SplitRule::WithinRuns => (len * 8 / 10, len * 9 / 10),
        SplitRule::ByEpisode => match episode_idx % 10 {
            8 => (0, len),
            9 => (0, 0),
            _ => (len, len),
        },
    };
    match split {
        Split::Train => 0..train_end,
        Split::Validation => train_end..validation_end,
        Split::Test => validation_end..len,
        Split::All => 0..len,
    }
}

/// All places where a window of one length fits into the ranges, numbered from 0.
#[derive(Clone, Debug)]
pub(crate) struct Starts {
    /// Episode, first start, and the number of starts up to and with this range.
    ranges: Vec<(usize, usize, usize)>,
}

impl Starts {
    /// The starts of windows of `time` frames.
    pub(crate) fn new(ranges: &[(usize, Range<usize>)], time: usize) -> Self {
        let mut total = 0;
        let mut counted = Vec::new();
        for (episode_idx, range) in ranges {
            total += (range.len() + 1).saturating_sub(time);
            if counted.last().map_or(0, |&(_, _, before)| before) < total {
                counted.push((*episode_idx, range.start, total));
            }
        }
        Self { ranges: counted }
    }

    /// Number of starts.
    pub(crate) fn len(&self) -> usize {
        self.ranges.last().map_or(0, |&(_, _, total)| total)
    }

    /// Episode and first frame of a start. `start_idx` must be below [`Starts::len`].
    pub(crate) fn at(&self, start_idx: usize) -> (usize, usize) {
        let range_idx = self.ranges.partition_point(|&(_, _, end)| end <= start_idx);
        let before = range_idx.checked_sub(1).map_or(0, |idx| self.ranges[idx].2);
        let (episode_idx, first, _) = self.ranges[range_idx];
        (episode_idx, first + start_idx - before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_parts_cover_every_frame_once(
            lengths in prop::collection::vec(0usize..40, 0..25),
            rule in prop::sample::select(vec![SplitRule::WithinRuns, SplitRule::ByEpisode]),
        ) {
            let frames = |split| ranges(&lengths, split, rule)
                .into_iter()
                .flat_map(|(episode_idx, range)| range.map(move |frame| (episode_idx, frame)));
            let mut parts: Vec<_> = [Split::Train, Split::Validation, Split::Test].into_iter().flat_map(frames).collect();
            parts.sort_unstable();
            prop_assert_eq!(parts, frames(Split::All).collect::<Vec<_>>());
        }

        #[test]
        fn starts_are_exactly_the_places_where_a_window_fits(
            lengths in prop::collection::vec(0usize..30, 1..12), time in 1usize..12,
        ) {
            let ranges = ranges(&lengths, Split::Train, SplitRule::WithinRuns);
            let starts = Starts::new(&ranges, time);
            let numbered: Vec<_> = (0..starts.len()).map(|idx| starts.at(idx)).collect();
            let fitting: Vec<_> = ranges.iter()
                .flat_map(|(episode, range)| range.clone().map(move |start| (*episode, start, range.end)))
                .filter(|(_, start, end)| start + time <= *end)
                .map(|(episode, start, _)| (episode, start))
                .collect();
            prop_assert_eq!(numbered, fitting);
        }
    }

    #[test]
    fn the_last_tenth_of_a_run_is_the_test() {
        assert_eq!(ranges(&[100], Split::Validation, SplitRule::WithinRuns), [(0, 80..90)]);
        assert_eq!(ranges(&[100], Split::Test, SplitRule::WithinRuns), [(0, 90..100)]);
        assert_eq!(ranges(&[5; 10], Split::Test, SplitRule::ByEpisode), [(9, 0..5)]);
    }
}
