//! A learned probe: a small net that reads off a few frames what was done and where the car is.
//!
//! It learns from recorded frames alone and is then shown dreamed ones, so that what a dream says of the car is
//! given in metres and metres per second, beside what the probe makes of recorded frames: its own error. From the
//! frames it infers recent actions (inverse dynamics, as in 1901.11275) and the state vector where the data has one.
//! [`usefulness`](fn@usefulness) turns the question around: the same net learns to steer from dreams.

mod descent;
mod figures;
mod learning;
mod look;
mod net;
mod question;
mod report;
mod scoring;
mod table;
mod usefulness;

use std::sync::Arc;

use burn::module::Module as _;
use dreamlane_core::{BatchShape, Error, Result};
use dreamlane_datasets::{FrameCache, WindowSampler};
pub use learning::{Learning, Through};
use learning::{Taught, learn};
use question::{Place, of_actions, of_state, weigh};
pub use report::{
    ActionScore, Beside, NumberScore, PresenceScore, ProbeHorizon, ProbeReport, ReadAction, Validated,
};
pub use scoring::{ProbeSettings, probe_world};
pub use table::{probe_table, usefulness_table};
pub use usefulness::{Steered, Steering, UsefulnessReport, UsefulnessSettings, usefulness};

/// Lags that are tried, in frames: an action may show late.
const LAGS: usize = 5;
/// Windows that the lag is chosen on.
const VALIDATION_BATCHES: u64 = 32;

/// A trained probe, and how well it reads frames of the validation part.
#[derive(Debug)]
pub struct Probe {
    taught: Taught,
    actions: Vec<ReadAction>,
    /// Per action, the question of the chosen lag.
    chosen: Vec<usize>,
    validation: Vec<Validated>,
}

impl Probe {
    /// Learns from the windows that `train` draws from `cache`; lags are chosen on those of `validation`.
    /// `through` changes windows before they are learned from, and `done` hears how many steps are made.
    ///
    /// # Errors
    /// When the data has several cameras or no actions, windows do not fit, or the settings are wrong.
    pub fn learn(
        cache: &Arc<FrameCache>,
        [train, validation]: [&WindowSampler; 2],
        learning: &Learning,
        through: Option<Through<'_>>,
        done: &mut dyn FnMut(usize),
    ) -> Result<Self> {
        let spec = cache.spec();
        let [camera] = spec.cameras.as_slice() else {
            return Err(Error::Unsupported("a probe of other than one camera", spec.name.clone()));
        };
        let backs: Vec<usize> = (1..=LAGS).collect();
        let mut questions = of_actions(spec, &backs);
        questions.extend(of_state(spec));
        weigh(&mut questions, cache, train);
        validation.check(learning.window(&questions))?;
        let taught = learn(questions, &[train], camera, learning, through, done)?;
        let pairs = validated(&taught, validation, learning);
        let figures: Vec<Option<f64>> = (taught.questions.iter().zip(&pairs))
            .map(|(question, pairs)| if question.chance { figures::auroc(pairs) } else { figures::r2(pairs) })
            .collect();
        let mut probe = Self { taught, actions: Vec::new(), chosen: Vec::new(), validation: Vec::new() };
        for (column, name) in spec.action.names().iter().enumerate() {
            let by_lag: Vec<f64> = (0..LAGS).map(|lag| figures[column * LAGS + lag].unwrap_or(0.0)).collect();
            let lag = (0..LAGS).rev().max_by(|&a, &b| by_lag[a].total_cmp(&by_lag[b])).unwrap_or(0);
            probe.chosen.push(column * LAGS + lag);
            probe.actions.push(ReadAction { name: name.clone(), lag, by_lag });
        }
        probe.validation = (probe.taught.questions.iter().zip(&pairs).zip(figures))
            .filter(|((question, _), _)| matches!(question.place, Place::State { .. }))
            .map(|((question, pairs), figure)| Validated {
                name: question.name.clone(),
                unit: question.unit.clone(),
                auroc: figure.filter(|_| question.chance),
                r2: figure.filter(|_| !question.chance),
                rmse: figures::rmse(pairs).filter(|_| !question.chance).map(|rmse| rmse * question.scale),
            })
            .collect();
        Ok(probe)
    }

    /// Weights of its net.
    #[must_use]
    pub fn weights(&self) -> usize {
        self.taught.net.num_params()
    }

    /// Per action, the lag at which it shows best.
    #[must_use]
    pub fn actions(&self) -> &[ReadAction] {
        &self.actions
    }

    /// How well it reads the state of validation frames.
    #[must_use]
    pub fn validation(&self) -> &[Validated] {
        &self.validation
    }
}

/// Per question, answers and truths on windows of the validation part.
fn validated(taught: &Taught, validation: &WindowSampler, learning: &Learning) -> Vec<Vec<figures::Pair>> {
    let time = learning.window(&taught.questions);
    let frame = 3 * taught.size[0] * taught.size[1];
    let mut pairs = vec![Vec::new(); taught.questions.len()];
    for draw in 0..VALIDATION_BATCHES {
        let batch =
            validation.sample(BatchShape { batch: 64, time, ends: 0.0 }, learning.seed.split(2).split(draw));
        let stacks: Vec<&[u8]> = (batch.images[0].chunks(time * frame))
            .map(|window| &window[(time - taught.frames) * frame..])
            .collect();
        for (cut, said) in taught.answers(&stacks).into_iter().enumerate() {
            let truths = taught.truths(&batch, cut);
            for ((pairs, said), truth) in pairs.iter_mut().zip(said).zip(truths) {
                pairs.extend(truth.map(|truth| [f64::from(said), f64::from(truth)]));
            }
        }
    }
    pairs
}
