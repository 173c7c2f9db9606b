//! Weights of a module as a safetensors file that PyTorch reads, and back.

use std::path::Path;

use burn_store::{ModuleSnapshot, SafetensorsStore};
use dreamlane_core::{Error, Result};

use super::half;

/// The bytes of a file; `folder` is named in errors.
pub(super) fn to_bytes(module: &impl ModuleSnapshot, folder: &Path) -> Result<Vec<u8>> {
    // One note alone: the store's own notes are written in an order that changes from run to run.
    let mut store = SafetensorsStore::from_bytes(None)
        .clear_metadata()
        .metadata("format", "pt")
        .with_to_adapter(burn_store::BurnToPyTorchAdapter);
    let broken = |error: &dyn std::fmt::Display| Error::broken(folder, first_line(error));
    module.save_into(&mut store).map_err(|error| broken(&error))?;
    store.get_bytes().map_err(|error| broken(&error))
}

/// Fills a module from the bytes of a file, which were checked; `path` is named in errors.
pub(super) fn fill(module: &mut impl ModuleSnapshot, bytes: Vec<u8>, path: &Path) -> Result<()> {
    let bytes = half::widened(bytes, path)?;
    let mut store =
        SafetensorsStore::from_bytes(Some(bytes)).with_from_adapter(burn_store::PyTorchToBurnAdapter);
    let loaded = module.load_from(&mut store).map_err(|error| Error::broken(path, first_line(&error)))?;
    if loaded.missing.is_empty() && loaded.errors.is_empty() {
        return Ok(());
    }
    let (missing, unfit) = (loaded.missing.len(), loaded.errors.len());
    Err(Error::broken(path, format!("{missing} tensors missing, {unfit} do not fit")))
}

/// As much of an error as a person reads: stores list every tensor that does not fit.
fn first_line(error: &dyn std::fmt::Display) -> String {
    const ENOUGH: usize = 240;
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    let cut = line.chars().take(ENOUGH).collect::<String>();
    if cut.len() < line.len() { cut + " …" } else { cut }
}
