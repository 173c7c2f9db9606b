//! Whether a dream heeds its actions: how much nearer the recording it comes with the recorded actions than with
//! those of another run, from the same context with the same noise.

use dreamlane_core::{Result, Seed};
use serde::{Deserialize, Serialize};

use crate::{
    Case, Interval,
    bootstrap::bootstrap,
    driver::Judging,
    fidelity::Dreamed,
    pixels::{floats, frame_error, psnr_db},
    statistics::Tally,
    tile::{Start, TILE, dream},
};

/// Frames with more steering than this, either way, are judged: most recorded commands are near 0,
/// and there no world can show that it listens.
pub const STEERED: f32 = 0.3;

/// How far back the second choice of frames looks: a physical car's picture follows 3 to 4 frames late.
const DELAY_FRAMES: usize = 4;

/// The action gap at one horizon: PSNR with the recorded actions minus PSNR with foreign ones, in dB, each of the
/// mean squared error over the chosen frames; absent where no frame is chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionGap {
    /// Steps after the context's last frame.
    pub horizon: usize,
    /// On frames whose own action, the last one given before the frame, steers by more than [`STEERED`].
    pub gap_db: Option<Interval>,
    /// Number of those frames.
    pub frames: usize,
    /// On frames with more than [`STEERED`] anywhere in the four actions before them.
    pub delayed_gap_db: Option<Interval>,
    /// Number of those frames.
    pub delayed_frames: usize,
}

/// Dreams every case again under foreign actions and compares. `done` hears how many cases are through.
pub(crate) fn action_gaps(
    judging: &Judging<'_>,
    dreamed: &Dreamed,
    column: usize,
    done: &mut dyn FnMut(usize),
) -> Result<Vec<ActionGap>> {
    let Judging { layout, cases, clusters, settings, .. } = *judging;
    let foreign = foreign_errors(judging, done)?;
    let gap_at = |(idx, &horizon): (usize, &usize)| {
        let steered = |case: &Case, back: usize| {
            (1..=back).any(|back| {
                let steering = layout.action(case, horizon as isize - back as isize, column);
                steering.is_some_and(|steering| steering.abs() > STEERED)
            })
        };
        let over = |back: usize| {
            let chosen: Vec<bool> = cases.iter().map(|case| steered(case, back)).collect();
            let gap = bootstrap(clusters, settings.seed.split(3), &|drawn: &[usize]| {
                let (mut own, mut other) = (Tally::default(), Tally::default());
                for &case_idx in drawn.iter().filter(|&&case_idx| chosen[case_idx]) {
                    own.add(dreamed.errors[case_idx][idx].one.all);
                    other.add(foreign[case_idx][idx]);
                }
                Some(psnr_db(own.mean()?) - psnr_db(other.mean()?))
            });
            (gap, chosen.iter().filter(|&&chosen| chosen).count())
        };
        let ((gap_db, frames), (delayed_gap_db, delayed_frames)) = (over(1), over(DELAY_FRAMES));
        ActionGap { horizon, gap_db, frames, delayed_gap_db, delayed_frames }
    };
    Ok(settings.horizons.iter().enumerate().map(gap_at).collect())
}

/// Errors `[case][horizon]` of dreams under another case's actions.
fn foreign_errors(judging: &Judging<'_>, done: &mut dyn FnMut(usize)) -> Result<Vec<Vec<Tally>>> {
    let Judging { world, layout, cases, settings, .. } = *judging;
    let mut errors = Vec::with_capacity(cases.len());
    for (chunk_idx, chunk) in cases.chunks(TILE).enumerate() {
        let start = |(idx, case)| {
            let case_idx = chunk_idx * TILE + idx;
            let donor = &cases[donor(cases, case_idx, settings.seed.split(4).split(case_idx as u64))];
            let case: &Case = case;
            Start { context: &case.context, actions: &donor.actions, seed: settings.noise(case_idx, 0) }
        };
        let starts: Vec<Start<'_>> = chunk.iter().enumerate().map(start).collect();
        let frames = dream(world, layout, &starts, &settings.horizons, &settings.device)?;
        for (case, frames) in chunk.iter().zip(&frames) {
            let last = layout.recorded(case, 0);
            let error = |(frame, &horizon): (&Vec<u8>, &usize)| {
                frame_error(&floats(frame), layout.recorded(case, horizon), last).all
            };
            errors.push(frames.iter().zip(&settings.horizons).map(error).collect());
        }
        done(errors.len());
    }
    Ok(errors)
}

/// A case of another run or, where there is but one run, any other case.
fn donor(cases: &[Case], case_idx: usize, seed: Seed) -> usize {
    let run = cases[case_idx].run;
    let elsewhere: Vec<usize> = (0..cases.len()).filter(|&idx| cases[idx].run != run).collect();
    if elsewhere.is_empty() {
        let step = 1 + seed.below(cases.len().max(2) - 1);
        return (case_idx + step) % cases.len();
    }
    elsewhere[seed.below(elsewhere.len())]
}
