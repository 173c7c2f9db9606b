//! What a highway is made of.

use dreamlane_core::{Error, Result};
use serde::{Deserialize, Serialize};

use super::road::Road;

/// What a highway is made of. The standard one is the registry's `drive/highway`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HighwayConfig {
    /// The road.
    pub road: Road,
    /// Fewest cars in each lane of the road, over 320 m around the ego.
    pub fewest_cars: usize,
    /// Most cars in each lane of the road, over the same length.
    pub most_cars: usize,
    /// Steps after which the clock cuts the episode, at 10 per second.
    pub clock_steps: usize,
    /// Rows and columns of the camera's picture; `None` runs without a camera.
    pub picture: Option<usize>,
}

impl HighwayConfig {
    /// Four lanes, 40 seconds, pictures of 64 by 64.
    #[must_use]
    pub fn standard() -> Self {
        Self { road: Road { lanes: 4 }, fewest_cars: 4, most_cars: 9, clock_steps: 400, picture: Some(64) }
    }

    /// The standard highway without a camera, for state policies and speed.
    #[must_use]
    pub fn without_camera() -> Self {
        Self { picture: None, ..Self::standard() }
    }

    pub(super) fn check(&self) -> Result<()> {
        let fits = (1..=16).contains(&self.road.lanes)
            && self.fewest_cars <= self.most_cars
            && self.most_cars <= 16
            && self.clock_steps > 0
            && self.picture.is_none_or(|side| (16..=1024).contains(&side));
        if fits {
            Ok(())
        } else {
            Err(Error::Invalid(format!(
                "drive/highway: expected 1 to 16 road lanes, at most 16 cars in each, a clock above 0 and pictures \
                 of 16 to 1024 pixels, found {self:?}"
            )))
        }
    }
}
