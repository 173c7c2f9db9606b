//! Runs all parts of an evaluation over one world.

use std::sync::Arc;

use burn::tensor::Device;
use dreamlane_core::{Error, Result, Seed, WorldModel};

use crate::{
    Bounds, Case, Clusters, ControlReport, WorldReport, WorldScores,
    action_gap::action_gaps,
    case::Layout,
    drift::features::FeatureMap,
    features::Features,
    fidelity::{Dreamed, dream_cases, scores},
    following::{exchanged, following},
    sharpness::sharpness,
    state_errors::state_errors,
    steering::steering_responses,
    tile::TILE,
    trust::trust,
    usable::usable,
    validity::{rewards, validity},
    video_distance::RecordedClips,
};

/// Names of the action value that steers, in the data sets known so far.
const STEERING_NAMES: [&str; 2] = ["steering", "angle"];

/// How to evaluate.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Steps after the context at which dreams are judged, ascending.
    pub horizons: Vec<usize>,
    /// Dreams behind each mean, 1 to 64.
    pub dreams: usize,
    /// Frames of the dreams under imposed steering; no more than the cases are long.
    pub response_steps: usize,
    /// Most cases that are dreamed from under imposed steering.
    pub response_cases: usize,
    /// Names of the numbers in the cases' state vectors, each with its unit; empty where they have none.
    pub state: Vec<String>,
    /// What counts as wrong.
    pub bounds: Bounds,
    /// Noise of the dreams, choice of foreign actions, imposed steering, and resampling follow from it.
    pub seed: Seed,
    /// Where the world computes.
    pub device: Device,
}

impl Settings {
    /// The noise of one dream of a case; the same whatever its actions are.
    pub(crate) fn noise(&self, case_idx: usize, pass: usize) -> Seed {
        self.seed.split(0).split(case_idx as u64).split(pass as u64)
    }

    fn check(&self, layout: &Layout) -> Result<()> {
        let ascending = self.horizons.is_sorted_by(|a, b| a < b);
        let furthest = self.horizons.last().copied().unwrap_or(0);
        if !ascending || self.horizons.first().is_none_or(|&first| first == 0) || furthest > layout.horizon {
            return Err(Error::Invalid(format!(
                "horizons must ascend from at least 1 to at most {}, the length of the cases, found {:?}",
                layout.horizon, self.horizons
            )));
        }
        if layout.features > 0 && layout.features != self.state.len() {
            return Err(Error::mismatch(
                "cases",
                "numbers of the state vector",
                format!("{} {:?}", self.state.len(), self.state),
                layout.features,
            ));
        }
        if !(1..=TILE).contains(&self.dreams) {
            return Err(Error::Invalid(format!("dreams must be 1 to {TILE}, found {}", self.dreams)));
        }
        Ok(())
    }
}

/// What all parts of an evaluation share.
#[derive(Clone, Copy)]
pub(crate) struct Judging<'a> {
    pub(crate) world: &'a Arc<dyn WorldModel>,
    pub(crate) layout: &'a Layout,
    pub(crate) cases: &'a [Case],
    pub(crate) clusters: &'a Clusters,
    pub(crate) settings: &'a Settings,
}

/// How far an evaluation is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub stage: String,
    /// Parts of it that are done.
    pub done: usize,
    /// Parts of it.
    pub total: usize,
}

/// Judges `world` on the cases, and the named opponents by the same code.
///
/// # Errors
/// When the cases do not fit the world, the settings do not fit the cases, or the world does not draw.
pub fn evaluate_world(
    world: &Arc<dyn WorldModel>,
    opponents: &[(&str, Arc<dyn WorldModel>)],
    cases: &[Case],
    settings: &Settings,
    progress: &mut dyn FnMut(&Progress),
) -> Result<WorldReport> {
    let spec = world.spec().clone();
    let layout = Layout::of(&spec, cases)?;
    settings.check(&layout)?;
    let clusters = Clusters::of(cases);
    let judging = Judging { world, layout: &layout, cases, clusters: &clusters, settings };
    let clips = RecordedClips::of(&FeatureMap::new(), &layout, cases, &settings.horizons);
    let mut judge = |name: &str, world: &Arc<dyn WorldModel>| -> Result<(Dreamed, WorldScores)> {
        let mut done = report(progress, format!("dreams of {name}"), cases.len());
        let dreamed = dream_cases(&Judging { world, ..judging }, &mut done)?;
        let horizons = scores(&dreamed, &clips, &clusters, settings);
        Ok((dreamed, WorldScores { name: name.to_owned(), horizons }))
    };
    let (dreamed, judged) = judge(&spec.world, world)?;
    let (mut beside, mut errors) = (Vec::new(), Vec::new());
    for (name, opponent) in opponents {
        let (dreamed, scores) = judge(name, opponent)?;
        beside.push(scores);
        errors.push(((*name).to_owned(), dreamed.errors));
    }
    let sharpness = sharpness(&judging, &dreamed);
    let control = control(&judging, &dreamed, progress)?;
    let mut runs: Vec<usize> = cases.iter().map(|case| case.run).collect();
    runs.sort_unstable();
    runs.dedup();
    let mut judged = WorldReport {
        steps_per_second: spec.steps_per_second,
        cases: cases.len(),
        runs: runs.len(),
        notes: notes(&clusters, control.is_none(), spec.action.names()),
        resampling: clusters.resampling.clone(),
        dreams: settings.dreams,
        judged,
        opponents: beside,
        sharpness,
        control,
        drift: None,
        usable: Some(usable(&judging, &dreamed, &errors)),
        following: None,
        state: None,
        rewards: Vec::new(),
        outcomes: None,
        trust: None,
        validity: None,
    };
    ladder(&judging, &dreamed, &mut judged, progress)?;
    Ok(judged)
}

/// Adds what is judged beyond pictures, as far as the world and the recording have it.
fn ladder(
    judging: &Judging<'_>,
    dreamed: &Dreamed,
    judged: &mut WorldReport,
    progress: &mut dyn FnMut(&Progress),
) -> Result<()> {
    let (spec, layout) = (judging.world.spec(), judging.layout);
    let recorded = if layout.features > 0 { judging.settings.state.as_slice() } else { &[] };
    let features = Features::of(recorded, &spec.state);
    {
        let mut done = report(progress, "dreams under wrong actions".to_owned(), exchanged(&spec.action));
        judged.following = Some(following(judging, dreamed, &features, &mut done)?);
    }
    judged.state = features.any().then(|| state_errors(judging, dreamed, &features));
    let has_rewards = spec.rewards && layout.rewards;
    judged.rewards = if has_rewards { rewards(judging, dreamed) } else { Vec::new() };
    judged.trust = trust(judging, dreamed, &features);
    judged.validity = validity(judging, dreamed, judged.state.as_ref(), has_rewards);
    Ok(())
}

fn control(
    judging: &Judging<'_>,
    dreamed: &Dreamed,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Option<ControlReport>> {
    let names = judging.world.spec().action.names();
    let Some(column) = names.iter().position(|name| STEERING_NAMES.contains(&name.as_str())) else {
        return Ok(None);
    };
    let steering = names[column].clone();
    let gaps = {
        let mut done = report(progress, "dreams under foreign actions".to_owned(), judging.cases.len());
        action_gaps(judging, dreamed, column, &mut done)?
    };
    let mut done = report(progress, "dreams under imposed steering".to_owned(), 3);
    let responses = steering_responses(judging, column, &mut done)?;
    Ok(Some(ControlReport { steering, gaps, responses }))
}

fn report<'a>(progress: &'a mut dyn FnMut(&Progress), stage: String, total: usize) -> impl FnMut(usize) + 'a {
    move |done| progress(&Progress { stage: stage.clone(), done, total })
}

fn notes(clusters: &Clusters, uncontrolled: bool, names: &[String]) -> Vec<String> {
    let mut notes = Vec::new();
    if uncontrolled {
        notes.push(format!("control was not judged: no action is named steering or angle among {names:?}"));
    }
    if clusters.members.len() < 4 {
        let count = clusters.members.len();
        notes.push(format!("intervals rest on only {count} independent parts and are too narrow"));
    }
    notes
}
