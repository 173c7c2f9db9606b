//! Products against plain sums in double precision: odd, tiny, empty, large, strided, in segments, and with bf16.

use proptest::prelude::*;

use super::*;
use crate::kernels::cpu::{
    element::{Pair, to_pairs},
    testing::noise,
};

/// A left operand of `rows` with its `k` in segments somewhere in the data.
struct Made {
    data: Vec<f32>,
    segments: Vec<Segment>,
    step: usize,
    row: usize,
}

impl Made {
    fn new(rows: usize, lens: &[usize], step: usize, gap: usize) -> Self {
        let mut segments = Vec::new();
        let mut offset = gap;
        for &len in lens {
            segments.push(Segment { offset, len });
            offset += len * step + gap;
        }
        let row = offset + 1;
        Self { data: noise(3, rows * row + offset), segments, step, row }
    }

    fn left(&self) -> Left<'_, impl Fn(usize) -> usize + Sync + '_> {
        Left { data: &self.data, place: |row| row * self.row, segments: &self.segments, step: self.step }
    }

    fn dense(&self, rows: usize) -> Vec<Vec<f64>> {
        let steps =
            |segment: &Segment| (0..segment.len).map(|k| segment.offset + k * self.step).collect::<Vec<_>>();
        let places = self.segments.iter().flat_map(steps).collect::<Vec<_>>();
        (0..rows)
            .map(|row| places.iter().map(|at| f64::from(self.data[row * self.row + at])).collect())
            .collect()
    }
}

fn assert_product(got: &[f32], left: &[Vec<f64>], b: &[f32], n: usize, bound: f64) {
    for (row, left) in left.iter().enumerate() {
        for column in 0..n {
            let terms = left.iter().enumerate().map(|(k, a)| a * f64::from(b[k * n + column]));
            let (sum, size) = terms.fold((0.0, 1e-3), |(sum, size), term| (sum + term, size + term.abs()));
            let off = (f64::from(got[row * n + column]) - sum).abs();
            assert!(off <= bound * size, "row {row}, column {column}: off by {off} of {size}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_product_is_the_sum_of_products(
        rows in 0usize..30, lens in prop::collection::vec(0usize..40, 0..4), n in 0usize..140, step in 1usize..4, gap in 0usize..3,
    ) {
        let made = Made::new(rows, &lens, step, gap);
        let k = lens.iter().sum::<usize>();
        let b = noise(4, k * n);
        let mut out = vec![f32::NAN; rows * n];
        multiply(&made.left(), &Packed::new(&b, [k, n], [n, 1]), &mut out, &Keep);
        assert_product(&out, &made.dense(rows), &b, n, 1e-6);
        // The same operand by columns.
        let columns = (0..n).flat_map(|column| (0..k).map(move |k| k * n + column)).map(|at| b[at]).collect::<Vec<_>>();
        let mut again = vec![f32::NAN; rows * n];
        multiply(&made.left(), &Packed::new(&columns, [k, n], [1, k]), &mut again, &Keep);
        assert_eq!(out, again);
    }

    #[test]
    fn a_row_does_not_depend_on_other_rows(rows in 1usize..40, k in 1usize..60, n in 1usize..90, row in 0usize..40) {
        let row = row % rows;
        let made = Made::new(rows, &[k], 1, 0);
        let packed = Packed::new(&noise(4, k * n), [k, n], [n, 1]);
        let (mut all, mut one) = (vec![0.0; rows * n], vec![0.0; n]);
        multiply(&made.left(), &packed, &mut all, &Keep);
        multiply_rows(&made.left(), &packed, row, &mut one, &Keep);
        assert_eq!(all[row * n..(row + 1) * n], one);
    }

    #[test]
    fn pairs_multiply_what_they_round_to(rows in 0usize..20, pairs in 0usize..40, n in 1usize..90) {
        if !Pair::is_supported() {
            eprintln!("skipped: this processor multiplies no pairs of bf16");
            return Ok(());
        }
        let (a, b) = (noise(5, rows * pairs * 2), noise(6, pairs * 2 * n));
        let mut left = vec![Pair::default(); rows * pairs];
        to_pairs(&a, &mut left);
        let right = (0..pairs * n)
            .map(|at| Pair::new(b[2 * (at / n) * n + at % n], b[(2 * (at / n) + 1) * n + at % n]))
            .collect::<Vec<_>>();
        let mut out = vec![0.0; rows * n];
        let segments = [Segment { offset: 0, len: pairs }];
        let operand = Left { data: &left, place: |row| row * pairs, segments: &segments, step: 1 };
        multiply(&operand, &Packed::new(&right, [pairs, n], [n, 1]), &mut out, &Keep);
        let rounded = |pairs: &[Pair]| pairs.iter().flat_map(|pair| pair.numbers()).collect::<Vec<_>>();
        let dense = rounded(&left).chunks(2 * pairs.max(1)).map(|row| row.iter().map(|&x| f64::from(x)).collect()).collect::<Vec<Vec<f64>>>();
        let mut wide = vec![0.0; 2 * pairs * n];
        for (at, pair) in right.iter().enumerate() {
            let [first, second] = pair.numbers();
            wide[2 * (at / n) * n + at % n] = first;
            wide[(2 * (at / n) + 1) * n + at % n] = second;
        }
        assert_product(&out, &dense, &wide, n, 1e-6);
    }
}

#[test]
fn large_products_are_the_same_on_any_threads() {
    let (rows, k, n) = (500, 2100, 70);
    let made = Made::new(rows, &[k], 1, 0);
    let b = noise(4, k * n);
    let packed = Packed::new(&b, [k, n], [n, 1]);
    let on = |threads: usize| {
        let mut out = vec![0.0; rows * n];
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| multiply(&made.left(), &packed, &mut out, &Keep));
        out
    };
    let one = on(1);
    assert_eq!(one, on(2));
    assert_product(&one, &made.dense(rows), &b, n, 1e-6);
}

#[test]
fn pairs_round_to_the_nearest_and_keep_what_is_not_a_number() {
    let numbers = |x: f32| Pair::new(x, 0.0).numbers()[0];
    for x in noise(7, 1000) {
        assert!((numbers(x) - x).abs() <= x.abs() / 256.0, "{x}");
    }
    // Halfway between two neighbours: the even one.
    assert_eq!(numbers(1.0 + 1.0 / 256.0), 1.0);
    assert_eq!(numbers(1.0 + 3.0 / 256.0), 1.0 + 1.0 / 64.0);
    assert_eq!(numbers(f32::INFINITY), f32::INFINITY);
    assert!(numbers(f32::NAN).is_nan());
    let mut odd = [Pair::default(); 2];
    to_pairs(&[1.0, 2.0, 3.0], &mut odd);
    assert_eq!(odd.map(Pair::numbers), [[1.0, 2.0], [3.0, 0.0]]);
}
