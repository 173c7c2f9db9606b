//! Devices by name. Which ones exist is a matter of the features that were built in.

use burn::tensor::Device;
use dreamlane_core::{Error, Result};

/// The variable that names a device where the command line does not.
pub const VARIABLE: &str = "DREAMLANE_DEVICE";

type Make = fn() -> Device;

const DEVICES: &[(&str, Make)] = &[
    #[cfg(feature = "flex")]
    ("flex", Device::flex),
    #[cfg(feature = "wgpu")]
    ("wgpu", || Device::wgpu(burn::prelude::DeviceKind::DefaultDevice)),
    #[cfg(feature = "cuda")]
    ("cuda", || Device::cuda(0)),
];

/// The device of this name; an empty name takes the first that was built in.
///
/// # Errors
/// When no such device was built in.
pub fn choose(name: &str) -> Result<Device> {
    let found = DEVICES.iter().find(|(known, _)| name.is_empty() || known == &name);
    match found {
        Some((_, make)) => Ok(make()),
        None => Err(Error::unknown("device", name, DEVICES.iter().map(|(name, _)| *name))),
    }
}
