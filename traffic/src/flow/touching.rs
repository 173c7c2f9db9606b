//! Who touches whom: a sweep along the longer side of the network, kept sorted from tick to tick.

use super::{fleet::Fleet, mend::mend};
use crate::participant::Kind;

/// The sweep's memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Sweep {
    sequence: Vec<u32>,
}

impl Sweep {
    /// Calls `touch` for every two whose footprints overlap, the lower index first; people on foot walk around each
    /// other.
    pub(super) fn pairs(&mut self, fleet: &Fleet, axis: usize, mut touch: impl FnMut(usize, usize)) {
        if self.sequence.len() != fleet.len() {
            self.sequence.clear();
            self.sequence.extend(0..fleet.len() as u32);
        }
        let along = if axis == 0 { &fleet.x_m } else { &fleet.y_m };
        mend(&mut self.sequence, |one, other| along[*one as usize] < along[*other as usize]);
        let longest_m = (0..fleet.len()).map(|idx| reach_m(fleet, idx)).fold(0.0, f64::max);
        for (place, &one) in self.sequence.iter().enumerate() {
            let one = one as usize;
            let until_m = along[one] + reach_m(fleet, one) + longest_m;
            let near = self.sequence[place + 1..].iter().map(|&other| other as usize);
            for other in near.take_while(|&other| along[other] <= until_m) {
                let (dx, dy) = (fleet.x_m[other] - fleet.x_m[one], fleet.y_m[other] - fleet.y_m[one]);
                let reach = reach_m(fleet, one) + reach_m(fleet, other);
                let on_foot = [one, other].iter().all(|&idx| fleet.kind[idx] == Kind::Pedestrian);
                if dx * dx + dy * dy <= reach * reach
                    && !on_foot
                    && fleet.footprint(one).touches(&fleet.footprint(other))
                {
                    touch(one.min(other), one.max(other));
                }
            }
        }
    }
}

/// Half of a diagonal at most.
#[inline]
fn reach_m(fleet: &Fleet, idx: usize) -> f64 {
    0.5 * (fleet.length_m[idx] + fleet.width_m[idx])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::flow::fleet::Participant;

    proptest! {
        #[test]
        fn the_sweep_finds_all_pairs_that_touch_and_no_others(
            bodies in prop::collection::vec((0.0..60.0, 0.0..30.0, -3.0..3.0, 0_usize..5), 2..30), axis in 0_usize..2,
        ) {
            let mut fleet = Fleet::default();
            for &(x_m, y_m, heading_rad, kind) in &bodies {
                fleet.push(Participant { x_m, y_m, heading_rad, ..Participant::of(Kind::ALL[kind]) });
            }
            let mut found = Vec::new();
            Sweep::default().pairs(&fleet, axis, |one, other| found.push((one, other)));
            found.sort_unstable();
            let mut expected = Vec::new();
            for one in 0..fleet.len() {
                for other in one + 1..fleet.len() {
                    let on_foot = [one, other].iter().all(|&idx| fleet.kind[idx] == Kind::Pedestrian);
                    if !on_foot && fleet.footprint(one).touches(&fleet.footprint(other)) {
                        expected.push((one, other));
                    }
                }
            }
            prop_assert_eq!(found, expected);
        }
    }
}
