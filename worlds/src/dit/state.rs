//! What learning on bit by bit needs beside a checkpoint: the weights that are being trained, and the moments.
//!
//! A checkpoint itself holds the running mean. Batches and noise are functions of the seed and the step.

use std::{collections::BTreeMap, path::Path};

use burn::{
    module::{Module, ModuleVisitor, Param},
    tensor::{Device, Tensor, TensorData},
};
use dreamlane_core::{Error, Result, TRAINING_STATE};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::{
    codec::Codec,
    optimizer::{Moments, Optimizer},
    trunk::Trunk,
    weights,
};
use crate::{checkpoint, host::numbers};

const WEIGHTS: &str = "weights.safetensors";
const OPTIMIZER: &str = "optimizer.safetensors";
/// Endings of the names in the file of moments, after the parameter's path.
const MOMENTS: [&str; 2] = [".moment_1", ".moment_2"];
const TIME: &str = ".time";
/// What is before the path: the stages have an optimiser each.
const STAGES: [&str; 2] = ["codec.", "trunk."];

/// The weights that gradients move.
#[derive(Module, Debug)]
pub(super) struct Trained {
    pub(super) codec: Codec,
    pub(super) trunk: Trunk,
}

/// Writes the state into a checkpoint folder.
pub(super) fn save(checkpoint: &Path, trained: &Trained, optimizers: [&Optimizer; 2]) -> Result<()> {
    let folder = checkpoint.join(TRAINING_STATE);
    std::fs::create_dir_all(&folder).map_err(Error::io(&folder))?;
    checkpoint::write_file(&folder.join(WEIGHTS), &weights::to_bytes(trained, checkpoint)?)?;
    let path = folder.join(OPTIMIZER);
    checkpoint::write_file(&path, &flattened(optimizers, &path)?)
}

/// Reads what [`save`] wrote; `trained` tells the shapes.
pub(super) fn load(
    checkpoint: &Path,
    mut trained: Trained,
    optimizers: [&mut Optimizer; 2],
    device: &Device,
) -> Result<Trained> {
    let folder = checkpoint.join(TRAINING_STATE);
    let path = folder.join(WEIGHTS);
    weights::fill(&mut trained, checkpoint::read_weights(&path)?.0, &path)?;
    let mut sizes = Sizes::default();
    trained.visit(&mut sizes);
    let path = folder.join(OPTIMIZER);
    let (bytes, _) = checkpoint::read_weights(&path)?;
    let tensors = SafeTensors::deserialize(&bytes).map_err(|error| Error::broken(&path, error))?;
    for (stage, optimizer) in STAGES.into_iter().zip(optimizers) {
        optimizer.moments.clear();
        for name in tensors.names() {
            let Some(param) = name.strip_prefix(stage).and_then(|name| name.strip_suffix(TIME)) else {
                continue;
            };
            let moments = moments(&tensors, &format!("{stage}{param}"), &sizes, device)
                .map_err(|reason| Error::broken(&path, format!("{stage}{param}: {reason}")))?;
            optimizer.moments.insert(param.to_owned(), moments);
        }
    }
    Ok(trained)
}

fn flattened(optimizers: [&Optimizer; 2], path: &Path) -> Result<Vec<u8>> {
    let mut entries: Vec<(String, Dtype, Vec<u8>)> = Vec::new();
    for (stage, optimizer) in STAGES.into_iter().zip(optimizers) {
        for (param, kept) in &optimizer.moments {
            let time = (kept.time as i64).to_le_bytes().to_vec();
            entries.push((format!("{stage}{param}{TIME}"), Dtype::I64, time));
            for (ending, moment) in MOMENTS.into_iter().zip(&kept.moments) {
                let bytes = numbers(moment).iter().flat_map(|number| number.to_le_bytes()).collect();
                entries.push((format!("{stage}{param}{ending}"), Dtype::F32, bytes));
            }
        }
    }
    let broken = |error: safetensors::SafeTensorError| Error::broken(path, error);
    let views = entries.iter().map(|(name, dtype, bytes)| {
        let len = bytes.len() / if *dtype == Dtype::I64 { 8 } else { 4 };
        TensorView::new(*dtype, vec![len], bytes).map(|view| (name, view))
    });
    let views = views.collect::<std::result::Result<Vec<_>, _>>().map_err(broken)?;
    // The crate sorts by type and name, so equal states are equal files.
    safetensors::serialize(views, None).map_err(broken)
}

fn moments(
    tensors: &SafeTensors<'_>,
    param: &str,
    sizes: &Sizes,
    device: &Device,
) -> std::result::Result<Moments, String> {
    let bytes = |ending: &str, dtype: Dtype| {
        let tensor = tensors.tensor(&format!("{param}{ending}")).map_err(|error| error.to_string())?;
        match tensor.dtype() == dtype {
            true => Ok(tensor.data()),
            false => Err(format!("expected {dtype:?} in `{ending}`, found {:?}", tensor.dtype())),
        }
    };
    let time = bytes(TIME, Dtype::I64)?;
    let time = time.try_into().map(i64::from_le_bytes).map_err(|_| "expected one time".to_owned())?;
    let time = usize::try_from(time).map_err(|_| format!("expected a time of 0 or more, found {time}"))?;
    let expected = *sizes.numbers.get(param).ok_or("no parameter of this world")?;
    let moment = |ending: &str| {
        let (words, _) = bytes(ending, Dtype::F32)?.as_chunks::<4>();
        if words.len() != expected {
            return Err(format!("expected {expected} numbers in `{ending}`, found {}", words.len()));
        }
        let values = words.iter().map(|&word| f32::from_le_bytes(word)).collect::<Vec<_>>();
        Ok(Tensor::<1>::from_data(TensorData::new(values, [expected]), device))
    };
    Ok(Moments { time, moments: [moment(MOMENTS[0])?, moment(MOMENTS[1])?] })
}

/// The numbers of each parameter, by its path.
#[derive(Default)]
struct Sizes {
    path: Vec<String>,
    numbers: BTreeMap<String, usize>,
}

impl ModuleVisitor for Sizes {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.numbers.insert(self.path.join("."), param.val().shape().num_elements());
    }
}
