//! Differential evolution: finds the least cost within a box without derivatives.
//!
//! Storn and Price (1997), <https://doi.org/10.1023/A:1008202821328>, the scheme `current-to-best/1/bin` with a dithered
//! weight. Gap errors have kinks and flat valleys (a desired speed that nobody reaches), which rules out gradients, and
//! the box has but five sides: forty lines on the random numbers and threads at hand serve better than a framework.
//! All draws happen in one thread, so the result does not depend on how many threads compute the costs.

use std::ops::ControlFlow;

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// The chance that a parameter is taken from the mutant.
const CROSSOVER: f64 = 0.9;
/// The range of the weight of differences, drawn anew for each mutant.
const WEIGHTS: [f64; 2] = [0.4, 0.9];
/// The search has settled when the costs of a generation differ by less than this share.
const SETTLED: f64 = 1e-7;

/// How long to search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Candidates of a generation, at least 4.
    pub population: usize,
    /// Generations after the first.
    pub generations: usize,
}

/// The best candidate and its cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found<const N: usize> {
    /// The candidate.
    pub best: [f64; N],
    /// Its cost.
    pub cost: f64,
    /// Whether the search ran to its end and was not broken off.
    pub finished: bool,
}

/// Searches a box of `[low, high]` per parameter for the least cost.
///
/// After each generation `go_on` gets the generations done and the least cost so far; when it breaks, the search
/// returns the best candidate so far.
pub fn least<const N: usize>(
    bounds: &[[f64; 2]; N],
    effort: Effort,
    seed: u64,
    cost: impl Fn(&[f64; N]) -> f64 + Sync,
    mut go_on: impl FnMut(usize, f64) -> ControlFlow<()>,
) -> Found<N> {
    let mut draws = ChaCha8Rng::seed_from_u64(seed);
    // A cost that is no number loses against all others.
    let cost =
        |candidate: &[f64; N]| Some(cost(candidate)).filter(|cost| !cost.is_nan()).unwrap_or(f64::INFINITY);
    let mut candidates: Vec<[f64; N]> = (0..effort.population.max(4))
        .map(|_| bounds.map(|[low, high]| draws.random_range(low..=high)))
        .collect();
    let mut costs: Vec<f64> = candidates.par_iter().map(&cost).collect();
    for generation in 0..effort.generations {
        let best = place_of_least(&costs);
        if go_on(generation, costs[best]).is_break() {
            return Found { best: candidates[best], cost: costs[best], finished: false };
        }
        if costs.iter().all(|cost| cost - costs[best] <= SETTLED * costs[best].abs()) {
            break;
        }
        let trials: Vec<[f64; N]> =
            (0..candidates.len()).map(|place| mutant(&candidates, place, best, bounds, &mut draws)).collect();
        let trial_costs: Vec<f64> = trials.par_iter().map(&cost).collect();
        for (place, (trial, trial_cost)) in trials.into_iter().zip(trial_costs).enumerate() {
            if trial_cost <= costs[place] {
                candidates[place] = trial;
                costs[place] = trial_cost;
            }
        }
    }
    let best = place_of_least(&costs);
    Found { best: candidates[best], cost: costs[best], finished: true }
}

/// The first of the least costs.
fn place_of_least(costs: &[f64]) -> usize {
    (1..costs.len()).fold(0, |best, place| if costs[place] < costs[best] { place } else { best })
}

fn mutant<const N: usize>(
    candidates: &[[f64; N]],
    place: usize,
    best: usize,
    bounds: &[[f64; 2]; N],
    draws: &mut impl Rng,
) -> [f64; N] {
    let from = &candidates[place];
    let one = &candidates[draws.random_range(0..candidates.len())];
    let other = &candidates[draws.random_range(0..candidates.len())];
    let weight = draws.random_range(WEIGHTS[0]..WEIGHTS[1]);
    let always = draws.random_range(0..N);
    std::array::from_fn(|axis| {
        if axis != always && draws.random::<f64>() >= CROSSOVER {
            return from[axis];
        }
        let pull = candidates[best][axis] - from[axis];
        let moved = from[axis] + weight * (pull + one[axis] - other[axis]);
        let [low, high] = bounds[axis];
        // Half way to the side that it crossed: the optimum may lie on a side, and a plain clip would crowd there.
        if moved < low {
            0.5 * (from[axis] + low)
        } else if moved > high {
            0.5 * (from[axis] + high)
        } else {
            moved
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const EFFORT: Effort = Effort { population: 40, generations: 200 };
    const BOUNDS: [[f64; 2]; 3] = [[-2.0, 2.0]; 3];

    fn rosenbrock(at: &[f64; 3]) -> f64 {
        (0..2).map(|axis| 100.0 * (at[axis + 1] - at[axis].powi(2)).powi(2) + (1.0 - at[axis]).powi(2)).sum()
    }

    #[test]
    fn a_bent_valley_is_followed_to_its_lowest_point() {
        let found = least(&BOUNDS, EFFORT, 1, rosenbrock, |_, _| ControlFlow::Continue(()));
        assert!(found.finished && found.cost < 1e-6, "{found:?}");
        assert!(found.best.iter().all(|value| (value - 1.0).abs() < 1e-2));
    }

    #[test]
    fn an_optimum_on_a_side_of_the_box_is_found_and_not_left() {
        let found = least(&BOUNDS, EFFORT, 1, |at| at.iter().sum(), |_, _| ControlFlow::Continue(()));
        assert!(found.best.iter().all(|value| (-2.0..-1.99).contains(value)), "{found:?}");
    }

    #[test]
    fn any_number_of_threads_finds_the_same() {
        let search = || least(&BOUNDS, EFFORT, 3, rosenbrock, |_, _| ControlFlow::Continue(()));
        let with =
            |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(search);
        assert_eq!(with(1), with(3));
    }

    #[test]
    fn a_search_that_is_broken_off_returns_the_best_so_far() {
        let mut last = f64::INFINITY;
        let found = least(&BOUNDS, EFFORT, 1, rosenbrock, |done, cost| {
            assert!(cost <= last);
            last = cost;
            if done == 5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert!(!found.finished);
        assert_eq!(found.cost, last);
        assert_eq!(rosenbrock(&found.best), last);
    }

    #[test]
    fn costs_that_are_no_numbers_never_win() {
        let cost = |at: &[f64; 1]| if at[0] < 0.0 { f64::NAN } else { at[0] };
        let found = least(&[[-1.0, 1.0]], EFFORT, 1, cost, |_, _| ControlFlow::Continue(()));
        assert!((0.0..1e-3).contains(&found.cost), "{found:?}");
    }
}
