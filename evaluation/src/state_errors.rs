//! Errors of the predicted state vector in its own units: the own speed and place beside holding the context's last
//! values, and whether and where others are.

use serde::{Deserialize, Serialize};

use crate::{
    Interval,
    bootstrap::bootstrap,
    driver::Judging,
    features::{Features, Place},
    fidelity::Dreamed,
    statistics::Tally,
};

/// The error of one number at one horizon, beside that of holding the value at the context's end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberError {
    /// Steps after the context's last frame.
    pub horizon: usize,
    /// Root of the mean squared error, in the unit of the number.
    pub rmse: Interval,
    /// The same for the value at the context's last frame.
    pub held_rmse: Interval,
    /// The first as a share of the second; absent where nothing ever changed.
    pub ratio: Option<Interval>,
}

/// One number of the seat itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnNumber {
    /// Its name without the unit, such as `ego.speed`.
    pub name: String,
    /// The unit of its errors.
    pub unit: String,
    /// Per horizon, ascending.
    pub horizons: Vec<NumberError>,
}

/// How well others are known at one horizon, over all places in the state vector where one can be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OthersError {
    /// Steps after the context's last frame.
    pub horizon: usize,
    /// Share of places where a presence above 0.5 is right.
    pub presence_accuracy: Interval,
    /// The same for what was there at the context's last frame.
    pub held_presence_accuracy: Interval,
    /// Root of the mean squared error forwards where both show somebody, in metres.
    pub forward_rmse_m: Option<Interval>,
    /// The same for the places at the context's last frame, where both show somebody.
    pub held_forward_rmse_m: Option<Interval>,
    /// Root of the mean squared error to the left, in metres.
    pub left_rmse_m: Option<Interval>,
    /// The same for the places at the context's last frame.
    pub held_left_rmse_m: Option<Interval>,
    /// Places where both the dream and the recording show somebody.
    pub pairs: usize,
}

/// Errors of the predicted state vector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateReport {
    /// Numbers of the seat itself.
    pub own: Vec<OwnNumber>,
    /// Others, per horizon, ascending; empty where the state vector names none.
    pub others: Vec<OthersError>,
}

/// Errors of one case, of the dream and of what was held.
type Errors = [Tally; 2];

/// Holds the state vectors of the first dreams against the recorded ones.
pub(crate) fn state_errors(judging: &Judging<'_>, dreamed: &Dreamed, features: &Features) -> StateReport {
    let horizons = || judging.settings.horizons.iter().copied().enumerate();
    let number = |column: usize| OwnNumber {
        name: features.all[column].name.clone(),
        unit: features.all[column].unit.clone(),
        horizons: horizons()
            .filter_map(|(idx, horizon)| {
                let errors = over_cases(judging, dreamed, idx, &|[told, held, came]| {
                    of_number(features, column, told, held, came)
                });
                let [rmse, held_rmse] = [0, 1].map(|side| root(judging, &errors, side));
                let ratio = ratio(judging, &errors);
                Some(NumberError { horizon, rmse: rmse?, held_rmse: held_rmse?, ratio })
            })
            .collect(),
    };
    let places = features.others();
    let others =
        horizons().filter_map(|(idx, horizon)| others(judging, dreamed, features, &places, [idx, horizon]));
    StateReport { own: features.own().into_iter().map(number).collect(), others: others.collect() }
}

/// Per case what `of` makes of the dreamed state at a horizon, the context's last one, and the recorded one.
fn over_cases<T>(
    judging: &Judging<'_>,
    dreamed: &Dreamed,
    horizon_idx: usize,
    of: &dyn Fn([&[f32]; 3]) -> T,
) -> Vec<T> {
    let horizon = judging.settings.horizons[horizon_idx];
    let case = |(case, told): (&crate::Case, &crate::tile::Told)| {
        of([&told.states[horizon_idx], judging.layout.state(case, 0), judging.layout.state(case, horizon)])
    };
    judging.cases.iter().zip(&dreamed.told).map(case).collect()
}

fn of_number(features: &Features, column: usize, told: &[f32], held: &[f32], came: &[f32]) -> Errors {
    let squared = |value: f32| Tally::one(features.in_unit(value - came[column], column).powi(2));
    [features.told(told, column).map_or_else(Tally::default, squared), squared(held[column])]
}

fn others(
    judging: &Judging<'_>,
    dreamed: &Dreamed,
    features: &Features,
    places: &[Place],
    [idx, horizon]: [usize; 2],
) -> Option<OthersError> {
    let told = |state: &[f32], column: usize| features.told(state, column).unwrap_or(0.0);
    let presence = over_cases(judging, dreamed, idx, &|[dream, held, came]| {
        let mut errors = Errors::default();
        for place in places {
            let is_there = came[place.present] > 0.5;
            let right = |said: f32| Tally::one(f64::from(u8::from((said > 0.5) == is_there)));
            errors[0].add(right(told(dream, place.present)));
            errors[1].add(right(held[place.present]));
        }
        errors
    });
    let place_errors = |column: fn(&Place) -> usize| {
        over_cases(judging, dreamed, idx, &|[dream, held, came]| {
            let mut errors = Errors::default();
            for place in places.iter().filter(|place| came[place.present] > 0.5) {
                let column = column(place);
                let squared = |said: f32| Tally::one(features.in_unit(said - came[column], column).powi(2));
                if told(dream, place.present) > 0.5 {
                    errors[0].add(squared(told(dream, column)));
                }
                if held[place.present] > 0.5 {
                    errors[1].add(squared(held[column]));
                }
            }
            errors
        })
    };
    let (forward, left) = (place_errors(|place| place.forward), place_errors(|place| place.left));
    Some(OthersError {
        horizon,
        presence_accuracy: mean(judging, &presence, 0)?,
        held_presence_accuracy: mean(judging, &presence, 1)?,
        forward_rmse_m: root(judging, &forward, 0),
        held_forward_rmse_m: root(judging, &forward, 1),
        left_rmse_m: root(judging, &left, 0),
        held_left_rmse_m: root(judging, &left, 1),
        pairs: forward.iter().map(|errors| errors[0]).sum::<Tally>().count as usize,
    })
}

fn mean(judging: &Judging<'_>, errors: &[Errors], side: usize) -> Option<Interval> {
    bootstrap(judging.clusters, judging.settings.seed.split(13), &|cases| total(errors, cases, side).mean())
}

fn root(judging: &Judging<'_>, errors: &[Errors], side: usize) -> Option<Interval> {
    let root = |cases: &[usize]| total(errors, cases, side).mean().map(f64::sqrt);
    bootstrap(judging.clusters, judging.settings.seed.split(13), &root)
}

fn ratio(judging: &Judging<'_>, errors: &[Errors]) -> Option<Interval> {
    bootstrap(judging.clusters, judging.settings.seed.split(13), &|cases| {
        let held = total(errors, cases, 1).mean()?;
        (held > 0.0).then_some(())?;
        Some((total(errors, cases, 0).mean()? / held).sqrt())
    })
}

fn total(errors: &[Errors], cases: &[usize], side: usize) -> Tally {
    cases.iter().map(|&case_idx| errors[case_idx][side]).sum()
}
