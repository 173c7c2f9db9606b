//! The system's allocator, which ends the process where more is asked for than a reader of foreign bytes may ask.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use crate::CAP;

/// Bytes that are allocated now.
static HELD: AtomicUsize = AtomicUsize::new(0);
/// Most bytes of one allocation; lowered by a target that knows better.
static LARGEST: AtomicUsize = AtomicUsize::new(CAP);

/// Counts what is held and aborts above [`CAP`] in all, or above a target's own cap for one allocation.
#[derive(Debug)]
pub struct Capped;

impl Capped {
    /// Sets the largest single allocation from now on.
    pub fn at_most(bytes: usize) {
        LARGEST.store(bytes, Relaxed);
    }

    fn take(bytes: usize) {
        let held = HELD.fetch_add(bytes, Relaxed).saturating_add(bytes);
        let largest = LARGEST.load(Relaxed);
        if bytes > largest || held > CAP {
            // From here on the message may allocate.
            LARGEST.store(usize::MAX, Relaxed);
            HELD.store(0, Relaxed);
            eprintln!("allocation of {bytes} bytes ({held} held): the cap is {largest} ({CAP} held)");
            eprintln!("{}", std::backtrace::Backtrace::force_capture());
            std::process::abort();
        }
    }
}

// SAFETY: every call is the system allocator's; the counting beside it touches no memory.
unsafe impl GlobalAlloc for Capped {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::take(layout.size());
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Self::take(layout.size());
        // SAFETY: the caller keeps the contract of `alloc_zeroed`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        Self::take(bytes);
        HELD.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(place, layout, bytes) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(place, layout) }
    }
}
