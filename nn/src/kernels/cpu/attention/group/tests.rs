//! Vectors of every width, since other tests see only that of this machine.

use super::super::reference::{Inputs, assert_near, wide};
use super::{super::padding::Contiguous, *};

/// What `forward` and `backward` give with vectors of `simd`.
fn run<S: Simd>(simd: S, rows: usize, band: Option<&Band>, head_dim: usize) -> [Vec<f32>; 3] {
    let inputs = Inputs::new(rows, rows, 2, head_dim);
    let keys = if band.is_some() { rows } else { rows.div_ceil(2) };
    let group = Group { rows, keys, step: 1, heads: 2, head_dim, placing: inputs.placing(), band };
    let mut scratch = vec![f32::NAN; backward_scratch_len(rows, head_dim)];
    let (mut mixed, mut d_qkv) = (vec![f32::NAN; rows * 2 * head_dim], vec![f32::NAN; rows * 6 * head_dim]);
    let mut d_gains = vec![0.0; 2 * head_dim];
    simd.vectorize(Forward {
        group,
        qkv: &inputs.qkv,
        scratch: &mut scratch,
        mixed: &mut Contiguous { values: &mut mixed, width: 2 * head_dim },
    });
    simd.vectorize(Backward {
        group,
        qkv: &inputs.qkv,
        d_mixed: &inputs.d_mixed,
        scratch: &mut scratch,
        d_gains: &mut d_gains,
        d_qkv: &mut Contiguous { values: &mut d_qkv, width: 6 * head_dim },
    });
    [mixed, d_qkv, d_gains]
}

fn check<S: Simd>(simd: S) {
    for (rows, width, head_dim) in
        [(1, None, 2), (5, None, 6), (20, None, 32), (9, Some(4), 18), (21, Some(16), 48)]
    {
        let band = width.map(|width| Band::new(rows, width));
        let found = run(simd, rows, band.as_ref(), head_dim);
        let wanted = run(pulp::Scalar, rows, band.as_ref(), head_dim);
        for (found, wanted) in found.iter().zip(wanted) {
            assert_near(found, &wide(&wanted), 1e-5, &format!("{simd:?} {rows} {width:?} {head_dim}"));
        }
    }
}

#[test]
fn vectors_of_every_width_agree() {
    check(pulp::Scalar128b);
    check(pulp::Scalar256b);
    check(pulp::Scalar512b);
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = pulp::x86::V3::try_new() {
        check(simd);
    }
}
