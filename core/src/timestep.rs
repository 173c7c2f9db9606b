//! What passes between an agent and an environment at every step.

use burn::tensor::{Int, Tensor};

use crate::{LaneMask, RowMask};

/// What the rows see.
#[derive(Clone, Debug)]
pub struct Observation {
    /// One tensor per camera of the spec: `[row, channel, height, width]`, values 0 to 255.
    pub images: Vec<Tensor<4, Int>>,
    /// `[row, feature]`; no features where the spec has no state.
    pub state: Tensor<2>,
}

/// What the rows do.
#[derive(Clone, Debug)]
pub struct Actions {
    /// `[row, width]`; discrete actions one-hot.
    pub values: Tensor<2>,
    /// Rows that were given an action; the others drive themselves (truth) or are unknown (world).
    pub given: RowMask,
}

/// Why an episode was cut although its task had not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Truncation {
    /// The time limit of the task.
    Clock,
    /// The furthest step that the world is allowed to dream.
    Horizon,
    /// The dream is no longer to be believed.
    Trust,
}

/// What broke in one lane; the lane ends, the others go on.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Fault {
    /// A number that is not finite.
    NotFinite,
    /// Anything else, in words.
    Failed(String),
}

/// What an environment says at the start of an episode and after every step.
#[derive(Clone, Debug)]
pub struct Timestep {
    /// What is seen now.
    pub observation: Observation,
    /// `[row]`, caused by the action just taken; 0 at a start and where the spec has no rewards.
    pub reward: Tensor<1>,
    /// Rows whose episode begins here: policies with memory reset on it.
    pub first: RowMask,
    /// Rows whose task ended.
    pub terminated: RowMask,
    /// Per lane, whether and why the episode was cut.
    pub truncated: Vec<Option<Truncation>>,
    /// `[row]` in [0, 1]: how far this step can be believed; 1 in the truth.
    pub trust: Tensor<1>,
    /// Per lane, what broke.
    pub fault: Vec<Option<Fault>>,
}

impl Timestep {
    /// Lanes whose episode is over: all seats terminated, truncated, or broken.
    #[must_use]
    pub fn finished(&self) -> LaneMask {
        let seats = self.terminated.len() / self.truncated.len().max(1);
        (0..self.truncated.len())
            .map(|lane| {
                let rows = lane * seats..(lane + 1) * seats;
                self.truncated[lane].is_some()
                    || self.fault[lane].is_some()
                    || rows.clone().all(|row| self.terminated.get(row)) && !rows.is_empty()
            })
            .collect::<Vec<_>>()
            .into()
    }
}
