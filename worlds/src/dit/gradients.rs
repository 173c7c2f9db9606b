//! Learning on several threads: each shard of a batch has a graph of its own, gradients are summed in shard order.
//!
//! Element-wise passes of the CPU backend run on one thread each, so a shard per core is what keeps all cores busy.
//! The sum does not depend on the number of threads, only on the number of shards.

use burn::{
    module::{Module, ModuleVisitor, Param},
    optim::GradientsParams,
    tensor::Tensor,
};
use dreamlane_nn::kernels::squared_norm;
use rayon::prelude::*;

/// What the shards found, joined.
pub(super) struct Learned {
    /// Sums of the shards' gradients.
    pub(super) gradients: GradientsParams,
    /// What makes the sums a mean that is no longer than it may be.
    pub(super) scale: f32,
    /// Mean over shards of each number.
    pub(super) measured: Vec<f64>,
    /// Norm of the mean gradient before it was clipped.
    pub(super) norm: f64,
}

/// Runs `loss` once per shard, each on a copy of `module` with leaves of its own, and joins the gradients.
///
/// `loss` gives the tensor to descend and numbers for the log. The mean gradient's norm is clipped to `max_norm`.
pub(super) fn learn_in_shards<M: Module + Sync>(
    module: &M,
    shards: usize,
    max_norm: f64,
    loss: impl Fn(&M, usize) -> (Tensor<1>, Vec<f64>) + Sync,
) -> Learned {
    let plain = module.valid();
    let mut parts = (0..shards)
        .into_par_iter()
        .map(|shard| {
            let local = plain.clone().train();
            let (descended, measured) = loss(&local, shard);
            (GradientsParams::from_grads(descended.backward(), &local), measured)
        })
        .collect::<Vec<_>>();
    let mut measured = vec![0.0; parts[0].1.len()];
    for (_, numbers) in &parts {
        measured.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number / shards as f64);
    }
    let mut sum = Sum { parts: &mut parts, joined: GradientsParams::new(), squares: 0.0 };
    plain.visit(&mut sum);
    let norm = sum.squares.sqrt() / shards as f64;
    let scale = (max_norm / norm.max(1e-12)).min(1.0) / shards as f64;
    Learned { gradients: sum.joined, scale: scale as f32, measured, norm }
}

struct Sum<'a> {
    parts: &'a mut [(GradientsParams, Vec<f64>)],
    joined: GradientsParams,
    squares: f64,
}

impl ModuleVisitor for Sum<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let grads = self.parts.iter_mut().filter_map(|(grads, _)| grads.remove::<D>(param.id));
        let Some(sum) = grads.reduce(|a, b| a + b) else { return };
        self.squares += squared_norm(sum.clone().flatten::<1>(0, D - 1));
        self.joined.register(param.id, sum);
    }
}
