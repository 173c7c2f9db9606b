//! Group norms against plain loops, forwards and backwards.

use super::*;
use crate::kernels::cpu::testing::{assert_close, assert_slopes, assert_threads_do_not_matter, noise, wide};

/// The function at x and its slope.
pub(crate) fn value_and_slope(f: Nonlinearity, x: f64) -> [f64; 2] {
    let gate = 1.0 / (1.0 + (-x).exp());
    match f {
        Nonlinearity::Identity => [x, 1.0],
        Nonlinearity::Relu => [x.max(0.0), f64::from(u8::from(x > 0.0))],
        Nonlinearity::Silu => [x * gate, gate + x * gate * (1.0 - gate)],
        Nonlinearity::Tanh => [x.tanh(), 1.0 - x.tanh().powi(2)],
    }
}

/// Group norm by plain loops: of each number the norm, and the spread of its group.
fn norm(groups: usize, pixels: usize, channels: usize, epsilon: f64, x: &[f64]) -> Vec<[f64; 2]> {
    let mut out = vec![[0.0; 2]; x.len()];
    let size = channels / groups;
    for picture in 0..x.len() / (pixels * channels) {
        for group in 0..groups {
            let at = |idx: usize| (picture * pixels + idx / size) * channels + group * size + idx % size;
            let count = pixels * size;
            let mean = (0..count).map(|idx| x[at(idx)]).sum::<f64>() / count as f64;
            let variance = (0..count).map(|idx| (x[at(idx)] - mean).powi(2)).sum::<f64>() / count as f64;
            let spread = (variance + epsilon).sqrt();
            (0..count).for_each(|idx| out[at(idx)] = [(x[at(idx)] - mean) / spread, spread]);
        }
    }
    out
}

/// f(norm(x)) in double precision.
pub(crate) fn forward(
    module: &GroupNorm,
    f: Nonlinearity,
    pixels: usize,
    x: &[f64],
    [scale, shift]: [&[f64]; 2],
) -> Vec<f64> {
    let channels = scale.len();
    let normal = norm(module.groups, pixels, channels, f64::from(module.epsilon), x);
    let affine = |(idx, [z, _]): (usize, [f64; 2])| z * scale[idx % channels] + shift[idx % channels];
    normal.into_iter().enumerate().map(|entry| value_and_slope(f, affine(entry))[0]).collect()
}

/// `[d_x, d_scale, d_shift]` in double precision.
pub(crate) fn backward(
    module: &GroupNorm,
    f: Nonlinearity,
    pixels: usize,
    x: &[f64],
    d: &[f64],
) -> [Vec<f64>; 3] {
    let (channels, groups) = (module.channels(), module.groups);
    let (scale, shift) = (wide(&module.scale), wide(&module.shift));
    let normal = norm(groups, pixels, channels, f64::from(module.epsilon), x);
    let (mut d_scale, mut d_shift) = (vec![0.0; channels], vec![0.0; channels]);
    let mut g = vec![0.0; x.len()];
    for (idx, d) in d.iter().enumerate() {
        let channel = idx % channels;
        let behind = d * value_and_slope(f, normal[idx][0] * scale[channel] + shift[channel])[1];
        d_scale[channel] += behind * normal[idx][0];
        d_shift[channel] += behind;
        g[idx] = behind * scale[channel];
    }
    let group_of = |idx: usize| (idx / (pixels * channels), idx % channels / (channels / groups));
    let count = (pixels * channels / groups) as f64;
    let d_x = (0..x.len()).map(|idx| {
        let same = (0..x.len()).filter(|&other| group_of(other) == group_of(idx)).collect::<Vec<_>>();
        let mean = same.iter().map(|&other| g[other]).sum::<f64>() / count;
        let along = same.iter().map(|&other| g[other] * normal[other][0]).sum::<f64>() / count;
        (g[idx] - mean - normal[idx][0] * along) / normal[idx][1]
    });
    [d_x.collect(), d_scale, d_shift]
}

/// A norm whose factors and summands are not trivial.
pub(crate) fn module(groups: usize, channels: usize) -> GroupNorm {
    let scale = noise(7, channels).into_iter().map(|x| 1.0 + 0.3 * x).collect();
    GroupNorm { groups, scale, shift: noise(8, channels), epsilon: 1e-5 }
}

const SIZES: [(usize, usize, usize, usize); 8] = [
    (1, 1, 1, 2),
    (3, 1, 3, 5),
    (2, 2, 6, 4),
    (1, 4, 20, 7),
    (3, 8, 128, 4),
    (2, 5, 85, 3),
    (0, 1, 4, 4),
    (2, 1, 64, 1),
];

fn run(module: &GroupNorm, f: Nonlinearity, pixels: usize, x: &[f32], d: &[f32]) -> [Vec<f32>; 4] {
    let channels = module.channels();
    let [mut out, mut d_x] = [(); 2].map(|()| vec![0.5; x.len()]);
    let [mut d_scale, mut d_shift] = [(); 2].map(|()| vec![0.5; channels]);
    module.forward(f, pixels, x, &mut out);
    module.backward(f, pixels, x, d, &mut d_x, [&mut d_scale, &mut d_shift]);
    [out, d_x, d_scale, d_shift]
}

#[test]
fn values_and_gradients_are_those_of_plain_loops() {
    for (pictures, groups, channels, pixels) in SIZES {
        for f in [Nonlinearity::Identity, Nonlinearity::Relu, Nonlinearity::Silu, Nonlinearity::Tanh] {
            let module = module(groups, channels);
            let x =
                noise(1, pictures * pixels * channels).into_iter().map(|x| 1.5 * x + 2.0).collect::<Vec<_>>();
            let d = noise(2, x.len());
            let [out, d_x, d_scale, d_shift] = run(&module, f, pixels, &x, &d);
            let affine = [wide(&module.scale), wide(&module.shift)];
            assert_close(
                &out,
                &forward(&module, f, pixels, &wide(&x), affine.each_ref().map(|x| &x[..])),
                1e-5,
            );
            let wanted = backward(&module, f, pixels, &wide(&x), &wide(&d));
            for (got, wanted) in [d_x, d_scale, d_shift].iter().zip(&wanted) {
                assert_close(got, wanted, 1e-4);
            }
        }
    }
}

#[test]
fn reference_gradients_are_slopes() {
    let (module, f, pixels) = (module(2, 6), Nonlinearity::Silu, 4);
    let (x, d) = (noise(1, 2 * pixels * 6), noise(2, 2 * pixels * 6));
    let [d_x, d_scale, d_shift] = backward(&module, f, pixels, &wide(&x), &wide(&d));
    let loss = |x: &[f64], scale: &[f64], shift: &[f64]| {
        let out = forward(&module, f, pixels, x, [scale, shift]);
        out.iter().zip(&d).map(|(out, d)| out * f64::from(*d)).sum::<f64>()
    };
    let (scale, shift) = (wide(&module.scale), wide(&module.shift));
    assert_slopes(|x| loss(x, &scale, &shift), &x, &d_x);
    assert_slopes(|scale| loss(&wide(&x), scale, &shift), &module.scale, &d_scale);
    assert_slopes(|shift| loss(&wide(&x), &scale, shift), &module.shift, &d_shift);
}

#[test]
fn threads_and_other_pictures_do_not_matter() {
    let (module, pixels, channels) = (module(4, 36), 9, 36);
    let (x, d) = (noise(1, 11 * pixels * channels), noise(2, 11 * pixels * channels));
    assert_threads_do_not_matter(|| run(&module, Nonlinearity::Silu, pixels, &x, &d).concat());
    let [all, all_d, ..] = run(&module, Nonlinearity::Silu, pixels, &x, &d);
    let one = 6 * pixels * channels..7 * pixels * channels;
    let [alone, alone_d, ..] = run(&module, Nonlinearity::Silu, pixels, &x[one.clone()], &d[one.clone()]);
    assert_eq!((alone, alone_d), (all[one.clone()].to_vec(), all_d[one].to_vec()));
}
