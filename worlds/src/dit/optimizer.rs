//! AdamW over a module, with moments that can be kept and put back by the names of the parameters.
//!
//! burn's own `ModuleOptimizer` names them by identities drawn at random, so that two equal runs would leave
//! different files. Moments are kept flat here, which also gives them one memory layout before and after a resume.

use std::collections::BTreeMap;

use burn::{
    module::{Module, ModuleMapper, Param},
    optim::{AdamW, AdamWConfig, AdamWState, AdaptiveMomentumState, GradientsParams, Optimizer as _},
    tensor::Tensor,
};

/// The moments of one parameter, flat.
#[derive(Clone)]
pub(super) struct Moments {
    /// Updates that were made.
    pub(super) time: usize,
    /// `[number]`: means of the gradient and of its square.
    pub(super) moments: [Tensor<1>; 2],
}

/// AdamW with the moments of each parameter it has moved.
pub(super) struct Optimizer {
    rule: AdamW,
    /// By the parameter's path in the module.
    pub(super) moments: BTreeMap<String, Moments>,
}

impl Optimizer {
    pub(super) fn new(weight_decay: f32) -> Self {
        let rule = AdamWConfig::new().with_beta_2(0.99).with_epsilon(1e-8).with_weight_decay(weight_decay);
        Self { rule: rule.build(), moments: BTreeMap::new() }
    }

    /// `module` after one update. Parameters without a gradient stay as they are.
    pub(super) fn step<M: Module>(&mut self, rate: f64, module: M, gradients: GradientsParams) -> M {
        module.map(&mut Update { optimizer: self, gradients, rate, path: Vec::new() })
    }
}

struct Update<'a> {
    optimizer: &'a mut Optimizer,
    gradients: GradientsParams,
    rate: f64,
    path: Vec<String>,
}

impl ModuleMapper for Update<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(gradient) = self.gradients.remove::<D>(param.id) else { return param };
        let path = self.path.join(".");
        let Self { optimizer, rate, .. } = self;
        param.map(|tensor| {
            let (shape, learns) = (tensor.dims(), tensor.is_require_grad());
            let numbers = tensor.shape().num_elements();
            let before = optimizer.moments.remove(&path).map(|Moments { time, moments: [first, second] }| {
                AdamWState::new(AdaptiveMomentumState::new(time, first, second))
            });
            let flat = tensor.inner().reshape([numbers]);
            let (moved, after) = optimizer.rule.step(*rate, flat, gradient.reshape([numbers]), before);
            if let Some(AdamWState { momentum }) = after {
                let moments = [momentum.moment_1, momentum.moment_2];
                optimizer.moments.insert(path, Moments { time: momentum.time, moments });
            }
            let moved = Tensor::from_inner(moved.reshape(shape));
            if learns { moved.require_grad() } else { moved }
        })
    }
}
