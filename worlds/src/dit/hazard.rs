//! Hazard: the chance that the task ends with a step, from the logit that the reader gives.
//!
//! Endings are rare, so clips that end are shown more often than they come and count for more. Both move the logit by
//! a known amount, which is taken back. What is left is found on dreams of data kept aside (Platt scaling, 1999): a
//! dreamed frame tells an ending less clearly than a real one, so a reader that is right on those says too much.

/// What keeps a fit at what is known, where few endings are.
const RIDGE: f64 = 1.0;
/// Newton's method is at its goal long before.
const ROUNDS: usize = 50;
/// A slope below this would say that what the reader finds likely is not.
const LEAST_SLOPE: f64 = 0.05;

/// The chance of an ending is the logistic function of `slope * logit + added`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Hazard {
    pub(crate) slope: f32,
    pub(crate) added: f32,
    /// Endings per step of the data.
    pub(crate) rate: f32,
}

/// A step of a dream: the logit it gave, how much it counts, and whether the task ended with it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    pub(crate) logit: f32,
    pub(crate) weight: f32,
    pub(crate) ended: bool,
}

impl Hazard {
    /// Takes the reader's word.
    pub(crate) const UNKNOWN: Self = Self { slope: 1.0, added: 0.0, rate: 0.0 };

    /// As they are kept in a checkpoint.
    pub(crate) fn numbers(self) -> [f32; 3] {
        [self.slope, self.added, self.rate]
    }

    /// The inverse of [`Hazard::numbers`].
    pub(crate) fn of(numbers: &[f32]) -> Self {
        Self { slope: numbers[0], added: numbers[1], rate: numbers[2] }
    }

    pub(crate) fn chance(&self, logit: f32) -> f32 {
        1.0 / (1.0 + (-(self.slope * logit + self.added)).exp())
    }

    /// The inverse of [`Hazard::chance`]; of a chance that is all but certain, a logit that is too.
    pub(crate) fn logit(&self, chance: f32) -> f32 {
        let chance = chance.clamp(1e-12, 1.0 - 1e-6);
        ((chance / (1.0 - chance)).ln() - self.added) / self.slope
    }

    /// The hazard under which these steps are likeliest, with a ridge towards this one; this one where it finds none.
    pub(crate) fn fitted(self, steps: &[Told]) -> Self {
        let start = [f64::from(self.slope), f64::from(self.added)];
        let Some([slope, added]) = newton(start, steps) else { return self };
        Self { slope: slope.max(LEAST_SLOPE) as f32, added: added as f32, ..self }
    }
}

fn newton(start: [f64; 2], steps: &[Told]) -> Option<[f64; 2]> {
    let mut at = start;
    for _ in 0..ROUNDS {
        let mut gradient = [RIDGE * (at[0] - start[0]), RIDGE * (at[1] - start[1])];
        let mut hessian = [RIDGE, 0.0, RIDGE];
        for step in steps {
            let (logit, weight) = (f64::from(step.logit), f64::from(step.weight));
            let chance = 1.0 / (1.0 + (-(at[0] * logit + at[1])).exp());
            let (off, curve) =
                (weight * (chance - f64::from(u8::from(step.ended))), weight * chance * (1.0 - chance));
            gradient = [gradient[0] + off * logit, gradient[1] + off];
            hessian = [hessian[0] + curve * logit * logit, hessian[1] + curve * logit, hessian[2] + curve];
        }
        let determinant = hessian[0] * hessian[2] - hessian[1] * hessian[1];
        let way = [
            (hessian[2] * gradient[0] - hessian[1] * gradient[1]) / determinant,
            (hessian[0] * gradient[1] - hessian[1] * gradient[0]) / determinant,
        ];
        // Far from its goal Newton's way can be too long.
        let cut = 1.0 / way[0].hypot(way[1]).max(1.0);
        at = [at[0] - cut * way[0], at[1] - cut * way[1]];
    }
    at.iter().all(|number| number.is_finite()).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dreamlane_core::Seed;

    #[test]
    fn a_fit_finds_the_chances_that_made_its_data() {
        let truth = Hazard { slope: 0.6, added: -2.0, rate: 0.1 };
        let step = |idx: u64| {
            let seed = Seed::new(idx);
            let logit = 3.0 * seed.split(0).normal(1)[0];
            Told { logit, weight: 1.0, ended: seed.split(1).uniform() < truth.chance(logit) }
        };
        let steps = (0..20_000).map(step).collect::<Vec<_>>();
        let found = Hazard { slope: 1.0, added: 0.0, ..truth }.fitted(&steps);
        assert!((found.slope - 0.6).abs() < 0.05 && (found.added + 2.0).abs() < 0.1, "{found:?}");
    }

    #[test]
    fn a_logit_comes_back_from_its_chance() {
        let hazard = Hazard { slope: 0.7, added: -3.0, rate: 0.0 };
        for logit in [-20.0f32, -1.0, 0.0, 2.5, 10.0] {
            let back = hazard.logit(hazard.chance(logit));
            assert!((back - logit).abs() < 1e-2, "{back} for {logit}");
        }
    }

    #[test]
    fn weights_count_steps_more_than_once_and_nothing_told_changes_nothing() {
        let twice = Told { logit: 1.0, weight: 2.0, ended: true };
        let once = Told { weight: 1.0, ..twice };
        let other = Told { logit: -1.0, weight: 1.0, ended: false };
        assert_eq!(Hazard::UNKNOWN.fitted(&[twice, other]), Hazard::UNKNOWN.fitted(&[once, once, other]));
        assert_eq!(Hazard::UNKNOWN.fitted(&[]), Hazard::UNKNOWN);
        let wild = Told { logit: f32::NAN, ..once };
        assert_eq!(Hazard::UNKNOWN.fitted(&[wild]), Hazard::UNKNOWN);
    }
}
