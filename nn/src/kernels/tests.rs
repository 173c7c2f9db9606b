//! Each fused operation against the plain one, forwards and backwards, over odd, tiny and strided tensors.

use burn::{
    module::Param,
    nn::conv::Conv2dConfig,
    tensor::{Device, Tensor, TensorData},
};
use proptest::prelude::*;
use rand::{SeedableRng as _, rngs::StdRng};

use super::*;
use crate::Rotary;

/// How far answers may lie apart, in parts of the largest number, or of a tenth where all are smaller.
const FORWARD: f32 = 1e-5;
/// The same of gradients.
const BACKWARD: f32 = 1e-4;

/// A source of tensors that learn.
struct Source {
    random: StdRng,
    device: Device,
}

impl Source {
    fn new(seed: u64) -> Self {
        Self { random: StdRng::seed_from_u64(seed), device: Device::flex() }
    }

    fn numbers(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.random.random_range(-1.5..1.5)).collect()
    }

    fn plain<const D: usize>(&mut self, dims: [usize; D]) -> Tensor<D> {
        let numbers = self.numbers(dims.iter().product());
        Tensor::from_data(TensorData::new(numbers, dims), &self.device)
    }

    fn tensor<const D: usize>(&mut self, dims: [usize; D]) -> Tensor<D> {
        Tensor::from_inner(self.plain(dims)).require_grad()
    }
}

/// The same numbers, with strides that are not those of the shape.
fn strided<const D: usize>(x: &Tensor<D>) -> Tensor<D> {
    if D < 2 { x.clone() } else { x.clone().swap_dims(0, D - 1).mul_scalar(1.0).swap_dims(0, D - 1) }
}

fn host<const D: usize>(x: Tensor<D>) -> Vec<f32> {
    x.into_data().try_to_vec::<f32>().expect("single precision")
}

fn assert_close<const D: usize>(fused: Tensor<D>, plain: Tensor<D>, bound: f32, what: &str) {
    assert_eq!(fused.dims(), plain.dims(), "{what}");
    let (fused, plain) = (host(fused), host(plain));
    let largest = plain.iter().fold(0.1f32, |most, x| most.max(x.abs()));
    for (idx, (a, b)) in fused.iter().zip(&plain).enumerate() {
        assert!((a - b).abs() <= bound * largest, "{what}: {a} for {b} at {idx}, largest {largest}");
    }
}

/// Compares answers, and gradients of a weighted sum of them by each input.
macro_rules! check {
    ($source:expr, $what:expr, [$($input:ident),+], $fused:expr, $plain:expr) => {{
        let (fused, plain) = ($fused, $plain);
        let weights = Tensor::from_inner($source.plain(plain.dims()));
        assert_close(fused.clone().inner(), plain.clone().inner(), FORWARD, $what);
        let of_fused = (fused * weights.clone()).sum().backward();
        let of_plain = (plain * weights).sum().backward();
        $(
            let (a, b) = ($input.grad(&of_fused), $input.grad(&of_plain));
            let what = format!("{}: gradient of {}", $what, stringify!($input));
            assert_close(a.expect("a gradient"), b.expect("a gradient"), BACKWARD, &what);
        )+
    }};
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn linear_layers(seed: u64, rows in 1usize..40, from in 1usize..40, to in 1usize..70, which in 0usize..3) {
        let mut source = Source::new(seed);
        let activation = [Activation::None, Activation::Relu, Activation::SquaredRelu][which];
        let (x, weight, bias) = (source.tensor([2, rows, from]), source.tensor([from, to]), source.tensor([to]));
        check!(
            source, "linear", [x, weight, bias],
            linear(strided(&x), strided(&weight), Some(bias.clone()), activation),
            linear::plain(x.clone(), weight.clone(), Some(bias.clone()), activation)
        );
        check!(
            source, "projection", [x, weight],
            linear(x.clone(), weight.clone(), None, activation),
            linear::plain(x.clone(), weight.clone(), None, activation)
        );
    }

    // From two numbers on: of one, a norm leaves the sign, and its gradient is what two large numbers cancel to.
    #[test]
    fn norms_and_gates(seed: u64, frame in 1usize..6, token in 1usize..7, dim in 2usize..40) {
        let mut source = Source::new(seed);
        let (x, branch) = (source.tensor([frame, token, dim]), source.tensor([frame, token, dim]));
        let (shared, offsets) = (source.tensor([frame, 3 * dim]), source.tensor([3, dim]));
        check!(source, "norm", [x], rms_norm(strided(&x)), norm::plain_norm(x.clone()));
        check!(
            source, "modulated norm", [x, shared, offsets],
            modulated_norm(strided(&x), strided(&shared), offsets.clone()),
            norm::plain_modulated(x.clone(), shared.clone(), offsets.clone())
        );
        check!(
            source, "gated residual", [x, branch, shared, offsets],
            gated_residual(x.clone(), strided(&branch), shared.clone(), offsets.clone()),
            gated::plain(x.clone(), branch.clone(), shared.clone(), offsets.clone())
        );
    }

    #[test]
    fn activations(seed: u64, rows in 1usize..20, hidden in 1usize..40) {
        let mut source = Source::new(seed);
        let x = source.tensor([rows, 2 * hidden]);
        check!(source, "silu", [x], silu(strided(&x)), activation::plain_silu(x.clone()));
        check!(source, "swiglu", [x], swiglu(strided(&x)), activation::plain_swiglu(x.clone()));
    }

    #[test]
    fn attentions(
        seed: u64, frame in 1usize..4, time in 1usize..6, token in 1usize..9, heads in 1usize..3,
        half in 1usize..10, width in 1usize..7, readers in 0usize..2,
    ) {
        let mut source = Source::new(seed);
        let (head_dim, token) = (2 * half, token + readers);
        let (query_gain, key_gain) = (source.tensor([head_dim]), source.tensor([head_dim]));
        let qkv = source.tensor([frame * time, token, 3 * heads * head_dim]);
        let line = |count: usize| {
            Rotary::line(&(0..count).map(|at| at as f64).collect::<Vec<_>>(), head_dim, 100.0, &Device::flex())
        };
        let (tokens, times) = (line(token), line(time));
        let placing = |positions| Placing { query_gain: query_gain.clone(), key_gain: key_gain.clone(), positions };
        check!(
            source, "space", [qkv, query_gain, key_gain],
            space_attention(strided(&qkv), placing(&tokens), readers),
            attention::plain_space(qkv.clone(), placing(&tokens), readers)
        );
        check!(
            source, "time", [qkv, query_gain, key_gain],
            time_attention(strided(&qkv), placing(&times), time, width),
            attention::plain_time(qkv.clone(), placing(&times), time, width)
        );
    }

    #[test]
    fn convolutions(
        seed: u64, picture in 1usize..4, height in 1usize..8, width in 1usize..8, from in 1usize..7,
        to in 1usize..20, kernel in 0usize..2, stride in 1usize..3, functions in 0usize..4,
    ) {
        let mut source = Source::new(seed);
        let kernel = 2 * kernel + 1;
        let x = source.tensor([picture, height, width, from]);
        let (weight, bias) = (source.tensor([to, from, kernel, kernel]), source.tensor([to]));
        let mut layer = Conv2dConfig::new([from, to], [kernel; 2]).with_stride([stride; 2]).init(&source.device);
        layer.weight = Param::from_tensor(weight);
        layer.bias = Some(Param::from_tensor(bias));
        let (weight, bias) = (layer.weight.val(), layer.bias.as_ref().expect("given").val());
        use Nonlinearity::{Identity, Relu, Silu, Tanh};
        let [entry, ending] = [[Identity, Identity], [Relu, Identity], [Silu, Tanh], [Relu, Relu]][functions];
        let groups = if from.is_multiple_of(2) { 2 } else { 1 };
        let (scale, shift) = (source.tensor([from]), source.tensor([from]));
        let norm = GroupNorm { groups, scale: scale.clone(), shift: shift.clone(), epsilon: 1e-2 };
        let of = Convolving { layer: &layer, norm: None, entry, ending };
        let residual = source.tensor([picture, height.div_ceil(stride), width.div_ceil(stride), to]);
        check!(
            source, "convolution", [x, weight, bias],
            convolved(strided(&x), &of, None),
            convolution::plain(x.clone(), &of, None)
        );
        check!(
            source, "residual convolution", [x, weight, bias, residual],
            convolved(x.clone(), &of, Some(strided(&residual))),
            convolution::plain(x.clone(), &of, Some(residual.clone()))
        );
        let of = Convolving { norm: Some(norm), ..of };
        check!(
            source, "convolution behind a norm", [x, weight, bias, scale, shift],
            convolved(strided(&x), &of, None),
            convolution::plain(x.clone(), &of, None)
        );
        check!(
            source, "residual convolution behind a norm", [x, weight, bias, scale, shift, residual],
            convolved(x.clone(), &of, Some(residual.clone())),
            convolution::plain(x.clone(), &of, Some(residual.clone()))
        );
    }

    #[test]
    fn shuffles(seed: u64, picture in 1usize..3, height in 1usize..5, width in 1usize..5, channel in 1usize..4, block in 1usize..4) {
        let mut source = Source::new(seed);
        let planes = source.tensor([picture, channel, height * block, width * block]);
        let folded = source.tensor([picture, height, width, channel * block * block]);
        let pixels = source.tensor([picture, height * block, width * block, channel]);
        check!(source, "planes", [planes], fold_planes(strided(&planes), block), shuffle::plain_fold_planes(planes.clone(), block));
        check!(source, "to planes", [folded], unfold_planes(strided(&folded), block), shuffle::plain_unfold_planes(folded.clone(), block));
        check!(source, "pixels", [pixels], fold(strided(&pixels), block), shuffle::plain_fold(pixels.clone(), block));
        check!(source, "to pixels", [folded], unfold(strided(&folded), block), shuffle::plain_unfold(folded.clone(), block));
    }

    #[test]
    fn losses(seed: u64, batch in 1usize..4, time in 1usize..5, token in 1usize..4, dim in 1usize..9, side in 9usize..15) {
        let mut source = Source::new(seed);
        let dims = [batch, time, token, dim];
        let (predicted, latents) = (source.tensor(dims), Tensor::from_inner(source.plain(dims)));
        let weights = (0..batch * time).map(|idx| 0.2 + (idx % 3) as f32).collect::<Vec<_>>();
        check!(
            source, "error of latents", [predicted],
            weighted_squared_error(strided(&predicted), strided(&latents), &weights, 3.0),
            losses::plain_weighted(predicted.clone(), latents.clone(), &weights, 3.0)
        );
        let dims = [batch, 3, side, side + 1];
        let (drawn, pictures) = (source.tensor(dims), Tensor::from_inner(source.plain(dims)));
        for [square, gradient, energy] in [[0.0, 1.0, 1.5], [20.0, 0.0, 0.5], [1.0, 1.0, 0.0]] {
            let terms = ReconstructionTerms { square, gradient, energy };
            check!(
                source, "error of pictures", [drawn],
                reconstruction_loss(strided(&drawn), strided(&pictures), terms),
                losses::plain_reconstruction(drawn.clone(), pictures.clone(), terms)
            );
        }
    }

    #[test]
    fn updates(seed: u64, count in 1usize..3000, time in 1usize..50, scale in 0.1f32..1.0) {
        let mut source = Source::new(seed);
        let rule = AdamW { beta_1: 0.9, beta_2: 0.99, epsilon: 1e-8, weight_decay: 0.02 };
        let moving = Moving { time, rate: 2e-3, gradient_scale: scale, average_decay: 0.99 };
        let [weights, first, average, gradients] = std::array::from_fn(|_| source.plain([count]));
        let before = Moved { weights, moments: [first.clone(), first.square()], average };
        let fused = rule.update(moving, before.clone(), gradients.clone());
        let plain = rule.plain(moving, before, gradients.clone());
        assert_close(fused.weights, plain.weights, 1e-6, "weights");
        assert_close(fused.average, plain.average, 1e-6, "average");
        for (fused, plain) in fused.moments.into_iter().zip(plain.moments) {
            assert_close(fused, plain, 1e-6, "moments");
        }
        let norm = f64::from(gradients.clone().square().sum().into_scalar::<f32>());
        assert!((squared_norm(gradients) / norm - 1.0).abs() < 1e-5);
    }
}

#[test]
fn tensors_without_rows_give_tensors_without_rows() {
    let device = Device::flex();
    let weight = Tensor::ones([5, 7], &device);
    let none = linear(Tensor::<3>::zeros([0, 4, 5], &device), weight, None, Activation::None);
    assert_eq!(none.dims(), [0, 4, 7]);
    let none = modulated_norm(
        Tensor::zeros([0, 4, 5], &device),
        Tensor::zeros([0, 15], &device),
        Tensor::zeros([3, 5], &device),
    );
    assert_eq!(none.dims(), [0, 4, 5]);
}
