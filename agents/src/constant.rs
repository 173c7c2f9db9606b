//! The same action always.

use dreamlane_core::{ActionSpace, Actions, EnvSpec, Error, Policy, Result, Seed, Timestep};

use crate::rows::actions;

/// The same action for every row at every step.
#[derive(Clone, Debug, PartialEq)]
pub struct Constant {
    row: Vec<f32>,
}

impl Constant {
    /// Acts with `row` always.
    ///
    /// # Errors
    /// When the space does not contain it.
    pub fn new(row: Vec<f32>, spec: &EnvSpec) -> Result<Self> {
        if !spec.action.contains(&row) {
            return Err(Error::Invalid(format!(
                "policy constant: expected an action of {}: {:?}, found {row:?}",
                spec.name, spec.action
            )));
        }
        Ok(Self { row })
    }

    /// Reads the action from numbers with commas between them; without text it is the middle of the space, or
    /// the first choice.
    ///
    /// # Errors
    /// When a number cannot be read or the space does not contain the action.
    pub fn parse(text: Option<&str>, spec: &EnvSpec) -> Result<Self> {
        let row = match text {
            None => middle(&spec.action),
            Some(text) => text
                .split(',')
                .map(|number| {
                    number.trim().parse().map_err(|_| {
                        Error::Invalid(format!("policy constant: `{number}` in `{text}` is not a number"))
                    })
                })
                .collect::<Result<_>>()?,
        };
        Self::new(row, spec)
    }
}

impl Policy for Constant {
    fn act(&mut self, now: &Timestep, _seeds: &[Seed]) -> Result<Actions> {
        Ok(actions(now, self.row.repeat(now.first.len())))
    }
}

fn middle(space: &ActionSpace) -> Vec<f32> {
    match space {
        ActionSpace::Continuous { low, high, .. } => {
            low.iter().zip(high).map(|(low, high)| 0.5 * (low + high)).collect()
        }
        ActionSpace::Discrete { names } => {
            (0..names.len()).map(|idx| f32::from(u8::from(idx == 0))).collect()
        }
    }
}
