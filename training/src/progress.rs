//! How far training has come, for whoever waits.

use dreamlane_core::Metrics;

/// One look at a running training.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Steps done.
    pub step: usize,
    /// Steps in all.
    pub steps: usize,
    /// Seconds since the start of this run.
    pub seconds: f64,
    /// Steps per second, over the last steps.
    pub rate: f64,
    /// Numbers of the last step.
    pub learned: Metrics,
    /// Numbers of the last validation, when one was just made.
    pub validated: Option<Metrics>,
}

impl Progress {
    /// Seconds still to go at the present rate.
    #[must_use]
    pub fn seconds_to_go(&self) -> f64 {
        (self.steps - self.step) as f64 / self.rate.max(1e-9)
    }
}

/// Steps per second over a sliding stretch, so that stages of different cost are told apart.
pub(crate) struct Rate {
    /// (seconds, step), oldest first.
    marks: std::collections::VecDeque<(f64, usize)>,
}

impl Rate {
    const MARKS: usize = 32;

    pub(crate) fn new(seconds: f64, step: usize) -> Self {
        Self { marks: [(seconds, step)].into() }
    }

    pub(crate) fn mark(&mut self, seconds: f64, step: usize) -> f64 {
        self.marks.push_back((seconds, step));
        if self.marks.len() > Self::MARKS {
            self.marks.pop_front();
        }
        let (then, from) = self.marks[0];
        (step - from) as f64 / (seconds - then).max(1e-9)
    }
}
