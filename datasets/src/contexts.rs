//! Beginnings of dreams, drawn from a data set.

use std::sync::Arc;

use dreamlane_core::{Context, Contexts, Error, Result, Seed};

use crate::{FrameCache, Split, SplitRule, split::Starts, split::ranges};

/// Recorded frames and actions as contexts, uniform over every start at which one fits into its part of the data.
#[derive(Clone, Debug)]
pub struct DatasetContexts {
    cache: Arc<FrameCache>,
    starts: Starts,
    len: usize,
}

impl DatasetContexts {
    /// Contexts of `len` frames from the part of the data that `split` and `rule` name.
    ///
    /// # Errors
    /// When none fits.
    pub fn new(cache: Arc<FrameCache>, split: Split, rule: SplitRule, len: usize) -> Result<Self> {
        let starts = Starts::new(&ranges(cache.lengths(), split, rule), len);
        if len == 0 || starts.len() == 0 {
            let longest = cache.lengths().iter().max().copied().unwrap_or(0);
            return Err(Error::Invalid(format!(
                "no context of {len} frames fits into {split:?} of this data set, whose longest episode has {longest} frames"
            )));
        }
        Ok(Self { cache, starts, len })
    }

    /// How many different contexts there are.
    #[must_use]
    pub fn n_contexts(&self) -> usize {
        self.starts.len()
    }
}

impl Contexts for DatasetContexts {
    fn draw(&self, seed: Seed) -> Result<Context> {
        let (episode_idx, start) = self.starts.at(seed.below(self.starts.len()));
        let window = self.cache.window(episode_idx, start, self.len);
        Ok(Context {
            len: self.len,
            images: window.images,
            state: window.state,
            actions: window.actions,
            source: format!("episode {episode_idx} ({}), frame {start}", self.cache.task(episode_idx)),
        })
    }
}
