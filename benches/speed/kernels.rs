//! Each fused operation against the plain one, on all threads, in turns within one run.

mod convolutions;
mod losses;
mod rows;
mod source;

use std::time::Instant;

use burn::tensor::Device;
use dreamlane::nn::kernels::use_plain_operations;

use self::source::{Case, Source};
use crate::report::{Effort, Measurement, timed};

/// Calls of one side in a row; one more before them brings its numbers into the caches.
const TURN: usize = 4;

/// Sizes of a shard of the `nano` world: what one thread of a training works on.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    clips: usize,
    time: usize,
    tokens: usize,
    heads: usize,
    dim: usize,
    hidden: usize,
    context: usize,
    pictures: usize,
    /// Pixels per side.
    side: usize,
    fine: usize,
    coarse: usize,
    weights: usize,
}

const NANO: Sizes = Sizes {
    clips: 4,
    time: 20,
    tokens: 20,
    heads: 4,
    dim: 128,
    hidden: 512,
    context: 16,
    pictures: 8,
    side: 64,
    fine: 64,
    coarse: 128,
    weights: 1_800_000,
};

const SMALLEST: Sizes = Sizes {
    clips: 2,
    time: 3,
    tokens: 5,
    heads: 2,
    dim: 16,
    hidden: 32,
    context: 2,
    pictures: 1,
    side: 16,
    fine: 8,
    coarse: 8,
    weights: 1000,
};

/// Those whose name holds `filter`, each without and, where it has gradients, with them.
pub(crate) fn measure(filter: &str, effort: Effort, device: &Device) -> Vec<Measurement> {
    let sizes = if effort.smoke { SMALLEST } else { NANO };
    let cases = [rows::cases(sizes), convolutions::cases(sizes), losses::cases(sizes)].concat();
    let mut measurements = Vec::new();
    for case in cases.iter().filter(|case| case.name.contains(filter)) {
        let forward = (case.make)(&Source::new(device, false));
        measurements.push(in_turns(case.measured(false), effort, &*forward));
        if case.learns {
            let both = (case.make)(&Source::new(device, true));
            measurements.push(in_turns(case.measured(true), effort, &*both));
        }
    }
    measurements
}

/// Fills in the times of both sides. Fused operations are on behind it.
fn in_turns(measured: Measurement, effort: Effort, work: &dyn Fn()) -> Measurement {
    let sides = [false, true];
    let (mut times, begun) = ([Vec::new(), Vec::new()], Instant::now());
    while effort.goes_on(times[0].len(), begun) {
        for (plain, times) in sides.into_iter().zip(&mut times) {
            use_plain_operations(plain);
            work();
            times.extend((0..TURN).map(|_| timed(work)));
        }
    }
    use_plain_operations(false);
    let [fused, plain] = times.map(|times| Measurement::of(&measured.name, times));
    Measurement { gflop: measured.gflop, gbyte: measured.gbyte, plain_seconds: Some(plain.seconds), ..fused }
}

impl Case {
    /// What one call takes, but for the time.
    fn measured(&self, learning: bool) -> Measurement {
        let name = format!("{}{}", self.name, if learning { ", and back" } else { "" });
        // The way back reads inputs and the gradient of the answer and writes gradients of the inputs.
        let (products, numbers) = match learning {
            false => (1.0, self.inputs + self.outputs),
            true => (3.0, 3 * self.inputs + 2 * self.outputs),
        };
        Measurement {
            gflop: (self.flop > 0.0).then(|| products * self.flop / 1e9),
            gbyte: Some((size_of::<f32>() * numbers) as f64 / 1e9),
            name,
            ..Measurement::default()
        }
    }
}
