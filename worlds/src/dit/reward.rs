//! Rewards as distributions over bins (two-hot, of DreamerV3, 2301.04104): a mean of two rewards that never come
//! together is not taken for either. Bins are even in symlog(x) = sign(x) ln(1 + |x|), between the rewards of the data.

/// A bin's worth, and where it lies in symlog.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bins {
    places: Vec<f32>,
    worths: Vec<f32>,
}

/// Rewards that are all the same still need two bins.
const LEAST_WIDTH: f32 = 0.1;

fn symlog(x: f32) -> f32 {
    x.signum() * x.abs().ln_1p()
}

fn symexp(x: f32) -> f32 {
    x.signum() * x.abs().exp_m1()
}

impl Bins {
    /// So many bins from the least to the largest reward.
    pub(crate) fn new(count: usize, [low, high]: [f32; 2]) -> Self {
        let (low, high) = (symlog(low), symlog(high));
        let wider = 0.5 * (LEAST_WIDTH - (high - low)).max(0.0);
        let (low, high) = (low - wider, high + wider);
        let place = |idx: usize| low + (high - low) * idx as f32 / (count - 1) as f32;
        let places = (0..count).map(place).collect::<Vec<_>>();
        Self { worths: places.iter().map(|&place| symexp(place)).collect(), places }
    }

    /// The chances of the bins whose mean is a reward: those of its two neighbours. Rewards beyond the ends are at them.
    pub(crate) fn two_hot(&self, reward: f32) -> Vec<f32> {
        let last = self.places.len() - 1;
        let mut chances = vec![0.0; last + 1];
        let reward = reward.clamp(self.worths[0], self.worths[last]);
        let above = self.worths.partition_point(|&worth| worth < reward).clamp(1, last);
        let (low, high) = (self.worths[above - 1], self.worths[above]);
        let share = ((reward - low) / (high - low)).clamp(0.0, 1.0);
        (chances[above - 1], chances[above]) = (1.0 - share, share);
        chances
    }

    /// The mean reward of what a head says, `[bin]` logits.
    pub(crate) fn mean(&self, logits: &[f32]) -> f32 {
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let (mut sum, mut all) = (0.0, 0.0);
        for (logit, worth) in logits.iter().zip(&self.worths) {
            let part = (logit - largest).exp();
            sum += part * worth;
            all += part;
        }
        sum / all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_mean_of_a_two_hot_is_its_reward(
            low in -50f32..50.0, width in 0f32..100.0, share in 0f32..=1.0, count in 2usize..64,
        ) {
            let bins = Bins::new(count, [low, low + width]);
            let reward = low + share * width;
            let chances = bins.two_hot(reward);
            prop_assert!((chances.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            let logits = chances.iter().map(|chance| chance.max(1e-30).ln()).collect::<Vec<_>>();
            prop_assert!((bins.mean(&logits) - reward).abs() < 1e-3 * (1.0 + reward.abs()));
        }
    }

    #[test]
    fn a_reward_beyond_the_data_is_the_nearest_of_it() {
        let bins = Bins::new(5, [0.0, 1.0]);
        assert_eq!(bins.two_hot(7.0)[4], 1.0);
        assert_eq!(bins.two_hot(-7.0)[0], 1.0);
    }
}
