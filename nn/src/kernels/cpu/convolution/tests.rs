//! Convolutions against plain loops in double precision, forwards and backwards.

use super::*;
use crate::kernels::cpu::{
    element::Pair,
    group_norm::tests as norm,
    testing::{assert_close, assert_slopes, assert_threads_do_not_matter, noise, wide},
};

use Nonlinearity::{Identity, Relu, Silu, Tanh};

/// A convolution with numbers to compute.
struct Case {
    convolution: Convolution,
    weights: Vec<f32>,
    bias: Vec<f32>,
    input: Vec<f32>,
    residual: Option<Vec<f32>>,
    d_out: Vec<f32>,
}

/// All that is learnt or flows in, in double precision.
#[derive(Clone)]
struct Wide {
    weights: Vec<f64>,
    bias: Vec<f64>,
    input: Vec<f64>,
    residual: Vec<f64>,
    scale: Vec<f64>,
    shift: Vec<f64>,
}

fn shape([height, width]: [usize; 2], channels: [usize; 2], kernel: usize, stride: usize) -> Shape {
    Shape { height, width, channels, kernel, stride }
}

impl Case {
    fn new(shape: Shape, entry: Entry, ending: Nonlinearity, pictures: usize) -> Self {
        let fan_in = (shape.channels[0] * shape.kernel * shape.kernel) as f32;
        let weights = noise(1, shape.weights_len()).into_iter().map(|x| x * fan_in.sqrt().recip()).collect();
        Self {
            convolution: Convolution { shape, entry, ending },
            weights,
            bias: noise(2, shape.channels[1]),
            input: noise(3, pictures * shape.input_len()),
            residual: (pictures % 2 == 1).then(|| noise(4, pictures * shape.out_len())),
            d_out: noise(5, pictures * shape.out_len()),
        }
    }

    fn wide(&self) -> Wide {
        let norm = self.convolution.entry.norm.as_ref();
        Wide {
            weights: wide(&self.weights),
            bias: wide(&self.bias),
            input: wide(&self.input),
            residual: self.residual.as_ref().map_or_else(|| vec![0.0; self.d_out.len()], |x| wide(x)),
            scale: norm.map_or_else(Vec::new, |norm| wide(&norm.scale)),
            shift: norm.map_or_else(Vec::new, |norm| wide(&norm.shift)),
        }
    }

    fn forward(&self) -> Vec<f32> {
        let mut out = vec![f32::NAN; self.d_out.len()];
        self.convolution.forward(&self.weights, &self.bias, &self.input, self.residual.as_deref(), &mut out);
        out
    }

    /// Gradients of weights, bias, input, residual, scale and shift.
    fn backward(&self, out: &[f32]) -> [Vec<f32>; 6] {
        let [mut weights, mut bias, mut input, mut residual] =
            [&self.weights, &self.bias, &self.input, &self.d_out].map(|like| vec![f32::NAN; like.len()]);
        let norm = self.convolution.entry.norm.as_ref();
        let [mut scale, mut shift] = [(); 2].map(|()| vec![f32::NAN; norm.map_or(0, |norm| norm.channels())]);
        let passed = Passed { input: &self.input, out, d_out: &self.d_out };
        let gradients = Gradients {
            input: Some(&mut input),
            residual: Some(&mut residual),
            weights: &mut weights,
            bias: &mut bias,
            norm: norm.map(|_| [&mut scale[..], &mut shift[..]]),
        };
        self.convolution.backward(&self.weights, passed, gradients);
        [weights, bias, input, residual, scale, shift]
    }

    fn entered(&self, x: &Wide) -> Vec<f64> {
        let Convolution { shape, entry, .. } = &self.convolution;
        match &entry.norm {
            Some(module) => {
                norm::forward(module, entry.f, shape.height * shape.width, &x.input, [&x.scale, &x.shift])
            }
            None => x.input.iter().map(|&x| norm::value_and_slope(entry.f, x)[0]).collect(),
        }
    }

    /// Calls `f` with the places of all products: in the output, the entered input and the weights.
    fn each(&self, mut f: impl FnMut(usize, usize, usize)) {
        let Shape { height, width, channels: [inputs, outputs], kernel, stride } = self.convolution.shape;
        let [out_height, out_width] = self.convolution.shape.out_size();
        let pad = kernel / 2;
        for out in 0..self.d_out.len() {
            let (output, pixel) = (out % outputs, out / outputs);
            let (x, y, picture) =
                (pixel % out_width, pixel / out_width % out_height, pixel / out_width / out_height);
            for (ky, kx) in (0..kernel).flat_map(|ky| (0..kernel).map(move |kx| (ky, kx))) {
                let (from_y, from_x) = (y * stride + ky, x * stride + kx);
                if (pad..height + pad).contains(&from_y) && (pad..width + pad).contains(&from_x) {
                    let pixel = (picture * height + from_y - pad) * width + from_x - pad;
                    for input in 0..inputs {
                        let weight = ((output * inputs + input) * kernel + ky) * kernel + kx;
                        f(out, pixel * inputs + input, weight);
                    }
                }
            }
        }
    }

    /// Sums before the ending.
    fn sums(&self, x: &Wide) -> Vec<f64> {
        let entered = self.entered(x);
        let mut sums = x.residual.clone();
        sums.iter_mut().enumerate().for_each(|(idx, sum)| *sum += x.bias[idx % x.bias.len()]);
        self.each(|out, input, weight| sums[out] += entered[input] * x.weights[weight]);
        sums
    }

    fn reference(&self, x: &Wide) -> Vec<f64> {
        self.sums(x).into_iter().map(|sum| norm::value_and_slope(self.convolution.ending, sum)[0]).collect()
    }

    /// As [`Case::backward`], by plain loops.
    fn reference_gradients(&self) -> [Vec<f64>; 6] {
        let x = self.wide();
        let Convolution { shape, entry, ending } = &self.convolution;
        let entered = self.entered(&x);
        let slopes = self.sums(&x).into_iter().map(|sum| norm::value_and_slope(*ending, sum)[1]);
        let d_sums = slopes.zip(&self.d_out).map(|(slope, d)| slope * f64::from(*d)).collect::<Vec<_>>();
        let mut d_weights = vec![0.0; x.weights.len()];
        let mut d_bias = vec![0.0; x.bias.len()];
        let mut d_entered = vec![0.0; x.input.len()];
        d_sums.iter().enumerate().for_each(|(idx, d)| d_bias[idx % x.bias.len()] += d);
        self.each(|out, input, weight| {
            d_weights[weight] += entered[input] * d_sums[out];
            d_entered[input] += x.weights[weight] * d_sums[out];
        });
        let [d_input, d_scale, d_shift] = match &entry.norm {
            Some(module) => norm::backward(module, entry.f, shape.height * shape.width, &x.input, &d_entered),
            None => {
                let slopes = x.input.iter().map(|&x| norm::value_and_slope(entry.f, x)[1]);
                [slopes.zip(d_entered).map(|(slope, d)| slope * d).collect(), vec![], vec![]]
            }
        };
        [d_weights, d_bias, d_input, d_sums, d_scale, d_shift]
    }
}

fn normed(groups: usize, channels: usize, f: Nonlinearity) -> Entry {
    Entry { norm: Some(norm::module(groups, channels)), f }
}

fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case::new(shape([5, 7], [64, 70], 3, 1), Relu.into(), Identity, 2),
        Case::new(shape([8, 8], [128, 128], 3, 1), Silu.into(), Identity, 1),
        Case::new(shape([6, 7], [20, 24], 3, 2), normed(4, 20, Silu), Relu, 10),
        Case::new(shape([5, 5], [33, 8], 1, 1), Relu.into(), Tanh, 9),
        Case::new(shape([17, 16], [8, 40], 3, 1), Identity.into(), Identity, 3),
        Case::new(shape([4, 3], [6, 130], 3, 1), normed(3, 6, Relu), Tanh, 19),
        // Several tasks, and tasks of several runs.
        Case::new(shape([9, 9], [4, 5], 3, 1), normed(2, 4, Silu), Tanh, 29),
        Case::new(shape([23, 15], [3, 2], 5, 2), Relu.into(), Relu, 31),
    ];
    for (kernel, stride) in [(1, 1), (3, 1), (5, 1), (1, 2), (3, 2), (5, 2), (3, 3), (1, 3), (5, 4), (7, 1)] {
        for (size, channels) in [([1, 1], [1, 1]), ([1, 4], [2, 3]), ([5, 2], [3, 1]), ([6, 9], [2, 17])] {
            let (pictures, entry) = match size[0] {
                1 => (3, Entry::default()),
                5 => (2, Silu.into()),
                _ => (1, normed(1, 2, Silu)),
            };
            cases.push(Case::new(shape(size, channels, kernel, stride), entry, Identity, pictures));
        }
    }
    cases
}

#[test]
fn values_and_gradients_are_those_of_plain_loops() {
    for case in cases() {
        let out = case.forward();
        assert_close(&out, &case.reference(&case.wide()), 1e-5);
        for (got, wanted) in case.backward(&out).iter().zip(&case.reference_gradients()) {
            assert_close(got, wanted, 1e-4);
        }
    }
}

#[test]
fn reference_gradients_are_slopes() {
    let shapes = [shape([3, 4], [4, 3], 3, 1), shape([5, 2], [4, 2], 3, 2), shape([2, 3], [2, 1], 1, 1)];
    for (shape, ending) in shapes.into_iter().zip([Tanh, Identity, Relu]) {
        let case = Case::new(shape, normed(2, shape.channels[0], Silu), ending, 3);
        let gradients = case.reference_gradients();
        let x = case.wide();
        let loss = |x: &Wide| {
            let pairs = case.reference(x).into_iter().zip(&case.d_out);
            pairs.map(|(out, d)| out * f64::from(*d)).sum::<f64>()
        };
        let module = case.convolution.entry.norm.as_ref().unwrap();
        let residual = case.residual.as_ref().unwrap();
        let [weights, bias, input, d_residual, scale, shift] = &gradients;
        assert_slopes(|at| loss(&Wide { weights: at.to_vec(), ..x.clone() }), &case.weights, weights);
        assert_slopes(|at| loss(&Wide { bias: at.to_vec(), ..x.clone() }), &case.bias, bias);
        assert_slopes(|at| loss(&Wide { input: at.to_vec(), ..x.clone() }), &case.input, input);
        assert_slopes(|at| loss(&Wide { residual: at.to_vec(), ..x.clone() }), residual, d_residual);
        assert_slopes(|at| loss(&Wide { scale: at.to_vec(), ..x.clone() }), &module.scale, scale);
        assert_slopes(|at| loss(&Wide { shift: at.to_vec(), ..x.clone() }), &module.shift, shift);
    }
}

#[test]
fn threads_do_not_matter() {
    for case in cases().into_iter().filter(|case| case.d_out.len() > 500) {
        assert_threads_do_not_matter(|| {
            let out = case.forward();
            let gradients = case.backward(&out).concat();
            [out, gradients].concat()
        });
    }
}

#[test]
fn other_pictures_do_not_matter() {
    for entry in [Entry::default(), Relu.into(), normed(4, 12, Silu)] {
        for stride in [1, 2] {
            let shape = shape([6, 5], [12, 37], 3, stride);
            let (input_len, out_len) = (shape.input_len(), shape.out_len());
            let mut case = Case::new(shape, entry.clone(), Relu, 11);
            let all = case.forward();
            let [_, _, all_d, ..] = case.backward(&all);
            let mut frozen_out = vec![0.0; all.len()];
            let frozen = case.convolution.freeze(&case.weights, &case.bias);
            let mut scratch = vec![f32::NAN; frozen.scratch_len()];
            frozen.apply(&case.input, case.residual.as_deref(), &mut scratch, &mut frozen_out);
            assert_eq!(frozen_out, all);
            case.input = case.input[4 * input_len..5 * input_len].to_vec();
            case.residual = case.residual.map(|all| all[4 * out_len..5 * out_len].to_vec());
            case.d_out = case.d_out[4 * out_len..5 * out_len].to_vec();
            let alone = case.forward();
            assert_eq!(alone, all[4 * out_len..5 * out_len]);
            let [_, _, alone_d, ..] = case.backward(&alone);
            assert_eq!(alone_d, all_d[4 * input_len..5 * input_len]);
        }
    }
}

#[test]
fn pairs_of_whole_numbers_give_what_single_numbers_give() {
    if !Pair::is_supported() {
        eprintln!("skipped: this processor does not multiply pairs");
        return;
    }
    for (kernel, entry) in [(3, Entry::default()), (1, Entry::default()), (3, Relu.into()), (1, Relu.into())]
    {
        for stride in [1, 2] {
            let shape = shape([6, 5], [12, 37], kernel, stride);
            let mut case = Case::new(shape, entry.clone(), Identity, 3);
            for x in case.weights.iter_mut().chain(&mut case.input) {
                *x = (*x * 9.0).round();
            }
            let wanted = case.forward();
            for frozen in [true, false] {
                let mut out = vec![f32::NAN; wanted.len()];
                let residual = case.residual.as_deref();
                if frozen {
                    let frozen = case.convolution.freeze_here::<Pair>(&case.weights, &case.bias);
                    let mut numbers = vec![f32::NAN; frozen.numbers_len()];
                    let mut pairs = vec![Pair::new(9.0, 9.0); frozen.elements_len()];
                    frozen.apply_with(&case.input, residual, &mut numbers, &mut pairs, &mut out);
                } else {
                    let frozen = case.convolution.freeze_here::<f32>(&case.weights, &case.bias);
                    let mut scratch = vec![f32::NAN; frozen.scratch_len()];
                    frozen.apply(&case.input, residual, &mut scratch, &mut out);
                }
                assert_eq!(out, wanted, "kernel {kernel}, stride {stride}");
            }
        }
    }
}

#[test]
fn no_pictures_have_gradients_of_zero() {
    let case = Case::new(shape([3, 3], [4, 5], 3, 1), normed(2, 4, Relu), Identity, 0);
    assert!(case.forward().is_empty());
    assert!(case.backward(&[]).concat().iter().all(|&x| x == 0.0));
}

#[test]
fn gradients_that_nobody_wants_change_no_others() {
    let case = Case::new(shape([6, 6], [20, 24], 3, 1), Relu.into(), Identity, 5);
    let [all, all_bias, ..] = case.backward(&[]);
    let (mut weights, mut bias) = (vec![0.0; all.len()], vec![0.0; all_bias.len()]);
    let gradients =
        Gradients { input: None, residual: None, weights: &mut weights, bias: &mut bias, norm: None };
    let passed = Passed { input: &case.input, out: &[], d_out: &case.d_out };
    case.convolution.backward(&case.weights, passed, gradients);
    assert_eq!((weights, bias), (all, all_bias));
}
