//! The road: straight along x, lanes counted from the right.
//!
//! Axes follow ISO 8855: x forward along the road, y to the left, angles counter-clockwise.
//! y = 0 is the right edge of the right lane.

use serde::{Deserialize, Serialize};

/// Width of a lane, as in highway-env.
pub const LANE_WIDTH_M: f64 = 4.0;

/// A straight road of equal lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Road {
    /// Number of lanes side by side.
    pub lanes: usize,
}

impl Road {
    /// Width between the outer edges of the outer lanes.
    #[must_use]
    pub fn width_m(self) -> f64 {
        self.lanes as f64 * LANE_WIDTH_M
    }

    /// y of the middle of a lane.
    #[must_use]
    pub fn centre_m(self, lane_idx: usize) -> f64 {
        (lane_idx as f64 + 0.5) * LANE_WIDTH_M
    }

    /// The lane whose middle is nearest to `y_m`; beside the road, the outer lane there.
    #[must_use]
    pub fn nearest_lane(self, y_m: f64) -> usize {
        // `as usize` turns everything below 0 into lane 0.
        ((y_m / LANE_WIDTH_M) as usize).min(self.lanes - 1)
    }

    /// Whether `y_m` lies between the outer edges.
    #[must_use]
    pub fn contains(self, y_m: f64) -> bool {
        (0.0..=self.width_m()).contains(&y_m)
    }
}
