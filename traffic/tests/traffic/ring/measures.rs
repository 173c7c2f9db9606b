//! What is measured on a ring road: the spread of speeds, the gaps, and how fast a jam travels.
//!
//! The functions see positions and speeds alone, so that any simulator can be held against the same numbers.
//! A simulator is a closure that advances a [`Tick`] by one step.

/// The cars of a ring at one time, in driving order: the car after the last one is the first one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    /// Front bumpers along the ring, in metres, wrapped or not.
    pub(crate) positions_m: Vec<f64>,
    /// Speeds along the ring.
    pub(crate) speeds_mps: Vec<f64>,
}

/// A flow counts as jammed where the speeds of all cars over the whole record deviate by more than this.
///
/// On the ring of 22 cars jams lie above 1 m/s and steady flows below 0.01 m/s.
const JAM_DEVIATION_MPS: f64 = 0.5;

/// Records `n_ticks` ticks of a simulator after letting `n_skipped` pass.
pub(crate) fn record(
    mut tick: Tick,
    n_skipped: usize,
    n_ticks: usize,
    mut advance: impl FnMut(&mut Tick),
) -> Vec<Tick> {
    (0..n_skipped).for_each(|_| advance(&mut tick));
    let next = |_| {
        advance(&mut tick);
        tick.clone()
    };
    (0..n_ticks).map(next).collect()
}

/// The speeds of a record and the wave in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flow {
    /// The slowest speed of any car at any time.
    pub(crate) slowest_kmh: f64,
    /// The fastest speed of any car at any time.
    pub(crate) fastest_kmh: f64,
    /// The mean over cars and times.
    pub(crate) mean_kmh: f64,
    /// The standard deviation over cars and times.
    pub(crate) deviation_mps: f64,
    /// The smallest bumper-to-bumper gap; negative after a collision.
    pub(crate) smallest_gap_m: f64,
    /// How fast the slowest place travels, negative against the traffic; it has no meaning in a steady flow.
    pub(crate) wave_kmh: f64,
}

impl Flow {
    /// The flow of a record with `step_secs` between two ticks, on a ring of `ring_m` with cars of `car_m`.
    pub(crate) fn measure(record: &[Tick], step_secs: f64, ring_m: f64, car_m: f64) -> Self {
        let speeds = || record.iter().flat_map(|tick| tick.speeds_mps.iter().copied());
        let (mean_mps, deviation_mps) = mean_and_deviation(speeds());
        let gaps = record.iter().flat_map(|tick| gaps_m(tick, ring_m, car_m));
        Self {
            slowest_kmh: 3.6 * speeds().fold(f64::INFINITY, f64::min),
            fastest_kmh: 3.6 * speeds().fold(f64::NEG_INFINITY, f64::max),
            mean_kmh: 3.6 * mean_mps,
            deviation_mps,
            smallest_gap_m: gaps.fold(f64::INFINITY, f64::min),
            wave_kmh: wave_kmh(record, step_secs, ring_m),
        }
    }

    /// Whether the flow is jammed rather than steady.
    pub(crate) fn jams(&self) -> bool {
        self.deviation_mps > JAM_DEVIATION_MPS
    }
}

/// How fast a jam travels along a ring: the slope of the slowest car's position over time.
pub(crate) fn wave_kmh(record: &[Tick], step_secs: f64, ring_m: f64) -> f64 {
    let mut unwrapped_m = Vec::with_capacity(record.len());
    for tick in record {
        let position_m = slowest_place_m(tick);
        let before_m = unwrapped_m.last().copied().unwrap_or(position_m);
        // The slowest place moves by less than half a ring per tick, so the nearer way round is the right
        // one.
        let moved_m = (position_m - before_m + 0.5 * ring_m).rem_euclid(ring_m) - 0.5 * ring_m;
        unwrapped_m.push(before_m + moved_m);
    }
    3.6 * slope(&unwrapped_m) / step_secs
}

/// Bumper-to-bumper gaps of all cars; a gap of a car that has run into its leader is negative.
pub(crate) fn gaps_m(tick: &Tick, ring_m: f64, car_m: f64) -> impl Iterator<Item = f64> {
    let ahead = tick.positions_m.iter().cycle().skip(1);
    tick.positions_m.iter().zip(ahead).map(move |(own, ahead)| (ahead - own).rem_euclid(ring_m) - car_m)
}

/// Mean and standard deviation.
pub(crate) fn mean_and_deviation(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let count = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / count;
    let variance = values.map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    (mean, variance.sqrt())
}

/// The position of the slowest car, of the first one of these where several stand.
fn slowest_place_m(tick: &Tick) -> f64 {
    let cars = tick.positions_m.iter().zip(&tick.speeds_mps);
    cars.min_by(|one, other| one.1.total_cmp(other.1)).map_or(0.0, |(position_m, _)| *position_m)
}

/// The slope of the least-squares line through values at 0, 1, 2 and so on.
fn slope(values: &[f64]) -> f64 {
    let (mean, _) = mean_and_deviation(values.iter().copied());
    let middle = 0.5 * (values.len() as f64 - 1.0);
    let (mut product, mut square) = (0.0, 0.0);
    for (index, value) in values.iter().enumerate() {
        let from_middle = index as f64 - middle;
        product += from_middle * (value - mean);
        square += from_middle * from_middle;
    }
    product / square
}

#[test]
fn the_wave_speed_of_a_travelling_slow_place_is_found_across_the_seam() {
    // Twenty fixed cars; the slow place passes from car to car backwards, one per second, 10 m apart.
    let record: Vec<Tick> = (0..500)
        .map(|tick| {
            let slow = (tick / 10 * 19) % 20;
            let speeds_mps = (0..20).map(|car| if car == slow { 0.0 } else { 5.0 }).collect();
            Tick { positions_m: (0..20).map(|car| 10.0 * f64::from(car)).collect(), speeds_mps }
        })
        .collect();
    let found = wave_kmh(&record, 0.1, 200.0);
    assert!((found + 36.0).abs() < 0.1, "found {found}");
}
