//! A policy turns what is seen into what is done.

use crate::{Actions, Result, Seed, Timestep};

/// Acts for all rows of an environment.
pub trait Policy: Send {
    /// Chooses an action per row.
    ///
    /// `seeds` holds one seed per lane, fixed by (run, episode, step): draw from it and from nothing else.
    /// Rows marked `first` begin an episode: forget what came before.
    ///
    /// # Errors
    /// When the observation lacks what the policy needs.
    fn act(&mut self, now: &Timestep, seeds: &[Seed]) -> Result<Actions>;
}
