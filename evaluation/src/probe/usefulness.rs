//! Whether dreams are worth learning from: the probe's net learns to steer like the recorded driver, from recordings,
//! from dreams, and from both in as many steps, and is tested on recorded video that none of them saw.

use std::sync::Arc;

use dreamlane_core::{Error, Result, Seed};
use dreamlane_datasets::{FrameCache, WindowSampler};
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use super::{
    Learning,
    figures::{self, Pair},
    learning::{Taught, learn},
    question::{Place, Question, of_actions, weigh},
};
use crate::{Clusters, Interval};

/// Draws behind an interval.
const DRAWS: u64 = 1000;

/// How to compare.
#[derive(Clone, Debug)]
pub struct UsefulnessSettings {
    /// How each net learns; its seed is split for each of them.
    pub learning: Learning,
    /// Trainings of each kind.
    pub seeds: usize,
    /// Most frames to test on, spread evenly.
    pub most: usize,
}

/// Frames to learn to steer from or to be tested on.
#[derive(Clone, Debug)]
pub struct Steered<'a> {
    /// All frames of a data set.
    pub cache: &'a Arc<FrameCache>,
    /// Windows of the part that is used.
    pub sampler: &'a WindowSampler,
}

/// What nets that learned from one kind of frames say of recorded video; figures are means over seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Steering {
    /// `recorded`, `dreams` or `both`.
    pub from: String,
    /// Frames that could be drawn.
    pub frames: usize,
    /// 1 - squared error / that of the mean of the test.
    pub r2: Option<Interval>,
    /// Mean absolute error.
    pub mae: Option<Interval>,
    /// Pearson's.
    pub correlation: Option<Interval>,
    /// R2 of each seed.
    pub r2_by_seed: Vec<f64>,
}

/// How useful dreams are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsefulnessReport {
    /// The action that is predicted.
    pub steering: String,
    /// Frames that a net looks at.
    pub frames: usize,
    /// Steps of each training.
    pub steps: usize,
    /// Trainings of each kind.
    pub seeds: usize,
    /// Recorded frames that were tested on.
    pub tested: usize,
    /// Unbroken runs that they come from.
    pub runs: usize,
    /// What was drawn with replacement, beside seeds.
    pub resampling: String,
    /// Mean absolute error of always predicting the mean of the recordings that were learned from.
    pub mean_mae: f64,
    /// Its R2: at most 0.
    pub mean_r2: f64,
    /// One entry per kind of frames.
    pub taught: Vec<Steering>,
}

/// Teaches three kinds of nets and tests them on `test`. `done` hears of trainings, and of steps of one.
///
/// # Errors
/// When no action is a steering, the data sets do not fit one another, or windows do not fit.
pub fn usefulness(
    [recorded, dreams]: [Steered<'_>; 2],
    test: Steered<'_>,
    settings: &UsefulnessSettings,
    done: &mut dyn FnMut(&str, usize),
) -> Result<UsefulnessReport> {
    let learning = &settings.learning;
    let asked = question(&recorded, &[&dreams, &test])?;
    let moments = test.moments(&asked, learning.frames, settings.most);
    if moments.is_empty() || settings.seeds == 0 {
        let (found, seeds) = (moments.len(), settings.seeds);
        return Err(Error::Invalid(format!(
            "usefulness needs frames to test on and a seed, found {found} frames and {seeds} seeds"
        )));
    }
    let keys: Vec<(usize, usize)> = moments.iter().map(|moment| (moment.run, moment.frame)).collect();
    let clusters = Clusters::of_places(&keys);
    let sources =
        [("recorded", vec![&recorded]), ("dreams", vec![&dreams]), ("both", vec![&recorded, &dreams])];
    let mut taught = Vec::new();
    for (from, sources) in sources {
        let samplers: Vec<&WindowSampler> = sources.iter().map(|source| source.sampler).collect();
        let mut by_seed = Vec::new();
        for seed in 0..settings.seeds {
            let learning = Learning { seed: learning.seed.split(seed as u64), ..learning.clone() };
            let camera = &recorded.cache.spec().cameras[0];
            let about = format!("steering from {from}, seed {seed}");
            let questions = vec![asked.clone()];
            let net = learn(questions, &samplers, camera, &learning, None, &mut |step| done(&about, step))?;
            by_seed.push(test.answers(&net, &moments));
        }
        let figure = |which| interval(&by_seed, &clusters, learning.seed.split(u64::MAX), which);
        taught.push(Steering {
            from: from.to_owned(),
            frames: samplers.iter().map(|sampler| sampler.n_starts(1)).sum(),
            r2: figure(figures::r2),
            mae: figure(figures::mae),
            correlation: figure(figures::correlation),
            r2_by_seed: by_seed.iter().filter_map(|pairs| figures::r2(pairs)).collect(),
        });
    }
    let mean = f64::from(asked.usual[0]);
    let of_mean: Vec<Pair> = moments.iter().map(|moment| [mean, moment.steering]).collect();
    let mut runs: Vec<usize> = moments.iter().map(|moment| moment.run).collect();
    runs.dedup();
    Ok(UsefulnessReport {
        steering: asked.name.clone(),
        frames: learning.frames,
        steps: learning.steps,
        seeds: settings.seeds,
        tested: moments.len(),
        runs: runs.len(),
        resampling: clusters.resampling,
        mean_mae: figures::mae(&of_mean).unwrap_or(0.0),
        mean_r2: figures::r2(&of_mean).unwrap_or(0.0),
        taught,
    })
}

/// The steering of the recordings at the last frame of a stack; others must have the same cameras and actions.
fn question(recorded: &Steered<'_>, others: &[&Steered<'_>]) -> Result<Question> {
    let spec = recorded.cache.spec();
    let size = |cache: &FrameCache| -> Vec<[usize; 2]> {
        cache.spec().cameras.iter().map(|camera| [camera.height, camera.width]).collect()
    };
    for other in others {
        let (expected, found) = (size(recorded.cache), size(other.cache));
        if expected != found || expected.len() != 1 {
            let (expected, found) = (format!("{expected:?}"), format!("{found:?}"));
            return Err(Error::mismatch("usefulness", "height and width of one camera", expected, found));
        }
        let (expected, found) = (spec.action.names(), other.cache.spec().action.names());
        if expected != found {
            let (expected, found) = (format!("{expected:?}"), format!("{found:?}"));
            return Err(Error::mismatch("usefulness", "actions", expected, found));
        }
    }
    let steers = |name: &str| {
        name.split(|letter: char| !letter.is_alphanumeric()).any(|word| ["steering", "angle"].contains(&word))
    };
    let mut asked = of_actions(spec, &[0]);
    let names = spec.action.names();
    asked.retain(|question| steers(&question.name));
    asked.truncate(1);
    weigh(&mut asked, recorded.cache, recorded.sampler);
    asked.pop().ok_or_else(|| {
        Error::Invalid(format!("usefulness: no action is named steering or angle among {names:?}"))
    })
}

/// A recorded frame to test on.
struct Moment {
    run: usize,
    frame: usize,
    steering: f64,
}

impl Steered<'_> {
    /// Frames with enough others before them, and one after: at the last one of an episode nothing was done.
    fn moments(&self, asked: &Question, frames: usize, most: usize) -> Vec<Moment> {
        let (Place::Action { column, .. } | Place::State { column }) = asked.place;
        let all: Vec<(usize, usize)> = (self.sampler.ranges().iter())
            .flat_map(|(run, range)| {
                let end = range.end.min(self.cache.lengths()[*run] - 1);
                (range.start + frames - 1..end).map(|frame| (*run, frame))
            })
            .collect();
        let count = most.min(all.len());
        let moment = |idx: usize| {
            let (run, frame) = all[idx * all.len() / count];
            let at = self.cache.first_frame(run) + frame;
            Moment { run, frame, steering: f64::from(self.cache.actions(at..at + 1)[column]) }
        };
        (0..count).map(moment).collect()
    }

    fn answers(&self, net: &Taught, moments: &[Moment]) -> Vec<Pair> {
        let mut pairs = Vec::new();
        for moments in moments.chunks(256) {
            let stacks: Vec<Vec<u8>> = (moments.iter())
                .map(|moment| {
                    let at = self.cache.first_frame(moment.run) + moment.frame;
                    (at + 1 - net.frames..=at).flat_map(|at| self.cache.frame(0, at)).copied().collect()
                })
                .collect();
            let said = net.answers(&stacks.iter().map(Vec::as_slice).collect::<Vec<_>>());
            pairs
                .extend(said.iter().zip(moments).map(|(said, moment)| [f64::from(said[0]), moment.steering]));
        }
        pairs
    }
}

/// The mean of a figure over seeds; runs and seeds are both drawn with replacement.
fn interval(
    by_seed: &[Vec<Pair>],
    clusters: &Clusters,
    seed: Seed,
    figure: fn(&[Pair]) -> Option<f64>,
) -> Option<Interval> {
    let mean = |seeds: &[usize], cases: &[usize]| {
        let of_seed = |&seed: &usize| {
            figure(&cases.iter().map(|&case_idx| by_seed[seed][case_idx]).collect::<Vec<_>>())
        };
        let figures = seeds.iter().map(of_seed).collect::<Option<Vec<f64>>>()?;
        Some(figures.iter().sum::<f64>() / figures.len() as f64)
    };
    let value = mean(&(0..by_seed.len()).collect::<Vec<_>>(), &clusters.members.concat())?;
    let members = &clusters.members;
    let mut draws: Vec<f64> = (0..DRAWS)
        .filter_map(|draw| {
            let mut rng = seed.split(draw).rng();
            let seeds: Vec<usize> = by_seed.iter().map(|_| rng.random_range(0..by_seed.len())).collect();
            let cases = members.iter().flat_map(|_| &members[rng.random_range(0..members.len())]);
            let cases: Vec<usize> = cases.copied().collect();
            mean(&seeds, &cases)
        })
        .collect();
    draws.sort_by(f64::total_cmp);
    let quantile = |share: f64| draws.get((share * draws.len() as f64) as usize).copied().unwrap_or(value);
    Some(Interval { value, low: quantile(0.025), high: quantile(0.975) })
}
