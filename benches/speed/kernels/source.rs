//! Where cases get their tensors from, and how they run.

use std::{cell::Cell, rc::Rc};

use burn::tensor::{Device, Tensor, TensorData};
use dreamlane::core::Seed;

/// Runs something once.
pub(super) type Run = Box<dyn Fn()>;

/// One operation at one size.
#[derive(Clone)]
pub(super) struct Case {
    pub(super) name: &'static str,
    /// Floating point operations of its products; 0 where it has none.
    pub(super) flop: f64,
    /// Numbers that it must read and write.
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    /// Whether it has a gradient.
    pub(super) learns: bool,
    /// Makes its inputs; what it gives runs it once.
    pub(super) make: Rc<dyn Fn(&Source) -> Run>,
}

/// Makes tensors that learn, or not.
pub(super) struct Source {
    device: Device,
    learns: bool,
    drawn: Cell<u64>,
}

impl Source {
    pub(super) fn new(device: &Device, learns: bool) -> Self {
        Self { device: device.clone(), learns, drawn: Cell::new(0) }
    }

    pub(super) fn device(&self) -> &Device {
        &self.device
    }

    /// Normal draws whose gradient is found where the source learns.
    pub(super) fn weights<const D: usize>(&self, dims: [usize; D]) -> Tensor<D> {
        let tensor = self.numbers(dims);
        if self.learns { Tensor::from_inner(tensor).require_grad() } else { tensor }
    }

    /// Normal draws that nothing is learned of.
    pub(super) fn constants<const D: usize>(&self, dims: [usize; D]) -> Tensor<D> {
        let tensor = self.numbers(dims);
        if self.learns { Tensor::from_inner(tensor) } else { tensor }
    }

    /// The same for operations without a gradient.
    pub(super) fn numbers<const D: usize>(&self, dims: [usize; D]) -> Tensor<D> {
        self.drawn.set(self.drawn.get() + 1);
        let draws = Seed::new(self.drawn.get()).normal(dims.iter().product());
        Tensor::from_data(TensorData::new(draws, dims), &self.device)
    }

    /// Runs the operation, and all the way back where the source learns, along a gradient of ones.
    pub(super) fn run<const D: usize>(&self, operation: impl Fn() -> Tensor<D> + 'static) -> Run {
        if self.learns {
            Box::new(move || drop(std::hint::black_box(operation().backward())))
        } else {
            Box::new(move || drop(std::hint::black_box(operation())))
        }
    }
}
