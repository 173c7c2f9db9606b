//! A policy that drives dreams longer than any recording tells, endings ignored.
//!
//! Recorded actions do not do there: played blindly they take a world that obeys them off the road sooner or later,
//! where nothing was ever recorded, and then it is the driver that is judged and not the world.

use burn::tensor::{Device, Tensor};
use dreamlane_core::{Actions, Observation, Policy, Result, RowMask, Seed, Timestep};

/// Who drives a tile of dreams.
pub(crate) struct Wheel<'a> {
    policy: &'a mut dyn Policy,
    /// One per dream.
    seeds: Vec<Seed>,
    step: u64,
    device: Device,
}

impl<'a> Wheel<'a> {
    /// Takes the wheel of dreams that begin now.
    pub(crate) fn new(policy: &'a mut dyn Policy, seeds: Vec<Seed>, device: &Device) -> Self {
        Self { policy, seeds, step: 0, device: device.clone() }
    }

    /// What is done where the dreams show this.
    ///
    /// # Errors
    /// Those of the policy.
    pub(crate) fn act(&mut self, shown: Observation) -> Result<Actions> {
        let rows = self.seeds.len();
        let now = Timestep {
            observation: shown,
            reward: Tensor::zeros([rows], &self.device),
            first: if self.step == 0 { RowMask::all(rows) } else { RowMask::none(rows) },
            terminated: RowMask::none(rows),
            truncated: vec![None; rows],
            trust: Tensor::ones([rows], &self.device),
            fault: vec![None; rows],
        };
        let chance: Vec<Seed> = self.seeds.iter().map(|seed| seed.split(self.step)).collect();
        self.step += 1;
        self.policy.act(&now, &chance)
    }
}
