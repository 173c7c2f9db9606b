//! The rate of a recording, from the times of its records.

use super::catalogue::Record;
use crate::Checked;

/// Frames per second of a tub, and the interval above which a run is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rate {
    /// Rounded to a whole number.
    pub(super) steps_per_second: u32,
    /// Four frame periods: what lies between two frames further apart was not seen.
    pub(super) largest_gap_ms: i64,
}

impl Rate {
    /// From the median interval within sessions.
    pub(super) fn estimate(records: &[Record]) -> Checked<Self> {
        let mut intervals: Vec<i64> = records
            .windows(2)
            .filter(|pair| pair[0].session == pair[1].session)
            .map(|pair| pair[1].timestamp_ms.saturating_sub(pair[0].timestamp_ms))
            .collect();
        if intervals.is_empty() {
            return Err("no two records of one session, so no frame rate".to_owned());
        }
        let middle = intervals.len() / 2;
        let (_, &mut median, _) = intervals.select_nth_unstable(middle);
        if !(1..=10_000).contains(&median) {
            return Err(format!("expected a frame every 1 to 10000 ms, found a median of {median} ms"));
        }
        let steps_per_second = (1000.0 / median as f64).round().max(1.0) as u32;
        Ok(Self { steps_per_second, largest_gap_ms: 4 * median })
    }
}
