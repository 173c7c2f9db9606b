//! Recorded actions, played again.

use dreamlane_core::{Actions, Error, Policy, Result, Seed, Timestep};

use crate::rows::{actions, seeds_of_rows};

/// Plays the actions of a recorded episode from its start. The seed of a row's first step chooses the episode;
/// after its last action that one is repeated.
#[derive(Clone, Debug)]
pub struct Replay {
    /// Per episode `[time, width]`.
    episodes: Vec<Vec<f32>>,
    width: usize,
    /// Per row, the episode and the step in it.
    rows: Vec<Option<(usize, usize)>>,
}

impl Replay {
    /// Plays these episodes, each `[time, width]`. Those without an action are left out.
    ///
    /// # Errors
    /// When an episode is not a whole number of actions, or none has an action.
    pub fn new(mut episodes: Vec<Vec<f32>>, width: usize) -> Result<Self> {
        if let Some(episode) = episodes.iter().find(|episode| width == 0 || episode.len() % width != 0) {
            return Err(Error::Invalid(format!(
                "policy replay: {} recorded numbers are no whole number of actions of width {width}",
                episode.len()
            )));
        }
        episodes.retain(|episode| !episode.is_empty());
        if episodes.is_empty() {
            return Err(Error::Invalid("policy replay: no recorded actions".to_owned()));
        }
        Ok(Self { episodes, width, rows: Vec::new() })
    }
}

impl Policy for Replay {
    fn act(&mut self, now: &Timestep, seeds: &[Seed]) -> Result<Actions> {
        let seeds = seeds_of_rows(now, seeds)?;
        self.rows.resize(seeds.len(), None);
        let mut values = Vec::with_capacity(seeds.len() * self.width);
        for (row_idx, &seed) in seeds.iter().enumerate() {
            let (episode_idx, step) = match self.rows[row_idx].filter(|_| !now.first.get(row_idx)) {
                Some((episode_idx, step)) => (episode_idx, step + 1),
                None => (seed.below(self.episodes.len()), 0),
            };
            self.rows[row_idx] = Some((episode_idx, step));
            let episode = &self.episodes[episode_idx];
            let at = step.min(episode.len() / self.width - 1) * self.width;
            values.extend(&episode[at..at + self.width]);
        }
        Ok(actions(now, values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_recordings_are_refused() {
        let refused = |episodes, width| Replay::new(episodes, width).unwrap_err().to_string();
        assert!(refused(vec![vec![0.0; 5]], 2).contains("width 2"));
        assert!(refused(vec![vec![]], 2).contains("no recorded actions"));
    }
}
