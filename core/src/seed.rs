//! Seeds: the only source of chance.
//!
//! A [`Seed`] is a key of the ChaCha8 counter-based generator. [`Seed::split`] derives an independent
//! child from an index, so a stream is named by a path such as (run, episode, step, pass) and does not
//! depend on which lane, thread or batch draws from it.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution as _, StandardNormal};

/// A 256-bit key from which streams and further seeds are derived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Seed([u8; 32]);

impl Seed {
    /// The seed that a person names with a number.
    #[must_use]
    pub fn new(number: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&number.to_le_bytes());
        Self(key).split(0)
    }

    /// The child with this index; children of different indices are independent streams.
    #[must_use]
    pub fn split(self, index: u64) -> Self {
        let mut rng = ChaCha8Rng::from_seed(self.0);
        // Stream 0 is what `rng` hands out, so children start at stream 1.
        rng.set_stream(index.wrapping_add(1));
        let mut key = [0; 32];
        rng.fill(&mut key);
        Self(key)
    }

    /// The generator of this seed's own stream.
    #[must_use]
    pub fn rng(self) -> ChaCha8Rng {
        ChaCha8Rng::from_seed(self.0)
    }

    /// `len` draws from the standard normal distribution.
    #[must_use]
    pub fn normal(self, len: usize) -> Vec<f32> {
        let mut rng = self.rng();
        (0..len).map(|_| StandardNormal.sample(&mut rng)).collect()
    }

    /// One draw, uniform in [0, 1).
    #[must_use]
    pub fn uniform(self) -> f32 {
        self.rng().random()
    }

    /// One draw, uniform over `0..len`. `len` must not be 0.
    #[must_use]
    pub fn below(self, len: usize) -> usize {
        assert!(len > 0, "nothing to choose from");
        self.rng().random_range(0..len)
    }

    /// The first 64 bits, for records that want a number.
    #[must_use]
    pub fn number(self) -> u64 {
        let mut low = [0; 8];
        low.copy_from_slice(&self.0[..8]);
        u64::from_le_bytes(low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equal_paths_give_equal_streams_and_different_ones_do_not(run: u64, a in 0u64..1000, b in 0u64..1000) {
            let seed = Seed::new(run);
            prop_assert_eq!(seed.split(a).split(b).normal(8), Seed::new(run).split(a).split(b).normal(8));
            if a != b {
                prop_assert_ne!(seed.split(a), seed.split(b));
                prop_assert_ne!(seed.split(a).split(b), seed.split(b).split(a));
            }
        }
    }

    #[test]
    fn normal_draws_have_mean_zero_and_variance_one() {
        let draws = Seed::new(7).normal(100_000);
        let mean = draws.iter().sum::<f32>() / draws.len() as f32;
        let variance = draws.iter().map(|x| x * x).sum::<f32>() / draws.len() as f32;
        assert!(mean.abs() < 0.02, "mean {mean}");
        assert!((variance - 1.0).abs() < 0.02, "variance {variance}");
    }
}
