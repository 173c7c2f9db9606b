//! What an environment or a world takes and gives: cameras, state, actions, rates.

use serde::{Deserialize, Serialize};

/// A pinhole camera and where it sits: axes ahead, left and up from the ground below the middle of its carrier.
/// It looks ahead and level.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lens {
    /// Focal length in pixels, along columns and along rows.
    pub focal_px: [f64; 2],
    /// Column and row at which it looks.
    pub centre_px: [f64; 2],
    /// Where it sits.
    pub place_m: [f64; 3],
}

/// One camera: its name and picture size in pixels. Pictures are RGB.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CameraSpec {
    /// Name, used as `observation.images.<name>` in data sets.
    pub name: String,
    /// Rows of a picture.
    pub height: usize,
    /// Columns of a picture.
    pub width: usize,
    /// How it projects, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lens: Option<Lens>,
}

impl CameraSpec {
    /// A camera whose lens is not known.
    #[must_use]
    pub fn new(name: impl Into<String>, height: usize, width: usize) -> Self {
        Self { name: name.into(), height, width, lens: None }
    }

    /// Bytes of one RGB picture.
    #[must_use]
    pub fn frame_len(&self) -> usize {
        3 * self.height * self.width
    }
}

/// The actions of one seat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "kind", deny_unknown_fields)]
pub enum ActionSpace {
    /// Real numbers, each within its bounds.
    Continuous {
        /// What each number means.
        names: Vec<String>,
        /// Smallest value of each.
        low: Vec<f32>,
        /// Largest value of each.
        high: Vec<f32>,
    },
    /// One of several choices, written as a one-hot row.
    Discrete {
        /// What each choice means.
        names: Vec<String>,
    },
}

impl ActionSpace {
    /// Numbers in one action row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.names().len()
    }

    /// What each number of a row means.
    #[must_use]
    pub fn names(&self) -> &[String] {
        match self {
            Self::Continuous { names, .. } | Self::Discrete { names } => names,
        }
    }

    /// What a row must be, for a message.
    #[must_use]
    pub fn told(&self) -> String {
        match self {
            Self::Continuous { names, low, high } => {
                let bounds = names.iter().zip(low.iter().zip(high));
                let bounds = bounds.map(|(name, (low, high))| format!("{name} in [{low}, {high}]"));
                bounds.collect::<Vec<_>>().join(", ")
            }
            Self::Discrete { names } => format!("one of {}, as a one-hot row", names.join(", ")),
        }
    }

    /// Whether the row is a valid action: finite and within bounds, or one-hot.
    #[must_use]
    pub fn contains(&self, row: &[f32]) -> bool {
        match self {
            Self::Continuous { low, high, .. } => {
                row.len() == low.len()
                    && row.iter().zip(low.iter().zip(high)).all(|(x, (low, high))| low <= x && x <= high)
            }
            Self::Discrete { names } => {
                row.len() == names.len()
                    && row.iter().filter(|&&x| x == 1.0).count() == 1
                    && row.iter().filter(|&&x| x == 0.0).count() == names.len() - 1
            }
        }
    }
}

/// What an environment offers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvSpec {
    /// Name with its scenario, such as `drive/highway`, or `world:` and the run.
    pub name: String,
    /// Episodes that run side by side.
    pub lanes: usize,
    /// Controlled participants of a lane.
    pub seats: usize,
    /// Steps per second of simulated time.
    pub steps_per_second: u32,
    /// Whether rewards exist; where they do not, none is written.
    pub rewards: bool,
    /// Names of the numbers in the state vector; may be empty.
    pub state: Vec<String>,
    /// Cameras; may be empty.
    pub cameras: Vec<CameraSpec>,
    /// Actions of one seat.
    pub action: ActionSpace,
    /// Whether it tells who is where, see [`Env::scene`](crate::Env::scene).
    #[serde(default)]
    pub scenes: bool,
}

impl EnvSpec {
    /// Rows of every tensor: lanes times seats.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.lanes * self.seats
    }
}

/// What a world was made for and what it can do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorldSpec {
    /// Registered name of the architecture.
    pub world: String,
    /// Steps per second of the data it learned from.
    pub steps_per_second: u32,
    /// Frames it wants to see before it dreams.
    pub context: usize,
    /// Whether it can draw what it predicts.
    pub draws: bool,
    /// Whether it predicts rewards and endings; data without rewards gives a world without.
    pub rewards: bool,
    /// Names of the numbers in the state vector; may be empty.
    pub state: Vec<String>,
    /// Cameras.
    pub cameras: Vec<CameraSpec>,
    /// Actions.
    pub action: ActionSpace,
}

impl WorldSpec {
    /// What a world of this architecture must take and give to learn from such data: pictures, and the state vector and
    /// rewards where there are any. `context` is set by the world.
    #[must_use]
    pub fn of_data(data: &EnvSpec, world: &str) -> Self {
        Self {
            world: world.to_owned(),
            steps_per_second: data.steps_per_second,
            context: 1,
            draws: true,
            rewards: data.rewards,
            state: data.state.clone(),
            cameras: data.cameras.clone(),
            action: data.action.clone(),
        }
    }
}
