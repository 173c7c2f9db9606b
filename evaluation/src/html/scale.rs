//! Numbers for people, and round marks for an axis.

use crate::Interval;

/// A number with about three figures.
pub(crate) fn number(value: f64) -> String {
    let digits = match value.abs() {
        size if !size.is_finite() => return "not a number".to_owned(),
        0.0 => 0,
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 0.995 => 2,
        size if size >= 0.01 => 3,
        size if size >= 0.0001 => 5,
        _ => return format!("{value:.2e}"),
    };
    format!("{value:.digits$}")
}

/// `0.52 (0.45 to 0.60)`.
pub(super) fn interval(interval: &Interval) -> String {
    format!("{} ({} to {})", number(interval.value), number(interval.low), number(interval.high))
}

/// The same, or that there is none.
pub(crate) fn perhaps(found: Option<&Interval>) -> String {
    found.map_or_else(|| "absent".to_owned(), interval)
}

/// Steps with their time, such as `10 steps (0.5 s)`.
pub(super) fn steps(count: usize, steps_per_second: u32) -> String {
    let noun = if count == 1 { "step" } else { "steps" };
    format!("{count} {noun} ({} s)", seconds(count, steps_per_second))
}

/// Steps as seconds.
pub(super) fn seconds(count: usize, steps_per_second: u32) -> String {
    mark((100.0 * count as f64 / f64::from(steps_per_second.max(1))).round() / 100.0)
}

/// Marks at 1, 2 or 5 times a power of ten, four or so from `low` to `high`.
pub(super) fn marks(low: f64, high: f64) -> Vec<f64> {
    let rough = ((high - low) / 4.0).max(f64::MIN_POSITIVE);
    let power = 10f64.powf(rough.log10().floor());
    let step =
        [1.0, 2.0, 5.0, 10.0].into_iter().map(|times| times * power).find(|&step| step >= rough * 0.999);
    let step = step.unwrap_or(10.0 * power);
    let (first, last) = ((low / step - 1e-9).ceil() as i64, (high / step + 1e-9).floor() as i64);
    // A broken range must not fill the page with marks.
    (first..=last).take(12).map(|mark| mark as f64 * step).collect()
}

/// A mark as text, without the noise of binary fractions.
pub(super) fn mark(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if !(1e-3..1e6).contains(&size) => format!("{value:e}"),
        _ => format!("{}", (value * 1e6).round() / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_and_within_the_range() {
        let cases: [(f64, f64, &[f64]); 3] = [
            (0.0, 20.0, &[0.0, 5.0, 10.0, 15.0, 20.0]),
            (-0.3, 0.5, &[-0.2, 0.0, 0.2, 0.4]),
            (0.0, 1.0, &[0.0, 0.5, 1.0]),
        ];
        for (low, high, expected) in cases {
            let found = marks(low, high);
            assert!(found.len() == expected.len(), "{low} to {high}: {found:?}");
            assert!(
                found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9),
                "{low} to {high}: {found:?}"
            );
        }
    }

    #[test]
    fn ranges_without_extent_or_end_give_few_marks() {
        for (low, high) in [(1.0, 1.0), (0.0, f64::INFINITY), (f64::NAN, 1.0), (1.0, -1.0)] {
            assert!(marks(low, high).len() <= 12, "{low} to {high}");
        }
    }

    #[test]
    fn numbers_keep_three_figures() {
        let cases = [(0.5234, "0.523"), (12.345, "12.3"), (1234.5, "1234"), (0.00012, "0.00012"), (0.0, "0")];
        for (value, expected) in cases {
            assert_eq!(number(value), expected);
        }
        assert_eq!((mark(0.1 + 0.2), mark(-0.0), mark(1e-5)), ("0.3".into(), "0".into(), "1e-5".into()));
    }
}
