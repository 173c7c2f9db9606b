//! The way back through a convolution: gradients of its input, weights, bias, residual and entry.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::{Convolution, Shape, input_gradient::InputGradient, weight_gradient::WeightGradient, weights};
use crate::kernels::cpu::{group_norm::sum_pixels, nonlinearity::Nonlinearity};

/// Most tasks of a batch, each with its own sums over pictures; fixed, so that the sums are.
const TASKS: usize = 8;
/// Output pixels over which the product of the weights' gradient runs at once, so that they fit into the second cache.
const RUN_PIXELS: usize = 256;

/// What went through the convolution, and what came back.
#[derive(Clone, Copy, Debug)]
pub struct Passed<'a> {
    /// `[picture, height, width, in]`.
    pub input: &'a [f32],
    /// `[picture, out height, out width, out]`; where there is no ending it is not read and may be empty.
    pub out: &'a [f32],
    /// The gradient of `out`.
    pub d_out: &'a [f32],
}

/// Where gradients go; what is there before is forgotten.
#[derive(Debug)]
pub struct Gradients<'a> {
    /// Like the input.
    pub input: Option<&'a mut [f32]>,
    /// Like the output.
    pub residual: Option<&'a mut [f32]>,
    /// `[out, in, kernel, kernel]`.
    pub weights: &'a mut [f32],
    /// `[out]`.
    pub bias: &'a mut [f32],
    /// Scale and shift of the entry's norm, both `[in]`; found on the way to the input, so only together with it.
    pub norm: Option<[&'a mut [f32]; 2]>,
}

/// The sums of one task.
struct Sums {
    /// `[kernel row, kernel column, in, out]`.
    weights: Vec<f32>,
    /// `[out]`.
    bias: Vec<f32>,
    /// `[2, in]`.
    norm: Vec<f32>,
}

/// The pictures of one task.
struct Task<'a> {
    passed: Passed<'a>,
    d_input: Option<&'a mut [f32]>,
    d_residual: Option<&'a mut [f32]>,
}

impl Convolution {
    /// Gradients from those of the output, for `weights` `[out, in, kernel, kernel]`, on the threads of rayon.
    pub fn backward(&self, weights: &[f32], passed: Passed<'_>, gradients: Gradients<'_>) {
        let shape = &self.shape;
        let pictures = self.check(weights, &passed, &gradients);
        let Gradients { input, residual, weights: d_weights, bias, norm } = gradients;
        let to_input = input.is_some().then(|| InputGradient::new(shape, weights));
        let tasks = self.tasks(passed, pictures, input, residual);
        let sums = tasks.into_par_iter().map(|task| self.run(task, to_input.as_ref()));
        let sums = sums.collect::<Vec<_>>();
        let partial = sums.iter().map(|sums| &sums.weights[..]).collect::<Vec<_>>();
        weights::sum_gradients(shape, &partial, d_weights);
        add_up(bias, sums.iter().map(|sums| &sums.bias[..]));
        if let Some([scale, shift]) = norm {
            add_up(scale, sums.iter().map(|sums| &sums.norm[..shape.channels[0]]));
            add_up(shift, sums.iter().map(|sums| &sums.norm[shape.channels[0]..]));
        }
    }

    /// Asserts that all sizes fit and counts the pictures.
    fn check(&self, weights: &[f32], passed: &Passed<'_>, gradients: &Gradients<'_>) -> usize {
        let (shape, channels) = (&self.shape, self.shape.channels);
        self.entry.check(channels[0]);
        let pictures = shape.pictures(passed.input);
        let out_len = pictures * shape.out_len();
        assert_eq!(passed.d_out.len(), out_len, "gradients of the output of {shape:?}");
        if self.ending != Nonlinearity::Identity {
            assert_eq!(passed.out.len(), out_len, "numbers of the output of {shape:?}");
        }
        assert_eq!(weights.len(), shape.weights_len(), "weights of {shape:?}");
        assert_eq!(gradients.weights.len(), weights.len(), "weights and their gradients");
        assert_eq!(gradients.bias.len(), channels[1], "gradients of biases of {shape:?}");
        if let Some(input) = &gradients.input {
            assert_eq!(input.len(), passed.input.len(), "input and its gradients");
        }
        if let Some(residual) = &gradients.residual {
            assert_eq!(residual.len(), out_len, "output and gradients of the residual");
        }
        if let Some([scale, shift]) = &gradients.norm {
            assert!(
                self.entry.norm.is_some() && gradients.input.is_some(),
                "a norm and the way to the input"
            );
            assert_eq!((scale.len(), shift.len()), (channels[0], channels[0]), "gradients of the norm");
        }
        pictures
    }

    fn tasks<'a>(
        &self,
        passed: Passed<'a>,
        pictures: usize,
        d_input: Option<&'a mut [f32]>,
        d_residual: Option<&'a mut [f32]>,
    ) -> Vec<Task<'a>> {
        // A task whose own sums are more work than its pictures is not worth it.
        let size = pictures.div_ceil(TASKS).max(run_pictures(&self.shape));
        let [input_len, out_len] = [self.shape.input_len() * size, self.shape.out_len() * size];
        let mut d_inputs = d_input.map(|all| all.chunks_mut(input_len));
        let mut d_residuals = d_residual.map(|all| all.chunks_mut(out_len));
        let mut outs = passed.out.chunks(out_len);
        let pairs = passed.input.chunks(input_len).zip(passed.d_out.chunks(out_len));
        let task = |(input, d_out)| Task {
            passed: Passed { input, out: outs.next().unwrap_or(&[]), d_out },
            d_input: d_inputs.as_mut().and_then(Iterator::next),
            d_residual: d_residuals.as_mut().and_then(Iterator::next),
        };
        pairs.map(task).collect()
    }

    /// All gradients of a task's pictures, a run of pictures at a time.
    fn run(&self, task: Task<'_>, to_input: Option<&InputGradient>) -> Sums {
        let (shape, [inputs, outputs]) = (&self.shape, self.shape.channels);
        let [input_len, out_len] = [shape.input_len(), shape.out_len()];
        let Task { passed, d_input: mut d_inputs, d_residual: mut d_residuals } = task;
        let (bias, norm) = (vec![0.0; outputs], vec![0.0; 2 * inputs]);
        let mut sums = Sums { weights: vec![0.0; shape.weights_len()], bias, norm };
        let pictures = passed.input.len() / input_len;
        let run = run_pictures(shape).min(pictures);
        let mut to_weights = WeightGradient::new(self, run);
        let mut scratch = vec![0.0; to_input.map_or(0, InputGradient::scratch_len)];
        let mut before_ending = Vec::new();
        for first in (0..pictures).step_by(run) {
            let end = pictures.min(first + run);
            let (ins, outs) = (first * input_len..end * input_len, first * out_len..end * out_len);
            let (input, mut d_out) = (&passed.input[ins.clone()], &passed.d_out[outs.clone()]);
            if self.ending != Nonlinearity::Identity {
                before_ending.resize(d_out.len(), 0.0);
                self.ending.pull_back_from_value(&passed.out[outs.clone()], d_out, &mut before_ending);
                d_out = &before_ending;
            }
            if let Some(d_residuals) = &mut d_residuals {
                d_residuals[outs].copy_from_slice(d_out);
            }
            Arch::new().dispatch(SumPixels { channels: outputs, x: d_out, sums: &mut sums.bias });
            if let (Some(to_input), Some(d_inputs)) = (to_input, &mut d_inputs) {
                let pictures = input.chunks_exact(input_len).zip(d_out.chunks_exact(out_len));
                for ((input, d_out), d_input) in pictures.zip(d_inputs[ins].chunks_exact_mut(input_len)) {
                    to_input.apply(d_out, &mut scratch, d_input);
                    self.entry.pull_back(input, d_input, &mut sums.norm);
                }
            }
            to_weights.add(input, d_out, &mut sums.weights);
        }
        sums
    }
}

/// Pictures of a run.
fn run_pictures(shape: &Shape) -> usize {
    (RUN_PIXELS * shape.channels[1] / shape.out_len()).max(1)
}

fn add_up<'a>(to: &mut [f32], parts: impl Iterator<Item = &'a [f32]>) {
    to.fill(0.0);
    parts.for_each(|part| to.iter_mut().zip(part).for_each(|(to, x)| *to += x));
}

struct SumPixels<'a> {
    channels: usize,
    x: &'a [f32],
    sums: &'a mut [f32],
}

impl WithSimd for SumPixels<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        sum_pixels(simd, self.channels, self.x, self.sums, |x, _| x);
    }
}
