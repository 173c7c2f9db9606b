//! Threads of their own for the encoding of pictures, so that a recording does not stand in the queue of a world's.

use std::sync::LazyLock;

use rayon::{ThreadPool, ThreadPoolBuilder};

/// As many as the pool that everything else shares. On Linux a thread begins with the priority of the one that
/// starts it: a recorder that stepped back has encoders that do as well.
static POOL: LazyLock<Option<ThreadPool>> = LazyLock::new(|| {
    let builder = ThreadPoolBuilder::new()
        .num_threads(rayon::current_num_threads())
        .thread_name(|idx| format!("encoder-{idx}"));
    builder.build().ok()
});

/// Runs parallel work there and waits for it; in the caller's own pool where threads could not be started.
pub(crate) fn run<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    match &*POOL {
        Some(pool) => pool.install(work),
        None => work(),
    }
}
