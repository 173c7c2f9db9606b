//! Whose actions are the wrong ones: those of another run at nearly the same speed, so that they could have been taken.

use crate::{driver::Judging, features::Features};

/// Cases of other runs among which the one of the nearest speed is taken: the nearest of all would be the same few
/// for many.
const DRAWN: usize = 16;

/// Whose actions each case is given.
pub(super) struct Donors {
    /// `[case]`: the other case.
    pub(super) of_case: Vec<usize>,
    /// How it was chosen, in words.
    pub(super) about: String,
}

/// Chooses for every case another one, of another run where there is more than one.
pub(super) fn donors(judging: &Judging<'_>, features: &Features) -> Donors {
    let Judging { layout, cases, settings, .. } = *judging;
    let speed = features.named("ego.speed").filter(|_| layout.features > 0);
    let speed_of = |case_idx: usize| {
        speed.map_or(0.0, |column| features.in_unit(layout.state(&cases[case_idx], 0)[column], column))
    };
    let choose = |case_idx: usize| {
        let seed = settings.seed.split(12).split(case_idx as u64);
        let elsewhere: Vec<usize> =
            (0..cases.len()).filter(|&other| cases[other].run != cases[case_idx].run).collect();
        let others = match elsewhere.is_empty() {
            true => (0..cases.len()).filter(|&other| other != case_idx).collect(),
            false => elsewhere,
        };
        if others.is_empty() {
            return case_idx;
        }
        let drawn = if speed.is_some() { DRAWN } else { 1 };
        let candidates = (0..drawn).map(|draw| others[seed.split(draw as u64).below(others.len())]);
        let apart = |other: &usize| (speed_of(*other) - speed_of(case_idx)).abs();
        candidates.min_by(|a, b| apart(a).total_cmp(&apart(b))).unwrap_or(case_idx)
    };
    let about = match speed {
        Some(_) => format!("of {DRAWN} random cases of other runs, that of the nearest own speed"),
        None => "a random case of another run".to_owned(),
    };
    Donors { of_case: (0..cases.len()).map(choose).collect(), about }
}
