//! Each driver with parameters of its own: how people differ, and the least error that the model can reach.
//!
//! A driver is fitted to all its recordings, so its error is that of a fit and not of a forecast.

use std::{collections::BTreeMap, ops::ControlFlow};

use serde::{Deserialize, Serialize};

use super::follower::Follower;
use super::{
    Follow, Platoon, PlatoonError, Progress, Rule, Score, Settings,
    calibrate::{fit, idm, in_line},
    follow::Pair,
    score,
};

/// One driver.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Driver {
    /// The vehicle.
    pub id: u32,
    /// Its parameters.
    pub parameters: Follower,
    /// The relative error of its gap, a share of 1.
    pub rmspe: f64,
    /// Recordings of it.
    pub recordings: usize,
}

/// Many drivers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drivers {
    /// In the order of their ids.
    pub drivers: Vec<Driver>,
    /// All of them, each with its own parameters behind its recorded leaders.
    pub score: Score,
    /// Whether no driver was left out because `go_on` broke.
    pub finished: bool,
}

/// Fits each follower of some platoons on its own. `go_on` hears of each driver with the error of the one before;
/// when it breaks, the drivers fitted by then are returned.
///
/// # Errors
/// Settings out of range.
pub fn calibrate_drivers<'a>(
    platoons: impl IntoIterator<Item = &'a Platoon>,
    settings: &Settings,
    mut go_on: impl FnMut(Progress) -> ControlFlow<()>,
) -> Result<Drivers, PlatoonError> {
    settings.check()?;
    let platoons: Vec<&Platoon> = platoons.into_iter().collect();
    let mut recordings: BTreeMap<u32, Vec<Pair<'a>>> = BTreeMap::new();
    for pair in in_line(&platoons, settings.length_m) {
        recordings.entry(pair.follower.id).or_default().push(pair);
    }
    let total = recordings.len();
    let mut drivers: Vec<Driver> = Vec::with_capacity(total);
    let mut follows: Vec<Follow> = Vec::new();
    for (id, pairs) in recordings {
        let best = drivers.last().map_or(f64::INFINITY, |driver| driver.rmspe);
        if go_on(Progress { done: drivers.len(), total, best }).is_break() {
            break;
        }
        // A seed per driver: who else is in the set must not change its parameters.
        let found = fit(&pairs, settings, settings.seed ^ u64::from(id) << 32, |_| ControlFlow::Continue(()));
        let parameters = idm(&found.best);
        let own = pairs.iter().map(|pair| pair.drive(settings.length_m, Rule::Idm(parameters)));
        let own: Vec<Follow> = own.collect();
        let rmspe = score::score(&own, 1, settings.seed).rmspe;
        drivers.push(Driver { id, parameters, rmspe, recordings: own.len() });
        follows.extend(own);
    }
    let finished = drivers.len() == total;
    Ok(Drivers { drivers, score: score::score(&follows, settings.resamples, settings.seed), finished })
}

impl Drivers {
    /// The 10, 25, 50, 75 and 90 % points of a value over the drivers, such as `|driver| driver.parameters.headway_secs`.
    pub fn spread(&self, value: impl Fn(&Driver) -> f64) -> [f64; 5] {
        let mut values: Vec<f64> = self.drivers.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        [0.1, 0.25, 0.5, 0.75, 0.9].map(|share| score::quantile(&values, share))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platoon::follow::tests::driven;

    fn quick() -> Settings {
        Settings { population: 24, generations: 60, resamples: 50, ..Settings::thorough(1) }
    }

    #[test]
    fn drivers_get_their_own_headways_back() {
        let platoons = [0.9, 1.8].map(|headway_secs| Follower { headway_secs, ..Follower::textbook() });
        let platoons = [driven(&platoons[0], 10, 2, 250), driven(&platoons[1], 20, 2, 250)];
        let found = calibrate_drivers(&platoons, &quick(), |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(found.drivers.iter().map(|driver| driver.id).collect::<Vec<_>>(), [11, 21]);
        assert!(found.score.rmspe < 0.02, "{}", found.score.rmspe);
        let headways = found.drivers.iter().map(|driver| driver.parameters.headway_secs).collect::<Vec<_>>();
        assert!((headways[0] - 0.9).abs() < 0.15 && (headways[1] - 1.8).abs() < 0.15, "{headways:?}");
        let spread = found.spread(|driver| driver.parameters.headway_secs);
        assert!(spread[0] < spread[2] && spread[2] < spread[4]);
    }

    #[test]
    fn a_driver_is_the_same_in_any_company() {
        let platoons = [driven(&Follower::textbook(), 10, 3, 100), driven(&Follower::textbook(), 20, 2, 100)];
        let all = calibrate_drivers(&platoons, &quick(), |_| ControlFlow::Continue(())).unwrap();
        let alone = calibrate_drivers(&platoons[1..], &quick(), |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(all.drivers[2], alone.drivers[0]);
    }

    #[test]
    fn breaking_off_keeps_the_drivers_that_are_done() {
        let platoons = [driven(&Follower::textbook(), 10, 4, 60)];
        let stop = |progress: Progress| match progress.done {
            0 | 1 => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        };
        let found = calibrate_drivers(&platoons, &quick(), stop).unwrap();
        assert_eq!((found.drivers.len(), found.finished), (2, false));
    }
}
