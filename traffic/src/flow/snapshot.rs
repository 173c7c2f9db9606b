//! An episode as values that can be kept and put back, without the stage it moves on.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    Stage, Traffic,
    fleet::{Driver, Fleet, NOWHERE},
};
use crate::chance::Chance;

/// All that an episode is beside its stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saved {
    fleet: Fleet,
    chance: Chance,
    ticks: u64,
    secs: f64,
    ids: u32,
}

impl Traffic {
    /// The episode as it is now.
    #[must_use]
    pub fn save(&self) -> Saved {
        Saved {
            fleet: self.fleet.clone(),
            chance: self.chance,
            ticks: self.ticks,
            secs: self.secs,
            ids: self.ids,
        }
    }

    /// The episode that was saved, on the same stage; `None` where it does not fit it.
    #[must_use]
    pub fn restored(stage: Arc<Stage>, saved: Saved) -> Option<Self> {
        // Counters that would overflow are of no episode that anyone played.
        let is_late =
            saved.ids > u32::MAX / 2 || saved.ticks > u64::MAX / 2 || !(0.0..1e9).contains(&saved.secs);
        if !saved.fleet.is_whole() || is_late {
            return None;
        }
        let fits = (0..saved.fleet.len()).all(|idx| {
            let one = saved.fleet.get(idx);
            let lanes = stage.network.lanes().len() as u32;
            let track = match one.driver {
                Driver::Waypoints { track } | Driver::Log { track } => (track as usize) < stage.tracks.len(),
                _ => true,
            };
            track
                && one.is_sound()
                && one.lane.0 < lanes
                && one.target.0 < lanes
                && (one.destination == NOWHERE || usize::from(one.destination) < stage.network.exits().len())
        });
        fits.then(|| Self {
            fleet: saved.fleet,
            ticks: saved.ticks,
            secs: saved.secs,
            ids: saved.ids,
            ..Self::new(stage, saved.chance)
        })
    }
}
