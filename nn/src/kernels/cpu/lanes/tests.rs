//! Passes over numbers of any length, with any instructions.

use pulp::Scalar;

use super::{
    super::testing::{assert_close, noise, wide},
    *,
};

/// out += 2 a + b, with sums of a and of the new out.
#[derive(Clone, Copy)]
struct Probe;

impl Elementwise<2, 1, 2> for Probe {
    #[inline(always)]
    fn at<S: Simd>(self, simd: S, [a, b]: [S::f32s; 2], [out]: [S::f32s; 1]) -> ([S::f32s; 1], [S::f32s; 2]) {
        let out = simd.add_f32s(out, simd.mul_add_e_f32s(a, simd.splat_f32s(2.0), b));
        ([out], [a, out])
    }
}

fn check(length: usize, run: impl Fn([&[f32]; 2], [&mut [f32]; 1]) -> [f32; 2]) {
    let (a, b, mut out) = (noise(1, length), noise(2, length), noise(3, length));
    let (wide_a, wide_b, before) = (wide(&a), wide(&b), wide(&out));
    let wanted = (0..length).map(|idx| before[idx] + 2.0 * wide_a[idx] + wide_b[idx]).collect::<Vec<_>>();
    let sums = run([&a, &b], [&mut out]);
    assert_close(&out, &wanted, 1e-6);
    assert_close(&sums, &[wide_a.iter().sum(), wanted.iter().sum()], 1e-4);
}

#[test]
fn any_length_works_with_any_instructions() {
    for length in (0..70).chain([1000, 4097]) {
        check(length, |inputs, outputs| on_one_thread(Probe, inputs, outputs));
        check(length, |inputs, outputs| each(Scalar, Probe, inputs, outputs));
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = pulp::x86::V3::try_new() {
            check(length, |inputs, outputs| Simd::vectorize(simd, Each { op: Probe, inputs, outputs }));
        }
    }
}

/// Writes its index everywhere and finds it.
struct Count;

impl Pieces<2> for Count {
    type Found = usize;

    #[inline(always)]
    fn piece<S: Simd>(&self, _: S, piece_idx: usize, outputs: [&mut [f32]; 2]) -> usize {
        outputs.into_iter().for_each(|output| output.fill(piece_idx as f32));
        piece_idx
    }
}

#[test]
fn pieces_come_in_order_however_they_are_split() {
    for (pieces, work) in [(0, 1), (1, 1), (7, TASK), (7, TASK / 2), (100, TASK / 3), (10, 10 * TASK), (9, 0)]
    {
        let mut outputs = [vec![f32::NAN; 3 * pieces], vec![f32::NAN; pieces]];
        let [first, second] = &mut outputs;
        let found = in_pieces(&Count, work, pieces, [3, 1], [first, second]);
        assert_eq!(found, (0..pieces).collect::<Vec<_>>());
        for (output, length) in outputs.iter().zip([3, 1]) {
            assert!(output.iter().enumerate().all(|(idx, &value)| value == (idx / length) as f32));
        }
    }
}
