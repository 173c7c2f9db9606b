//! The validity horizon: how far dreams stay within stated bounds of position, presence and reward.

use serde::{Deserialize, Serialize};

use crate::{
    Bounds, Interval,
    bootstrap::bootstrap,
    driver::Judging,
    fidelity::Dreamed,
    state_errors::StateReport,
    statistics::{Forecast, deviation, r2, rmse},
};

/// Errors at one horizon that have a bound; absent where the world does not predict what they are of.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidityScore {
    /// Steps after the context's last frame.
    pub horizon: usize,
    /// Root of the mean squared error of the own speed.
    pub speed_rmse_mps: Option<f64>,
    /// Of the own place across the road.
    pub lateral_rmse_m: Option<f64>,
    /// Of the places of others, forwards.
    pub others_forward_rmse_m: Option<f64>,
    /// Share of right presences.
    pub presence_accuracy: Option<f64>,
    /// Root of the mean squared error of the reward, as a share of the rewards' standard deviation.
    pub reward_share: Option<f64>,
    /// Whether all that are there are within their bounds.
    pub is_within: bool,
}

/// How far dreams are valid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidityReport {
    /// What counts as valid.
    pub bounds: Bounds,
    /// The longest judged horizon at which, and before which, all errors are within their bounds; 0 where the first
    /// is not.
    pub valid_horizon: usize,
    /// Per horizon, ascending.
    pub horizons: Vec<ValidityScore>,
}

/// How well rewards are predicted at one horizon of the dreams.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RewardScore {
    /// Steps after the context's last frame.
    pub horizon: usize,
    /// Share of the variance of the reward of exactly that step that is explained; absent where it does not vary.
    pub r2: Option<Interval>,
}

/// Predicted and recorded rewards of the cases at a step.
fn forecasts(judging: &Judging<'_>, dreamed: &Dreamed, horizon: usize) -> Vec<Forecast> {
    let pairs = judging.cases.iter().zip(&dreamed.told);
    let forecast = |(case, told): (&crate::Case, &crate::tile::Told)| Forecast {
        said: f64::from(told.rewards[horizon - 1]),
        came: f64::from(case.rewards[horizon - 1]),
        weight: 1.0,
    };
    pairs.map(forecast).collect()
}

/// Rewards per horizon; only where the world predicts and the recording has them.
pub(crate) fn rewards(judging: &Judging<'_>, dreamed: &Dreamed) -> Vec<RewardScore> {
    let score = |&horizon: &usize| {
        let all = forecasts(judging, dreamed, horizon);
        let r2 = bootstrap(judging.clusters, judging.settings.seed.split(16), &|cases: &[usize]| {
            r2(&cases.iter().map(|&case_idx| all[case_idx]).collect::<Vec<_>>())
        });
        RewardScore { horizon, r2 }
    };
    judging.settings.horizons.iter().map(score).collect()
}

/// Holds all that has a bound against it; none where nothing has.
pub(crate) fn validity(
    judging: &Judging<'_>,
    dreamed: &Dreamed,
    state: Option<&StateReport>,
    has_rewards: bool,
) -> Option<ValidityReport> {
    let bounds = judging.settings.bounds;
    let spread = has_rewards.then(|| {
        let steps = 1..=judging.layout.horizon.min(judging.settings.horizons.last().copied().unwrap_or(1));
        deviation(&steps.flat_map(|step| forecasts(judging, dreamed, step)).collect::<Vec<_>>())
    });
    let spread = spread.flatten().filter(|&spread| spread > 0.0);
    let score = |&horizon: &usize| {
        let own = |name: &str| {
            let number = state?.own.iter().find(|number| number.name == name)?;
            Some(number.horizons.iter().find(|error| error.horizon == horizon)?.rmse.value)
        };
        let others = state.and_then(|state| state.others.iter().find(|other| other.horizon == horizon));
        let mut score = ValidityScore {
            horizon,
            speed_rmse_mps: own("ego.speed"),
            lateral_rmse_m: own("ego.lateral"),
            others_forward_rmse_m: others.and_then(|others| Some(others.forward_rmse_m?.value)),
            presence_accuracy: others.map(|others| others.presence_accuracy.value),
            reward_share: spread
                .and_then(|spread| Some(rmse(&forecasts(judging, dreamed, horizon))? / spread)),
            is_within: false,
        };
        score.is_within = score.is_within(&bounds)?;
        Some(score)
    };
    let horizons = judging.settings.horizons.iter().map(score).collect::<Option<Vec<ValidityScore>>>()?;
    let valid = horizons.iter().take_while(|score| score.is_within).last();
    Some(ValidityReport { bounds, valid_horizon: valid.map_or(0, |score| score.horizon), horizons })
}

impl ValidityScore {
    /// None where nothing is there to hold against a bound.
    fn is_within(&self, bounds: &Bounds) -> Option<bool> {
        let at_most = [
            (self.speed_rmse_mps, bounds.speed_mps),
            (self.lateral_rmse_m, bounds.lateral_m),
            (self.others_forward_rmse_m, bounds.others_forward_m),
            (self.reward_share, bounds.reward_share),
            // Wrong presences have the bound that right ones leave.
            (self.presence_accuracy.map(|share| 1.0 - share), 1.0 - bounds.presence_accuracy),
        ];
        let mut known = at_most.iter().filter_map(|&(error, bound)| Some((error?, bound))).peekable();
        known.peek()?;
        Some(known.all(|(error, bound)| error <= bound))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_that_is_there_must_be_within_its_bound() {
        let nothing = ValidityScore {
            horizon: 1,
            speed_rmse_mps: None,
            lateral_rmse_m: None,
            others_forward_rmse_m: None,
            presence_accuracy: None,
            reward_share: None,
            is_within: false,
        };
        let bounds = Bounds::usual();
        assert_eq!(nothing.is_within(&bounds), None);
        let near = ValidityScore { lateral_rmse_m: Some(0.2), presence_accuracy: Some(0.95), ..nothing };
        assert_eq!(near.is_within(&bounds), Some(true));
        assert_eq!(ValidityScore { presence_accuracy: Some(0.8), ..near }.is_within(&bounds), Some(false));
        assert_eq!(ValidityScore { speed_rmse_mps: Some(2.5), ..near }.is_within(&bounds), Some(false));
    }
}
