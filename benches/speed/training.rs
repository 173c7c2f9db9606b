//! One step of learning of each stage, on made-up data.

use burn::tensor::Device;
use dreamlane::{
    core::{Learner, Result, Seed, WorldModel as _},
    worlds::DitLearner,
};

use crate::{
    made,
    report::{Effort, Measurement, timed},
    subject::Subject,
    work::Work,
};

pub(crate) fn measure(subject: &Subject, effort: Effort, device: &Device) -> Result<Vec<Measurement>> {
    // One after the other, so that the peak of one is not that of both.
    let trunk = stage("train-trunk", subject.trunk_learner(device)?, effort, Work::learn_trunk);
    let codec = stage("train-codec", subject.codec_learner(device)?, effort, Work::learn_codec);
    Ok(vec![trunk, codec])
}

fn stage(name: &str, mut learner: DitLearner, effort: Effort, flop: fn(&Work) -> f64) -> Measurement {
    let (shape, world) = (learner.wants(), learner.world());
    let batch = made::batch(world.spec(), shape.batch, shape.time, Seed::new(1));
    let flop = flop(&Work::of(world.config(), world.spec()));
    let measured = effort.measure(name, || timed(|| drop(learner.learn(&batch))));
    Measurement { gflop: Some(flop / 1e9), ..measured }
}
