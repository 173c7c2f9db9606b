//! The loop: draw a batch, learn, now and then validate and save; stop cleanly on request or on numbers that are no numbers.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

use dreamlane_core::{BatchShape, Error, Learner, Metrics, Result, Seed};
use dreamlane_datasets::WindowSampler;

use crate::{Plan, Progress, RunFolder, progress::Rate};

/// What is learned from, and what is kept aside.
pub struct TrainingData {
    /// Windows to learn from.
    pub train: WindowSampler,
    /// Windows that validation alone sees.
    pub validation: WindowSampler,
}

/// Trains to the end of the learner's steps, from where the learner and the run stand.
///
/// A run that was stopped, or killed, and resumed ends with the same weights, checkpoints and log as one that was
/// not: everything is a function of the plan and the step.
///
/// # Errors
/// [`Error::Stopped`] after `stop` was raised, with a checkpoint saved; an error that names the step when the loss
/// is not a finite number, with the last good checkpoint kept; others when files cannot be written.
pub fn train(
    learner: &mut dyn Learner,
    data: &TrainingData,
    plan: &Plan,
    run: &mut RunFolder,
    stop: &AtomicBool,
    report: &mut dyn FnMut(&Progress),
) -> Result<()> {
    run.prune(plan)?;
    let (start, before) = (Instant::now(), run.seconds());
    let (mut step, steps) = learner.progress();
    let mut rate = Rate::new(before, step);
    while step < steps {
        let batch = data.train.sample(learner.wants(), plan.seed.split(step as u64));
        let learned = learner.learn(&batch);
        step += 1;
        refuse_nonsense(step, &learned, run)?;
        let seconds = before + start.elapsed().as_secs_f64();
        let rate = rate.mark(seconds, step);
        if plan.logs_at(step) {
            run.write(step, seconds, "train", &learned)?;
            run.write_rate(step, seconds, rate)?;
        }
        if step == steps {
            calibrate(learner, &data.validation, plan, run, seconds)?;
        }
        let stopping = stop.load(Ordering::Relaxed);
        let validated = match plan.validates_at(step) || stopping {
            true => Some(validate(learner, &data.validation, plan)?),
            false => None,
        };
        if let Some(metrics) = &validated {
            note(learner, plan, run, step, seconds, metrics)?;
        }
        if plan.saves_at(step) || stopping {
            run.save(learner, step, plan)?;
        }
        report(&Progress { step, steps, seconds, rate, learned, validated });
        if stopping {
            return Err(Error::Stopped);
        }
    }
    Ok(())
}

/// Keeps what a validation found. One that only a stop called for keeps no more than bad weights from being saved.
fn note(
    learner: &dyn Learner,
    plan: &Plan,
    run: &mut RunFolder,
    step: usize,
    seconds: f64,
    metrics: &Metrics,
) -> Result<()> {
    if plan.validates_at(step) {
        run.write(step, seconds, "validation", metrics)?;
    }
    // What was learned was measured before the weights moved, so only this tells whether they are still sound.
    refuse_nonsense(step, metrics, run)?;
    if plan.validates_at(step) {
        run.standing.validated(step, metrics);
    }
    if plan.saves_at(step) {
        run.standing.saved(step, learner.merit(metrics));
    }
    Ok(())
}

/// Sets, on what is kept aside, what learning cannot set.
fn calibrate(
    learner: &mut dyn Learner,
    data: &WindowSampler,
    plan: &Plan,
    run: &mut RunFolder,
    seconds: f64,
) -> Result<()> {
    let Some(shape) = learner.calibrates() else { return Ok(()) };
    let shape = BatchShape { time: shape.time.min(data.longest()), ..shape };
    data.check(shape.time)?;
    let found = learner.calibrate(&data.sample(shape, plan.seed.split(u64::MAX)));
    run.write(plan.steps, seconds, "calibration", &found)
}

/// The mean over a few batches that are the same at every validation.
fn validate(learner: &dyn Learner, data: &WindowSampler, plan: &Plan) -> Result<Metrics> {
    let shape = learner.wants();
    data.check(shape.time)?;
    let mut mean = Metrics::new();
    for idx in 0..plan.validation_batches {
        let batch = data.sample(shape, Seed::new(idx as u64));
        for (name, number) in learner.validate(&batch) {
            *mean.entry(name).or_insert(0.0) += number / plan.validation_batches as f64;
        }
    }
    Ok(mean)
}

fn refuse_nonsense(step: usize, learned: &Metrics, run: &RunFolder) -> Result<()> {
    let Some((name, number)) = learned.iter().find(|(_, number)| !number.is_finite()) else { return Ok(()) };
    let kept = match run.saved {
        Some(step) => format!("the checkpoint of step {step} is kept: {}", run.last_checkpoint().display()),
        None => "no checkpoint had been saved".to_owned(),
    };
    Err(Error::Invalid(format!(
        "training stopped at step {step}: {name} is {number}; {kept}; a smaller learning rate may help"
    )))
}
