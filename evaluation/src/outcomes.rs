//! Rewards and endings, dreamed and read off real frames, over windows that stand for all starts of a recording:
//! whether rewards are explained, and whether a hazard of ending is a probability.

mod events;
mod observed;

use std::sync::Arc;

use burn::tensor::Device;
use dreamlane_core::{Error, Result, Seed, WorldModel};
use serde::{Deserialize, Serialize};

use crate::{
    Case, Clusters, Interval,
    bootstrap::bootstrap,
    case::Layout,
    driver::Progress,
    statistics::{Forecast, r2},
    tile::{Kept, Start, TILE, Told, dream_all},
};
pub use events::EventScore;
use events::event_score;

/// A recorded stretch of a fixed number of steps, or fewer where the task ended before.
#[derive(Clone, Debug, PartialEq)]
pub struct OutcomeWindow {
    /// The stretch; `ended` says whether the task ended with its last frame.
    pub case: Case,
    /// For how many starts of the recording it stands, so that rare endings may be drawn more often.
    pub weight: f64,
}

/// How to judge outcomes.
#[derive(Clone, Debug)]
pub struct OutcomeSettings {
    /// Steps of a window whose task does not end.
    pub steps: usize,
    /// Noise of the dreams and resampling follow from it.
    pub seed: Seed,
    /// Where the world computes.
    pub device: Device,
}

/// Endings at one horizon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HorizonEndings {
    /// Steps after the context's last frame.
    pub horizon: usize,
    /// That the task ends within so many steps: 1 - product of (1 - hazard).
    pub within: EventScore,
    /// That it ends with exactly that step: dreamed, from the start; on real frames, where it has not ended before.
    pub exactly: EventScore,
}

/// Rewards and endings as the world says them of one kind of latents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutcomesOn {
    /// Share of the variance of rewards, over all steps of all windows, that is explained.
    pub reward_r2: Option<Interval>,
    /// Endings per horizon, ascending.
    pub endings: Vec<HorizonEndings>,
}

/// Rewards and endings of a world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutcomeReport {
    /// Steps of a window.
    pub steps: usize,
    /// Windows.
    pub windows: usize,
    /// Windows in which the task ended.
    pub ended: usize,
    /// Starts of the recording for which they stand.
    pub starts: f64,
    /// On generated latents.
    pub dreamed: OutcomesOn,
    /// On latents of recorded frames; absent in reports of old.
    #[serde(default)]
    pub real: Option<OutcomesOn>,
}

/// What happened in a window and what was said of it.
struct Judged {
    place: (usize, usize),
    weight: f64,
    rewards: Vec<f32>,
    /// The step with which the task ended.
    ended_at: Option<usize>,
    dreamed: Told,
    real: Told,
}

/// Judges what `world` says of rewards and endings in the windows, which are taken a tile at a time and not kept;
/// none where it says nothing of them. `total` is how many windows are to come.
///
/// # Errors
/// When a window does not fit the world, or is short although its task did not end.
pub fn outcomes(
    world: &Arc<dyn WorldModel>,
    windows: &mut dyn Iterator<Item = OutcomeWindow>,
    total: usize,
    settings: &OutcomeSettings,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Option<OutcomeReport>> {
    if !world.spec().rewards {
        return Ok(None);
    }
    let mut judged = Vec::with_capacity(total);
    loop {
        let tile: Vec<OutcomeWindow> = (&mut *windows).take(TILE).collect();
        if tile.is_empty() {
            break;
        }
        judged.extend(judge(world, tile, judged.len(), settings)?);
        progress(&Progress { stage: "rewards and endings".to_owned(), done: judged.len(), total });
    }
    if judged.is_empty() {
        return Err(Error::Invalid("there are no windows to judge rewards and endings in".to_owned()));
    }
    let clusters = Clusters::of_places(&judged.iter().map(|one| one.place).collect::<Vec<_>>());
    let on = |which: fn(&Judged) -> &Told, alive: fn(&[f32], usize) -> f64| {
        outcomes_on(&judged, &clusters, settings, which, alive)
    };
    Ok(Some(OutcomeReport {
        steps: settings.steps,
        windows: judged.len(),
        ended: judged.iter().filter(|one| one.ended_at.is_some()).count(),
        starts: judged.iter().map(|one| one.weight).sum(),
        // A dream says beforehand with which step it ends; whoever sees the frames knows that it has not yet.
        dreamed: on(|one| &one.dreamed, survival),
        real: Some(on(|one| &one.real, |_, _| 1.0)),
    }))
}

/// The chance that the task has not ended after so many steps.
fn survival(hazards: &[f32], steps: usize) -> f64 {
    let steps = steps.min(hazards.len());
    hazards[..steps].iter().map(|&hazard| 1.0 - f64::from(hazard).clamp(0.0, 1.0)).product()
}

fn judge(
    world: &Arc<dyn WorldModel>,
    tile: Vec<OutcomeWindow>,
    first: usize,
    settings: &OutcomeSettings,
) -> Result<Vec<Judged>> {
    let layouts = tile
        .iter()
        .map(|window| Layout::of(world.spec(), std::slice::from_ref(&window.case)))
        .collect::<Result<Vec<_>>>()?;
    for (window, layout) in tile.iter().zip(&layouts) {
        let (case, recorded) = (&window.case, layout.horizon);
        if recorded > settings.steps || (recorded < settings.steps && !case.ended) || !layout.rewards {
            let wanted = format!("{} frames, or fewer up to an ending, with their rewards", settings.steps);
            return Err(Error::mismatch(&case.context.source, "window", wanted, recorded));
        }
    }
    let seed = |idx: usize| settings.seed.split(0).split((first + idx) as u64);
    let actions = |window: &OutcomeWindow, width: usize| {
        let own = &window.case.actions;
        let missing = (settings.steps * width - own.len()) / width;
        // What was done after an ending decides nothing, but a dream wants an action for every step.
        [own.clone(), own[own.len() - width..].repeat(missing)].concat()
    };
    let padded: Vec<Vec<f32>> =
        tile.iter().zip(&layouts).map(|(window, layout)| actions(window, layout.action_width)).collect();
    let starts: Vec<Start<'_>> = (tile.iter().zip(&padded).enumerate())
        .map(|(idx, (window, actions))| Start { context: &window.case.context, actions, seed: seed(idx) })
        .collect();
    let kept = Kept { steps: &[], until: settings.steps };
    let dreamed = dream_all(world, &layouts[0], &starts, &kept, &settings.device)?;
    let real = observed::observe_all(world, &layouts, &tile, &starts, settings)?;
    let both = tile.into_iter().zip(layouts).zip(dreamed.into_iter().zip(real));
    Ok(both
        .map(|((window, layout), (dreamed, real))| Judged {
            place: (window.case.run, window.case.frame),
            weight: window.weight,
            ended_at: window.case.ended.then_some(layout.horizon),
            rewards: window.case.rewards,
            dreamed,
            real,
        })
        .collect())
}

/// `alive` gives the chance, as far as is known, that the task goes on before a step.
fn outcomes_on(
    judged: &[Judged],
    clusters: &Clusters,
    settings: &OutcomeSettings,
    which: fn(&Judged) -> &Told,
    alive: fn(&[f32], usize) -> f64,
) -> OutcomesOn {
    let seed = settings.seed.split(1);
    let reward_r2 = bootstrap(clusters, seed, &|cases: &[usize]| {
        let of_case = |&case_idx: &usize| {
            let one = &judged[case_idx];
            let pairs = which(one).rewards.iter().zip(&one.rewards);
            let forecast = |(&said, &came): (&f32, &f32)| Forecast {
                said: f64::from(said),
                came: f64::from(came),
                weight: one.weight,
            };
            pairs.map(forecast).collect::<Vec<_>>()
        };
        r2(&cases.iter().flat_map(of_case).collect::<Vec<_>>())
    });
    let endings = |horizon: usize| {
        let event = |one: &Judged, score: f64, happened: bool| {
            Some(crate::Scored { score, happened, weight: one.weight })
        };
        let within = |one: &Judged| {
            let happened = one.ended_at.is_some_and(|step| step <= horizon);
            event(one, 1.0 - survival(&which(one).endings, horizon), happened)
        };
        let exactly = |one: &Judged| {
            let hazards = &which(one).endings;
            let hazard = f64::from(*hazards.get(horizon - 1)?).clamp(0.0, 1.0);
            event(one, hazard * alive(hazards, horizon - 1), one.ended_at == Some(horizon))
        };
        HorizonEndings {
            horizon,
            within: event_score(judged.iter().map(within).collect(), clusters, seed),
            exactly: event_score(judged.iter().map(exactly).collect(), clusters, seed),
        }
    };
    OutcomesOn { reward_r2, endings: (1..=settings.steps).map(endings).collect() }
}
