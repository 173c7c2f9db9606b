//! A dream beside its truth: one scenario, both as a hand-written simulator and as a learned world.
//!
//! [`paired`] drives the truth to some state, hands what was seen on the way to the world as its context, and lets
//! both go on from there under several action sequences: the truth by restoring its snapshot, the dream by forking,
//! which keeps the noise. So the dream of each action has its own exact counterfactual, and figures need no pairing
//! by chance. Errors of pictures are in units of full scale, those of the state vector in the units that its names end with.

mod branches;
mod dreams;
mod driving;
mod features;
mod following;
mod forks;
mod others;
mod prediction;
mod report;
mod table;
mod trusted;

use std::sync::Arc;

use burn::tensor::Device;
use dreamlane_core::{CameraSpec, Env, EnvSpec, Error, Policy, Result, Seed, WorldModel, WorldSpec};

pub use following::{FollowingScore, ToldApart};
pub use forks::{Directed, ForkScore};
pub use others::{Confusion, OthersScore, REACTS_MPS, Reaction};
pub use prediction::{PairedPixels, PairedScore, StateScore};
pub use report::{PairedReport, PairedWorld};
pub use table::paired_table;
pub use trusted::{TrustStep, TrustedHorizon};

use crate::{Case, Clusters, Progress};
use branches::Plans;
use dreams::dream_all;
use driving::Driven;
use features::Features;

/// How to hold a world against its truth.
#[derive(Clone, Debug)]
pub struct PairedSettings {
    /// Episodes of the truth, one beginning of a dream in each.
    pub episodes: usize,
    /// Steps after the context at which predictions are judged, ascending.
    pub horizons: Vec<usize>,
    /// Steps for which changed actions are held and compared.
    pub following: usize,
    /// How hard is braked, accelerated and steered, as a part of the way to the action's bound.
    pub push: f32,
    /// Steps into long dreams, endings ignored and driven by the policy, at which dreams are forked; none for no long
    /// dreams. Recorded actions drive a world that dreams no state.
    pub forks: Vec<usize>,
    /// Episodes, the driver's chance, noise of the dreams and resampling follow from it.
    pub seed: Seed,
    /// Where the world computes.
    pub device: Device,
}

impl PairedSettings {
    /// The noise of the dream of a case; the same whatever its actions are.
    fn noise(&self, case_idx: usize) -> Seed {
        self.seed.split(0).split(case_idx as u64)
    }

    /// The longest that a branch goes on.
    fn furthest(&self) -> usize {
        self.horizons.last().copied().unwrap_or(0).max(self.following)
    }

    /// Whether the picture of this step is kept.
    fn keeps(&self, step: usize) -> bool {
        step <= self.following || self.horizons.contains(&step)
    }

    fn check(&self) -> Result<()> {
        let ascending = self.horizons.is_sorted_by(|a, b| a < b);
        if !ascending || self.horizons.first().is_none_or(|&first| first == 0) {
            return Err(Error::Invalid(format!(
                "horizons must ascend from at least 1, found {:?}",
                self.horizons
            )));
        }
        if self.episodes < 2 || self.following == 0 {
            return Err(Error::Invalid(format!(
                "expected at least 2 episodes, whose actions are exchanged, and 1 step of changed actions, found {} and {}",
                self.episodes, self.following
            )));
        }
        if !(self.push > 0.0 && self.push <= 1.0) {
            return Err(Error::Invalid(format!("expected a push above 0 and up to 1, found {}", self.push)));
        }
        if !self.forks.is_sorted_by(|a, b| a < b) {
            return Err(Error::Invalid(format!("forks must ascend, found {:?}", self.forks)));
        }
        Ok(())
    }
}

/// What all figures share.
struct Judging<'a> {
    settings: &'a PairedSettings,
    cases: &'a [Case],
    clusters: &'a Clusters,
    plans: &'a Plans,
    /// `[case]`: what the truth did under each action sequence.
    truth: &'a [Branches],
    features: &'a Features,
    camera: &'a CameraSpec,
}

/// What came of one action sequence; it may end before its plan does.
#[derive(Clone, Debug, Default)]
struct Branch {
    /// `[step - 1]`, each `[channel, height, width]`; none where no figure asks for the picture.
    frames: Vec<Option<Vec<u8>>>,
    /// `[step - 1]`, each `[feature]`.
    states: Vec<Vec<f32>>,
    /// `[step - 1]`; empty in the truth.
    trust: Vec<f32>,
}

impl Branch {
    fn frame(&self, step: usize) -> Option<&[u8]> {
        self.frames.get(step.checked_sub(1)?)?.as_deref()
    }

    fn state(&self, step: usize) -> Option<&[f32]> {
        self.states.get(step.checked_sub(1)?).map(Vec::as_slice)
    }
}

/// In the order of [`branches::Act::ALL`].
type Branches = Vec<Branch>;

/// Holds `world`, and `against` by the same code, against `truth`, which `policy` drives to where dreams begin.
///
/// # Errors
/// When the world was not made for this truth, settings cannot work, too few episodes last long enough, or the truth
/// or the policy fail.
pub fn paired(
    truth: &mut dyn Env,
    policy: &mut dyn Policy,
    world: &Arc<dyn WorldModel>,
    against: Option<&Arc<dyn WorldModel>>,
    settings: &PairedSettings,
    progress: &mut dyn FnMut(&Progress),
) -> Result<PairedReport> {
    settings.check()?;
    let spec = truth.spec().clone();
    for world in std::iter::once(world).chain(against) {
        fits(&spec, world.spec())?;
    }
    // Both worlds begin from the same frames; one that wants fewer is given the last of them.
    let context =
        std::iter::once(world).chain(against).map(|world| world.spec().context).max().unwrap_or(1).max(1);
    let driven = {
        let mut say = telling(progress, "driving the truth", settings.episodes);
        Driven::play(truth, policy, context, settings, &mut say)?
    };
    let clusters = Clusters::of(&driven.cases);
    let features = Features::new(&spec.state, spec.steps_per_second);
    let plans = Plans::of(&spec, &driven.cases, &features, settings);
    let truths = {
        let mut say = telling(progress, "branches of the truth", driven.cases.len());
        driving::branches(truth, &driven, &plans, settings, &mut say)?
    };
    let judging = Judging {
        settings,
        cases: &driven.cases,
        clusters: &clusters,
        plans: &plans,
        truth: &truths,
        features: &features,
        camera: &spec.cameras[0],
    };
    let mut judge = |world: &Arc<dyn WorldModel>| -> Result<(PairedWorld, Vec<others::Seen>)> {
        let name = world.spec().world.clone();
        let shown = features.shown_by(&world.spec().state);
        let dreamed = {
            let mut say = telling(progress, &format!("dreams of {name}"), driven.cases.len());
            dream_all(&judging, world, &shown, &mut say)?
        };
        let forks = {
            let mut say = telling(progress, &format!("long dreams of {name}"), driven.cases.len());
            forks::fork_scores(&judging, world, &shown, policy, &mut say)?
        };
        let seen = others::seen(&judging, &dreamed, &shown);
        let world = PairedWorld {
            name,
            prediction: prediction::scores(&judging, &dreamed),
            state: prediction::state_scores(&judging, &dreamed, &shown),
            following: following::scores(&judging, &dreamed, &shown),
            others: others::scores(&judging, &seen),
            forks,
            trust: trusted::horizons(&judging, &dreamed, &shown),
            trust_steps: trusted::steps(&judging, &dreamed, &shown),
        };
        Ok((world, seen))
    };
    let (judged, seen) = judge(world)?;
    let against = against.map(&mut judge).transpose()?;
    let confusion_ratio =
        against.as_ref().map_or_else(Vec::new, |(_, other)| others::ratios(&judging, &seen, other));
    Ok(PairedReport {
        truth: spec.name.clone(),
        steps_per_second: spec.steps_per_second,
        episodes: driven.cases.len(),
        ended_early: driven.ended_early,
        context,
        push: settings.push,
        resampling: clusters.resampling.clone(),
        truth_wrong: prediction::wrong_scores(&judging),
        still: prediction::still_scores(&judging),
        truth_forks: forks::truth_score(&judging, &features.shown_by(&world.spec().state)),
        notes: notes(&plans, world.spec()),
        judged,
        against: against.map(|(world, _)| world),
        confusion_ratio,
    })
}

fn telling<'a>(
    progress: &'a mut dyn FnMut(&Progress),
    stage: &str,
    total: usize,
) -> impl FnMut(usize) + use<'a> {
    let stage = stage.to_owned();
    move |done| progress(&Progress { stage: stage.clone(), done, total })
}

/// Whether a world was made for what this truth shows and takes.
fn fits(truth: &EnvSpec, world: &WorldSpec) -> Result<()> {
    let mismatch = |what: &str, expected: String, found: String| {
        Err(Error::mismatch(&truth.name, format!("{what} of the truth"), expected, found))
    };
    let pictures = |cameras: &[CameraSpec]| {
        let each = cameras.iter().map(|camera| format!("{} {}x{}", camera.name, camera.width, camera.height));
        each.collect::<Vec<_>>().join(", ")
    };
    if !world.draws || world.cameras.len() != 1 {
        return Err(Error::Unsupported("a comparison of the pictures of one camera", world.world.clone()));
    }
    if truth.seats != 1 {
        return Err(Error::Unsupported("a dream of several seats", truth.name.clone()));
    }
    if pictures(&world.cameras) != pictures(&truth.cameras) {
        return mismatch("cameras", pictures(&world.cameras), pictures(&truth.cameras));
    }
    if world.action.names() != truth.action.names() {
        return mismatch(
            "actions",
            format!("{:?}", world.action.names()),
            format!("{:?}", truth.action.names()),
        );
    }
    if world.steps_per_second != truth.steps_per_second {
        return mismatch(
            "steps per second",
            world.steps_per_second.to_string(),
            truth.steps_per_second.to_string(),
        );
    }
    // A world that predicts a state must be given it in its contexts, in its order.
    if !world.state.is_empty() && world.state != truth.state {
        return mismatch("state", format!("{:?}", world.state), format!("{:?}", truth.state));
    }
    Ok(())
}

fn notes(plans: &Plans, world: &WorldSpec) -> Vec<String> {
    let mut notes = Vec::new();
    let names = world.action.names();
    for (what, column) in [("steering", plans.steering), ("acceleration", plans.acceleration)] {
        if column.is_none() {
            notes.push(format!("{what} was not changed alone: no action of that name among {names:?}"));
        }
    }
    if world.state.is_empty() {
        notes.push("the world predicts no state vector, so figures in metres are absent".to_owned());
    }
    notes
}
