//! Figures about numbers that know nothing of pictures: how well forecasts rank, how well they are calibrated, how
//! much of a spread they explain. Each is one small file, and each is none where it is not defined.

mod auroc;
mod average_precision;
mod brier;
mod calibration;
mod explained;
mod ranks;

pub use auroc::auroc;
pub use average_precision::average_precision;
pub use brier::{brier, brier_skill};
pub use calibration::calibration_error;
pub(crate) use explained::deviation;
pub use explained::{Forecast, r2, rmse};
pub use ranks::spearman;

/// A sum, and over how much of what it was taken.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    pub(crate) sum: f64,
    pub(crate) count: f64,
}

impl Tally {
    /// One value.
    pub(crate) fn one(value: f64) -> Self {
        Self { sum: value, count: 1.0 }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.sum += other.sum;
        self.count += other.count;
    }

    /// The mean; none over nothing.
    pub(crate) fn mean(&self) -> Option<f64> {
        (self.count > 0.0).then(|| self.sum / self.count)
    }
}

impl std::iter::Sum for Tally {
    fn sum<I: Iterator<Item = Self>>(tallies: I) -> Self {
        tallies.fold(Self::default(), |mut sum, tally| {
            sum.add(tally);
            sum
        })
    }
}

/// A score, higher where the event was thought likelier, and whether it happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// A probability where the figure is about calibration, else any number.
    pub score: f64,
    /// Whether it happened.
    pub happened: bool,
    /// For how many of the population this one stands; 1 where all were drawn alike.
    pub weight: f64,
}

/// The share of events, by weight: what a score without knowledge has for its average precision.
#[must_use]
pub fn base_rate(scored: &[Scored]) -> Option<f64> {
    let [happened, missed] = masses(scored);
    (happened + missed > 0.0).then(|| happened / (happened + missed))
}

/// Weight of those that happened, and of the others.
fn masses(scored: &[Scored]) -> [f64; 2] {
    let mass = |happened: bool| -> f64 {
        scored.iter().filter(|one| one.happened == happened).map(|one| one.weight).sum()
    };
    [mass(true), mass(false)]
}

/// Ascending by score, equal scores together.
fn ascending(scored: &[Scored]) -> Vec<Scored> {
    let mut sorted = scored.to_vec();
    sorted.sort_by(|a, b| a.score.total_cmp(&b.score));
    sorted
}

#[cfg(test)]
fn scored(scores: &[f64], happened: &[u8]) -> Vec<Scored> {
    let one = |(&score, &happened): (&f64, &u8)| Scored { score, happened: happened == 1, weight: 1.0 };
    scores.iter().zip(happened).map(one).collect()
}
