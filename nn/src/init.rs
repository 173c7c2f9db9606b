//! Initial weights, drawn from the caller's own stream so that a model is a function of its seed.

use burn::{
    module::Param,
    nn::Linear,
    tensor::{Device, Tensor, TensorData},
};

/// A source of initial weights.
pub struct Init<'a> {
    device: &'a Device,
    normal: &'a mut dyn FnMut(usize) -> Vec<f32>,
}

impl<'a> Init<'a> {
    /// Weights on `device`, from standard normal draws.
    pub fn new(device: &'a Device, normal: &'a mut dyn FnMut(usize) -> Vec<f32>) -> Self {
        Self { device, normal }
    }

    /// The device that weights are made on.
    #[must_use]
    pub fn device(&self) -> &Device {
        self.device
    }

    /// A tensor of normal draws times `scale`.
    pub fn normal<const D: usize>(&mut self, shape: [usize; D], scale: f32) -> Param<Tensor<D>> {
        let draws = (self.normal)(shape.iter().product());
        let scaled = draws.into_iter().map(|x| x * scale).collect::<Vec<_>>();
        Param::from_tensor(Tensor::from_data(TensorData::new(scaled, shape), self.device))
    }

    /// A tensor filled with one value.
    pub fn constant<const D: usize>(&mut self, shape: [usize; D], value: f32) -> Param<Tensor<D>> {
        Param::from_tensor(Tensor::full(shape, value, self.device))
    }

    /// A linear layer with bias 0 and weights of standard deviation `gain / sqrt(d_input)`.
    pub fn linear(&mut self, d_input: usize, d_output: usize, gain: f32) -> Linear {
        Linear {
            weight: self.normal([d_input, d_output], gain / (d_input as f32).sqrt()),
            bias: Some(self.constant([d_output], 0.0)),
        }
    }

    /// A linear layer without bias.
    pub fn projection(&mut self, d_input: usize, d_output: usize, gain: f32) -> Linear {
        Linear { weight: self.normal([d_input, d_output], gain / (d_input as f32).sqrt()), bias: None }
    }
}
