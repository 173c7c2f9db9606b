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

    /// The share of a car's acceleration that it has.
    #[must_use]
    pub fn agility(self) -> f64 {
        match self {
            Self::Car => 1.0,
            Self::Truck => 0.5,
            Self::Motorcycle => 1.4,
            Self::Cyclist => 0.6,
            Self::Pedestrian => 0.8,
        }
    }

    /// The largest steering angle of its front wheel. A person on foot turns on the spot, which a short wheelbase
    /// and a large angle come near to.
    #[must_use]
    pub fn steering_limit_rad(self) -> f64 {
        match self {
            Self::Car | Self::Motorcycle => 0.7,
            Self::Truck => 0.85,
            Self::Cyclist => 0.9,
            Self::Pedestrian => 1.2,
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
