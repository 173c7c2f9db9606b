//! What the tests of several kernels need.

use rayon::ThreadPoolBuilder;

/// Numbers that look normal, always the same for a seed.
pub(crate) fn noise(seed: u64, count: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1);
    let mut uniform = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1_u64 << 24) as f32
    };
    (0..count).map(|_| (0..6).map(|_| uniform()).sum::<f32>() * 1.4 - 4.2).collect()
}

/// In double precision.
pub(crate) fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| f64::from(value)).collect()
}

/// Within `tolerance` of the larger of 1 and the largest number wanted.
pub(crate) fn assert_close(got: &[f32], wanted: &[f64], tolerance: f64) {
    assert_eq!(got.len(), wanted.len(), "numbers got and wanted");
    let size = wanted.iter().fold(1.0_f64, |size, value| size.max(value.abs()));
    for (idx, (&got, &wanted)) in got.iter().zip(wanted).enumerate() {
        let off = (f64::from(got) - wanted).abs();
        assert!(off <= tolerance * size, "at {idx}: {got} instead of {wanted}");
    }
}

/// Central differences of `loss` at some places against a gradient.
pub(crate) fn assert_slopes(loss: impl Fn(&[f64]) -> f64, at: &[f32], gradient: &[f64]) {
    let size = gradient.iter().fold(1e-3_f64, |size, value| size.max(value.abs()));
    let step = (at.len() / 23).max(1);
    for idx in (0..at.len()).step_by(step) {
        let moved = |by: f64| {
            let mut at = wide(at);
            at[idx] += by;
            loss(&at)
        };
        let slope = (moved(1e-6) - moved(-1e-6)) / 2e-6;
        assert!((slope - gradient[idx]).abs() < 1e-5 * size, "at {idx}: {} is not {slope}", gradient[idx]);
    }
}

/// The same bytes from pools of one and of two threads.
pub(crate) fn assert_threads_do_not_matter(compute: impl Fn() -> Vec<f32> + Sync) {
    let [one, two] = [1, 2].map(|threads| {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(&compute).into_iter().map(f32::to_bits).collect::<Vec<_>>()
    });
    assert!(one == two, "two threads give other bytes than one");
}
