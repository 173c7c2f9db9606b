//! The numbers of a module by the names that they have in a checkpoint.

use std::collections::BTreeMap;

use burn::{
    module::{Module, ModuleVisitor, Param},
    tensor::Tensor,
};

use crate::host::numbers;

/// All parameters of a module.
#[derive(Default)]
pub(super) struct Parameters {
    path: Vec<String>,
    found: BTreeMap<String, Parameter>,
}

/// Row-major numbers and the sizes of their axes.
pub(super) struct Parameter {
    pub(super) numbers: Vec<f32>,
    pub(super) dims: Vec<usize>,
}

impl Parameters {
    pub(super) fn of(module: &impl Module) -> Self {
        let mut parameters = Self::default();
        module.visit(&mut parameters);
        parameters
    }

    /// The parameter of this name, which must be there.
    pub(super) fn get(&self, name: &str) -> &Parameter {
        self.found.get(name).unwrap_or_else(|| panic!("no parameter `{name}` in {:?}", self.found.keys()))
    }

    /// All of them, in the order of their names.
    pub(super) fn all(&self) -> impl Iterator<Item = &Parameter> {
        self.found.values()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.found.contains_key(name)
    }

    /// How many modules stand in the list of this name.
    pub(super) fn count(&self, list: &str) -> usize {
        let begins = |idx: usize| {
            let prefix = format!("{list}.{idx}.");
            self.found.keys().any(|name| name.starts_with(&prefix))
        };
        (0..).take_while(|&idx| begins(idx)).count()
    }
}

impl ModuleVisitor for Parameters {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val();
        let parameter = Parameter { numbers: numbers(&value), dims: value.dims().to_vec() };
        self.found.insert(self.path.join("."), parameter);
    }
}
