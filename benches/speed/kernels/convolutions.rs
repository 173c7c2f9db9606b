//! Operations of the codec, on channels-last pictures.

use std::rc::Rc;

use burn::{module::Param, nn::conv::Conv2dConfig, tensor::Tensor};
use dreamlane::nn::kernels::{
    Convolving, GroupNorm, Nonlinearity, convolved, fold, fold_planes, unfold, unfold_planes,
};

use super::{
    Sizes,
    source::{Case, Source},
};

/// A convolution of pictures of `side` pixels.
#[derive(Clone, Copy)]
struct Shape {
    pictures: usize,
    side: usize,
    channels: [usize; 2],
    kernel: usize,
    stride: usize,
    /// Groups of the norm before it; 0 for no norm.
    groups: usize,
    entry: Nonlinearity,
    has_residual: bool,
}

pub(super) fn cases(sizes: Sizes) -> Vec<Case> {
    let Sizes { pictures, side, fine, coarse, .. } = sizes;
    let plain = Shape {
        pictures,
        side: side / 4,
        channels: [48, fine],
        kernel: 3,
        stride: 1,
        groups: 0,
        entry: Nonlinearity::Identity,
        has_residual: false,
    };
    let behind_relu = Shape { entry: Nonlinearity::Relu, channels: [fine; 2], ..plain };
    let at_eighth = Shape { side: side / 8, ..behind_relu };
    let planes = [pictures, 3, side, side];
    let folded = [pictures, side / 4, side / 4, 48];
    let wide = [pictures, side / 8, side / 8, 4 * fine];
    vec![
        convolution("convolution, first", plain),
        convolution(
            "convolution, ReLU, halving",
            Shape { channels: [fine, coarse], stride: 2, ..behind_relu },
        ),
        convolution("convolution, ReLU, fine, residual", Shape { has_residual: true, ..behind_relu }),
        convolution("convolution, ReLU, coarse", Shape { channels: [coarse; 2], ..at_eighth }),
        convolution(
            "convolution, group norm, SiLU",
            Shape { groups: 8, entry: Nonlinearity::Silu, ..behind_relu },
        ),
        convolution("convolution, ReLU, 1x1", Shape { channels: [coarse, 4 * fine], kernel: 1, ..at_eighth }),
        shuffle("planes to blocks", planes, |x| fold_planes(x, 4)),
        shuffle("blocks to planes", folded, |x| unfold_planes(x, 4)),
        shuffle("pixels to blocks", folded, |x| fold(x, 2)),
        shuffle("blocks to pixels", wide, |x| unfold(x, 2)),
    ]
}

fn convolution(name: &'static str, of: Shape) -> Case {
    let Shape { pictures, side, channels: [from, to], kernel, stride, groups, entry, has_residual } = of;
    let out_side = side.div_ceil(stride);
    let make = move |source: &Source| {
        let x = source.weights([pictures, side, side, from]);
        let config = Conv2dConfig::new([from, to], [kernel; 2]).with_stride([stride; 2]);
        let mut layer = config.init(source.device());
        layer.weight = Param::from_tensor(source.weights([to, from, kernel, kernel]));
        layer.bias = Some(Param::from_tensor(source.weights([to])));
        let norm = (groups > 0).then(|| GroupNorm {
            groups,
            scale: source.weights([from]),
            shift: source.weights([from]),
            epsilon: 1e-5,
        });
        let residual = has_residual.then(|| source.weights([pictures, out_side, out_side, to]));
        source.run(move || {
            let of = Convolving { layer: &layer, norm: norm.clone(), entry, ending: Nonlinearity::Identity };
            convolved(x.clone(), &of, residual.clone())
        })
    };
    let outputs = pictures * out_side * out_side * to;
    let weights = to * from * kernel * kernel;
    let residual = if has_residual { outputs } else { 0 };
    Case {
        name,
        flop: 2.0 * (pictures * out_side * out_side * weights) as f64,
        inputs: pictures * side * side * from + weights + to + residual,
        outputs,
        learns: true,
        make: Rc::new(make),
    }
}

fn shuffle(name: &'static str, dims: [usize; 4], shuffled: fn(Tensor<4>) -> Tensor<4>) -> Case {
    let make = move |source: &Source| {
        let x = source.weights(dims);
        source.run(move || shuffled(x.clone()))
    };
    let numbers = dims.iter().product();
    Case { name, flop: 0.0, inputs: numbers, outputs: numbers, learns: true, make: Rc::new(make) }
}
