//! What the machine gives at best: products of matrices that stay in the caches, one per thread, and a walk through
//! memory that does not fit into any cache (the triad of STREAM, McCalpin 1995).

mod product;

use std::time::Instant;

use rayon::prelude::*;
use serde::Serialize;

/// Numbers of an array of the triad: 128 MB, three of them.
const ARRAY: usize = 1 << 25;
const ARRAY_OF_SMOKE: usize = 1 << 14;
/// Walks, of which the fastest counts.
const WALKS: usize = 6;
/// Time spent on each way to multiply.
const SECONDS: f64 = 0.15;

/// Rates of all threads together.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Ceiling {
    /// Products in single precision.
    pub(crate) gflop_per_sec: f64,
    /// Memory traffic, what the caches read before they write not counted.
    pub(crate) gb_per_sec: f64,
    /// Products of bf16 with sums in single precision, where the processor has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bf16_gflop_per_sec: Option<f64>,
    /// Threads.
    pub(crate) threads: usize,
}

/// Measures it: about a second.
pub(crate) fn measure(smoke: bool) -> Ceiling {
    let seconds = if smoke { 0.0 } else { SECONDS };
    Ceiling {
        gflop_per_sec: product::f32_flop_per_sec(seconds) / 1e9,
        gb_per_sec: triad_bytes_per_sec(if smoke { ARRAY_OF_SMOKE } else { ARRAY }) / 1e9,
        bf16_gflop_per_sec: product::bf16_flop_per_sec(seconds).map(|rate| rate / 1e9),
        threads: rayon::current_num_threads(),
    }
}

fn triad_bytes_per_sec(len: usize) -> f64 {
    let [mut sums, addends, factors] = [0.0f32, 1.0, 2.0].map(|number| vec![number; len]);
    let part = len.div_ceil(4 * rayon::current_num_threads());
    let walk = |_| {
        let begun = Instant::now();
        sums.par_chunks_mut(part).zip(addends.par_chunks(part)).zip(factors.par_chunks(part)).for_each(
            |((sums, addends), factors)| {
                for ((sum, addend), factor) in sums.iter_mut().zip(addends).zip(factors) {
                    *sum = addend + 3.0 * factor;
                }
            },
        );
        begun.elapsed().as_secs_f64()
    };
    let least = (0..WALKS).map(walk).fold(f64::INFINITY, f64::min);
    std::hint::black_box(&sums);
    (3 * size_of::<f32>() * len) as f64 / least
}
