//! The environments that can be built by name.

use burn::tensor::Device;
use dreamlane_core::{Env, Error, Result};

use crate::drive::{Highway, HighwayConfig};

/// One environment that can be built by name.
#[derive(Clone, Copy, Debug)]
pub struct EnvEntry {
    /// The name users write.
    pub name: &'static str,
    /// One line for the list of environments.
    pub about: &'static str,
    /// Builds it with so many lanes, its tensors on the device.
    pub build: fn(usize, &Device) -> Result<Box<dyn Env>>,
}

/// All environments that need nothing but a device.
pub static ENVS: &[EnvEntry] = &[EnvEntry {
    name: "drive/highway",
    about: "a straight highway with traffic, seen by a forward camera; the truth's first room",
    build: |lanes, device| Ok(Box::new(Highway::new(lanes, HighwayConfig::standard(), device)?)),
}];

/// Builds an environment by name.
///
/// # Errors
/// When no entry has this name, or the environment cannot be built with so many lanes.
pub fn build(name: &str, lanes: usize, device: &Device) -> Result<Box<dyn Env>> {
    match ENVS.iter().find(|entry| entry.name == name) {
        Some(entry) => (entry.build)(lanes, device),
        // A learned world needs a run folder and contexts, so the root package resolves it.
        None => Err(Error::unknown("env", name, ENVS.iter().map(|entry| entry.name).chain(["world:RUN"]))),
    }
}
