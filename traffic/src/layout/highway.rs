//! A straight road of several lanes in one direction.

use serde::{Deserialize, Serialize};

use super::carriageway::{Carriageway, LENGTHS_M, LIMITS_MPS, within};
use super::path::pose;
use crate::road::{Builder, Curve, Network, RoadError};

/// A highway. Entries are the lanes' starts from right to left; destination 0 is its far end, whatever the
/// lane.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Highway {
    /// Lanes side by side, 1 to 6.
    pub lanes: usize,
    /// Length, metres.
    pub length_m: f64,
    /// Speed limit, m/s.
    pub limit_mps: f64,
}

impl Default for Highway {
    fn default() -> Self {
        Self { lanes: 4, length_m: 1000.0, limit_mps: 30.0 }
    }
}

impl Highway {
    /// Lays the road.
    ///
    /// # Errors
    /// [`RoadError::OutOfRange`] names the field that is out of bounds.
    pub fn build(&self) -> Result<Network, RoadError> {
        within("highway lanes", self.lanes as f64, [1.0, 6.0])?;
        within("highway length_m", self.length_m, LENGTHS_M)?;
        within("highway limit_mps", self.limit_mps, LIMITS_MPS)?;
        let mut builder = Builder::default();
        let axis = Curve::straight(pose(0.0, 0.0, 0.0), self.length_m);
        let lanes = Carriageway::new(self.lanes, self.limit_mps).lay(&mut builder, &axis);
        lanes.iter().for_each(|lane| builder.entry(*lane));
        builder.exit_together(&lanes);
        builder.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_highway_has_no_conflicts_and_all_its_lanes_lead_to_its_end() {
        for lanes in 1..=6 {
            let network = Highway { lanes, ..Highway::default() }.build().unwrap();
            assert_eq!(network.entries().len(), lanes);
            assert!(network.lanes().iter().all(|lane| lane.conflicts.is_empty()));
            assert!(network.entries().iter().all(|lane| network.guide(0, *lane).sideways == 0));
            assert!(network.lanes()[0].right.is_none(), "the rightmost lane comes first");
        }
    }

    #[test]
    fn a_highway_without_lanes_is_refused_by_name() {
        let refusal = Highway { lanes: 0, ..Highway::default() }.build().unwrap_err();
        assert_eq!(refusal.to_string(), "highway lanes: expected 1 to 6, found 0");
    }
}
