//! Where fused kernels run: on the CPU backend, unless plain operations are asked for.

use std::sync::atomic::{AtomicBool, Ordering};

use burn::tensor::Device;

/// Whether plain operations are asked for, as an oracle or to compare speeds.
static PLAIN: AtomicBool = AtomicBool::new(false);

/// Makes every device use plain operations, or the CPU its fused ones again, for the whole process.
///
/// The two differ in rounding; benches and tests compare them.
pub fn use_plain_operations(plain: bool) {
    PLAIN.store(plain, Ordering::Relaxed);
}

/// Whether tensors of this device are worked on by fused kernels.
#[must_use]
pub fn is_fused(device: &Device) -> bool {
    !PLAIN.load(Ordering::Relaxed) && is_cpu(device)
}

#[cfg(feature = "flex")]
fn is_cpu(device: &Device) -> bool {
    *device == Device::flex()
}

#[cfg(not(feature = "flex"))]
fn is_cpu(_device: &Device) -> bool {
    false
}
