//! Chance by name: a draw is a function of a key and of what it is drawn for, never of what was drawn before.
//!
//! The mixing is SplitMix64's finaliser (Steele, Lea, Flood 2014), applied once per word of the name.

use serde::{Deserialize, Serialize};

/// The source of an episode's draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chance(u64);

impl Chance {
    /// The source that a number names.
    #[must_use]
    pub fn new(key: u64) -> Self {
        Self(mix(key))
    }

    /// The source for one purpose, one participant, one tick.
    #[must_use]
    #[inline]
    pub fn of(self, word: u64) -> Self {
        Self(mix(self.0 ^ word.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }

    /// 64 even bits.
    #[must_use]
    pub fn bits(self) -> u64 {
        mix(self.0)
    }

    /// Uniform in [0, 1).
    #[must_use]
    pub fn share(self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform in [low, high).
    #[must_use]
    pub fn between(self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.share()
    }

    /// Uniform over `0..len`; `len` must not be 0.
    #[must_use]
    pub fn below(self, len: usize) -> usize {
        assert!(len > 0, "nothing to choose from");
        ((self.share() * len as f64) as usize).min(len - 1)
    }

    /// From the standard normal distribution (Box and Muller 1958).
    #[must_use]
    pub fn normal(self) -> f64 {
        let radius = (-2.0 * (1.0 - self.of(0).share()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.of(1).share()).cos()
    }
}

#[inline]
fn mix(word: u64) -> u64 {
    let mut z = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_even_and_normal_ones_have_mean_zero_and_variance_one() {
        let draws = 200_000;
        let (mut sum, mut sum_normal, mut squares) = (0.0, 0.0, 0.0);
        for idx in 0..draws {
            let chance = Chance::new(7).of(idx);
            sum += chance.share();
            let normal = chance.normal();
            sum_normal += normal;
            squares += normal * normal;
        }
        let count = draws as f64;
        assert!((sum / count - 0.5).abs() < 0.005, "{}", sum / count);
        assert!((sum_normal / count).abs() < 0.01, "{}", sum_normal / count);
        assert!((squares / count - 1.0).abs() < 0.02, "{}", squares / count);
    }

    #[test]
    fn the_same_name_draws_the_same_and_another_does_not() {
        let chance = Chance::new(3);
        assert_eq!(chance.of(1).of(2).bits(), Chance::new(3).of(1).of(2).bits());
        assert_ne!(chance.of(1).of(2).bits(), chance.of(2).of(1).bits());
        assert!((0..1000).all(|word| chance.of(word).below(7) < 7));
    }
}
