//! A probe on recorded frames, on the same through the codec, and on dreamed ones.

use std::{collections::BTreeSet, sync::Arc};

use burn::tensor::{DType, Device, Tensor, TensorData};
use dreamlane_core::{Error, Result, Seed, Window, WorldModel};

use super::{
    ActionScore, Beside, NumberScore, PresenceScore, Probe, ProbeHorizon, ProbeReport,
    figures::{self, Pair},
    question::{Moment, Place, Question},
};
use crate::{
    Case, Clusters, Interval,
    bootstrap::bootstrap,
    case::Layout,
    tile::{Start, dream, image_bytes},
};

/// How to score.
#[derive(Clone, Debug)]
pub struct ProbeSettings {
    /// Steps after the context at which dreams are read, ascending.
    pub horizons: Vec<usize>,
    /// Noise of the dreams and resampling follow from it.
    pub seed: Seed,
    /// Where the world computes.
    pub device: Device,
}

/// R2 on recorded frames below which an action cannot be read, so that shares of it say nothing.
const READABLE: f64 = 0.1;

/// A figure over some answers.
type Figure = fn(&[Pair]) -> Option<f64>;

/// What one number of one horizon is held against: `[case]` each, None where there was nothing to ask for.
struct Answers {
    truth: Vec<Option<f64>>,
    held: Vec<Option<f64>>,
    /// `[origin][case]`: recorded, coded, dreamed.
    read: [Vec<Option<f64>>; 3],
    /// The same, as changes since the context's last frame.
    anchored: [Vec<Option<f64>>; 3],
}

/// Reads dreams of `world` under the recorded actions of the cases. `done` hears how many cases are through.
///
/// # Errors
/// When the cases fit neither world nor probe, or the horizons do not fit the cases.
pub fn probe_world(
    probe: &Probe,
    world: &Arc<dyn WorldModel>,
    cases: &[Case],
    settings: &ProbeSettings,
    done: &mut dyn FnMut(usize),
) -> Result<ProbeReport> {
    let layout = Layout::of(world.spec(), cases)?;
    check(probe, world.as_ref(), &layout, cases, settings)?;
    let frames = probe.taught.frames as isize;
    // What is read off the context's last frame anchors the rest.
    let horizons: Vec<usize> = std::iter::once(0).chain(settings.horizons.iter().copied()).collect();
    let steps: BTreeSet<isize> =
        (horizons.iter()).flat_map(|&horizon| (0..frames).map(move |back| horizon as isize - back)).collect();
    let steps: Vec<isize> = steps.into_iter().collect();
    let mut read: [Vec<Vec<Vec<f32>>>; 3] = Default::default();
    for (chunk_idx, chunk) in cases.chunks(crate::tile::TILE).enumerate() {
        let first = chunk_idx * crate::tile::TILE;
        let dreamed = dreamed(world, &layout, chunk, first, &steps, settings)?;
        for (case, dreamed) in chunk.iter().zip(dreamed) {
            let recorded: Vec<Vec<u8>> =
                steps.iter().map(|&step| recorded(&layout, case, step).to_vec()).collect();
            let coded = coded(world, &layout, case, &steps, settings);
            for (read, pictures) in read.iter_mut().zip([&recorded, &coded, &dreamed]) {
                read.push(answers(probe, pictures, &steps, &horizons));
            }
        }
        done(first + chunk.len());
    }
    let clusters = Clusters::of(cases);
    let horizons = (horizons.iter().enumerate().skip(1)).map(|(at, &horizon)| {
        let gathered: Vec<Answers> = (probe.taught.questions.iter().enumerate())
            .map(|(asked, question)| gather(question, [at, asked, horizon], &layout, cases, &read))
            .collect();
        scores(probe, horizon, &gathered, &Scored { clusters: &clusters, seed: settings.seed.split(1) })
    });
    let horizons = horizons.collect();
    let runs: BTreeSet<usize> = cases.iter().map(|case| case.run).collect();
    Ok(ProbeReport {
        steps_per_second: world.spec().steps_per_second,
        cases: cases.len(),
        runs: runs.len(),
        frames: probe.taught.frames,
        weights: probe.weights(),
        actions: probe.actions.clone(),
        validation: probe.validation.clone(),
        horizons,
        resampling: clusters.resampling,
    })
}

fn check(
    probe: &Probe,
    world: &dyn WorldModel,
    layout: &Layout,
    cases: &[Case],
    settings: &ProbeSettings,
) -> Result<()> {
    let size = [layout.height, layout.width];
    if size != probe.taught.size {
        let (expected, found) = (format!("{:?}", probe.taught.size), format!("{size:?}"));
        return Err(Error::mismatch("probe", "height and width", expected, found));
    }
    let ascending = settings.horizons.is_sorted_by(|a, b| a < b);
    let [first, last] =
        [settings.horizons.first(), settings.horizons.last()].map(|end| end.copied().unwrap_or(0));
    if !ascending || first == 0 || last > layout.horizon {
        return Err(Error::Invalid(format!(
            "horizons must ascend from at least 1 to at most {}, the length of the cases, found {:?}",
            layout.horizon, settings.horizons
        )));
    }
    let features = (probe.taught.questions.iter())
        .filter(|question| matches!(question.place, Place::State { .. }))
        .count();
    for (what, found) in [("recorded state", layout.features), ("world's state", world.spec().state.len())] {
        // A world may know pictures alone.
        if found != features && (found != 0 || what == "recorded state") {
            return Err(Error::mismatch("probe", format!("numbers of the {what}"), features, found));
        }
    }
    let context = cases.iter().map(|case| case.context.len).min().unwrap_or(0);
    if context < probe.taught.frames {
        return Err(Error::mismatch("probe", "frames of a context, at least", probe.taught.frames, context));
    }
    Ok(())
}

/// The frame `step` steps after the context's last one; steps up to 0 reach into the context.
fn recorded<'a>(layout: &Layout, case: &'a Case, step: isize) -> &'a [u8] {
    match usize::try_from(step) {
        Ok(step) => layout.recorded(case, step),
        Err(_) => {
            let end = (case.context.len - step.unsigned_abs()) * layout.frame_len();
            &case.context.images[0][end - layout.frame_len()..end]
        }
    }
}

/// `[case][step]`: dreamed frames; what lies in the context is as recorded.
fn dreamed(
    world: &Arc<dyn WorldModel>,
    layout: &Layout,
    cases: &[Case],
    first: usize,
    steps: &[isize],
    settings: &ProbeSettings,
) -> Result<Vec<Vec<Vec<u8>>>> {
    let starts: Vec<Start<'_>> = (cases.iter().enumerate())
        .map(|(idx, case)| Start {
            context: &case.context,
            actions: &case.actions,
            seed: settings.seed.split(0).split((first + idx) as u64),
        })
        .collect();
    let ahead: Vec<usize> = steps.iter().filter(|&&step| step > 0).map(|step| step.unsigned_abs()).collect();
    let dreams = dream(world, layout, &starts, &ahead, &settings.device)?;
    let all = cases.iter().zip(dreams).map(|(case, dream)| {
        let before =
            steps.iter().filter(|&&step| step <= 0).map(|&step| recorded(layout, case, step).to_vec());
        before.chain(dream).collect()
    });
    Ok(all.collect())
}

/// `[step]`: recorded frames, encoded and drawn again.
fn coded(
    world: &Arc<dyn WorldModel>,
    layout: &Layout,
    case: &Case,
    steps: &[isize],
    settings: &ProbeSettings,
) -> Vec<Vec<u8>> {
    let features = world.spec().state.len();
    let device = &settings.device;
    let bytes: Vec<u8> = steps.iter().flat_map(|&step| recorded(layout, case, step)).copied().collect();
    let state = steps.iter().flat_map(|&step| match usize::try_from(step) {
        _ if features == 0 => &[],
        Ok(step) => layout.state(case, step),
        Err(_) => {
            let end = (case.context.len - step.unsigned_abs()) * features;
            &case.context.state[end - features..end]
        }
    });
    let state: Vec<f32> = state.copied().collect();
    let time = steps.len();
    let pictures = TensorData::new(bytes, [1, time, 3, layout.height, layout.width]);
    let actions = Tensor::zeros([1, time, layout.action_width], device);
    let seen = Window {
        images: vec![Tensor::from_data(pictures, (device, DType::U8))],
        state: Tensor::from_data(TensorData::new(state, [1, time, features]), device),
        actions,
        rewards: None,
        ends: None,
    };
    let latents = world.encode(&seen);
    let [_, _, token, dim] = latents.dims();
    let mut drawn = world.decode(latents.reshape([time, token, dim]));
    image_bytes(drawn.images.swap_remove(0)).chunks(layout.frame_len()).map(<[u8]>::to_vec).collect()
}

/// `[horizon][question]` of one case, from its pictures at `steps`.
fn answers(probe: &Probe, pictures: &[Vec<u8>], steps: &[isize], horizons: &[usize]) -> Vec<Vec<f32>> {
    let frames = probe.taught.frames as isize;
    let stacks: Vec<Vec<u8>> = (horizons.iter())
        .map(|&horizon| {
            let first = horizon as isize + 1 - frames;
            let at = steps.iter().position(|&step| step == first).unwrap_or(0);
            pictures[at..at + probe.taught.frames].concat()
        })
        .collect();
    probe.taught.answers(&stacks.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

/// What was answered to one question at one horizon, in its unit.
fn gather(
    question: &Question,
    [at, asked, horizon]: [usize; 3],
    layout: &Layout,
    cases: &[Case],
    read: &[Vec<Vec<Vec<f32>>>; 3],
) -> Answers {
    let truth = |case_idx: usize, step: usize| {
        let case = &cases[case_idx];
        let action = |back: usize, column: usize| layout.action(case, step as isize - back as isize, column);
        let moment = Moment { state: layout.state(case, step), action: &action };
        let recorded = question.truth(&moment)?;
        Some(f64::from(recorded) * question.scale)
    };
    let is_state = matches!(question.place, Place::State { .. });
    let said = |origin: usize, at: usize, case_idx: usize| {
        f64::from(read[origin][case_idx][at][asked]) * question.scale
    };
    let held = |case_idx: usize| truth(case_idx, 0).filter(|_| is_state);
    let anchored = |origin: usize, case_idx: usize| {
        Some(held(case_idx)? + said(origin, at, case_idx) - said(origin, 0, case_idx))
    };
    let all = 0..cases.len();
    Answers {
        truth: all.clone().map(|case_idx| truth(case_idx, horizon)).collect(),
        held: all.clone().map(held).collect(),
        read: [0, 1, 2].map(|origin| all.clone().map(|case_idx| Some(said(origin, at, case_idx))).collect()),
        anchored: [0, 1, 2].map(|origin| all.clone().map(|case_idx| anchored(origin, case_idx)).collect()),
    }
}

/// What intervals are drawn from.
struct Scored<'a> {
    clusters: &'a Clusters,
    seed: Seed,
}

impl Scored<'_> {
    fn interval(&self, statistic: &dyn Fn(&[usize]) -> Option<f64>) -> Option<Interval> {
        bootstrap(self.clusters, self.seed, statistic)
    }

    fn beside(&self, answers: &Answers, read: &[Vec<Option<f64>>; 3], figure: Figure) -> Beside {
        let of = |said: &[Option<f64>]| self.interval(&|cases| figure(&pairs(said, &answers.truth, cases)));
        let [recorded, coded, dreamed] = read.each_ref().map(|said| of(said));
        Beside { held: of(&answers.held), recorded, coded, dreamed }
    }

    /// One figure as a share of another, where that is above 0.
    fn share(
        &self,
        [above, below]: [&[Option<f64>]; 2],
        answers: &Answers,
        figure: Figure,
    ) -> Option<Interval> {
        self.interval(&|cases| {
            let below = figure(&pairs(below, &answers.truth, cases)).filter(|&below| below > 0.0)?;
            Some(figure(&pairs(above, &answers.truth, cases))? / below)
        })
    }

    fn number(&self, question: &Question, answers: &Answers) -> NumberScore {
        let of_held =
            |read: &[Vec<Option<f64>>; 3]| self.share([&read[2], &answers.held], answers, figures::rmse);
        NumberScore {
            name: question.name.clone(),
            unit: question.unit.clone(),
            cases: answers.truth.iter().flatten().count(),
            rmse: self.beside(answers, &answers.read, figures::rmse),
            of_held: of_held(&answers.read),
            anchored: self.beside(answers, &answers.anchored, figures::rmse),
            anchored_of_held: of_held(&answers.anchored),
        }
    }
}

/// Answers beside truths of the drawn cases, where there are both.
fn pairs(said: &[Option<f64>], truth: &[Option<f64>], cases: &[usize]) -> Vec<Pair> {
    cases.iter().filter_map(|&case_idx| Some([said[case_idx]?, truth[case_idx]?])).collect()
}

fn scores(probe: &Probe, horizon: usize, answers: &[Answers], scored: &Scored<'_>) -> ProbeHorizon {
    let questions = &probe.taught.questions;
    let actions = probe.actions.iter().zip(&probe.chosen).map(|(action, &asked)| {
        let answers = &answers[asked];
        let r2 = scored.beside(answers, &answers.read, figures::r2);
        let is_read = r2.recorded.is_some_and(|recorded| recorded.value >= READABLE);
        let share = || scored.share([&answers.read[2], &answers.read[0]], answers, figures::r2);
        ActionScore { name: action.name.clone(), r2, of_recorded: is_read.then(share).flatten() }
    });
    let states = || {
        (questions.iter().zip(answers)).filter_map(|(question, answers)| match question.place {
            Place::State { column } => Some((question, answers, column)),
            Place::Action { .. } => None,
        })
    };
    let numbers = states()
        .filter(|(question, ..)| !question.chance && question.only_where.is_none())
        .map(|(question, answers, _)| scored.number(question, answers));
    let things = states().filter(|(question, ..)| question.chance).map(|(question, answers, column)| {
        let there = answers.truth.iter().flatten().sum::<f64>();
        PresenceScore {
            name: question.name.trim_end_matches(".present").to_owned(),
            base_rate: there / answers.truth.len().max(1) as f64,
            accuracy: scored.beside(answers, &answers.read, figures::accuracy),
            auroc: scored.beside(answers, &answers.read, figures::auroc),
            numbers: states()
                .filter(|(question, ..)| question.only_where == Some(column))
                .map(|(question, answers, _)| scored.number(question, answers))
                .collect(),
        }
    });
    ProbeHorizon { horizon, actions: actions.collect(), numbers: numbers.collect(), things: things.collect() }
}
