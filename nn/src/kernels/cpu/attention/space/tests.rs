//! Space attention against the f64 reference.

use super::super::reference::{Inputs, Reference, assert_near, on_any_threads, wide};
use super::*;

const SIZES: [SpaceSizes; 10] = [
    sizes(1, 0, 1, 2),
    sizes(2, 1, 2, 6),
    sizes(3, 0, 3, 6),
    sizes(3, 1, 1, 32),
    sizes(5, 2, 2, 48),
    sizes(16, 0, 1, 16),
    sizes(17, 1, 2, 18),
    sizes(20, 1, 4, 32),
    sizes(19, 0, 4, 32),
    sizes(33, 1, 2, 64),
];

const fn sizes(token: usize, readers: usize, heads: usize, head_dim: usize) -> SpaceSizes {
    SpaceSizes { token, readers, heads, head_dim }
}

fn inputs(sizes: SpaceSizes, frames: usize) -> Inputs {
    Inputs::new(frames * sizes.token, sizes.token, sizes.heads, sizes.head_dim)
}

fn reference(sizes: SpaceSizes, inputs: &Inputs, frames: usize) -> Reference {
    let seen = sizes.token - sizes.readers;
    Reference {
        groups: (0..frames).map(|frame| (frame * sizes.token..(frame + 1) * sizes.token).collect()).collect(),
        sees: Box::new(move |_, key| key < seen),
        ..Reference::new(&inputs.placing(), sizes.heads)
    }
}

fn forward(sizes: SpaceSizes, inputs: &Inputs) -> Vec<f32> {
    let mut mixed = vec![f32::NAN; inputs.qkv.len() / 3];
    attend_space(sizes, &inputs.placing(), &inputs.qkv, &mut mixed);
    mixed
}

/// Gradients of the input, of the query gain and of the key gain, which begin at 1.
fn backward(sizes: SpaceSizes, inputs: &Inputs) -> [Vec<f32>; 3] {
    let mut d_qkv = vec![f32::NAN; inputs.qkv.len()];
    let (mut query, mut key) = (vec![1.0; sizes.head_dim], vec![1.0; sizes.head_dim]);
    let mut d_gains = GainGradients { query: &mut query, key: &mut key };
    attend_space_backward(sizes, &inputs.placing(), &inputs.qkv, &inputs.d_mixed, &mut d_qkv, &mut d_gains);
    [d_qkv, query, key]
}

#[test]
fn it_equals_the_reference_in_every_size_on_any_threads() {
    for sizes in SIZES {
        for frames in [1, 3, 9] {
            let inputs = inputs(sizes, frames);
            let reference = reference(sizes, &inputs, frames);
            let mixed = on_any_threads(|| forward(sizes, &inputs));
            assert_near(&mixed, &reference.forward(&wide(&inputs.qkv)), 3e-6, &format!("mixed of {sizes:?}"));
            let [d_qkv, query, key] = on_any_threads(|| backward(sizes, &inputs));
            let wanted = reference.backward(&wide(&inputs.qkv), &wide(&inputs.d_mixed));
            assert_near(&d_qkv, &wanted.qkv, 1e-5, &format!("gradient of {sizes:?}"));
            for (found, wanted) in [query, key].iter().zip(&wanted.gains) {
                let wanted = wanted.iter().map(|sum| sum + 1.0).collect::<Vec<_>>();
                assert_near(found, &wanted, 1e-5, &format!("gradient of a gain of {sizes:?}"));
            }
        }
    }
}

#[test]
fn the_gradients_of_the_reference_are_those_of_differences() {
    for sizes in [sizes(3, 1, 2, 6), sizes(2, 0, 1, 2), sizes(5, 2, 1, 32)] {
        let inputs = inputs(sizes, 2);
        reference(sizes, &inputs, 2).check_differences(&wide(&inputs.qkv), &wide(&inputs.d_mixed), 3);
    }
}

#[test]
fn a_frame_does_not_depend_on_how_many_there_are() {
    for sizes in SIZES {
        let mut many = inputs(sizes, 11);
        let (mixed, [d_qkv, ..]) = (forward(sizes, &many), backward(sizes, &many));
        let frame = sizes.token * sizes.dim();
        many.qkv.drain(..9 * 3 * frame);
        many.qkv.truncate(3 * frame);
        many.d_mixed.drain(..9 * frame);
        many.d_mixed.truncate(frame);
        assert_eq!(forward(sizes, &many), mixed[9 * frame..10 * frame]);
        assert_eq!(backward(sizes, &many)[0], d_qkv[27 * frame..30 * frame]);
    }
}

#[test]
fn a_block_with_dirty_scratch_gives_the_same() {
    for sizes in SIZES {
        let inputs = inputs(sizes, 5);
        let mut mixed = vec![f32::NAN; inputs.qkv.len() / 3];
        let mut scratch = vec![f32::NAN; sizes.scratch_len()];
        attend_space_block(sizes, &inputs.placing(), &inputs.qkv, &mut scratch, &mut mixed);
        assert_eq!(mixed, forward(sizes, &inputs));
    }
}

#[test]
fn large_scores_do_not_overflow() {
    let sizes = sizes(7, 1, 1, 32);
    let mut inputs = inputs(sizes, 1);
    inputs.scale_gains(60.0);
    let reference = reference(sizes, &inputs, 1);
    assert_near(&forward(sizes, &inputs), &reference.forward(&wide(&inputs.qkv)), 2e-3, "mixed");
    assert!(backward(sizes, &inputs)[0].iter().all(|x| x.is_finite()));
}

#[test]
fn no_frames_are_no_work() {
    let inputs = inputs(sizes(4, 1, 2, 6), 0);
    assert!(forward(sizes(4, 1, 2, 6), &inputs).is_empty());
    assert!(backward(sizes(4, 1, 2, 6), &inputs)[0].is_empty());
}
