//! What the numbers of recordings are like: worlds measure state vectors and rewards before they learn them.

use std::ops::Range;

use dreamlane_core::{Measures, Spread};

use crate::FrameCache;

/// What the square of the mean root of the size of a normal number is, to its deviation: Γ(3/4)² √2 / π, inverted.
const OF_NORMAL: f64 = 1.4791;

/// Over the frames of these parts of episodes.
pub(crate) fn measures(cache: &FrameCache, ranges: &[(usize, Range<usize>)]) -> Measures {
    let width = cache.spec().state.len();
    let mut sums = vec![Sum::default(); width];
    let mut rewards: Option<[f32; 2]> = None;
    let (mut frames_in_all, mut endings) = (0, 0);
    for (episode_idx, range) in ranges {
        let frames = cache.frames_of(*episode_idx, range.start, range.len());
        frames_in_all += frames.len();
        let is_whole = range.end == cache.lengths()[*episode_idx];
        endings += usize::from(is_whole && cache.terminated(*episode_idx));
        let mut before: Option<&[f32]> = None;
        for row in cache.state(frames.clone()).chunks_exact(width.max(1)) {
            sums.iter_mut().zip(row).for_each(|(sum, &number)| sum.add(number));
            if let Some(before) = before {
                let changes = row.iter().zip(before).map(|(now, before)| now - before);
                sums.iter_mut().zip(changes).for_each(|(sum, change)| sum.add_change(change));
            }
            before = Some(row);
        }
        // Nothing follows the last observation, so its reward is none.
        for &reward in cache.rewards(frames.start..frames.end.saturating_sub(1).max(frames.start)) {
            let [low, high] = rewards.unwrap_or([reward; 2]);
            rewards = Some([low.min(reward), high.max(reward)]);
        }
    }
    Measures {
        state: sums.iter().map(Sum::spread).collect(),
        rewards: rewards.unwrap_or([0.0; 2]),
        endings: endings as f32 / frames_in_all.max(1) as f32,
    }
}

#[derive(Clone, Copy, Default)]
struct Sum {
    count: f64,
    mean: f64,
    /// Squared differences from the mean, summed as they come (Welford).
    squares: f64,
    low: f32,
    high: f32,
    changes: f64,
    rooted_changes: f64,
    jump: f32,
}

impl Sum {
    fn add(&mut self, number: f32) {
        (self.low, self.high) = match self.count {
            0.0 => (number, number),
            _ => (self.low.min(number), self.high.max(number)),
        };
        self.count += 1.0;
        let off = f64::from(number) - self.mean;
        self.mean += off / self.count;
        self.squares += off * (f64::from(number) - self.mean);
    }

    fn add_change(&mut self, change: f32) {
        self.changes += 1.0;
        self.rooted_changes += f64::from(change).abs().sqrt();
        self.jump = self.jump.max(change.abs());
    }

    fn spread(&self) -> Spread {
        Spread {
            mean: self.mean as f32,
            deviation: (self.squares / self.count.max(1.0)).sqrt() as f32,
            low: self.low,
            high: self.high,
            change: (OF_NORMAL * (self.rooted_changes / self.changes.max(1.0)).powi(2)) as f32,
            jump: self.jump,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dreamlane_core::Seed;

    #[test]
    fn the_usual_change_is_the_deviation_of_normal_ones_and_rare_jumps_move_it_little() {
        let of = |jumps: usize| {
            let mut sum = Sum::default();
            let drawn = Seed::new(1).normal(100_000);
            drawn.iter().for_each(|x| sum.add_change(0.1 * x));
            (0..jumps).for_each(|_| sum.add_change(50.0));
            sum.spread().change
        };
        assert!((of(0) - 0.1).abs() < 2e-3, "{}", of(0));
        assert!((of(500) - 0.1).abs() < 0.1, "{}", of(500));
    }

    #[test]
    fn spreads_are_those_of_the_textbook() {
        let mut sum = Sum::default();
        [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0].into_iter().for_each(|number| sum.add(number));
        [3.0, -4.0, 5.0, 0.0].into_iter().for_each(|change| sum.add_change(change));
        let change = (OF_NORMAL * ((3f64.sqrt() + 2.0 + 5f64.sqrt()) / 4.0).powi(2)) as f32;
        let expected = Spread { mean: 5.0, deviation: 2.0, low: 2.0, high: 9.0, change, jump: 5.0 };
        assert_eq!(sum.spread(), expected);
        assert_eq!(Sum::default().spread().deviation, 0.0);
    }
}
