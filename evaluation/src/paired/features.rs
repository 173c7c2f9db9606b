//! The numbers of the truth's state vector by their names, in their units.

use crate::{Case, features};

/// Where the numbers that figures ask for stand.
pub(super) struct Features {
    names: Vec<String>,
    numbers: features::Features,
    pub(super) step_secs: f64,
}

/// One number of the state vector.
#[derive(Clone, Copy)]
pub(super) struct Feature<'a> {
    column: usize,
    numbers: &'a features::Features,
}

impl Feature<'_> {
    /// The number in its unit.
    pub(super) fn of(&self, state: &[f32]) -> f64 {
        self.numbers.in_unit(state[self.column], self.column)
    }

    pub(super) fn unit(&self) -> &str {
        &self.numbers.all[self.column].unit
    }
}

/// Whether a world's dreams show a state vector; where they do, it is that of the truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    State,
    PicturesOnly,
}

impl Features {
    pub(super) fn new(names: &[String], steps_per_second: u32) -> Self {
        let numbers = features::Features::of(names, names);
        Self { names: names.to_vec(), numbers, step_secs: 1.0 / f64::from(steps_per_second.max(1)) }
    }

    /// The number of this name, such as `ego.speed`.
    pub(super) fn find(&self, name: &str) -> Option<Feature<'_>> {
        let column = self.numbers.named(name)?;
        Some(Feature { column, numbers: &self.numbers })
    }

    pub(super) fn speed_mps(&self, state: &[f32]) -> Option<f64> {
        Some(self.find("ego.speed")?.of(state))
    }

    /// The state at the context's last frame.
    pub(super) fn last<'a>(&self, case: &'a Case) -> Option<&'a [f32]> {
        let width = self.names.len();
        let len = case.context.state.len();
        (width > 0 && len >= width).then(|| &case.context.state[len - width..])
    }

    pub(super) fn shown_by(&self, world: &[String]) -> Shown {
        if !world.is_empty() && world == self.names { Shown::State } else { Shown::PicturesOnly }
    }
}
