//! How bold a driver is: one set of numbers for following, changing lanes, giving way and speed.

use serde::{Deserialize, Serialize};

use super::{Idm, Mobil};
use crate::participant::Kind;

/// A driver's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Temper {
    /// How it follows.
    pub idm: Idm,
    /// How it changes lanes.
    pub mobil: Mobil,
    /// What it drives at, as a share of the speed limit.
    pub limit_share: f64,
    /// Lateral acceleration that it accepts in bends.
    pub bend_mps2: f64,
    /// Time that it wants between itself and whoever crosses its way.
    pub margin_secs: f64,
}

impl Temper {
    /// The ordinary driver: Kesting, Treiber, Helbing 2010 and 2007.
    #[must_use]
    pub fn normal() -> Self {
        Self {
            idm: Idm::kesting_2010(),
            mobil: Mobil::kesting_2007(),
            limit_share: 1.0,
            bend_mps2: 2.5,
            margin_secs: 1.5,
        }
    }

    /// Close, fast, without regard for those behind.
    #[must_use]
    pub fn aggressive() -> Self {
        let normal = Self::normal();
        Self {
            idm: Idm {
                headway_secs: 0.9,
                standstill_gap_m: 1.5,
                acceleration_mps2: 2.2,
                braking_mps2: 3.0,
                ..normal.idm
            },
            mobil: Mobil { politeness: 0.0, threshold_mps2: 0.05, safe_braking_mps2: 5.0, ..normal.mobil },
            limit_share: 1.15,
            bend_mps2: 3.5,
            margin_secs: 0.8,
        }
    }

    /// Far behind, slow, never at the cost of others.
    #[must_use]
    pub fn defensive() -> Self {
        let normal = Self::normal();
        Self {
            idm: Idm {
                headway_secs: 2.0,
                standstill_gap_m: 2.5,
                acceleration_mps2: 1.0,
                braking_mps2: 1.5,
                ..normal.idm
            },
            mobil: Mobil { politeness: 0.5, threshold_mps2: 0.3, safe_braking_mps2: 2.0, ..normal.mobil },
            limit_share: 0.9,
            bend_mps2: 1.8,
            margin_secs: 2.5,
        }
    }

    /// The numbers of highway-env 1.12.1 (`vehicle/behavior.py`). Its standstill gap counts from middle to middle.
    #[must_use]
    pub fn highway_env() -> Self {
        Self {
            idm: Idm {
                headway_secs: 1.5,
                standstill_gap_m: 10.0,
                acceleration_mps2: 3.0,
                braking_mps2: 5.0,
                exponent: 4.0,
                hardest_braking_mps2: 6.0,
            },
            mobil: Mobil {
                politeness: 0.0,
                threshold_mps2: 0.2,
                safe_braking_mps2: 2.0,
                keep_right_mps2: 0.0,
                period_secs: 1.0,
            },
            limit_share: 1.0,
            bend_mps2: 9.0,
            margin_secs: 1.5,
        }
    }

    /// The same driver as someone of this kind: its acceleration and its gap at a standstill scaled.
    #[must_use]
    pub fn of(mut self, kind: Kind) -> Self {
        let [acceleration, standstill] = kind.agility();
        self.idm.acceleration_mps2 *= acceleration;
        self.idm.standstill_gap_m *= standstill;
        self
    }
}
