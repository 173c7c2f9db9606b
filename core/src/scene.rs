//! Who is where: what the truth knows of its participants beyond any picture.

use serde::{Deserialize, Serialize};

/// What a participant is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BodyKind {
    /// A car or a van.
    Car,
    /// A lorry or a bus.
    Truck,
    /// A motorcycle.
    Motorcycle,
    /// A cyclist.
    Cyclist,
    /// A person on foot.
    Pedestrian,
    /// Anything else.
    Other,
}

/// One participant, as an upright box that stands on the ground.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// Names it for the length of an episode.
    pub id: u32,
    /// What it is.
    pub kind: BodyKind,
    /// Middle of the box on the ground: x and y of the map, metres; y points left of x.
    pub place_m: [f32; 2],
    /// Counter-clockwise from x, radians.
    pub heading_rad: f32,
    /// Along the heading.
    pub speed_mps: f32,
    /// Length, width and height.
    pub size_m: [f32; 3],
}

/// Everyone in one lane at one time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scene {
    /// The participant that acts and carries the cameras comes first; there is at least that one.
    pub bodies: Vec<Body>,
}
