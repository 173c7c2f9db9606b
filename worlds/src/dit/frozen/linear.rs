//! Packed right operands of products in either precision, and linear layers made of them.

use burn::tensor::Device;
use dreamlane_core::{Error, Result};
use dreamlane_nn::kernels::{
    cpu::{
        element::{Element, Pair},
        linear::{Activation, Biased},
        product::{Finish, Left, Packed, Segment, multiply_rows},
    },
    is_fused,
};

use super::parameters::Parameters;

/// What the products of a world that is stepped are made of; sums, norms and everything between are in f32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// Single precision.
    #[default]
    F32,
    /// Weights and activations are rounded to bf16 (eight bits of mantissa), sums are not.
    ///
    /// Sixteen dreams of real video by a trained nano world differ from those in single precision by 0.14 % of the root
    /// mean square of their latents after one step and by 0.6 % after 20; their pictures by 61 dB and 58 dB.
    Bf16,
}

impl Precision {
    /// Whether this processor and device can do it.
    ///
    /// # Errors
    /// When they cannot, saying what they lack.
    pub fn check(self, device: &Device) -> Result<()> {
        match self {
            Self::F32 => Ok(()),
            Self::Bf16 if !is_fused(device) => {
                Err(Error::Unsupported("products in bf16, which want the CPU", format!("device {device:?}")))
            }
            Self::Bf16 if !Pair::is_supported() => {
                Err(Error::Unsupported("products in bf16, which want AVX-512 BF16", "this processor".into()))
            }
            Self::Bf16 => Ok(()),
        }
    }
}

/// A packed right operand.
pub(super) enum Operand {
    Single(Packed),
    Pairs(Packed<Pair>),
}

impl Operand {
    /// Packs `numbers` `[k, n]`; an odd `k` cannot be paired row by row and stays in single precision.
    fn new(numbers: &[f32], sizes: [usize; 2], precision: Precision) -> Self {
        match precision {
            Precision::Bf16 if sizes[0].is_multiple_of(2) => Self::Pairs(Packed::of_numbers(numbers, sizes)),
            _ => Self::Single(Packed::of_numbers(numbers, sizes)),
        }
    }
}

/// A linear layer.
pub(super) struct Linear {
    operand: Operand,
    /// `[out]`, or nothing.
    pub(super) bias: Vec<f32>,
}

impl Linear {
    /// The layer of this name.
    pub(super) fn new(parameters: &Parameters, name: &str, precision: Precision) -> Self {
        let weight = parameters.get(&format!("{name}.weight"));
        let sizes = [weight.dims[0], weight.dims[1]];
        let bias = format!("{name}.bias");
        let bias = if parameters.has(&bias) { parameters.get(&bias).numbers.clone() } else { Vec::new() };
        Self { operand: Operand::new(&weight.numbers, sizes, precision), bias }
    }

    /// `out` `[row, out]` = finish(`x` `[row, in]` times the weights), without the bias; `room` holds the pairs of `x`.
    pub(super) fn multiply(&self, x: &[f32], room: &mut [Pair], out: &mut [f32], finish: &impl Finish) {
        match &self.operand {
            Operand::Single(packed) => rows(x, packed, out, finish),
            Operand::Pairs(packed) => rows(Pair::of(x, room), packed, out, finish),
        }
    }

    /// `out` `[row, out]` = activation(`x` `[row, in]` times the weights + bias).
    pub(super) fn apply(&self, x: &[f32], room: &mut [Pair], out: &mut [f32], activation: Activation) {
        let bias = (!self.bias.is_empty()).then_some(&self.bias[..]);
        self.multiply(x, room, out, &Biased { bias, activation });
    }
}

fn rows<E: Element>(x: &[E], packed: &Packed<E>, out: &mut [f32], finish: &impl Finish) {
    let steps = packed.steps();
    let segments = [Segment { offset: 0, len: steps }];
    multiply_rows(
        &Left { data: x, place: |row| row * steps, segments: &segments, step: 1 },
        packed,
        0,
        out,
        finish,
    );
}
