//! Muon for the weight matrices of a module's blocks, AdamW for the rest, and the running mean of all weights, with
//! moments that are kept by the names of the parameters.
//!
//! burn's own `ModuleOptimizer` names them by identities drawn at random, so that two equal runs would leave
//! different files. Moments are kept flat here, which also gives them one memory layout before and after a resume.

use std::{collections::BTreeMap, vec};

use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param},
    optim::GradientsParams,
    tensor::Tensor,
};
use dreamlane_nn::{
    Muon, Turned,
    kernels::{AdamW, Moved, Moving},
};

use super::gradients::Learned;

/// The moments of one parameter, flat.
#[derive(Clone)]
pub(super) struct Moments {
    /// Updates that were made.
    pub(super) time: usize,
    /// `[number]`: means of the gradient and of its square.
    pub(super) moments: [Tensor<1>; 2],
}

/// Share of the momentum that stays, of Muon.
const MOMENTUM: f32 = 0.95;

/// Two rules, with the moments of each parameter they have moved.
pub(super) struct Optimizer {
    rule: AdamW,
    /// For matrices of blocks, where it is wanted.
    turning: Option<Muon>,
    /// By the parameter's path in the module.
    pub(super) moments: BTreeMap<String, Moments>,
}

impl Optimizer {
    pub(super) fn new(weight_decay: f32, turns: bool) -> Self {
        let rule = AdamW { beta_1: 0.9, beta_2: 0.99, epsilon: 1e-8, weight_decay };
        let turning = turns.then_some(Muon { momentum: MOMENTUM, weight_decay });
        Self { rule, turning, moments: BTreeMap::new() }
    }

    /// The rule for a matrix of this path and how many matrices it is, side by side.
    fn turned(&self, path: &str, axes: usize) -> Option<(Muon, usize)> {
        let is_matrix = axes == 2 && path.starts_with("blocks.") && path.ends_with(".weight");
        let parts = if path.ends_with("qkv.weight") { 3 } else { 1 };
        self.turning.filter(|_| is_matrix).map(|muon| (muon, parts))
    }

    /// `module` after one update, and `average` moved towards it by `1 - decay`.
    ///
    /// Parameters without a gradient stay as they are.
    pub(super) fn step<M: Module>(
        &mut self,
        module: M,
        average: M,
        learned: Learned,
        rate: f64,
        decay: f32,
    ) -> (M, M) {
        let mut before = Flat { tensors: Vec::new() };
        average.visit(&mut before);
        let mut update = Update {
            optimizer: self,
            gradients: learned.gradients,
            moving: Moving { time: 0, rate, gradient_scale: learned.scale, average_decay: decay },
            path: Vec::new(),
            averages: before.tensors.into_iter(),
            averaged: Vec::new(),
        };
        let module = module.map(&mut update);
        let averaged = update.averaged.into_iter();
        (module, average.map(&mut Refill { tensors: averaged }))
    }
}

/// The parameters of a module, flat, in visiting order.
struct Flat {
    tensors: Vec<Tensor<1>>,
}

impl ModuleVisitor for Flat {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.tensors.push(param.val().inner().flatten::<1>(0, D - 1));
    }
}

/// Puts flat tensors into a module, in visiting order.
struct Refill {
    tensors: vec::IntoIter<Tensor<1>>,
}

impl ModuleMapper for Refill {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let newer = self.tensors.next();
        param.map(|old| newer.map_or(old.clone(), |newer| newer.reshape(old.dims())))
    }
}

struct Update<'a> {
    optimizer: &'a mut Optimizer,
    gradients: GradientsParams,
    moving: Moving,
    path: Vec<String>,
    averages: vec::IntoIter<Tensor<1>>,
    averaged: Vec<Tensor<1>>,
}

impl ModuleMapper for Update<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let average = self.averages.next().unwrap_or_else(|| unreachable!("an average of each parameter"));
        let Some(gradient) = self.gradients.remove::<D>(param.id) else {
            self.averaged.push(average);
            return param;
        };
        let path = self.path.join(".");
        let Self { optimizer, moving, averaged, .. } = self;
        param.map(|tensor| {
            let (shape, learns) = (tensor.dims(), tensor.is_require_grad());
            let numbers = tensor.shape().num_elements();
            let known = optimizer.moments.remove(&path).unwrap_or_else(|| {
                let zeros = || Tensor::zeros([numbers], &gradient.device());
                Moments { time: 0, moments: [zeros(), zeros()] }
            });
            let moving = Moving { time: known.time + 1, ..*moving };
            let weights = tensor.inner().reshape([numbers]);
            let before = Moved { weights, moments: known.moments, average };
            let gradient = gradient.reshape([numbers]);
            let after = match optimizer.turned(&path, D) {
                Some((muon, parts)) => turned(&muon, moving, before, gradient, [shape[0], shape[1]], parts),
                None => optimizer.rule.update(moving, before, gradient),
            };
            optimizer.moments.insert(path, Moments { time: moving.time, moments: after.moments });
            averaged.push(after.average);
            let moved = Tensor::from_inner(after.weights.reshape(shape));
            if learns { moved.require_grad() } else { moved }
        })
    }
}

/// A step of Muon on flat numbers of a matrix; its second moment stays what it was.
fn turned(
    muon: &Muon,
    moving: Moving,
    before: Moved,
    gradient: Tensor<1>,
    dims: [usize; 2],
    parts: usize,
) -> Moved {
    let Moved { weights, moments: [momentum, unused], average } = before;
    let [weights, momentum, average] = [weights, momentum, average].map(|flat| flat.reshape(dims));
    let after = muon.update(moving, Turned { weights, momentum, average }, gradient.reshape(dims), parts);
    let [weights, momentum, average] =
        [after.weights, after.momentum, after.average].map(|matrix| matrix.flatten::<1>(0, 1));
    Moved { weights, moments: [momentum, unused], average }
}
