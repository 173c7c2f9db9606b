//! Products of matrices, each thread its own: ours and those of the `gemm` crate, at a few sizes.

use std::{sync::Mutex, time::Instant};

use dreamlane::nn::kernels::cpu::{
    element::{Element, Pair},
    product::{Keep, Left, Packed, Segment, multiply_rows},
};

/// Rows, columns and inner size: all three matrices in the second cache, or in the third.
const SIZES: [[usize; 3]; 3] = [[96, 256, 256], [192, 512, 512], [768, 768, 768]];
/// Time of one round; the best one counts.
const ROUND: f64 = 0.005;

/// The best of both in single precision.
pub(super) fn f32_flop_per_sec(seconds: f64) -> f64 {
    let ours = SIZES.map(|size| rate(seconds, flop(size), || ours(size, 1.0f32)));
    let others = SIZES.map(|size| rate(seconds, flop(size), || others(size)));
    ours.into_iter().chain(others).fold(0.0, f64::max)
}

/// Ours with pairs of bf16.
pub(super) fn bf16_flop_per_sec(seconds: f64) -> Option<f64> {
    Pair::is_supported().then(|| {
        // An element holds two numbers.
        SIZES
            .map(|size| rate(seconds, 2.0 * flop(size), || ours(size, Pair::new(1.0, 1.0))))
            .into_iter()
            .fold(0.0, f64::max)
    })
}

fn flop([rows, columns, steps]: [usize; 3]) -> f64 {
    2.0 * (rows * columns * steps) as f64
}

/// Floating point operations per second of all threads, each with a product of its own that `make` makes.
fn rate<W: FnMut() + Send>(seconds: f64, flop: f64, make: impl Fn() -> W) -> f64 {
    let threads = rayon::current_num_threads();
    let products = (0..threads).map(|_| Mutex::new(make())).collect::<Vec<_>>();
    let round = |times: usize| {
        let begun = Instant::now();
        rayon::broadcast(|thread| {
            let mut product = products[thread.index()].lock().unwrap_or_else(|held| held.into_inner());
            (0..times).for_each(|_| product());
        });
        begun.elapsed().as_secs_f64()
    };
    round(1);
    let times = if seconds > 0.0 { (ROUND / round(1)).ceil() as usize } else { 1 };
    let (mut least, begun) = (f64::INFINITY, Instant::now());
    loop {
        least = least.min(round(times));
        if begun.elapsed().as_secs_f64() >= seconds {
            return (threads * times) as f64 * flop / least;
        }
    }
}

/// The product below our linear layers and convolutions, of matrices full of `one`.
fn ours<E: Element>([rows, columns, steps]: [usize; 3], one: E) -> impl FnMut() + Send {
    let left = vec![one; rows * steps];
    let right = Packed::new(&vec![one; steps * columns], [steps, columns], [columns, 1]);
    let mut out = vec![0.0; rows * columns];
    move || {
        let segments = &[Segment { offset: 0, len: steps }];
        let left = Left { data: &left, place: |row| row * steps, segments, step: 1 };
        multiply_rows(&left, &right, 0, &mut out, &Keep);
        std::hint::black_box(&out);
    }
}

/// The product of the `gemm` crate.
#[expect(unsafe_code, reason = "the crate takes pointers")]
fn others([rows, columns, steps]: [usize; 3]) -> impl FnMut() + Send {
    let (left, right) = (vec![1.0f32; rows * steps], vec![1.0f32; steps * columns]);
    let mut out = vec![0.0f32; rows * columns];
    move || {
        // SAFETY: three row-major matrices of these sizes, each with all its numbers behind its pointer.
        unsafe {
            gemm::gemm(
                rows,
                columns,
                steps,
                out.as_mut_ptr(),
                1,
                columns as isize,
                false,
                left.as_ptr(),
                1,
                steps as isize,
                right.as_ptr(),
                1,
                columns as isize,
                0.0,
                1.0,
                false,
                false,
                false,
                gemm::Parallelism::None,
            );
        }
        std::hint::black_box(&out);
    }
}
