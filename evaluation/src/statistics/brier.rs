//! The Brier score, the mean squared error of probabilities, and its skill over always saying the base rate.
//! After Brier 1950, <https://doi.org/10.1175/1520-0493(1950)078%3C0001:VOFEIT%3E2.0.CO;2>.

use super::{Scored, base_rate};

/// Mean of (probability - outcome)^2, by weight.
#[must_use]
pub fn brier(scored: &[Scored]) -> Option<f64> {
    let total: f64 = scored.iter().map(|one| one.weight).sum();
    let squared = |one: &Scored| one.weight * (one.score - f64::from(u8::from(one.happened))).powi(2);
    (total > 0.0).then(|| scored.iter().map(squared).sum::<f64>() / total)
}

/// 1 - Brier / Brier of the base rate: 1 at best, 0 for the base rate itself; none where all or nothing happened.
#[must_use]
pub fn brier_skill(scored: &[Scored]) -> Option<f64> {
    let rate = base_rate(scored)?;
    let reference = rate * (1.0 - rate);
    (reference > 0.0).then_some(())?;
    Some(1.0 - brier(scored)? / reference)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::scored;

    #[test]
    fn it_is_the_mean_squared_error_of_probabilities() {
        let all = scored(&[0.8, 0.3, 0.0, 1.0], &[1, 0, 0, 0]);
        // (0.04 + 0.09 + 0 + 1) / 4, against 0.25 x 0.75.
        assert!((brier(&all).unwrap() - 0.2825).abs() < 1e-12);
        assert!((brier_skill(&all).unwrap() - (1.0 - 0.2825 / 0.1875)).abs() < 1e-12);
    }

    #[test]
    fn the_base_rate_has_no_skill_and_certainty_has_all() {
        assert!(brier_skill(&scored(&[0.25; 4], &[1, 0, 0, 0])).unwrap().abs() < 1e-12);
        assert_eq!(brier_skill(&scored(&[1.0, 0.0, 0.0], &[1, 0, 0])), Some(1.0));
        assert_eq!(brier_skill(&scored(&[0.5, 0.5], &[0, 0])), None);
    }
}
