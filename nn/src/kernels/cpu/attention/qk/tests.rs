//! Placing against the f64 reference.

use super::super::reference::{Inputs, assert_near, place, place_backward, wide};
use super::*;

#[test]
fn heads_are_placed_as_the_reference_places_them_forwards_and_backwards() {
    for (heads, head_dim) in [(1, 2), (3, 6), (2, 18), (4, 32), (2, 48), (1, 64), (3, 128)] {
        let inputs = Inputs::new(1, 3, heads, head_dim);
        let placing = inputs.placing();
        for (part, at) in [placing.query(2), placing.key(1)].into_iter().enumerate() {
            let x = &inputs.qkv[part * heads * head_dim..][..heads * head_dim];
            let (mut y, mut d_x, mut d_gain) =
                (vec![f32::NAN; x.len()], vec![f32::NAN; x.len()], vec![0.5; head_dim]);
            place_heads(at, x, &mut y);
            place_heads_backward(at, x, &inputs.d_mixed, &mut d_gain, &mut d_x);
            let (gain, cos, sin) = (wide(at.gain), wide(at.cos), wide(at.sin));
            let scale = f64::from(at.scale);
            let mut wanted_gain = vec![0.5; head_dim];
            for head in 0..heads {
                let part = head * head_dim..(head + 1) * head_dim;
                let (x, d_y) = (wide(&x[part.clone()]), wide(&inputs.d_mixed[part.clone()]));
                let wanted = place(&x, &gain, &cos, &sin, scale);
                assert_near(&y[part.clone()], &wanted, 1e-6, "placed");
                let [wanted, more] = place_backward(&x, &gain, [&cos, &sin], scale, &d_y);
                assert_near(&d_x[part], &wanted, 1e-5, "gradient of a row");
                wanted_gain.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
            }
            assert_near(&d_gain, &wanted_gain, 1e-5, "gradient of a gain");
        }
    }
}

#[test]
fn a_row_of_zeros_is_placed_at_zero() {
    let inputs = Inputs::new(1, 1, 1, 6);
    let mut placed = [f32::NAN; 6];
    place_heads(inputs.placing().key(0), &[0.0; 6], &mut placed);
    assert_eq!(placed, [0.0; 6]);
}
