//! Time attention against the f64 reference.

use super::super::reference::{Inputs, Reference, assert_near, on_any_threads, wide};
use super::*;

const fn sizes(time: usize, token: usize, width: usize, heads: usize, head_dim: usize) -> TimeSizes {
    TimeSizes { time, token, width, heads, head_dim }
}

/// Every width of several small clips, and the clips that are trained on.
fn all_sizes() -> Vec<TimeSizes> {
    let small = [(1, 1, 1, 2), (2, 3, 2, 6), (7, 2, 1, 48), (17, 1, 1, 18), (18, 1, 2, 4)].into_iter();
    let small = small.flat_map(|(time, token, heads, dim)| {
        (1..=time + 3).map(move |width| sizes(time, token, width, heads, dim))
    });
    let large = [
        sizes(20, 20, 16, 4, 32),
        sizes(32, 3, 32, 2, 64),
        sizes(50, 1, 16, 1, 32),
        sizes(9, 2, usize::MAX, 1, 6),
    ];
    small.chain(large).collect()
}

fn inputs(sizes: TimeSizes, batch: usize) -> Inputs {
    Inputs::new(batch * sizes.time * sizes.token, sizes.time, sizes.heads, sizes.head_dim)
}

fn reference(sizes: TimeSizes, inputs: &Inputs, batch: usize) -> Reference {
    let TimeSizes { time, token, width, .. } = sizes;
    let group = |idx: usize| {
        let (clip, token_idx) = (idx / token, idx % token);
        (0..time).map(|t| (clip * time + t) * token + token_idx).collect()
    };
    Reference {
        groups: (0..batch * token).map(group).collect(),
        sees: Box::new(move |query, key| key <= query && query - key < width),
        ..Reference::new(&inputs.placing(), sizes.heads)
    }
}

fn forward(sizes: TimeSizes, inputs: &Inputs) -> Vec<f32> {
    let mut mixed = vec![f32::NAN; inputs.qkv.len() / 3];
    attend_time(sizes, &inputs.placing(), &inputs.qkv, &mut mixed);
    mixed
}

/// Gradients of the input, of the query gain and of the key gain, which begin at 1.
fn backward(sizes: TimeSizes, inputs: &Inputs) -> [Vec<f32>; 3] {
    let mut d_qkv = vec![f32::NAN; inputs.qkv.len()];
    let (mut query, mut key) = (vec![1.0; sizes.head_dim], vec![1.0; sizes.head_dim]);
    let mut d_gains = GainGradients { query: &mut query, key: &mut key };
    attend_time_backward(sizes, &inputs.placing(), &inputs.qkv, &inputs.d_mixed, &mut d_qkv, &mut d_gains);
    [d_qkv, query, key]
}

#[test]
fn it_equals_the_reference_in_every_size_and_width_on_any_threads() {
    for sizes in all_sizes() {
        for batch in [1, 3] {
            let inputs = inputs(sizes, batch);
            let reference = reference(sizes, &inputs, batch);
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
    for sizes in [sizes(4, 2, 2, 2, 6), sizes(3, 1, 5, 1, 2), sizes(6, 1, 3, 1, 32)] {
        let inputs = inputs(sizes, 2);
        reference(sizes, &inputs, 2).check_differences(&wide(&inputs.qkv), &wide(&inputs.d_mixed), 3);
    }
}

#[test]
fn a_clip_does_not_depend_on_how_many_there_are() {
    for sizes in all_sizes() {
        let mut many = inputs(sizes, 5);
        let (mixed, [d_qkv, ..]) = (forward(sizes, &many), backward(sizes, &many));
        let clip = sizes.time * sizes.token * sizes.dim();
        many.qkv.drain(..9 * clip);
        many.qkv.truncate(3 * clip);
        many.d_mixed.drain(..3 * clip);
        many.d_mixed.truncate(clip);
        assert_eq!(forward(sizes, &many), mixed[3 * clip..4 * clip]);
        assert_eq!(backward(sizes, &many)[0], d_qkv[9 * clip..12 * clip]);
    }
}

#[test]
fn a_frame_does_not_depend_on_frames_after_it() {
    let long = sizes(23, 3, 5, 2, 32);
    let inputs = inputs(long, 1);
    let mixed = forward(long, &inputs);
    for time in 1..long.time {
        let row = 3 * long.dim();
        let placing = inputs.placing();
        let table = ..time * long.head_dim;
        let placing = Placing { cos: &placing.cos[table], sin: &placing.sin[table], ..placing };
        let mut short = vec![f32::NAN; time * row];
        attend_time(TimeSizes { time, ..long }, &placing, &inputs.qkv[..3 * time * row], &mut short);
        assert_eq!(short, mixed[..time * row], "{time} frames");
    }
}

#[test]
fn no_clips_are_no_work() {
    let sizes = sizes(4, 1, 2, 2, 6);
    assert!(forward(sizes, &inputs(sizes, 0)).is_empty());
    assert!(backward(sizes, &inputs(sizes, 0))[0].is_empty());
}
