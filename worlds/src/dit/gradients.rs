//! Learning on several threads: each shard of a batch has a graph of its own, gradients are summed in shard order.
//!
//! Element-wise passes of the CPU backend run on one thread each, so a shard per core is what keeps all cores busy.
//! The sum does not depend on the number of threads, only on the number of shards.

use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param},
    optim::GradientsParams,
    tensor::Tensor,
};
use rayon::prelude::*;

/// Sums of what the shards measured, and the mean of their gradients.
pub(super) struct Learned {
    pub(super) gradients: GradientsParams,
    /// Mean over shards of each number.
    pub(super) measured: Vec<f64>,
    /// Norm of the gradient before it was clipped.
    pub(super) norm: f64,
}

/// Runs `loss` once per shard, each on a copy of `module` with leaves of its own, and joins the gradients.
///
/// `loss` gives the tensor to descend and numbers for the log. The gradient's norm is clipped to `max_norm`.
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
    let (joined, norm) = (sum.joined, sum.squares.sqrt());
    let mut clip = Clip { joined, scale: (max_norm / norm.max(1e-12)).min(1.0) };
    plain.visit(&mut clip);
    Learned { gradients: clip.joined, measured, norm }
}

struct Sum<'a> {
    parts: &'a mut [(GradientsParams, Vec<f64>)],
    joined: GradientsParams,
    squares: f64,
}

impl ModuleVisitor for Sum<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let shards = self.parts.len() as f32;
        let grads = self.parts.iter_mut().filter_map(|(grads, _)| grads.remove::<D>(param.id));
        let Some(sum) = grads.reduce(|a, b| a + b) else { return };
        let mean = sum.mul_scalar(1.0 / shards);
        self.squares += f64::from(mean.clone().square().sum().into_scalar::<f32>());
        self.joined.register(param.id, mean);
    }
}

struct Clip {
    joined: GradientsParams,
    scale: f64,
}

impl ModuleVisitor for Clip {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if self.scale < 1.0
            && let Some(grad) = self.joined.remove::<D>(param.id)
        {
            self.joined.register(param.id, grad.mul_scalar(self.scale));
        }
    }
}

/// `average` moved towards `module` by `1 - decay`.
pub(super) fn averaged<M: Module>(average: M, module: &M, decay: f32) -> M {
    let mut collected = Collect { tensors: Vec::new() };
    module.visit(&mut collected);
    average.map(&mut Blend { tensors: collected.tensors.into_iter(), decay })
}

struct Collect {
    /// Flat, in visiting order.
    tensors: Vec<Tensor<1>>,
}

impl ModuleVisitor for Collect {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.tensors.push(param.val().inner().flatten::<1>(0, D - 1));
    }
}

struct Blend {
    tensors: std::vec::IntoIter<Tensor<1>>,
    decay: f32,
}

impl ModuleMapper for Blend {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let decay = self.decay;
        let newer = self.tensors.next();
        param.map(|old| match newer {
            Some(newer) => {
                let shape: [usize; D] = old.dims();
                old.mul_scalar(decay) + newer.reshape(shape).mul_scalar(1.0 - decay)
            }
            None => old,
        })
    }
}
