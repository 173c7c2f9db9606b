//! Which lane plays which episode. Knows nothing of tensors.

use std::ops::Range;

use dreamlane_core::{LaneMask, Seed};

/// A lane is not refilled while its next episode would be this many lane counts ahead of the oldest one still
/// running: finished episodes wait for earlier ones before they are written, and that buffer must not grow
/// without bound behind one very long episode.
const AHEAD: u64 = 16;

/// An episode in a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Playing {
    pub(crate) id: u64,
    /// Actions taken so far.
    pub(crate) step: usize,
}

/// The lanes and the episodes that wait for one.
#[derive(Debug)]
pub(crate) struct Lanes {
    playing: Vec<Option<Playing>>,
    waiting: Range<u64>,
    run_seed: Seed,
}

impl Lanes {
    pub(crate) fn new(n_lanes: usize, episodes: Range<u64>, run_seed: Seed) -> Self {
        Self { playing: vec![None; n_lanes], waiting: episodes, run_seed }
    }

    /// Gives every free lane the next episode, while there are any; the lanes that begin one, in order.
    pub(crate) fn fill(&mut self) -> Vec<usize> {
        let oldest = self.playing.iter().flatten().map(|playing| playing.id).min();
        let limit = oldest.map_or(u64::MAX, |id| id.saturating_add(AHEAD * self.playing.len() as u64));
        let mut filled = Vec::new();
        for (lane_idx, place) in self.playing.iter_mut().enumerate() {
            if place.is_none() && self.waiting.start < limit {
                *place = self.waiting.next().map(|id| Playing { id, step: 0 });
                filled.extend(place.is_some().then_some(lane_idx));
            }
        }
        filled
    }

    /// What the lane plays; a lane is only asked for while it plays.
    pub(crate) fn playing(&self, lane_idx: usize) -> Playing {
        self.playing[lane_idx].expect("the lane plays an episode")
    }

    pub(crate) fn running(&self) -> LaneMask {
        self.playing.iter().map(Option::is_some).collect::<Vec<_>>().into()
    }

    /// Counts one action in every running lane.
    pub(crate) fn advance(&mut self) {
        self.playing.iter_mut().flatten().for_each(|playing| playing.step += 1);
    }

    pub(crate) fn free(&mut self, lane_idx: usize) {
        self.playing[lane_idx] = None;
    }

    /// One seed per named lane, for the environment's beginning.
    pub(crate) fn env_seeds(&self, lanes: &[usize]) -> Vec<Seed> {
        lanes.iter().map(|&lane_idx| self.run_seed.split(self.playing(lane_idx).id).split(0)).collect()
    }

    /// One seed per lane, for the policy's next action. Lanes that stand still get one that nothing depends on.
    pub(crate) fn policy_seeds(&self) -> Vec<Seed> {
        let seed = |playing: Playing| self.run_seed.split(playing.id).split(1).split(playing.step as u64);
        self.playing.iter().map(|playing| playing.map_or(self.run_seed, seed)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_lane_gets_the_next_id_and_the_others_keep_theirs() {
        let mut lanes = Lanes::new(3, 5..9, Seed::new(0));
        assert_eq!(lanes.fill(), [0, 1, 2]);
        lanes.free(1);
        assert_eq!(lanes.fill(), [1]);
        assert_eq!((0..3).map(|lane_idx| lanes.playing(lane_idx).id).collect::<Vec<_>>(), [5, 8, 7]);
        lanes.free(0);
        assert!(lanes.fill().is_empty());
        assert_eq!(lanes.running().as_slice(), [false, true, true]);
    }

    #[test]
    fn one_endless_episode_holds_the_others_back_only_after_many() {
        let mut lanes = Lanes::new(2, 0..1000, Seed::new(0));
        lanes.fill();
        let mut played = 0;
        loop {
            lanes.free(1);
            if lanes.fill().is_empty() {
                break;
            }
            played += 1;
        }
        assert_eq!(played, 2 * AHEAD - 2);
    }

    #[test]
    fn a_policy_seed_depends_on_run_episode_and_step_alone() {
        let mut one = Lanes::new(1, 3..4, Seed::new(9));
        let mut many = Lanes::new(8, 0..8, Seed::new(9));
        one.fill();
        many.fill();
        one.advance();
        many.advance();
        assert_eq!(one.policy_seeds()[0], many.policy_seeds()[3]);
        assert_eq!(one.env_seeds(&[0])[0], Seed::new(9).split(3).split(0));
    }
}
