//! AdamW over a net with a running mean of its weights, and gradients of a batch in shards.
//!
//! Each shard has a graph and a thread of its own; sums are in the order of the shards, so that a training is the
//! same on any number of threads.

use std::vec;

use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param},
    optim::GradientsParams,
    tensor::Tensor,
};
use dreamlane_nn::kernels::{AdamW, Moved, Moving, squared_norm};
use rayon::prelude::*;

const RULE: AdamW = AdamW { beta_1: 0.9, beta_2: 0.99, epsilon: 1e-8, weight_decay: 0.02 };
/// Longest mean gradient.
const MAX_NORM: f64 = 5.0;
/// Share of the running mean of the weights that stays at a step.
const AVERAGE: f32 = 0.98;

/// A net on its way down.
pub(super) struct Descent<M> {
    net: M,
    /// Per parameter, in visiting order: both moments and the running mean, flat.
    kept: Vec<[Tensor<1>; 3]>,
    steps: usize,
}

impl<M: Module + Sync> Descent<M> {
    /// From these weights.
    pub(super) fn new(net: M) -> Self {
        let mut flat = Flat { tensors: Vec::new() };
        net.visit(&mut flat);
        let kept = flat.tensors.into_iter().map(|weights| {
            let zeros = weights.zeros_like();
            [zeros.clone(), zeros, weights]
        });
        Self { kept: kept.collect(), net, steps: 0 }
    }

    /// One step at `rate` along the mean gradient of `loss` over the shards.
    pub(super) fn step(&mut self, rate: f64, shards: usize, loss: impl Fn(&M, usize) -> Tensor<1> + Sync) {
        let parts = (0..shards).into_par_iter().map(|shard| {
            let local = self.net.clone().train();
            GradientsParams::from_grads(loss(&local, shard).backward(), &local)
        });
        let mut sum = Sum { parts: parts.collect(), joined: GradientsParams::new(), squares: 0.0 };
        self.net.visit(&mut sum);
        let norm = sum.squares.sqrt() / shards as f64;
        let scale = (MAX_NORM / norm.max(1e-12)).min(1.0) / shards as f64;
        self.steps += 1;
        let moving = Moving {
            time: self.steps,
            rate,
            gradient_scale: scale as f32,
            // The mean of few steps is that of those alone, without the first weights.
            average_decay: AVERAGE.min(1.0 - 1.0 / self.steps as f32),
        };
        let mut update = Update {
            gradients: sum.joined,
            moving,
            before: std::mem::take(&mut self.kept).into_iter(),
            after: Vec::new(),
        };
        self.net = self.net.clone().map(&mut update);
        self.kept = update.after;
    }

    /// The net with the running mean of its weights.
    pub(super) fn averaged(self) -> M {
        let averages: Vec<_> = self.kept.into_iter().map(|[_, _, average]| average).collect();
        self.net.map(&mut Refill { tensors: averages.into_iter() })
    }
}

struct Flat {
    tensors: Vec<Tensor<1>>,
}

impl ModuleVisitor for Flat {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.tensors.push(param.val().flatten::<1>(0, D - 1));
    }
}

struct Refill {
    tensors: vec::IntoIter<Tensor<1>>,
}

impl ModuleMapper for Refill {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let newer = self.tensors.next().unwrap_or_else(|| unreachable!("a mean of each parameter"));
        param.map(|old| newer.reshape(old.dims()))
    }
}

struct Sum {
    parts: Vec<GradientsParams>,
    joined: GradientsParams,
    squares: f64,
}

impl ModuleVisitor for Sum {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let parts = self.parts.iter_mut().filter_map(|part| part.remove::<D>(param.id));
        let sum = parts.reduce(|a, b| a + b).unwrap_or_else(|| unreachable!("a gradient of each parameter"));
        self.squares += squared_norm(sum.clone().flatten::<1>(0, D - 1));
        self.joined.register(param.id, sum);
    }
}

struct Update {
    gradients: GradientsParams,
    moving: Moving,
    before: vec::IntoIter<[Tensor<1>; 3]>,
    after: Vec<[Tensor<1>; 3]>,
}

impl ModuleMapper for Update {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let gradient = self.gradients.remove::<D>(param.id);
        let (gradient, [first, second, average]) = gradient
            .zip(self.before.next())
            .unwrap_or_else(|| unreachable!("a gradient and moments of each parameter"));
        param.map(|weights| {
            let shape = weights.dims();
            let numbers = weights.shape().num_elements();
            let before = Moved { weights: weights.reshape([numbers]), moments: [first, second], average };
            let Moved { weights, moments: [first, second], average } =
                RULE.update(self.moving, before, gradient.reshape([numbers]));
            self.after.push([first, second, average]);
            weights.reshape(shape)
        })
    }
}
