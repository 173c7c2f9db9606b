//! What a probe is asked: recent actions, and the numbers of a state vector, each in its unit.

use dreamlane_core::EnvSpec;
use dreamlane_datasets::{FrameCache, WindowSampler};

use crate::features::Feature;

/// Where the true answer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The action taken `back` frames before the last frame of a stack.
    Action { column: usize, back: usize },
    /// The state at the last frame.
    State { column: usize },
}

/// One number that is asked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Question {
    /// Its name without the unit.
    pub(super) name: String,
    /// Its unit, such as `m`; empty where the name has none.
    pub(super) unit: String,
    /// Factor from the recorded number to the unit.
    pub(super) scale: f64,
    pub(super) place: Place,
    /// Whether the answer is the chance of a 1.
    pub(super) chance: bool,
    /// The state that says by a 1 whether there is anything to ask for.
    pub(super) only_where: Option<usize>,
    /// Mean and standard deviation of the true answers; 0 and 1 for chances.
    pub(super) usual: [f32; 2],
    /// What its error counts.
    pub(super) weight: f32,
}

/// The last frame of a stack as a question sees it.
pub(super) struct Moment<'a> {
    /// The state at that frame.
    pub(super) state: &'a [f32],
    /// Number `column` of the action taken `back` frames before; none where it is not recorded.
    pub(super) action: &'a dyn Fn(usize, usize) -> Option<f32>,
}

impl Question {
    /// The recorded answer; none where there is nothing to ask for.
    pub(super) fn truth(&self, moment: &Moment<'_>) -> Option<f32> {
        if self.only_where.is_some_and(|column| moment.state[column] < 0.5) {
            return None;
        }
        match self.place {
            Place::Action { column, back } => (moment.action)(back, column),
            Place::State { column } => Some(moment.state[column]),
        }
    }

    fn new(name: &str, place: Place) -> Self {
        let Feature { name, scale, unit } = Feature::of(name);
        Self { name, unit, scale, place, chance: false, only_where: None, usual: [0.0, 1.0], weight: 1.0 }
    }
}

/// The actions `backs` frames before the last one, one question per column and number of frames.
pub(super) fn of_actions(spec: &EnvSpec, backs: &[usize]) -> Vec<Question> {
    let names = spec.action.names().iter().enumerate();
    let asked = names.flat_map(|(column, name)| {
        backs.iter().map(move |&back| Question::new(name, Place::Action { column, back }))
    });
    asked.collect()
}

/// Every number of the state. Where a thing has a number `thing.present`, its others are asked where that is 1.
pub(super) fn of_state(spec: &EnvSpec) -> Vec<Question> {
    let asked = spec.state.iter().enumerate().map(|(column, name)| {
        let thing = name.split('.').next().unwrap_or(name);
        let present = format!("{thing}.present");
        let chance = *name == present;
        let only_where = spec.state.iter().position(|other| !chance && *other == present);
        Question { chance, only_where, ..Question::new(name, Place::State { column }) }
    });
    asked.collect()
}

/// What all actions count together, whether things are there, what is asked of them, and all other numbers of a state.
/// Much of what is asked of things cannot be seen, such as who drives behind, and must not drown the rest.
const KINDS: [f32; 4] = [1.0, 0.3, 0.3, 2.0];

/// Measures the usual answers where `sampler` draws from, and weighs questions by [`KINDS`].
pub(super) fn weigh(questions: &mut [Question], cache: &FrameCache, sampler: &WindowSampler) {
    let width = cache.spec().action.width();
    for question in &mut *questions {
        let [mut count, mut all, mut sum, mut squares] = [0.0_f64; 4];
        for (episode_idx, range) in sampler.ranges() {
            let first = cache.first_frame(*episode_idx);
            for frame in first + range.start..first + range.end {
                let actions = cache.actions(frame..frame + 1);
                // Which of the recent actions it is does not matter to a mean.
                let action = |_: usize, column: usize| (column < width).then(|| actions[column]);
                let moment = Moment { state: cache.state(frame..frame + 1), action: &action };
                all += 1.0;
                if let Some(truth) = question.truth(&moment) {
                    count += 1.0;
                    sum += f64::from(truth);
                    squares += f64::from(truth) * f64::from(truth);
                }
            }
        }
        if !question.chance && count > 0.0 {
            let mean = sum / count;
            let spread = (squares / count - mean * mean).max(0.0).sqrt();
            // What never changes has no spread to learn.
            question.usual = [mean as f32, if spread > 1e-6 { spread as f32 } else { 1.0 }];
        }
        // What is rarely asked for counts more where it is.
        question.weight = (all / count.max(1.0)).min(20.0) as f32;
    }
    let kind = |question: &Question| match question.place {
        Place::Action { .. } => 0,
        Place::State { .. } if question.chance => 1,
        Place::State { .. } if question.only_where.is_some() => 2,
        Place::State { .. } => 3,
    };
    let counts: [usize; 4] =
        std::array::from_fn(|wanted| questions.iter().filter(|question| kind(question) == wanted).count());
    questions
        .iter_mut()
        .for_each(|question| question.weight *= KINDS[kind(question)] / counts[kind(question)] as f32);
}
