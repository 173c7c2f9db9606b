//! The obvious attention in f64 that the kernels are held against, with analytic gradients.

use super::qk::Placing;

/// Rows in groups that attend to each other, and who sees whom.
pub(crate) struct Reference {
    pub(crate) heads: usize,
    pub(crate) head_dim: usize,
    /// Rows of each group, in the order of their positions.
    pub(crate) groups: Vec<Vec<usize>>,
    /// Whether a query at the first position sees a key at the second.
    pub(crate) sees: Box<dyn Fn(usize, usize) -> bool>,
    /// `[head_dim]`: of queries and of keys.
    pub(crate) gains: [Vec<f64>; 2],
    /// `[position, head_dim]`.
    pub(crate) cos: Vec<f64>,
    pub(crate) sin: Vec<f64>,
}

/// Gradients of the input `[row, 3, head, head_dim]` and of both gains.
pub(crate) struct ReferenceGradients {
    pub(crate) qkv: Vec<f64>,
    pub(crate) gains: [Vec<f64>; 2],
}

pub(crate) fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| f64::from(value)).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// (-x2, x1).
fn turn(x: &[f64]) -> Vec<f64> {
    let (x1, x2) = x.split_at(x.len() / 2);
    x2.iter().map(|x| -x).chain(x1.iter().copied()).collect()
}

/// Normed, gained and rotated, times `scale`.
pub(crate) fn place(x: &[f64], gain: &[f64], cos: &[f64], sin: &[f64], scale: f64) -> Vec<f64> {
    let inverse = (dot(x, x) / x.len() as f64 + 1e-6).sqrt().recip();
    let m = x.iter().zip(gain).map(|(x, gain)| x * inverse * gain).collect::<Vec<_>>();
    let turned = turn(&m);
    (0..x.len()).map(|idx| scale * (m[idx] * cos[idx] + turned[idx] * sin[idx])).collect()
}

/// Gradients of `x` and `gain`.
pub(crate) fn place_backward(
    x: &[f64],
    gain: &[f64],
    [cos, sin]: [&[f64]; 2],
    scale: f64,
    d_y: &[f64],
) -> [Vec<f64>; 2] {
    let dim = x.len();
    let inverse = (dot(x, x) / dim as f64 + 1e-6).sqrt().recip();
    let n = x.iter().map(|x| x * inverse).collect::<Vec<_>>();
    let by_sin = (0..dim).map(|idx| scale * d_y[idx] * sin[idx]).collect::<Vec<_>>();
    let turned = turn(&by_sin);
    // The transpose of a quarter turn is its negative.
    let d_m = (0..dim).map(|idx| scale * d_y[idx] * cos[idx] - turned[idx]).collect::<Vec<_>>();
    let d_n = (0..dim).map(|idx| d_m[idx] * gain[idx]).collect::<Vec<_>>();
    let along = dot(&d_n, &n) / dim as f64;
    let d_x = (0..dim).map(|idx| inverse * (d_n[idx] - n[idx] * along)).collect();
    [d_x, (0..dim).map(|idx| d_m[idx] * n[idx]).collect()]
}

impl Reference {
    pub(crate) fn new(placing: &Placing<'_>, heads: usize) -> Self {
        Self {
            heads,
            head_dim: placing.query_gain.len(),
            groups: Vec::new(),
            sees: Box::new(|_, _| true),
            gains: [wide(placing.query_gain), wide(placing.key_gain)],
            cos: wide(placing.cos),
            sin: wide(placing.sin),
        }
    }

    fn scale(&self, part: usize) -> f64 {
        if part == 0 { (self.head_dim as f64).sqrt().recip() } else { 1.0 }
    }

    fn table(&self, position: usize) -> [&[f64]; 2] {
        let row = position * self.head_dim..(position + 1) * self.head_dim;
        [&self.cos[row.clone()], &self.sin[row]]
    }

    fn at(&self, row: usize, part: usize, head: usize) -> std::ops::Range<usize> {
        let start = ((row * 3 + part) * self.heads + head) * self.head_dim;
        start..start + self.head_dim
    }

    fn out(&self, row: usize, head: usize) -> std::ops::Range<usize> {
        let start = (row * self.heads + head) * self.head_dim;
        start..start + self.head_dim
    }

    /// Queries and keys of a head, placed, and values: `[3][row of the group]`.
    fn placed(&self, qkv: &[f64], group: &[usize], head: usize) -> [Vec<Vec<f64>>; 3] {
        [0, 1, 2].map(|part| {
            let rows = group.iter().enumerate().map(|(position, &row)| {
                let x = &qkv[self.at(row, part, head)];
                let [cos, sin] = self.table(position);
                match part {
                    2 => x.to_vec(),
                    _ => place(x, &self.gains[part], cos, sin, self.scale(part)),
                }
            });
            rows.collect()
        })
    }

    /// `[query][key]`.
    fn weights(&self, queries: &[Vec<f64>], keys: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let row = |(position, query): (usize, &Vec<f64>)| {
            let scores = keys.iter().enumerate().map(|(idx, key)| match (self.sees)(position, idx) {
                true => dot(query, key),
                false => f64::NEG_INFINITY,
            });
            let scores = scores.collect::<Vec<_>>();
            let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let exps = scores.iter().map(|score| (score - largest).exp()).collect::<Vec<_>>();
            let sum = exps.iter().sum::<f64>();
            exps.iter().map(|exp| exp / sum).collect()
        };
        queries.iter().enumerate().map(row).collect()
    }

    /// `[row, head, head_dim]`.
    pub(crate) fn forward(&self, qkv: &[f64]) -> Vec<f64> {
        let mut mixed = vec![0.0; qkv.len() / 3];
        for (group, head) in
            self.groups.iter().flat_map(|group| (0..self.heads).map(move |head| (group, head)))
        {
            let [queries, keys, values] = self.placed(qkv, group, head);
            for (weights, &row) in self.weights(&queries, &keys).iter().zip(group) {
                for (weight, value) in weights.iter().zip(&values) {
                    mixed[self.out(row, head)]
                        .iter_mut()
                        .zip(value)
                        .for_each(|(sum, value)| *sum += weight * value);
                }
            }
        }
        mixed
    }

    pub(crate) fn backward(&self, qkv: &[f64], d_mixed: &[f64]) -> ReferenceGradients {
        let dim = self.head_dim;
        let mut gradients =
            ReferenceGradients { qkv: vec![0.0; qkv.len()], gains: [vec![0.0; dim], vec![0.0; dim]] };
        for (group, head) in
            self.groups.iter().flat_map(|group| (0..self.heads).map(move |head| (group, head)))
        {
            let [queries, keys, values] = self.placed(qkv, group, head);
            let mut d_placed = [0, 1, 2].map(|_| vec![vec![0.0; dim]; group.len()]);
            for (query, weights) in self.weights(&queries, &keys).iter().enumerate() {
                let d_out = &d_mixed[self.out(group[query], head)];
                let d_weights = values.iter().map(|value| dot(value, d_out)).collect::<Vec<_>>();
                let mean = dot(weights, &d_weights);
                for key in 0..group.len() {
                    let d_score = weights[key] * (d_weights[key] - mean);
                    for idx in 0..dim {
                        d_placed[0][query][idx] += d_score * keys[key][idx];
                        d_placed[1][key][idx] += d_score * queries[query][idx];
                        d_placed[2][key][idx] += weights[key] * d_out[idx];
                    }
                }
            }
            for (part, d_placed) in d_placed.iter().enumerate() {
                for (position, (&row, d_y)) in group.iter().zip(d_placed).enumerate() {
                    let at = self.at(row, part, head);
                    if part == 2 {
                        gradients.qkv[at].copy_from_slice(d_y);
                        continue;
                    }
                    let gain = &self.gains[part];
                    let [d_x, d_gain] =
                        place_backward(&qkv[at.clone()], gain, self.table(position), self.scale(part), d_y);
                    gradients.qkv[at].copy_from_slice(&d_x);
                    gradients.gains[part].iter_mut().zip(d_gain).for_each(|(sum, part)| *sum += part);
                }
            }
        }
        gradients
    }

    /// Compares this reference's gradients with finite differences of its forward pass, at every `stride`-th input.
    pub(crate) fn check_differences(&mut self, qkv: &[f64], d_mixed: &[f64], stride: usize) {
        const STEP: f64 = 1e-5;
        let gradients = self.backward(qkv, d_mixed);
        let near = |found: f64, wanted: f64, what: &str| {
            assert!(
                (found - wanted).abs() < 1e-6 * (1.0 + wanted.abs()),
                "{what}: {found}, differences {wanted}"
            );
        };
        let mut moved = qkv.to_vec();
        for idx in (0..qkv.len()).step_by(stride) {
            let mut at = |x: f64| {
                moved[idx] = x;
                dot(&self.forward(&moved), d_mixed)
            };
            let wanted = (at(qkv[idx] + STEP) - at(qkv[idx] - STEP)) / (2.0 * STEP);
            moved[idx] = qkv[idx];
            near(gradients.qkv[idx], wanted, &format!("input {idx}"));
        }
        let dim = self.head_dim;
        for (part, idx) in (0..2).flat_map(|part| (0..dim).step_by(stride).map(move |idx| (part, idx))) {
            let gain = self.gains[part][idx];
            let at = |reference: &mut Self, gain: f64| {
                reference.gains[part][idx] = gain;
                dot(&reference.forward(qkv), d_mixed)
            };
            let wanted = (at(self, gain + STEP) - at(self, gain - STEP)) / (2.0 * STEP);
            self.gains[part][idx] = gain;
            near(gradients.gains[part][idx], wanted, &format!("gain {part} {idx}"));
        }
    }
}

/// Random inputs of a layer.
pub(crate) struct Inputs {
    pub(crate) qkv: Vec<f32>,
    pub(crate) d_mixed: Vec<f32>,
    gains: [Vec<f32>; 2],
    cos: Vec<f32>,
    sin: Vec<f32>,
}

impl Inputs {
    /// `rows` rows, and a table of `positions` positions.
    pub(crate) fn new(rows: usize, positions: usize, heads: usize, head_dim: usize) -> Self {
        use rand::{RngExt as _, SeedableRng as _};
        let mut random = rand::rngs::StdRng::seed_from_u64((rows * 31 + positions * 7 + head_dim) as u64);
        let mut numbers = |len: usize, middle: f32, spread: f32| {
            (0..len).map(|_| middle + spread * random.random_range(-1.0..1.0f32)).collect::<Vec<_>>()
        };
        let angles = numbers(positions * head_dim, 0.0, 3.0);
        Self {
            qkv: numbers(rows * 3 * heads * head_dim, 0.1, 1.5),
            d_mixed: numbers(rows * heads * head_dim, 0.0, 1.0),
            gains: [numbers(head_dim, 1.2, 0.8), numbers(head_dim, 0.9, 0.5)],
            cos: angles.iter().map(|angle| angle.cos()).collect(),
            sin: angles.iter().map(|angle| angle.sin()).collect(),
        }
    }

    pub(crate) fn placing(&self) -> Placing<'_> {
        Placing { query_gain: &self.gains[0], key_gain: &self.gains[1], cos: &self.cos, sin: &self.sin }
    }

    /// Makes scores larger or smaller.
    pub(crate) fn scale_gains(&mut self, factor: f32) {
        self.gains.iter_mut().flatten().for_each(|gain| *gain *= factor);
    }

    /// One position of the table.
    pub(crate) fn placing_at(&self, position: usize) -> Placing<'_> {
        let head_dim = self.gains[0].len();
        let row = position * head_dim..(position + 1) * head_dim;
        Placing { cos: &self.cos[row.clone()], sin: &self.sin[row], ..self.placing() }
    }
}

/// Asserts that `found` is within `tolerance` of `wanted`, relative to the largest number wanted.
pub(crate) fn assert_near(found: &[f32], wanted: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), wanted.len(), "{what}");
    let unit = wanted.iter().fold(1e-3f64, |largest, x| largest.max(x.abs()));
    for (idx, (&found, wanted)) in found.iter().zip(wanted).enumerate() {
        let apart = (f64::from(found) - wanted).abs() / unit;
        assert!(apart <= tolerance, "{what}: {found}, not {wanted}, at {idx}");
    }
}

/// What `job` gives on pools of 1 and of 2 threads, asserted to be the same.
pub(crate) fn on_any_threads<T: Send + PartialEq + std::fmt::Debug>(job: impl Fn() -> T + Sync) -> T {
    let on = |threads: usize| {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool").install(&job)
    };
    let (one, two) = (on(1), on(2));
    assert!(one == two, "one thread and two differ");
    one
}
