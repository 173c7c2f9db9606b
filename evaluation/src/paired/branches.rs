//! Which actions are taken from where a dream begins: those of the driver, those of another episode, and the
//! driver's with one of them changed and held.

use dreamlane_core::{ActionSpace, EnvSpec, Seed};

use super::{PairedSettings, features::Features};
use crate::Case;

/// Names of the action that steers, left positive, and of the one that drives and brakes.
const STEERING: [&str; 3] = ["steering", "angle", "curvature_per_m"];
const ACCELERATION: [&str; 2] = ["acceleration", "acceleration_mps2"];

/// Wrong actions come from one of so many episodes that are nearest in speed: far ones would give themselves away.
const SIMILAR: usize = 5;

/// An action sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// What the driver did.
    Own,
    /// What the driver did in another episode, at about the same speed.
    Wrong,
    Left,
    Right,
    Brake,
    Accelerate,
    /// Neither braking nor accelerating.
    Keep,
}

impl Act {
    pub(super) const ALL: [Self; 7] =
        [Self::Own, Self::Wrong, Self::Left, Self::Right, Self::Brake, Self::Accelerate, Self::Keep];

    /// Its place among the branches of a case.
    pub(super) fn idx(self) -> usize {
        self as usize
    }
}

/// The actions of every branch of every case.
pub(super) struct Plans {
    /// `[case][act]`, each `[step, width]`; empty where the env has no such action.
    pub(super) actions: Vec<Vec<Vec<f32>>>,
    pub(super) width: usize,
    pub(super) steering: Option<usize>,
    pub(super) acceleration: Option<usize>,
    low: Vec<f32>,
    high: Vec<f32>,
    push: f32,
}

impl Plans {
    pub(super) fn of(spec: &EnvSpec, cases: &[Case], features: &Features, settings: &PairedSettings) -> Self {
        let names = spec.action.names();
        let column = |known: &[&str]| names.iter().position(|name| known.contains(&name.as_str()));
        let (steering, acceleration, low, high) = match &spec.action {
            ActionSpace::Continuous { low, high, .. } => {
                (column(&STEERING), column(&ACCELERATION), low.clone(), high.clone())
            }
            // Choices cannot be changed by parts.
            ActionSpace::Discrete { .. } => (None, None, Vec::new(), Vec::new()),
        };
        let mut plans = Self {
            actions: Vec::new(),
            width: spec.action.width(),
            steering,
            acceleration,
            low,
            high,
            push: settings.push,
        };
        plans.actions = (0..cases.len())
            .map(|case_idx| {
                let donor = donor(cases, case_idx, features, settings.seed.split(4).split(case_idx as u64));
                let own = &cases[case_idx].actions;
                let held = &own[..settings.following * plans.width];
                Act::ALL
                    .iter()
                    .map(|&act| match act {
                        Act::Own => own.clone(),
                        Act::Wrong => cases[donor].actions.clone(),
                        _ => plans.changed(held, act).unwrap_or_default(),
                    })
                    .collect()
            })
            .collect();
        plans
    }

    /// These actions with one of them changed and held; none where there is no such action.
    pub(super) fn changed(&self, actions: &[f32], act: Act) -> Option<Vec<f32>> {
        let column = match act {
            Act::Left | Act::Right => self.steering?,
            _ => self.acceleration?,
        };
        let value = match act {
            Act::Left | Act::Accelerate => self.push * self.high[column],
            Act::Right | Act::Brake => self.push * self.low[column],
            _ => 0.0,
        };
        let mut changed = actions.to_vec();
        changed.chunks_mut(self.width).for_each(|row| row[column] = value);
        Some(changed)
    }

    /// Steps that a branch is planned for.
    pub(super) fn steps(&self, case_idx: usize, act: Act) -> usize {
        self.actions[case_idx][act.idx()].len() / self.width
    }

    /// The action row of a branch at a step, which counts from 1.
    pub(super) fn row(&self, case_idx: usize, act: Act, step: usize) -> &[f32] {
        &self.actions[case_idx][act.idx()][(step - 1) * self.width..step * self.width]
    }
}

/// A case of another episode whose speed is among the nearest.
fn donor(cases: &[Case], case_idx: usize, features: &Features, seed: Seed) -> usize {
    let speed = |case: &Case| features.last(case).and_then(|state| features.speed_mps(state)).unwrap_or(0.0);
    let own = speed(&cases[case_idx]);
    let mut others: Vec<usize> =
        (0..cases.len()).filter(|&idx| cases[idx].run != cases[case_idx].run).collect();
    others.sort_by(|&a, &b| {
        let distance = |idx: usize| (speed(&cases[idx]) - own).abs();
        distance(a).total_cmp(&distance(b))
    });
    others[seed.below(SIMILAR.min(others.len()))]
}
