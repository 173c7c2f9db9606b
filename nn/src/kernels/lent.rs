//! Buffers of the pool as the memory of tensors.

use std::mem::MaybeUninit;

use burn_std::{AccessError, AccessPolicy, AllocationController, AllocationProperty, Bytes};

use super::cpu::pool;

/// The memory of a tensor, from the pool and back to it.
struct Lent(Vec<f32>);

impl Drop for Lent {
    fn drop(&mut self) {
        pool::give(std::mem::take(&mut self.0));
    }
}

/// Numbers as the memory of a tensor.
pub(super) fn bytes(numbers: Vec<f32>) -> Bytes {
    let len = size_of_val(numbers.as_slice());
    // SAFETY: the controller holds exactly `len` initialised bytes.
    unsafe { Bytes::from_controller(Box::new(Lent(numbers)), len) }
}

impl AllocationController for Lent {
    fn alloc_align(&self) -> usize {
        align_of::<f32>()
    }

    fn property(&self) -> AllocationProperty {
        AllocationProperty::Other
    }

    unsafe fn memory_mut(&mut self, _policy: AccessPolicy) -> Result<&mut [MaybeUninit<u8>], AccessError> {
        let len = size_of_val(self.0.as_slice());
        // SAFETY: any bytes are numbers, bytes have no alignment, and the caller writes initialised bytes alone.
        Ok(unsafe { std::slice::from_raw_parts_mut(self.0.as_mut_ptr().cast(), len) })
    }

    fn memory(&self, _policy: AccessPolicy) -> Result<&[MaybeUninit<u8>], AccessError> {
        let len = size_of_val(self.0.as_slice());
        // SAFETY: the bytes of numbers are initialised, and bytes have no alignment.
        Ok(unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast(), len) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tensor_gives_its_buffer_back() {
        // A size that no other test uses.
        let len = 2_222_222;
        let before = pool::take(len);
        let address = before.as_ptr();
        let bytes = bytes(before);
        assert_eq!(bytes.len(), 4 * len);
        drop(bytes);
        let again = pool::take(len - 7);
        assert_eq!(again.as_ptr(), address);
    }
}
