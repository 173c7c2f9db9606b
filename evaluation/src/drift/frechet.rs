//! The Fréchet distance of two Gaussians: |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)).
//! After Dowson and Landau 1982; as a distance of picture sets, Heusel et al. 2017, <https://arxiv.org/abs/1706.08500>.

use nalgebra::{DMatrix, DVector};

/// Mean and covariance of a set of feature rows.
pub(crate) struct Gaussian {
    mean: DVector<f64>,
    covariance: DMatrix<f64>,
}

impl Gaussian {
    /// Of at least two rows of equal length; none of fewer.
    pub(crate) fn of(rows: &[&[f64]]) -> Option<Self> {
        let width = rows.first()?.len();
        if rows.len() < 2 {
            return None;
        }
        let mut mean = DVector::zeros(width);
        rows.iter().for_each(|row| mean += DVector::from_column_slice(row));
        mean /= rows.len() as f64;
        let centred = DMatrix::from_fn(width, rows.len(), |feature, row| rows[row][feature] - mean[feature]);
        let covariance = &centred * centred.transpose() / (rows.len() - 1) as f64;
        Some(Self { mean, covariance })
    }
}

/// The side that many sets are held against, with the root of its covariance, which is dear, taken once.
pub(crate) struct Reference {
    gaussian: Gaussian,
    root: DMatrix<f64>,
}

impl Reference {
    pub(crate) fn new(gaussian: Gaussian) -> Self {
        let eigen = gaussian.covariance.clone().symmetric_eigen();
        let roots = DMatrix::from_diagonal(&eigen.eigenvalues.map(|value| value.max(0.0).sqrt()));
        let root = &eigen.eigenvectors * roots * eigen.eigenvectors.transpose();
        Self { gaussian, root }
    }

    /// The distance; 0 between equals, in the square of the features' unit.
    pub(crate) fn distance(&self, other: &Gaussian) -> f64 {
        // The root of S1 S2 has the trace of the root of the symmetric R S2 R with R R = S1.
        let product = &self.root * &other.covariance * &self.root;
        let shared: f64 = product.symmetric_eigenvalues().iter().map(|value| value.max(0.0).sqrt()).sum();
        let means = (&self.gaussian.mean - &other.mean).norm_squared();
        let traces = self.gaussian.covariance.trace() + other.covariance.trace();
        (means + traces - 2.0 * shared).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dreamlane_core::Seed;

    /// Rows of `width` normal draws, scaled and moved.
    fn rows(seed: u64, count: usize, width: usize, scale: f64, shift: f64) -> Vec<Vec<f64>> {
        let draws = Seed::new(seed).normal(count * width);
        draws.chunks(width).map(|row| row.iter().map(|&x| scale * f64::from(x) + shift).collect()).collect()
    }

    fn distance(a: &[Vec<f64>], b: &[Vec<f64>]) -> f64 {
        let gaussian = |rows: &[Vec<f64>]| {
            Gaussian::of(&rows.iter().map(Vec::as_slice).collect::<Vec<_>>()).expect("there are rows")
        };
        Reference::new(gaussian(a)).distance(&gaussian(b))
    }

    #[test]
    fn gaussians_of_one_axis_have_the_distance_of_the_formula() {
        // (m1 - m2)^2 + (s1 - s2)^2, per axis.
        let (narrow, wide) = (rows(1, 20_000, 4, 1.0, 0.0), rows(2, 20_000, 4, 3.0, 2.0));
        let found = distance(&narrow, &wide);
        assert!((found - 4.0 * (4.0 + 4.0)).abs() < 0.5, "{found}");
    }

    #[test]
    fn a_set_is_at_no_distance_from_itself_and_distance_has_no_direction() {
        let (a, b) = (rows(3, 50, 8, 1.0, 0.0), rows(4, 40, 8, 2.0, 0.5));
        assert!(distance(&a, &a) < 1e-6);
        assert!((distance(&a, &b) - distance(&b, &a)).abs() < 1e-9);
    }

    #[test]
    fn the_order_of_the_rows_does_not_matter() {
        let (a, b) = (rows(5, 30, 8, 1.0, 0.0), rows(6, 30, 8, 1.0, 0.3));
        let reversed: Vec<_> = b.iter().rev().cloned().collect();
        assert!((distance(&a, &b) - distance(&a, &reversed)).abs() < 1e-9);
    }

    #[test]
    fn one_row_has_no_covariance() {
        assert!(Gaussian::of(&[&[1.0, 2.0]]).is_none());
        assert!(Gaussian::of(&[]).is_none());
    }
}
