//! How near forecasts of a number come: the share of its variance that they explain, and their error in its own unit.

/// What was forecast, what came, and for how many of the population it stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Forecast {
    /// What was forecast.
    pub said: f64,
    /// What came.
    pub came: f64,
    /// 1 where all were drawn alike.
    pub weight: f64,
}

/// The coefficient of determination, 1 - squared error / squared deviation from the mean: 1 at best, 0 for the mean,
/// below it for worse; none where nothing varies.
#[must_use]
pub fn r2(forecasts: &[Forecast]) -> Option<f64> {
    let deviation = deviation(forecasts)?;
    (deviation > 0.0).then_some(())?;
    Some(1.0 - (rmse(forecasts)? / deviation).powi(2))
}

/// The root of the mean squared error, by weight.
#[must_use]
pub fn rmse(forecasts: &[Forecast]) -> Option<f64> {
    mean(forecasts, |one| (one.said - one.came).powi(2)).map(f64::sqrt)
}

/// The standard deviation of what came.
pub(crate) fn deviation(forecasts: &[Forecast]) -> Option<f64> {
    let centre = mean(forecasts, |one| one.came)?;
    mean(forecasts, |one| (one.came - centre).powi(2)).map(f64::sqrt)
}

fn mean(forecasts: &[Forecast], of: impl Fn(&Forecast) -> f64) -> Option<f64> {
    let total: f64 = forecasts.iter().map(|one| one.weight).sum();
    (total > 0.0).then(|| forecasts.iter().map(|one| one.weight * of(one)).sum::<f64>() / total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forecasts(said: &[f64], came: &[f64]) -> Vec<Forecast> {
        said.iter().zip(came).map(|(&said, &came)| Forecast { said, came, weight: 1.0 }).collect()
    }

    #[test]
    fn r2_compares_with_the_mean() {
        let came = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(r2(&forecasts(&came, &came)), Some(1.0));
        assert!(r2(&forecasts(&[2.5; 4], &came)).unwrap().abs() < 1e-12);
        // Squared errors 4 x 0.25 against 2.25 + 0.25 + 0.25 + 2.25.
        let found = r2(&forecasts(&[1.5, 2.5, 2.5, 3.5], &came)).unwrap();
        assert!((found - 0.8).abs() < 1e-12, "{found}");
        assert_eq!(r2(&forecasts(&[1.0, 2.0], &[3.0, 3.0])), None);
    }

    #[test]
    fn errors_are_in_the_unit_of_the_number() {
        let found = rmse(&forecasts(&[3.0, 0.0], &[0.0, 4.0])).unwrap();
        assert!((found - 12.5f64.sqrt()).abs() < 1e-12);
        assert_eq!(rmse(&[]), None);
    }
}
