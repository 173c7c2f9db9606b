//! Conditions as vectors: numbers such as a noise level become waves, a feature row becomes an embedding.

use burn::{
    module::Module,
    nn::Linear,
    tensor::{Device, Tensor, TensorData},
};

use crate::{
    Init,
    kernels::{Activation, applied, silu},
    linear_flops,
};

/// Waves of geometric frequencies for values in [0, 1]: `[value, 2 * waves]`.
#[must_use]
pub fn sinusoid(values: &[f32], waves: usize, device: &Device) -> Tensor<2> {
    let row = |&value: &f32| {
        (0..2 * waves).map(move |idx| {
            // From half a wave to about 250 waves over the unit interval.
            let frequency = std::f32::consts::PI * 500f32.powf((idx % waves) as f32 / waves as f32);
            let angle = value * frequency;
            if idx < waves { angle.sin() } else { angle.cos() }
        })
    };
    let table = values.iter().flat_map(row).collect::<Vec<_>>();
    Tensor::from_data(TensorData::new(table, [values.len(), 2 * waves]), device)
}

/// A two-layer perceptron from features to a condition.
#[derive(Module, Debug)]
pub struct Conditioner {
    first: Linear,
    second: Linear,
}

impl Conditioner {
    /// From `features` numbers to `dim`.
    pub fn new(features: usize, dim: usize, init: &mut Init<'_>) -> Self {
        Self { first: init.linear(features, dim, 1.0), second: init.linear(dim, dim, 1.0) }
    }

    /// Floating point operations of `rows` rows.
    #[must_use]
    pub fn flops(&self, rows: usize) -> f64 {
        linear_flops(&self.first, rows) + linear_flops(&self.second, rows)
    }

    /// `[row, features]` to `[row, dim]`.
    #[must_use]
    pub fn forward(&self, features: Tensor<2>) -> Tensor<2> {
        applied(&self.second, silu(applied(&self.first, features, Activation::None)), Activation::None)
    }
}
