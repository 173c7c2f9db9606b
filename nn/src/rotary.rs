//! Rotary positions (RoFormer 2104.09864): a query and a key meet through the difference of their positions,
//! which is what lets a ring of past frames slide.

use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};

/// Cosines and sines of positions on the host, `[position, head_dim]` each.
#[derive(Clone, Debug, Default)]
pub struct Rotations {
    /// `[position, head_dim]`.
    pub cos: Vec<f32>,
    /// `[position, head_dim]`.
    pub sin: Vec<f32>,
}

/// How fast the pairs of a head turn along its axes.
#[derive(Clone, Debug)]
pub struct Frequencies {
    /// `[head_dim / 2]`.
    per_pair: Vec<f64>,
    axes: usize,
}

impl Frequencies {
    /// The pairs of a head are shared out among the axes in turn. `head_dim` must be even.
    #[must_use]
    pub fn new(head_dim: usize, axes: usize, base: f64) -> Self {
        assert!(head_dim.is_multiple_of(2), "head_dim {head_dim} is odd");
        let half = head_dim / 2;
        let exponent = |pair: usize| (pair / axes) as f64 / (half as f64 / axes as f64);
        Self { per_pair: (0..half).map(|pair| base.powf(-exponent(pair))).collect(), axes }
    }

    /// The rotations `[head_dim]` of one position, given by its coordinates.
    pub fn write(&self, coordinates: &[f64], cos: &mut [f32], sin: &mut [f32]) {
        let half = self.per_pair.len();
        for (pair, frequency) in self.per_pair.iter().enumerate() {
            let (s, c) = (coordinates[pair % self.axes] * frequency).sin_cos();
            (cos[pair], sin[pair]) = (c as f32, s as f32);
        }
        cos.copy_within(..half, half);
        sin.copy_within(..half, half);
    }

    /// The rotations of some positions.
    #[must_use]
    pub fn table(&self, positions: impl Iterator<Item = Vec<f64>>) -> Rotations {
        let mut table = Rotations::default();
        for coordinates in positions {
            let from = table.cos.len();
            table.cos.resize(from + 2 * self.per_pair.len(), 0.0);
            table.sin.resize(from + 2 * self.per_pair.len(), 0.0);
            self.write(&coordinates, &mut table.cos[from..], &mut table.sin[from..]);
        }
        table
    }
}

/// Rotation angles for a list of positions, and the fixed matrix that turns half-pairs.
#[derive(Clone, Debug)]
pub struct Rotary {
    /// `[position, head_dim]`.
    cos: Tensor<2>,
    /// `[position, head_dim]`.
    sin: Tensor<2>,
    /// `[head_dim, head_dim]`: x to (-x2, x1), as a product so that it is one matrix multiplication.
    quarter_turn: Tensor<2>,
    /// The same cosines and sines on the host.
    rotations: Arc<Rotations>,
}

impl Rotary {
    /// One axis, such as time. `head_dim` must be even.
    #[must_use]
    pub fn line(positions: &[f64], head_dim: usize, base: f64, device: &Device) -> Self {
        let rows = positions.iter().map(|&position| vec![position]).collect::<Vec<_>>();
        Self::new(&rows, head_dim, base, device)
    }

    /// Several axes; the pairs of a head are shared out among them in turn.
    /// `positions[i]` holds the coordinates of token `i`.
    #[must_use]
    pub fn new(positions: &[Vec<f64>], head_dim: usize, base: f64, device: &Device) -> Self {
        let axes = positions.first().map_or(1, Vec::len);
        let rotations = Frequencies::new(head_dim, axes, base).table(positions.iter().cloned());
        let half = head_dim / 2;
        let mut turn = vec![0.0f32; head_dim * head_dim];
        for pair in 0..half {
            turn[(pair + half) * head_dim + pair] = -1.0;
            turn[pair * head_dim + pair + half] = 1.0;
        }
        let shape = [positions.len(), head_dim];
        let tensor =
            |values: Vec<f32>, shape: [usize; 2]| Tensor::from_data(TensorData::new(values, shape), device);
        Self {
            cos: tensor(rotations.cos.clone(), shape),
            sin: tensor(rotations.sin.clone(), shape),
            quarter_turn: tensor(turn, [head_dim; 2]),
            rotations: Arc::new(rotations),
        }
    }

    /// Cosines and sines on the host.
    #[must_use]
    pub fn rotations(&self) -> &Arc<Rotations> {
        &self.rotations
    }

    /// Rotates `x`, `[batch, head, token, head_dim]`.
    ///
    /// The table holds either one position per token, shared by the batch, or one per (batch, token).
    #[must_use]
    pub fn apply(&self, x: Tensor<4>) -> Tensor<4> {
        let [batch, head, token, dim] = x.dims();
        let rows = self.cos.dims()[0];
        assert!(rows == token || rows == batch * token, "{rows} positions for {batch} x {token} tokens");
        let table = |t: &Tensor<2>| t.clone().reshape([rows / token, 1, token, dim]);
        let turned = x
            .clone()
            .reshape([batch * head * token, dim])
            .matmul(self.quarter_turn.clone())
            .reshape(x.dims());
        x * table(&self.cos) + turned * table(&self.sin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_depend_on_the_difference_of_positions_alone() {
        let device = Device::flex();
        let product = |p: f64, q: f64| {
            let (a, b): (Vec<f32>, Vec<f32>) = ((0..8).map(|i| i as f32 - 3.0).collect(), vec![0.5; 8]);
            let at = |x: Vec<f32>, p| {
                let x = Tensor::from_data(TensorData::new(x, [1, 1, 1, 8]), &device);
                Rotary::line(&[p], 8, 100.0, &device).apply(x)
            };
            (at(a, p) * at(b, q)).sum().into_scalar::<f32>()
        };
        assert!((product(1.0, 4.0) - product(101.0, 104.0)).abs() < 1e-3);
        assert!((product(1.0, 4.0) - product(1.0, 6.0)).abs() > 1e-2);
    }
}
