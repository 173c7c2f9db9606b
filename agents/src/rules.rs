//! Gives no action: in the truth whoever sits there drives by the rules of the road, as the other traffic does.

use burn::tensor::Tensor;
use dreamlane_core::{Actions, Policy, Result, RowMask, Seed, Timestep};

/// Leaves every row to itself.
#[derive(Clone, Debug)]
pub struct Rules {
    width: usize,
}

impl Rules {
    /// For actions of this width.
    #[must_use]
    pub fn new(width: usize) -> Self {
        Self { width }
    }
}

impl Policy for Rules {
    fn act(&mut self, now: &Timestep, _seeds: &[Seed]) -> Result<Actions> {
        let rows = now.first.len();
        let values = Tensor::zeros([rows, self.width], &now.reward.device());
        Ok(Actions { values, given: RowMask::none(rows) })
    }
}
