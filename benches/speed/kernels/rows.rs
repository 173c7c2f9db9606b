//! Operations of the transformer, on rows of numbers.

use std::rc::Rc;

use burn::tensor::Tensor;
use dreamlane::nn::{
    Rotary,
    kernels::{
        Activation, Placing, gated_residual, linear, modulated_norm, rms_norm, silu, space_attention, swiglu,
        time_attention,
    },
};

use super::{
    Sizes,
    source::{Case, Run, Source},
};

pub(super) fn cases(sizes: Sizes) -> Vec<Case> {
    let Sizes { dim, hidden, .. } = sizes;
    vec![
        layer("linear to qkv", sizes, [dim, 3 * dim], Activation::None),
        layer("linear, squared ReLU", sizes, [dim, hidden], Activation::SquaredRelu),
        layer("linear from hidden", sizes, [hidden, dim], Activation::None),
        activation("SiLU", sizes, 1, silu),
        activation("SwiGLU", sizes, 2, swiglu),
        norm(sizes),
        modulated(sizes),
        gated(sizes),
        space(sizes),
        time(sizes),
    ]
}

impl Sizes {
    fn frames(&self) -> usize {
        self.clips * self.time
    }

    fn rows(&self) -> usize {
        self.frames() * self.tokens
    }

    /// `[frame, token, dim]`.
    fn dims(&self) -> [usize; 3] {
        [self.frames(), self.tokens, self.dim]
    }

    /// Numbers of shift, scale and gate.
    fn modulation(&self) -> usize {
        3 * self.dim * (self.frames() + 1)
    }
}

fn layer(name: &'static str, sizes: Sizes, [from, to]: [usize; 2], activation: Activation) -> Case {
    let make = move |source: &Source| {
        let x = source.weights([sizes.frames(), sizes.tokens, from]);
        let (weight, bias) = (source.weights([from, to]), source.weights([to]));
        source.run(move || linear(x.clone(), weight.clone(), Some(bias.clone()), activation))
    };
    let rows = sizes.rows();
    let (inputs, outputs) = (rows * from + from * to + to, rows * to);
    Case { name, flop: 2.0 * (rows * from * to) as f64, inputs, outputs, learns: true, make: Rc::new(make) }
}

fn pass(name: &'static str, [inputs, outputs]: [usize; 2], make: impl Fn(&Source) -> Run + 'static) -> Case {
    Case { name, flop: 0.0, inputs, outputs, learns: true, make: Rc::new(make) }
}

/// An activation that makes one number of so many.
fn activation(name: &'static str, sizes: Sizes, of: usize, activated: fn(Tensor<3>) -> Tensor<3>) -> Case {
    let outputs = sizes.rows() * sizes.hidden;
    pass(name, [of * outputs, outputs], move |source| {
        let x = source.weights([sizes.frames(), sizes.tokens, of * sizes.hidden]);
        source.run(move || activated(x.clone()))
    })
}

fn norm(sizes: Sizes) -> Case {
    let numbers = sizes.rows() * sizes.dim;
    pass("norm", [numbers, numbers], move |source| {
        let x = source.weights(sizes.dims());
        source.run(move || rms_norm(x.clone()))
    })
}

fn modulated(sizes: Sizes) -> Case {
    let numbers = sizes.rows() * sizes.dim;
    pass("modulated norm", [numbers + sizes.modulation(), numbers], move |source| {
        let x = source.weights(sizes.dims());
        let (shared, offsets) =
            (source.weights([sizes.frames(), 3 * sizes.dim]), source.weights([3, sizes.dim]));
        source.run(move || modulated_norm(x.clone(), shared.clone(), offsets.clone()))
    })
}

fn gated(sizes: Sizes) -> Case {
    let numbers = sizes.rows() * sizes.dim;
    pass("gated residual", [2 * numbers + sizes.modulation(), numbers], move |source| {
        let (x, branch) = (source.weights(sizes.dims()), source.weights(sizes.dims()));
        let (shared, offsets) =
            (source.weights([sizes.frames(), 3 * sizes.dim]), source.weights([3, sizes.dim]));
        source.run(move || gated_residual(x.clone(), branch.clone(), shared.clone(), offsets.clone()))
    })
}

fn space(sizes: Sizes) -> Case {
    // One token that is seen by nobody.
    let keys = sizes.rows() * (sizes.tokens - 1);
    attention("space attention", sizes, keys, sizes.tokens, |x, placing, _| space_attention(x, placing, 1))
}

fn time(sizes: Sizes) -> Case {
    let seen = (1..=sizes.time).map(|frames| frames.min(sizes.context)).sum::<usize>();
    let keys = sizes.clips * sizes.tokens * seen;
    attention("time attention", sizes, keys, sizes.time, |x, placing, sizes| {
        time_attention(x, placing, sizes.time, sizes.context)
    })
}

/// Attention whose queries see so many keys in all, at so many positions.
fn attention(
    name: &'static str,
    sizes: Sizes,
    keys: usize,
    positions: usize,
    attend: fn(Tensor<3>, Placing<'_>, Sizes) -> Tensor<3>,
) -> Case {
    let make = move |source: &Source| {
        let [frames, tokens, dim] = sizes.dims();
        let head_dim = dim / sizes.heads;
        let qkv = source.weights([frames, tokens, 3 * dim]);
        let (query_gain, key_gain) = (source.weights([head_dim]), source.weights([head_dim]));
        let line = (0..positions).map(|at| at as f64).collect::<Vec<_>>();
        let positions = Rotary::line(&line, head_dim, 100.0, source.device());
        source.run(move || {
            let (query_gain, key_gain) = (query_gain.clone(), key_gain.clone());
            attend(qkv.clone(), Placing { query_gain, key_gain, positions: &positions }, sizes)
        })
    };
    let numbers = sizes.rows() * sizes.dim;
    let flop = 4.0 * (keys * sizes.dim) as f64;
    Case { name, flop, inputs: 3 * numbers, outputs: numbers, learns: true, make: Rc::new(make) }
}
