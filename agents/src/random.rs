//! Random actions that hold for a while, so that their effect can be seen.
//!
//! Independent draws at every step cancel each other within a few frames and never leave the middle of the road.
//! Each number of an action has its own target, held for 0.3 to 1.5 seconds and approached by halves.

use dreamlane_core::{ActionSpace, Actions, EnvSpec, Policy, Result, Seed, Timestep};
use rand::RngExt as _;

use crate::rows::{actions, seeds_of_rows};

/// Seconds that a draw is held, at least and at most.
const HELD_SECS: [f32; 2] = [0.3, 1.5];
/// Share of the way to the target that a step covers.
const APPROACH: f32 = 0.5;

/// Smoothed piecewise-constant random actions.
#[derive(Clone, Debug)]
pub struct Random {
    space: ActionSpace,
    /// Steps that a draw is held, at least and at most.
    held_steps: [usize; 2],
    /// Per row, what it is at; `None` before the row's first step.
    rows: Vec<Option<Row>>,
}

#[derive(Clone, Debug)]
struct Row {
    values: Vec<f32>,
    targets: Vec<f32>,
    /// Steps until the next draw, per target.
    left: Vec<usize>,
}

impl Random {
    /// Random actions for an env.
    #[must_use]
    pub fn new(spec: &EnvSpec) -> Self {
        let steps = |secs: f32| ((secs * spec.steps_per_second as f32).round() as usize).max(1);
        Self { space: spec.action.clone(), held_steps: HELD_SECS.map(steps), rows: vec![None; spec.rows()] }
    }

    fn act_in_row(&self, row: Option<Row>, seed: Seed) -> Row {
        let mut rng = seed.rng();
        let [shortest, longest] = self.held_steps;
        let (low, high) = bounds(&self.space);
        let begins = row.is_none();
        let mut row = row.unwrap_or_else(|| Row {
            values: vec![0.0; low.len()],
            targets: vec![0.0; low.len()],
            left: vec![0; low.len()],
        });
        for idx in 0..low.len() {
            // Drawn at every step, used when due: what a step draws does not depend on what is held.
            let share: f32 = rng.random();
            let held = rng.random_range(shortest..=longest);
            if row.left[idx] == 0 {
                row.targets[idx] = (low[idx] + share * (high[idx] - low[idx])).clamp(low[idx], high[idx]);
                row.left[idx] = held;
            }
            row.left[idx] -= 1;
            let from = if begins { row.targets[idx] } else { row.values[idx] };
            row.values[idx] = (from + APPROACH * (row.targets[idx] - from)).clamp(low[idx], high[idx]);
        }
        row
    }
}

impl Policy for Random {
    fn act(&mut self, now: &Timestep, seeds: &[Seed]) -> Result<Actions> {
        let seeds = seeds_of_rows(now, seeds)?;
        self.rows.resize(seeds.len(), None);
        let mut values = Vec::with_capacity(seeds.len() * self.space.width());
        for (row_idx, &seed) in seeds.iter().enumerate() {
            let before = self.rows[row_idx].take().filter(|_| !now.first.get(row_idx));
            let row = self.act_in_row(before, seed);
            match &self.space {
                ActionSpace::Continuous { .. } => values.extend(&row.values),
                ActionSpace::Discrete { names } => values.extend(one_hot(row.targets[0], names.len())),
            }
            self.rows[row_idx] = Some(row);
        }
        Ok(actions(now, values))
    }
}

/// Bounds of what is drawn: the numbers of a continuous action, or the one index of a choice.
fn bounds(space: &ActionSpace) -> (Vec<f32>, Vec<f32>) {
    match space {
        ActionSpace::Continuous { low, high, .. } => (low.clone(), high.clone()),
        ActionSpace::Discrete { names } => (vec![0.0], vec![names.len() as f32]),
    }
}

fn one_hot(choice: f32, len: usize) -> impl Iterator<Item = f32> {
    let chosen = (choice as usize).min(len.saturating_sub(1));
    (0..len).map(move |idx| f32::from(u8::from(idx == chosen)))
}
