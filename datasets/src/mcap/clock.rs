//! Steps and nanoseconds: step k of an episode is at its start plus k / steps per second.

use super::foxglove::Timestamp;

const NANOS: u64 = 1_000_000_000;

/// The time axis of one episode.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    pub(super) start_ns: u64,
    /// Above 0.
    pub(super) steps_per_second: u32,
}

impl Clock {
    /// When a step is, rounded down; none beyond the year 2554.
    pub(super) fn at(self, step: usize) -> Option<u64> {
        let since = step as u128 * u128::from(NANOS) / u128::from(self.steps_per_second);
        self.start_ns.checked_add(u64::try_from(since).ok()?)
    }

    /// The step that is at exactly this time.
    pub(super) fn step_at(self, time_ns: u64) -> Option<usize> {
        let since = u128::from(time_ns.checked_sub(self.start_ns)?);
        let step = (since * u128::from(self.steps_per_second)).div_ceil(u128::from(NANOS));
        let step = usize::try_from(step).ok()?;
        (self.at(step) == Some(time_ns)).then_some(step)
    }

    /// When an episode that follows one of so many steps begins: a second after its last.
    pub(super) fn after(self, steps: usize) -> Option<u64> {
        self.at(steps.saturating_sub(1))?.checked_add(NANOS)
    }
}

/// A time as messages carry it.
pub(super) fn timestamp(time_ns: u64) -> Timestamp {
    // Both fit: seconds are below 2^35, nanoseconds below 10^9.
    Timestamp { seconds: (time_ns / NANOS) as i64, nanos: (time_ns % NANOS) as i32 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_step_is_found_again_by_its_time(start_ns in 0u64..1 << 60, steps_per_second in 1u32..10_000_000, step in 0usize..10_000_000) {
            let clock = Clock { start_ns, steps_per_second };
            prop_assert_eq!(clock.step_at(clock.at(step).unwrap()), Some(step));
        }
    }

    #[test]
    fn times_between_steps_and_beyond_the_axis_belong_to_no_step() {
        let clock = Clock { start_ns: 5, steps_per_second: 30 };
        assert_eq!((clock.at(0), clock.at(1)), (Some(5), Some(33_333_338)));
        assert_eq!((clock.step_at(4), clock.step_at(6), clock.step_at(33_333_339)), (None, None, None));
        assert_eq!(Clock { start_ns: u64::MAX, steps_per_second: 1 }.after(1), None);
    }
}
