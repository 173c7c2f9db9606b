//! Where each lane of a batch stands, and the [`Timestep`] that says so.
//!
//! A lane that stands still keeps saying what it said last, but earns no reward: `first` holds until its
//! first step, and a finished lane stays finished until it is reset.

use burn::tensor::{Device, Tensor};
use dreamlane_core::{Fault, Observation, Timestep, Truncation};
use serde::{Deserialize, Serialize};

/// Where one lane stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct LaneStatus {
    /// Whether an episode was ever begun here.
    pub(crate) begun: bool,
    /// Steps since the episode began.
    pub(crate) step: usize,
    /// Reward of the last step, if the lane took one.
    pub(crate) reward: f32,
    /// Trust in what is seen now.
    pub(crate) trust: f32,
    /// Whether the task ended.
    pub(crate) terminated: bool,
    /// Whether and why the episode was cut.
    pub(crate) truncated: Option<Truncation>,
    /// What broke.
    pub(crate) fault: Option<Fault>,
}

impl LaneStatus {
    /// A lane in which nothing was begun yet.
    pub(crate) fn unbegun() -> Self {
        Self { begun: false, ..Self::beginning() }
    }

    /// A lane whose episode begins now.
    pub(crate) fn beginning() -> Self {
        Self {
            begun: true,
            step: 0,
            reward: 0.0,
            trust: 1.0,
            terminated: false,
            truncated: None,
            fault: None,
        }
    }

    /// Whether the lane can be stepped.
    pub(crate) fn can_step(&self) -> bool {
        self.begun && !self.terminated && self.truncated.is_none() && self.fault.is_none()
    }
}

/// What a batch of one-seat lanes says; `observation` holds all of its rows.
pub(crate) fn timestep<'a>(
    lanes: impl Iterator<Item = &'a LaneStatus> + Clone,
    observation: Observation,
    device: &Device,
) -> Timestep {
    let floats = |of: fn(&LaneStatus) -> f32| {
        let values: Vec<f32> = lanes.clone().map(of).collect();
        Tensor::<1>::from_floats(values.as_slice(), device)
    };
    let flags = |of: fn(&LaneStatus) -> bool| lanes.clone().map(of).collect::<Vec<bool>>().into();
    Timestep {
        observation,
        reward: floats(|lane| lane.reward),
        first: flags(|lane| lane.begun && lane.step == 0),
        terminated: flags(|lane| lane.terminated),
        truncated: lanes.clone().map(|lane| lane.truncated).collect(),
        trust: floats(|lane| lane.trust),
        fault: lanes.map(|lane| lane.fault.clone()).collect(),
    }
}
