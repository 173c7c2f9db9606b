//! Whether long dreams still look like the recording: the Fréchet distance between dreamed and recorded frames, many
//! steps in, on fixed random features.
//!
//! The runs are dealt into two halves. Dreams that begin in one half are held against recorded frames of the other,
//! both ways, so that no frame is held against itself; recorded frames held against the other half in the same number
//! say how large the distance is where nothing drifts.

pub(crate) mod features;
pub(crate) mod frechet;
pub(crate) mod halves;

use std::sync::Arc;

use burn::tensor::Device;
use dreamlane_core::{Error, LaneMask, Policy, Result, Seed, WorldModel};
use serde::{Deserialize, Serialize};

use crate::{
    Case, Interval,
    case::Layout,
    driver::Progress,
    tile::{Frames, Start, TILE, dream, image_bytes},
    wheel::Wheel,
};
use features::{FEATURES, FeatureMap};
use halves::Halves;

/// Frames of one dream that count at a step: the frame itself and those 3, 6 and 9 steps before it, for neighbours
/// are nearly the same picture.
pub(crate) const OFFSETS: [usize; 4] = [9, 6, 3, 0];

/// How to measure drift.
#[derive(Clone, Debug)]
pub struct DriftSettings {
    /// Steps after the context at which dreams are looked at, ascending, at least 10. They may lie beyond the
    /// recorded stretch: where nobody drives, its actions are then played backwards, forwards again, and so on, so
    /// that no command jumps.
    pub steps: Vec<usize>,
    /// Dreams, at least 4; the cases are gone through again where they are fewer.
    pub dreams: usize,
    /// Noise of the dreams, choice of recorded frames and resampling follow from it.
    pub seed: Seed,
    /// Where the world computes.
    pub device: Device,
}

/// The distance at one step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DriftScore {
    /// Steps after the context's last frame.
    pub step: usize,
    /// Fréchet distance to the recording; its scale is that of the fixed features, the same in every report.
    pub distance: Interval,
}

/// How far the dreams of one world drift.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorldDrift {
    /// Its name.
    pub name: String,
    /// Per step, ascending.
    pub steps: Vec<DriftScore>,
    /// The distance at the last step as a multiple of that at the first; absent where the first is 0 or there is but
    /// one step.
    #[serde(default)]
    pub ratio: Option<Interval>,
}

/// Drift of a world and of those beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DriftReport {
    /// Features per picture.
    pub features: usize,
    /// Dreams per world.
    pub dreams: usize,
    /// Frames per world and step, both halves together.
    pub frames: usize,
    /// Recorded frames that they are held against, both halves together.
    pub reference_frames: usize,
    /// Who drove the judged world; recorded actions where nobody did, and in the worlds beside it.
    #[serde(default)]
    pub driver: Option<String>,
    /// Recorded steps after each context; from there on recorded actions are played again.
    pub recorded_steps: usize,
    /// Recorded frames in the place of the dreamed ones: what a perfect world would have.
    pub floor: Interval,
    /// The world that was judged.
    pub judged: WorldDrift,
    /// The worlds beside it. A still picture is a recorded one and never drifts; that is no merit.
    pub opponents: Vec<WorldDrift>,
}

/// Measures how far dreams of `world`, and of the named opponents, drift from the recording. Recorded actions are played,
/// or `driver` acts in the dreams of `world`, by name and policy.
///
/// # Errors
/// [`Error::Invalid`] when the cases are too few or too short or the settings do not fit, others when the cases do
/// not fit the world or it does not draw, and those of the driver.
pub fn drift(
    world: &Arc<dyn WorldModel>,
    opponents: &[(&str, Arc<dyn WorldModel>)],
    cases: &[Case],
    settings: &DriftSettings,
    mut driver: Option<(&str, &mut dyn Policy)>,
    progress: &mut dyn FnMut(&Progress),
) -> Result<DriftReport> {
    let layout = Layout::of(world.spec(), cases)?;
    settings.check(&layout)?;
    let map = FeatureMap::new();
    let halves = Halves::of(&layout, cases, settings, &map)?;
    let total = 1 + opponents.len();
    let mut done = 0;
    let mut measure = |name: &str, frames: &Frames| -> Result<WorldDrift> {
        let drift = world_drift(name, frames, &layout, settings, &map, &halves)?;
        done += 1;
        progress(&Progress { stage: format!("drift of {name}"), done, total });
        Ok(drift)
    };
    let named = driver.as_ref().map(|(name, _)| (*name).to_owned());
    let frames = match &mut driver {
        Some((_, policy)) => driven(world, &layout, cases, settings, *policy)?,
        None => dreams(world, &layout, cases, settings)?,
    };
    let judged = measure(&world.spec().world, &frames)?;
    let opponents = (opponents.iter())
        .map(|(name, opponent)| measure(name, &dreams(opponent, &layout, cases, settings)?))
        .collect::<Result<Vec<_>>>()?;
    Ok(DriftReport {
        features: FEATURES,
        dreams: settings.dreams,
        frames: settings.dreams * OFFSETS.len(),
        reference_frames: halves.reference_frames(),
        driver: named,
        recorded_steps: layout.horizon,
        floor: halves.floor(settings.seed.split(2))?,
        judged,
        opponents,
    })
}

impl DriftSettings {
    fn check(&self, layout: &Layout) -> Result<()> {
        let least = OFFSETS[0] + 1;
        if !self.steps.is_sorted_by(|a, b| a < b) || self.steps.first().is_none_or(|&first| first < least) {
            return Err(Error::Invalid(format!(
                "steps of drift must ascend from at least {least}, found {:?}",
                self.steps
            )));
        }
        if layout.horizon < least || self.dreams < 4 {
            return Err(Error::Invalid(format!(
                "drift needs {least} recorded frames after each context and 4 dreams, found {} and {}",
                layout.horizon, self.dreams
            )));
        }
        Ok(())
    }
}

/// The distance at each step; `frames` is `[dream][step and offset]`.
fn world_drift(
    name: &str,
    frames: &Frames,
    layout: &Layout,
    settings: &DriftSettings,
    map: &FeatureMap,
    halves: &Halves,
) -> Result<WorldDrift> {
    let wanted = looked_at(&settings.steps);
    let features_at = |step: usize| -> Vec<Vec<Vec<f64>>> {
        let places: Vec<usize> =
            OFFSETS.iter().filter_map(|back| wanted.binary_search(&(step - back)).ok()).collect();
        let of_dream =
            |dream: &Vec<Vec<u8>>| places.iter().map(|&place| map.of(&dream[place], layout.width)).collect();
        frames.iter().map(of_dream).collect()
    };
    let features: Vec<Vec<Vec<Vec<f64>>>> = settings.steps.iter().map(|&step| features_at(step)).collect();
    let seed = settings.seed.split(3);
    let score = |(&step, features): (&usize, &Vec<Vec<Vec<f64>>>)| {
        Ok(DriftScore { step, distance: halves.distance(features, seed)? })
    };
    let steps = settings.steps.iter().zip(&features).map(score).collect::<Result<Vec<_>>>()?;
    let ratio = match (features.as_slice(), steps.as_slice()) {
        ([early, .., late], [first, ..]) if first.distance.value > 0.0 => {
            Some(halves.ratio([late, early], seed)?)
        }
        _ => None,
    };
    Ok(WorldDrift { name: name.to_owned(), steps, ratio })
}

/// All steps whose frames are kept, ascending.
fn looked_at(steps: &[usize]) -> Vec<usize> {
    let all: std::collections::BTreeSet<usize> =
        steps.iter().flat_map(|step| OFFSETS.map(|back| step - back)).collect();
    all.into_iter().collect()
}

/// Frames `[dream][step and offset]` of dreams under recorded actions.
fn dreams(
    world: &Arc<dyn WorldModel>,
    layout: &Layout,
    cases: &[Case],
    settings: &DriftSettings,
) -> Result<Frames> {
    let furthest = settings.steps.last().copied().unwrap_or(0);
    let actions: Vec<Vec<f32>> =
        cases.iter().map(|case| there_and_back(&case.actions, layout.action_width, furthest)).collect();
    let start = |idx: usize| Start {
        context: &cases[idx % cases.len()].context,
        actions: &actions[idx % cases.len()],
        seed: settings.seed.split(0).split(idx as u64),
    };
    let starts: Vec<Start<'_>> = (0..settings.dreams).map(start).collect();
    dream(world, layout, &starts, &looked_at(&settings.steps), &settings.device)
}

/// Frames `[dream][step and offset]` of dreams that a policy drives.
fn driven(
    world: &Arc<dyn WorldModel>,
    layout: &Layout,
    cases: &[Case],
    settings: &DriftSettings,
    policy: &mut dyn Policy,
) -> Result<Frames> {
    let wanted = looked_at(&settings.steps);
    let mut frames = vec![Vec::with_capacity(wanted.len()); settings.dreams];
    for tile in (0..settings.dreams).collect::<Vec<_>>().chunks(TILE) {
        let contexts: Vec<_> = tile.iter().map(|idx| cases[idx % cases.len()].context.clone()).collect();
        let of = |stream: u64| -> Vec<Seed> {
            tile.iter().map(|&idx| settings.seed.split(stream).split(idx as u64)).collect()
        };
        let mut dream = Arc::clone(world).imagine(&contexts, &of(0))?;
        let mut wheel = Wheel::new(&mut *policy, of(4), &settings.device);
        let mut shown = world.decode(dream.latents());
        for step in 1..=settings.steps.last().copied().unwrap_or(0) {
            let actions = wheel.act(shown)?;
            shown = world.decode(dream.step(&actions, &LaneMask::all(tile.len())).latent);
            if wanted.binary_search(&step).is_ok() {
                let bytes = image_bytes(shown.images[0].clone());
                let pictures = bytes.chunks(layout.frame_len());
                tile.iter().zip(pictures).for_each(|(&idx, picture)| frames[idx].push(picture.to_vec()));
            }
        }
    }
    Ok(frames)
}

/// `steps` rows: those of `actions` forwards, then backwards, and so on.
fn there_and_back(actions: &[f32], width: usize, steps: usize) -> Vec<f32> {
    let rows = actions.len() / width;
    let row = |step: usize| {
        let place = step % (2 * rows);
        let row = if place < rows { place } else { 2 * rows - 1 - place };
        &actions[row * width..(row + 1) * width]
    };
    (0..steps).flat_map(row).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_beyond_the_recording_turn_back_without_a_jump() {
        assert_eq!(there_and_back(&[1.0, 2.0, 3.0], 1, 8), [1.0, 2.0, 3.0, 3.0, 2.0, 1.0, 1.0, 2.0]);
        assert_eq!(there_and_back(&[1.0, 10.0, 2.0, 20.0], 2, 3), [1.0, 10.0, 2.0, 20.0, 2.0, 20.0]);
    }

    #[test]
    fn frames_shared_by_two_steps_are_kept_once() {
        assert_eq!(looked_at(&[10, 13]), [1, 4, 7, 10, 13]);
    }
}
