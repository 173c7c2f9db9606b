//! Training of a probe on recorded frames: batches of windows, softened, one cycle of AdamW.

use burn::tensor::{Device, Tensor, TensorData};
use dreamlane_core::{Batch, BatchShape, CameraSpec, Error, Result, Seed};
use dreamlane_datasets::WindowSampler;
use dreamlane_nn::Init;
use rayon::prelude::*;

use super::{
    descent::Descent,
    look::{Softening, n_planes, write_planes},
    net::{FOLD, Net},
    question::{Moment, Place, Question},
};

/// Parts of a batch that are learned apart; a fixed number, since sums depend on it.
const SHARDS: usize = 4;
/// Steps on which the rate rises.
const WARM_UP: usize = 30;

/// How a probe learns.
#[derive(Clone, Debug)]
pub struct Learning {
    /// Frames of a stack, 1 to 16.
    pub frames: usize,
    /// Steps of training.
    pub steps: usize,
    /// Stacks of a step, a multiple of 4.
    pub batch: usize,
    /// The highest rate.
    pub rate: f64,
    /// First weights, windows and their softening follow from it.
    pub seed: Seed,
    /// Where it computes.
    pub device: Device,
}

/// Changes drawn windows before they are learned from, such as by a world's codec.
pub type Through<'a> = &'a dyn Fn(Batch) -> Batch;

/// A trained net and what it was asked.
#[derive(Debug)]
pub(super) struct Taught {
    pub(super) net: Net,
    pub(super) questions: Vec<Question>,
    pub(super) frames: usize,
    pub(super) size: [usize; 2],
    pub(super) device: Device,
}

impl Learning {
    fn check(&self, camera: &CameraSpec) -> Result<()> {
        let wrong = |what: &str, expected: &str, found: String| {
            Err(Error::Invalid(format!("probe: {what} must be {expected}, found {found}")))
        };
        if !(1..=16).contains(&self.frames) {
            return wrong("frames of a stack", "1 to 16", self.frames.to_string());
        }
        if self.steps == 0 || self.batch == 0 || !self.batch.is_multiple_of(SHARDS) {
            let found = format!("{} and {}", self.steps, self.batch);
            return wrong("steps and batch", "above 0, the batch a multiple of 4", found);
        }
        if !camera.height.is_multiple_of(FOLD) || !camera.width.is_multiple_of(FOLD) {
            return wrong(
                "pictures",
                "a multiple of 4 on both sides",
                format!("{}x{}", camera.width, camera.height),
            );
        }
        Ok(())
    }

    /// Up over the first steps, then down along a cosine.
    fn rate(&self, step: usize) -> f64 {
        let up = ((step + 1) as f64 / WARM_UP as f64).min(1.0);
        let down = 0.5 + 0.5 * (std::f64::consts::PI * step as f64 / self.steps as f64).cos();
        self.rate * up * down
    }

    /// Frames of a window that holds a stack and every action that is asked for.
    pub(super) fn window(&self, questions: &[Question]) -> usize {
        let back = |question: &Question| match question.place {
            Place::Action { back, .. } => back,
            Place::State { .. } => 0,
        };
        questions.iter().map(back).max().unwrap_or(0).max(self.frames - 1) + 1 + behind(questions)
    }
}

/// Frames of a window behind its stack: at the last frame of an episode nothing was done, so where the action taken
/// there is asked for, one more must follow.
fn behind(questions: &[Question]) -> usize {
    usize::from(questions.iter().any(|question| matches!(question.place, Place::Action { back: 0, .. })))
}

/// Learns from the samplers, each giving an equal part of every batch. `done` hears how many steps are made.
pub(super) fn learn(
    questions: Vec<Question>,
    samplers: &[&WindowSampler],
    camera: &CameraSpec,
    learning: &Learning,
    through: Option<Through<'_>>,
    done: &mut dyn FnMut(usize),
) -> Result<Taught> {
    learning.check(camera)?;
    let time = learning.window(&questions);
    samplers.iter().try_for_each(|sampler| sampler.check(time))?;
    let size = [camera.height, camera.width];
    let mut stream = 0;
    let mut normal = |len: usize| {
        stream += 1;
        learning.seed.split(0).split(stream).normal(len)
    };
    let mut init = Init::new(&learning.device, &mut normal);
    let net = Net::new(n_planes(learning.frames), size, questions.len(), &mut init);
    let mut taught =
        Taught { net, questions, frames: learning.frames, size, device: learning.device.clone() };
    let mut descent = Descent::new(taught.net.clone());
    for step in 0..learning.steps {
        let seed = learning.seed.split(1).split(step as u64);
        let mut stacks = Stacks::default();
        for (idx, sampler) in samplers.iter().enumerate() {
            let share = learning.batch / samplers.len();
            let mut batch =
                sampler.sample(BatchShape { batch: share, time, ends: 0.0 }, seed.split(0).split(idx as u64));
            if let Some(through) = through {
                batch = through(batch);
            }
            taught.stack(&batch, Some(seed.split(1).split(idx as u64)), &mut stacks);
        }
        let shard_len = stacks.count / SHARDS;
        descent.step(learning.rate(step), SHARDS, |net, shard| {
            taught.loss(net, &stacks, shard * shard_len..(shard + 1) * shard_len)
        });
        done(step + 1);
    }
    taught.net = descent.averaged();
    Ok(taught)
}

/// Inputs and answers of some stacks.
#[derive(Default)]
pub(super) struct Stacks {
    pub(super) count: usize,
    /// `[stack, plane, height, width]`.
    planes: Vec<f32>,
    /// `[stack, question]`: recorded answers as the net gives them.
    truths: Vec<f32>,
    /// `[stack, question]`: 0 where there is nothing to ask for.
    weights: Vec<f32>,
}

impl Taught {
    /// Appends the last frames of every window; softened where there is a seed.
    fn stack(&self, batch: &Batch, softened: Option<Seed>, to: &mut Stacks) {
        let [height, width] = self.size;
        let (frame, numbers) = (3 * height * width, n_planes(self.frames) * height * width);
        let first = to.planes.len();
        to.planes.resize(first + batch.batch * numbers, 0.0);
        let end = batch.time - behind(&self.questions);
        let windows = batch.images[0].par_chunks(batch.time * frame).enumerate();
        to.planes[first..].par_chunks_mut(numbers).zip(windows).for_each(|(planes, (idx, window))| {
            let softening = softened.and_then(|seed| Softening::draw(seed.split(idx as u64)));
            write_planes(&window[(end - self.frames) * frame..end * frame], self.size, softening, planes);
        });
        for cut in 0..batch.batch {
            let truths = self.truths(batch, cut);
            to.count += 1;
            for (question, truth) in self.questions.iter().zip(truths) {
                let [mean, spread] = question.usual;
                to.truths.push(truth.map_or(0.0, |truth| (truth - mean) / spread));
                to.weights.push(if truth.is_some() { question.weight } else { 0.0 });
            }
        }
    }

    /// The recorded answers at the last frame of a window's stack.
    pub(super) fn truths(&self, batch: &Batch, cut: usize) -> Vec<Option<f32>> {
        let last = (cut + 1) * batch.time - 1 - behind(&self.questions);
        let features = batch.state.len() / (batch.batch * batch.time);
        let width = batch.actions.len() / (batch.batch * batch.time);
        let action = |back: usize, column: usize| Some(batch.actions[(last - back) * width + column]);
        let moment = Moment { state: &batch.state[last * features..(last + 1) * features], action: &action };
        self.questions.iter().map(|question| question.truth(&moment)).collect()
    }

    fn tensor<const D: usize>(&self, numbers: &[f32], shape: [usize; D]) -> Tensor<D> {
        Tensor::from_data(TensorData::new(numbers.to_vec(), shape), &self.device)
    }

    fn planes(&self, planes: &[f32]) -> Tensor<4> {
        let [height, width] = self.size;
        let n_planes = n_planes(self.frames);
        self.tensor(planes, [planes.len() / (n_planes * height * width), n_planes, height, width])
    }

    /// Squared errors of numbers and cross entropies of chances, weighted, of a part of the stacks.
    fn loss(&self, net: &Net, stacks: &Stacks, part: std::ops::Range<usize>) -> Tensor<1> {
        let (count, asked) = (part.len(), self.questions.len());
        let planes = stacks.planes.len() / stacks.count;
        let planes = self.planes(&stacks.planes[part.start * planes..part.end * planes]);
        let answers = part.start * asked..part.end * asked;
        let constant = |numbers: &[f32]| Tensor::<2>::from_inner(self.tensor(numbers, [count, asked]));
        let (truths, weights) =
            (constant(&stacks.truths[answers.clone()]), constant(&stacks.weights[answers]));
        let chances: Vec<f32> =
            self.questions.iter().map(|question| f32::from(u8::from(question.chance))).collect();
        let chances = Tensor::<2>::from_inner(self.tensor(&chances, [1, asked])).expand([count, asked]);
        let said = net.forward(Tensor::from_inner(planes));
        let squares = (said.clone() - truths.clone()).square();
        // log(1 + e^x) - x * truth, without an overflow.
        let entropies = said.clone().clamp_min(0.0) - said.clone() * truths
            + said.abs().neg().exp().add_scalar(1.0).log();
        let errors = squares.clone() + (entropies - squares) * chances;
        (errors * weights).sum().div_scalar(count as f32)
    }

    /// Answers to stacks `[frame, channel, height, width]` of bytes: `[stack][question]`, as they are recorded.
    pub(super) fn answers(&self, stacks: &[&[u8]]) -> Vec<Vec<f32>> {
        let [height, width] = self.size;
        let numbers = n_planes(self.frames) * height * width;
        let read = stacks.chunks(64).flat_map(|stacks| {
            let mut planes = vec![0.0; stacks.len() * numbers];
            planes.par_chunks_mut(numbers).zip(stacks).for_each(|(planes, stack)| {
                write_planes(stack, self.size, None, planes);
            });
            let said = self.net.forward(self.planes(&planes)).into_data();
            let said: Vec<f32> = said.iter::<f32>().collect();
            said.chunks(self.questions.len()).map(|row| self.recorded(row)).collect::<Vec<_>>()
        });
        read.collect()
    }

    fn recorded(&self, said: &[f32]) -> Vec<f32> {
        let answer = |(question, said): (&Question, &f32)| {
            let [mean, spread] = question.usual;
            if question.chance { 1.0 / (1.0 + (-said).exp()) } else { mean + spread * said }
        };
        self.questions.iter().zip(said).map(answer).collect()
    }
}
