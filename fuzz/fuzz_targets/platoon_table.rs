//! Any bytes as a table of a recorded platoon: one that is accepted has whole columns, and each car behind the last.

#![no_main]

use dreamlane_fuzz::Capped;
use dreamlane_traffic::platoon::{self, table};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    Capped::at_most(1 << 20);
    let Ok(platoon) = platoon::parse(bytes) else { return };
    let rows = platoon.rows();
    assert!((2..=table::MOST_ROWS).contains(&rows) && (2..=table::MOST_CARS).contains(&platoon.cars.len()));
    for car in &platoon.cars {
        let columns = [&car.position_m, &car.speed_mps, &car.acceleration_mps2];
        assert!(columns.iter().all(|column| column.len() == rows));
        assert!(columns.iter().copied().flatten().all(|value| value.is_finite()));
        assert!(car.speed_mps.iter().all(|&speed_mps| speed_mps >= 0.0));
    }
    for pair in platoon.cars.windows(2) {
        assert!(pair[0].position_m.iter().zip(&pair[1].position_m).all(|(ahead, behind)| ahead > behind));
    }
});
