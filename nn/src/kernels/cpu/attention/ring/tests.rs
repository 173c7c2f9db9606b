//! The ring against attention over a whole clip.

use super::super::{
    reference::{Inputs, assert_near, wide},
    time::{TimeSizes, attend_time},
};
use super::*;

const SIZES: [RingSizes; 7] = [
    sizes(1, 1, 2, 0),
    sizes(2, 3, 6, 1),
    sizes(3, 2, 48, 4),
    sizes(1, 1, 18, 16),
    sizes(2, 1, 4, 17),
    sizes(20, 4, 32, 15),
    sizes(2, 2, 64, 31),
];

const fn sizes(token: usize, heads: usize, head_dim: usize, past: usize) -> RingSizes {
    RingSizes { token, heads, head_dim, past }
}

struct Walk {
    inputs: Inputs,
    sizes: RingSizes,
    frames: usize,
    scratch: Vec<f32>,
}

impl Walk {
    fn new(sizes: RingSizes) -> Self {
        let frames = 3 * (sizes.past + 1);
        let inputs = Inputs::new(frames * sizes.token, frames, sizes.heads, sizes.head_dim);
        Self { inputs, sizes, frames, scratch: vec![f32::NAN; sizes.scratch_len()] }
    }

    /// Attends with a frame, then stores it.
    fn step(&mut self, ring: &mut Ring, frame: usize) -> Vec<f32> {
        let len = self.sizes.token * self.sizes.dim();
        let (placing, qkv) = (self.inputs.placing_at(frame), &self.inputs.qkv[3 * frame * len..][..3 * len]);
        let mut mixed = vec![f32::NAN; len];
        ring.attend(&placing, qkv, &mut self.scratch, &mut mixed);
        ring.push(&placing, qkv, &mut self.scratch);
        mixed
    }
}

#[test]
fn stepping_equals_attention_over_the_whole_clip() {
    for sizes in SIZES {
        let mut walk = Walk::new(sizes);
        let RingSizes { token, heads, head_dim, past } = sizes;
        let clip = TimeSizes { time: walk.frames, token, width: past + 1, heads, head_dim };
        let mut wanted = vec![f32::NAN; walk.inputs.qkv.len() / 3];
        attend_time(clip, &walk.inputs.placing(), &walk.inputs.qkv, &mut wanted);
        let mut ring = Ring::new(sizes);
        for (frame, wanted) in wanted.chunks_exact(token * sizes.dim()).enumerate() {
            assert_eq!((ring.pushed(), ring.known()), (frame as u64, frame.min(past)));
            let mixed = walk.step(&mut ring, frame);
            assert_near(&mixed, &wide(wanted), 2e-6, &format!("frame {frame} of {sizes:?}"));
        }
    }
}

#[test]
fn a_ring_from_a_list_goes_on_as_the_ring_it_came_from() {
    for sizes in SIZES {
        let mut walk = Walk::new(sizes);
        let mut ring = Ring::new(sizes);
        for frame in 0..walk.frames {
            let list = ring.list();
            let mut restored = Ring::from_list(sizes, &list);
            assert_eq!(restored.list(), list);
            assert_eq!(
                walk.step(&mut restored, frame),
                walk.step(&mut ring, frame),
                "frame {frame} of {sizes:?}"
            );
            assert_eq!(restored, ring);
        }
    }
}

#[test]
fn a_list_is_ordered_from_the_oldest_to_the_newest_after_zeros() {
    let sizes = sizes(2, 3, 6, 4);
    let mut walk = Walk::new(sizes);
    let mut ring = Ring::new(sizes);
    for frame in 0..walk.frames {
        let list = ring.list();
        for (token, head, place) in
            (0..2).flat_map(|t| (0..3).flat_map(move |h| (0..4).map(move |p| (t, h, p))))
        {
            let row = ((token * 3 + head) * 4 + place) * 6;
            let (mut key, mut value) = ([0.0; 6], [0.0; 6]);
            if let Some(past_frame) = (frame + place).checked_sub(4) {
                let part = |part: usize| {
                    let at = (((past_frame * 2 + token) * 3 + part) * 3 + head) * 6;
                    &walk.inputs.qkv[at..at + 6]
                };
                value.copy_from_slice(part(2));
                super::super::qk::place_heads(walk.inputs.placing_at(past_frame).key(0), part(1), &mut key);
            }
            assert_eq!(
                list.keys[row..row + 6],
                key,
                "frame {frame}, token {token}, head {head}, place {place}"
            );
            assert_eq!(list.values[row..row + 6], value);
        }
        walk.step(&mut ring, frame);
    }
}

#[test]
fn attending_leaves_the_ring_alone_and_a_clone_is_another_ring() {
    let sizes = sizes(2, 1, 4, 3);
    let mut walk = Walk::new(sizes);
    let mut ring = Ring::new(sizes);
    (0..5).for_each(|frame| drop(walk.step(&mut ring, frame)));
    let kept = ring.clone();
    walk.step(&mut ring, 5);
    assert_ne!(kept, ring);
    assert_eq!(walk.step(&mut kept.clone(), 5), walk.step(&mut kept.clone(), 5));
}

#[test]
fn vectors_of_every_width_agree() {
    fn attended<S: Simd>(simd: S, walk: &mut Walk, ring: &Ring) -> Vec<f32> {
        let mut mixed = vec![f32::NAN; walk.sizes.token * walk.sizes.dim()];
        let placing = walk.inputs.placing_at(2);
        let qkv = &walk.inputs.qkv[..3 * mixed.len()];
        simd.vectorize(Attend {
            ring,
            placing: &placing,
            qkv,
            scratch: &mut walk.scratch,
            mixed: &mut mixed,
        });
        mixed
    }
    for sizes in SIZES {
        let (mut walk, mut ring) = (Walk::new(sizes), Ring::new(sizes));
        for frame in 0..walk.frames {
            walk.step(&mut ring, frame);
            let wanted = wide(&attended(pulp::Scalar, &mut walk, &ring));
            assert_near(&attended(pulp::Scalar128b, &mut walk, &ring), &wanted, 2e-6, "4 lanes");
            assert_near(&attended(pulp::Scalar256b, &mut walk, &ring), &wanted, 2e-6, "8 lanes");
            assert_near(&attended(pulp::Scalar512b, &mut walk, &ring), &wanted, 2e-6, "16 lanes");
        }
    }
}
