//! Quantiles of measured times.

/// The smallest measurement that so large a share of all does not exceed; 0 where there are none.
pub(crate) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
}

/// The middle one, or the mean of the middle two; 0 where there are none.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    match sorted.len() {
        0 => 0.0,
        len if len % 2 == 1 => sorted[half],
        _ => (sorted[half - 1] + sorted[half]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_a_measured_value_and_a_median_lies_in_the_middle() {
        let hundred = (1..=100).rev().map(f64::from).collect::<Vec<_>>();
        assert_eq!([0.5, 0.99, 1.0].map(|share| quantile(&hundred, share)), [50.0, 99.0, 100.0]);
        assert_eq!(quantile(&[7.0], 0.01), 7.0);
        assert_eq!([median(&hundred), median(&[3.0, 9.0, 1.0]), median(&[])], [50.5, 3.0, 0.0]);
    }
}
