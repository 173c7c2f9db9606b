//! Kinds of participants: their sizes, and what their drivers and bodies can do.

use serde::{Deserialize, Serialize};

use crate::road::Users;

/// What a participant is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A car or a van.
    #[default]
    Car,
    /// A lorry or a bus.
    Truck,
    /// A motorcycle.
    Motorcycle,
    /// A person on a bicycle.
    Cyclist,
    /// A person on foot.
    Pedestrian,
}

impl Kind {
    /// Every kind, in order.
    pub const ALL: [Self; 5] = [Self::Car, Self::Truck, Self::Motorcycle, Self::Cyclist, Self::Pedestrian];

    /// Length, width and height.
    #[must_use]
    pub fn size_m(self) -> [f64; 3] {
        match self {
            Self::Car => [5.0, 2.0, 1.5],
            Self::Truck => [8.0, 2.4, 3.4],
            Self::Motorcycle => [2.2, 0.8, 1.5],
            Self::Cyclist => [1.8, 0.6, 1.75],
            Self::Pedestrian => [0.5, 0.6, 1.75],
        }
    }

    /// What it never exceeds.
    #[must_use]
    pub fn top_speed_mps(self) -> f64 {
        match self {
            Self::Car | Self::Motorcycle => 40.0,
            Self::Truck => 25.0,
            Self::Cyclist => 8.0,
            Self::Pedestrian => 2.0,
        }
    }

    /// The share of a car's acceleration that it has, and that of the gap that its driver keeps at a standstill.
    #[must_use]
    pub fn agility(self) -> [f64; 2] {
        match self {
            Self::Car => [1.0, 1.0],
            Self::Truck => [0.7, 1.0],
            Self::Motorcycle => [1.4, 1.0],
            Self::Cyclist => [0.6, 0.6],
            Self::Pedestrian => [0.8, 0.3],
        }
    }

    /// Sine of the slip angle at full steering: sin(atan(tan(angle) / 2)) of 40 degrees for a car, 49 for a lorry, 52
    /// for a cyclist. A person on foot turns nearly on the spot.
    #[must_use]
    #[inline]
    pub fn slip_limit(self) -> f64 {
        match self {
            Self::Car | Self::Motorcycle => 0.388,
            Self::Truck => 0.494,
            Self::Cyclist => 0.533,
            Self::Pedestrian => 0.789,
        }
    }

    /// The lanes that are made for it.
    #[must_use]
    pub fn users(self) -> Users {
        match self {
            Self::Car | Self::Truck | Self::Motorcycle => Users::Vehicles,
            Self::Cyclist => Users::Cycles,
            Self::Pedestrian => Users::Walkers,
        }
    }
}
