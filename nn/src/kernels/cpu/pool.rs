//! Buffers that are used again: fresh pages of the system have to be cleared first, which costs more than most passes.
//!
//! A buffer that goes into a tensor comes back when the last owner of the tensor lets go of it.
//! Sizes are rounded up to a few steps an octave, so that steps of a training or an episode find what the last one left.

use std::sync::{Mutex, PoisonError};

/// Buffers of fewer numbers are cheap enough as they are.
const SMALLEST: usize = 1 << 10;
/// Octaves of sizes above the smallest, and steps within one.
const OCTAVES: usize = 20;
const STEPS: usize = 4;
/// Numbers that the pool keeps at most: 1 GiB.
const MOST: usize = 1 << 28;

/// Buffers that nobody uses, by size.
struct Pool {
    /// `[octave * STEPS + step]`; each buffer has the whole length of its size.
    free: Vec<Vec<Vec<f32>>>,
    numbers: usize,
}

static POOL: Mutex<Pool> = Mutex::new(Pool { free: Vec::new(), numbers: 0 });

/// The place of the size that holds `len` numbers, and that size.
fn size(len: usize) -> Option<(usize, usize)> {
    if len < SMALLEST {
        return None;
    }
    let octave = (len / SMALLEST).ilog2() as usize;
    let step_len = (SMALLEST << octave) / STEPS;
    let steps = len.div_ceil(step_len);
    let place = octave * STEPS + steps - STEPS;
    (place < OCTAVES * STEPS).then_some((place, steps * step_len))
}

/// A buffer of `len` numbers, whatever they are.
pub fn take(len: usize) -> Vec<f32> {
    let Some((place, whole)) = size(len) else { return vec![0.0; len] };
    let found = {
        let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
        let found = pool.free.get_mut(place).and_then(Vec::pop);
        if found.is_some() {
            pool.numbers -= whole;
        }
        found
    };
    let mut buffer = found.unwrap_or_else(|| vec![0.0; whole]);
    buffer.truncate(len);
    buffer
}

/// A buffer of `len` zeros.
pub fn take_zeroed(len: usize) -> Vec<f32> {
    let mut buffer = take(len);
    buffer.fill(0.0);
    buffer
}

/// A buffer that holds the same numbers.
pub fn copied(numbers: &[f32]) -> Vec<f32> {
    let mut buffer = take(numbers.len());
    buffer.copy_from_slice(numbers);
    buffer
}

/// Gives a buffer back.
pub fn give(mut buffer: Vec<f32>) {
    let Some((place, whole)) = size(buffer.capacity()) else { return };
    if whole != buffer.capacity() {
        return;
    }
    // What lies behind the length was written before the buffer was cut, but the compiler cannot know it.
    buffer.resize(whole, 0.0);
    let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    if pool.numbers + whole > MOST {
        return;
    }
    if pool.free.len() <= place {
        pool.free.resize_with(OCTAVES * STEPS, Vec::new);
    }
    pool.numbers += whole;
    pool.free[place].push(buffer);
}

/// Numbers that the pool keeps for later.
#[must_use]
pub fn kept() -> usize {
    POOL.lock().unwrap_or_else(PoisonError::into_inner).numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_holds_its_length_and_wastes_at_most_a_quarter() {
        for len in [1024, 1025, 1279, 1280, 1281, 2047, 2048, 5000, 1 << 20, (1 << 20) + 1] {
            let (_, whole) = size(len).unwrap();
            assert!(whole >= len && whole <= len + len / 4, "{whole} for {len}");
            assert_eq!(size(whole).map(|(_, whole)| whole), Some(whole), "{len}");
        }
        assert_eq!(size(1023), None);
    }

    #[test]
    fn a_buffer_that_was_given_is_taken_again() {
        // A size that no other test uses.
        let len = 3_333_333;
        let before = take(len);
        let address = before.as_ptr();
        give(before);
        let again = take(len - 7);
        assert_eq!(again.as_ptr(), address);
        assert_eq!(again.len(), len - 7);
    }
}
