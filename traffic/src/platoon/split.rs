//! Two halves of a set of platoons that share no vehicle.
//!
//! Neighbouring files of a recording repeat vehicles, so platoons that are linked by a vehicle go into one half together.
//! Only where that leaves the halves very unequal are platoons left out, to cut the links.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rand::{Rng, RngExt, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::Platoon;

/// The least share of the rows in the lighter half; below it platoons are left out to do better.
const LEAST_SHARE: f64 = 0.4;
/// The share of all rows at which the first half of a cut is full: cutting takes from the second half alone.
const CUT_SHARE: f64 = 0.45;

/// Indices of platoons, each list in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// To calibrate on.
    pub train: Vec<usize>,
    /// To test on.
    pub test: Vec<usize>,
    /// In neither half, because they share vehicles with both.
    pub dropped: Vec<usize>,
}

/// Splits into halves of about equal rows. The seed draws which half is for training, and between equal splits.
///
/// Platoons are dropped only if linked platoons leave the lighter half below 40 % of the rows:
/// then as few rows as the best of all starting points needs.
pub fn halves(platoons: &[Platoon], seed: u64) -> Split {
    let mut draws = ChaCha8Rng::seed_from_u64(seed);
    let links = Links::new(platoons);
    let whole = share_out(platoons, links.components(), &mut draws);
    let best = if lighter_share(platoons, &whole) >= LEAST_SHARE {
        whole
    } else {
        let cuts = (0..platoons.len()).map(|start| cut(platoons, &links, start, &mut draws));
        let fair = cuts.filter(|split| lighter_share(platoons, split) >= LEAST_SHARE);
        fair.min_by_key(|split| rows(platoons, &split.dropped)).unwrap_or(whole)
    };
    toss(best, &mut draws)
}

/// Splits by growing one half from a platoon that the seed draws, and drops the platoons that are linked to both.
/// It gives other splits for other seeds where [`halves`] has but one, and so shows how much a result owes to the split.
pub fn halves_by_cutting(platoons: &[Platoon], seed: u64) -> Split {
    if platoons.is_empty() {
        return Split::default();
    }
    let mut draws = ChaCha8Rng::seed_from_u64(seed);
    let start = draws.random_range(0..platoons.len());
    let split = cut(platoons, &Links::new(platoons), start, &mut draws);
    toss(split, &mut draws)
}

/// Which platoons share vehicles.
struct Links(Vec<Vec<usize>>);

impl Links {
    fn new(platoons: &[Platoon]) -> Self {
        let mut of_vehicle: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (idx, platoon) in platoons.iter().enumerate() {
            for car in &platoon.cars {
                of_vehicle.entry(car.id).or_default().push(idx);
            }
        }
        let mut links = vec![BTreeSet::new(); platoons.len()];
        for sharing in of_vehicle.values() {
            for &idx in sharing {
                links[idx].extend(sharing.iter().copied().filter(|&other| other != idx));
            }
        }
        Self(links.into_iter().map(|linked| linked.into_iter().collect()).collect())
    }

    /// Sets of platoons that are linked, directly or through others.
    fn components(&self) -> Vec<Vec<usize>> {
        let mut seen = vec![false; self.0.len()];
        let mut components = Vec::new();
        for start in 0..self.0.len() {
            let component = self.reach(start, &mut seen);
            if !component.is_empty() {
                components.push(component);
            }
        }
        components
    }

    /// The platoons not seen yet that are linked to a start, nearest first.
    fn reach(&self, start: usize, seen: &mut [bool]) -> Vec<usize> {
        let mut reached = Vec::new();
        let mut queue = VecDeque::from([start]);
        while let Some(idx) = queue.pop_front() {
            if !std::mem::replace(&mut seen[idx], true) {
                reached.push(idx);
                queue.extend(&self.0[idx]);
            }
        }
        reached
    }
}

/// The heaviest component first, each to the half that is lighter by then.
fn share_out(platoons: &[Platoon], mut components: Vec<Vec<usize>>, draws: &mut impl Rng) -> Split {
    components.shuffle(draws);
    components.sort_by_key(|component| std::cmp::Reverse(rows(platoons, component)));
    let mut split = Split::default();
    for component in components {
        let train_is_lighter = rows(platoons, &split.train) <= rows(platoons, &split.test);
        let lighter = if train_is_lighter { &mut split.train } else { &mut split.test };
        lighter.extend(component);
    }
    sorted(split)
}

/// Grows one half from a start until it is full, and drops what is linked to it.
fn cut(platoons: &[Platoon], links: &Links, start: usize, draws: &mut impl Rng) -> Split {
    let mut components = vec![start];
    components.extend(0..platoons.len());
    components[1..].shuffle(draws);
    let mut seen = vec![false; platoons.len()];
    let order = components.into_iter().flat_map(|from| links.reach(from, &mut seen)).collect::<Vec<_>>();

    let all: Vec<usize> = (0..platoons.len()).collect();
    let full = (rows(platoons, &all) as f64 * CUT_SHARE) as usize;
    let mut split = Split::default();
    for idx in order {
        if rows(platoons, &split.train) < full {
            split.train.push(idx);
        } else if links.0[idx].iter().any(|linked| split.train.contains(linked)) {
            split.dropped.push(idx);
        } else {
            split.test.push(idx);
        }
    }
    sorted(split)
}

/// Swaps the halves on one outcome of a coin.
fn toss(split: Split, draws: &mut impl Rng) -> Split {
    if draws.random() {
        return split;
    }
    Split { train: split.test, test: split.train, dropped: split.dropped }
}

fn sorted(mut split: Split) -> Split {
    split.train.sort_unstable();
    split.test.sort_unstable();
    split.dropped.sort_unstable();
    split
}

fn rows(platoons: &[Platoon], idxs: &[usize]) -> usize {
    idxs.iter().map(|&idx| platoons[idx].rows()).sum()
}

/// Share of the kept rows in the lighter half.
fn lighter_share(platoons: &[Platoon], split: &Split) -> f64 {
    let (train, test) = (rows(platoons, &split.train), rows(platoons, &split.test));
    train.min(test) as f64 / (train + test).max(1) as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::platoon::Car;

    fn platoon(ids: &[u32], rows: usize) -> Platoon {
        let car = |&id| Car {
            id,
            position_m: vec![0.0; rows],
            speed_mps: vec![0.0; rows],
            acceleration_mps2: vec![0.0; rows],
        };
        Platoon { name: String::new(), cars: ids.iter().map(car).collect() }
    }

    fn check(platoons: &[Platoon], split: &Split) {
        let ids = |idxs: &[usize]| -> BTreeSet<u32> {
            idxs.iter().flat_map(|&idx| platoons[idx].cars.iter().map(|car| car.id)).collect()
        };
        assert!(ids(&split.train).is_disjoint(&ids(&split.test)));
        let mut all = [split.train.as_slice(), &split.test, &split.dropped].concat();
        all.sort_unstable();
        assert_eq!(all, (0..platoons.len()).collect::<Vec<_>>());
    }

    #[test]
    fn linked_platoons_stay_together_and_the_halves_are_even() {
        let platoons =
            [&[1, 2][..], &[2, 3], &[9, 10], &[3, 4], &[11, 12], &[13, 14]].map(|ids| platoon(ids, 10));
        for seed in 0..20 {
            let split = halves(&platoons, seed);
            check(&platoons, &split);
            assert_eq!((split.train.len(), split.test.len(), split.dropped.len()), (3, 3, 0));
        }
    }

    #[test]
    fn seeds_give_either_half_for_training() {
        let platoons = [platoon(&[1, 2], 10), platoon(&[3, 4], 11)];
        let first: BTreeSet<usize> = (0..20).map(|seed| halves(&platoons, seed).train[0]).collect();
        assert_eq!(first.len(), 2);
    }

    #[test]
    fn a_chain_of_platoons_is_cut_where_it_costs_least() {
        let platoons: Vec<Platoon> = (0..20).map(|at| platoon(&[at, at + 1], 10)).collect();
        let split = halves(&platoons, 0);
        check(&platoons, &split);
        assert_eq!(split.dropped.len(), 1);
    }

    proptest! {
        #[test]
        fn no_vehicle_is_in_both_halves(
            ids in proptest::collection::vec(proptest::collection::btree_set(0..60_u32, 2..6), 0..30),
            seed in any::<u64>(),
        ) {
            let platoons: Vec<Platoon> = ids.iter().enumerate()
                .map(|(at, ids)| platoon(&ids.iter().copied().collect::<Vec<_>>(), 2 + at))
                .collect();
            for split in [halves(&platoons, seed), halves_by_cutting(&platoons, seed)] {
                check(&platoons, &split);
            }
            prop_assert_eq!(halves(&platoons, seed), halves(&platoons, seed));
        }
    }
}
