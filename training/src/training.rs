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

/// Trains to the end of the learner's steps.
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
    run.prepare_checkpoints()?;
    let start = Instant::now();
    let (mut step, steps) = learner.progress();
    let mut rate = Rate::new(step);
    let mut saved = None;
    while step < steps {
        let batch = data.train.sample(learner.wants(), plan.seed.split(step as u64));
        let learned = learner.learn(&batch);
        step += 1;
        refuse_nonsense(step, &learned, saved, run)?;
        let seconds = start.elapsed().as_secs_f64();
        let is_due = |every: usize| step.is_multiple_of(every) || step == steps;
        let stopping = stop.load(Ordering::Relaxed);
        let saving = is_due(plan.save_every) || stopping;
        let validated = match is_due(plan.validate_every) || saving {
            true => Some(validate(learner, &data.validation, plan)?),
            false => None,
        };
        if is_due(plan.log_every) {
            run.write(step, seconds, "train", &learned)?;
        }
        if let Some(metrics) = &validated {
            run.write(step, seconds, "validation", metrics)?;
            // What was learned was measured before the weights moved, so only this tells whether they are still sound.
            refuse_nonsense(step, metrics, saved, run)?;
        }
        if saving {
            learner.save(&run.last_checkpoint())?;
            saved = Some(step);
        }
        report(&Progress { step, steps, seconds, rate: rate.mark(seconds, step), learned, validated });
        if stopping {
            return Err(Error::Stopped);
        }
    }
    Ok(())
}

/// The mean over a few batches that are the same at every validation.
fn validate(learner: &dyn Learner, data: &WindowSampler, plan: &Plan) -> Result<Metrics> {
    let shape = learner.wants();
    data.check(shape.time)?;
    let mut mean = Metrics::new();
    for idx in 0..plan.validation_batches {
        let batch = data.sample(BatchShape { batch: shape.batch, ..shape }, Seed::new(idx as u64));
        for (name, number) in learner.validate(&batch) {
            *mean.entry(name).or_insert(0.0) += number / plan.validation_batches as f64;
        }
    }
    Ok(mean)
}

fn refuse_nonsense(step: usize, learned: &Metrics, saved: Option<usize>, run: &RunFolder) -> Result<()> {
    let Some((name, number)) = learned.iter().find(|(_, number)| !number.is_finite()) else { return Ok(()) };
    let kept = match saved {
        Some(step) => format!("the checkpoint of step {step} is kept: {}", run.last_checkpoint().display()),
        None => "no checkpoint had been saved".to_owned(),
    };
    Err(Error::Invalid(format!(
        "training stopped at step {step}: {name} is {number}; {kept}; a smaller learning rate may help"
    )))
}
