//! Causal confusion: what a dream makes of the other cars when only the ego's action changes.
//!
//! The truth says what they do: those ahead do not look back, those behind brake for who brakes. For a car, its change
//! is that between braking (or accelerating) and keeping the speed, from one state with one noise. Places and speeds in
//! the state vector are seen from the ego, so the ego's own are added: that the ego moved is not that they moved.

use serde::{Deserialize, Serialize};

use super::{Branch, Branches, Judging, branches::Act, features::Shown};
use crate::{Interval, bootstrap};

/// Cars ahead and behind, in the ego's own road lane and in those beside it.
const AHEAD: [&str; 3] = ["ahead", "left_ahead", "right_ahead"];
const BEHIND: [&str; 3] = ["behind", "left_behind", "right_behind"];

/// A car reacts where the truth changes its speed by more than this.
pub const REACTS_MPS: f64 = 0.5;

/// A place in the state vector shows another car where it jumps by more than this beside what its speed explains.
const JUMP_M: f64 = 2.0;

/// One car at one horizon: how its speed and place change, in the truth and in the dream.
#[derive(Clone, Copy, Debug)]
struct Change {
    is_ahead: bool,
    truth: [f64; 2],
    /// None where the dream lost the car.
    dream: Option<[f64; 2]>,
}

/// All changes of one case, by horizon from 1.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen(Vec<Vec<Change>>);

/// How far the dreamed change of cars is from the true one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confusion {
    /// Cars, counted once for braking and once for accelerating.
    pub cars: usize,
    /// Part of them that the dream no longer shows; they are left out of what follows.
    pub lost: f64,
    /// The causal confusion index of speeds: mean |change in the dream - change in the truth|.
    pub speed_mps: Interval,
    /// Of places along the road.
    pub forward_m: Interval,
    /// Mean |change in the truth|, beside which the index is read.
    pub truth_speed_mps: f64,
    /// Of places along the road.
    pub truth_forward_m: f64,
}

/// How strongly cars react that do in the truth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reaction {
    /// Cars whose speed the truth changes by more than [`REACTS_MPS`].
    pub cars: usize,
    /// The dreamed change along the true one, divided by it; 1 at best, 0 for a world in which nobody reacts.
    pub ratio: Interval,
    /// Mean |change in the truth|.
    pub truth_speed_mps: f64,
}

/// Other cars at one horizon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OthersScore {
    /// Steps that the changed action was held.
    pub horizon: usize,
    /// Cars ahead, which do not look back.
    pub ahead: Option<Confusion>,
    /// Cars behind.
    pub behind: Option<Confusion>,
    /// Cars behind that react in the truth.
    pub reaction: Option<Reaction>,
}

/// A car's speed and place along the road, from where the ego was at the context's last frame.
type Motion = [f64; 2];

/// The changes of every case; nothing where the world shows no state.
pub(super) fn seen(judging: &Judging<'_>, dreamed: &[Branches], shown: &Shown) -> Vec<Seen> {
    if *shown == Shown::PicturesOnly {
        return Vec::new();
    }
    let of_case = |case_idx: usize| {
        let (truth, dream) = (&judging.truth[case_idx], &dreamed[case_idx]);
        let mut by_horizon = vec![Vec::new(); judging.settings.following];
        for (slots, is_ahead) in [(AHEAD, true), (BEHIND, false)] {
            for slot in slots {
                let moved =
                    |branches: &Branches, act: Act| motions(judging, case_idx, &branches[act.idx()], slot);
                let kept = [moved(truth, Act::Keep), moved(dream, Act::Keep)];
                let kept = [followed(judging, &kept[0]), kept[1].clone()];
                for act in [Act::Brake, Act::Accelerate] {
                    let [true_one, dream_one] = [followed(judging, &moved(truth, act)), moved(dream, act)];
                    for (idx, changes) in by_horizon.iter_mut().enumerate() {
                        let change = |one: &[Option<Motion>], kept: &[Option<Motion>]| {
                            let (one, kept) = (one.get(idx + 1).copied()??, kept.get(idx + 1).copied()??);
                            Some([one[0] - kept[0], one[1] - kept[1]])
                        };
                        if let Some(truth) = change(&true_one, &kept[0]) {
                            changes.push(Change { is_ahead, truth, dream: change(&dream_one, &kept[1]) });
                        }
                    }
                }
            }
        }
        Seen(by_horizon)
    };
    (0..judging.cases.len()).map(of_case).collect()
}

/// The car of a slot at every step, the context's last frame first; none where it is not shown.
fn motions(judging: &Judging<'_>, case_idx: usize, branch: &Branch, slot: &str) -> Vec<Option<Motion>> {
    let features = judging.features;
    let of = |name: &str| features.find(&format!("{slot}.{name}"));
    let (Some(present), Some(forward), Some(faster), Some(own)) =
        (of("present"), of("forward"), of("faster"), features.find("ego.speed"))
    else {
        return Vec::new();
    };
    let Some(start) = features.last(&judging.cases[case_idx]) else { return Vec::new() };
    let (mut driven_m, mut before_mps) = (0.0, own.of(start));
    let states = std::iter::once(start).chain(branch.states.iter().map(Vec::as_slice));
    let motion = |(step, state): (usize, &[f32])| {
        let own_mps = own.of(state);
        if step > 0 {
            driven_m += 0.5 * (before_mps + own_mps) * features.step_secs;
        }
        before_mps = own_mps;
        (present.of(state) > 0.5).then(|| [own_mps + faster.of(state), driven_m + forward.of(state)])
    };
    states.enumerate().map(motion).collect()
}

/// The same up to where the slot shows another car than at first.
fn followed(judging: &Judging<'_>, motions: &[Option<Motion>]) -> Vec<Option<Motion>> {
    let mut kept: Vec<Option<Motion>> = Vec::with_capacity(motions.len());
    for motion in motions {
        let is_same = match (kept.last().copied(), motion) {
            (None, Some(_)) => true,
            (Some(Some([before_mps, before_m])), Some([now_mps, now_m])) => {
                let expected_m = before_m + 0.5 * (before_mps + now_mps) * judging.features.step_secs;
                (now_m - expected_m).abs() < JUMP_M
            }
            _ => false,
        };
        kept.push(motion.filter(|_| is_same));
    }
    kept
}

/// Figures at every horizon up to the settings'; none where the world shows no state.
pub(super) fn scores(judging: &Judging<'_>, seen: &[Seen]) -> Vec<OthersScore> {
    if seen.is_empty() {
        return Vec::new();
    }
    let score = |horizon: usize| OthersScore {
        horizon,
        ahead: confusion(judging, seen, horizon, true),
        behind: confusion(judging, seen, horizon, false),
        reaction: reaction(judging, seen, horizon),
    };
    (1..=judging.settings.following).map(score).collect()
}

/// The index of cars ahead, by speed, of one world divided by that of another, over the same cases.
pub(super) fn ratios(judging: &Judging<'_>, one: &[Seen], other: &[Seen]) -> Vec<Option<Interval>> {
    if one.is_empty() || other.is_empty() {
        return Vec::new();
    }
    let ratio = |horizon: usize| {
        bootstrap(judging.clusters, judging.settings.seed.split(5), &|drawn: &[usize]| {
            let beside = index(other, drawn, horizon, true, 0)?;
            (beside > 0.0).then(|| index(one, drawn, horizon, true, 0).map(|index| index / beside))?
        })
    };
    (1..=judging.settings.following).map(ratio).collect()
}

fn changes<'a>(
    seen: &'a [Seen],
    drawn: &'a [usize],
    horizon: usize,
    is_ahead: bool,
) -> impl Iterator<Item = &'a Change> {
    let all = drawn.iter().flat_map(move |&idx| &seen[idx].0[horizon - 1]);
    all.filter(move |change| change.is_ahead == is_ahead)
}

/// Mean |change in the dream - change in the truth| of one number of those that the dream shows.
fn index(seen: &[Seen], drawn: &[usize], horizon: usize, is_ahead: bool, number: usize) -> Option<f64> {
    mean(changes(seen, drawn, horizon, is_ahead).filter_map(|change| {
        let dream = change.dream?;
        Some((dream[number] - change.truth[number]).abs())
    }))
}

fn mean(numbers: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = numbers.fold((0.0, 0.0), |(sum, count), number| (sum + number, count + 1.0));
    (count > 0.0).then(|| sum / count)
}

fn confusion(judging: &Judging<'_>, seen: &[Seen], horizon: usize, is_ahead: bool) -> Option<Confusion> {
    let everything = judging.clusters.members.concat();
    let all = || changes(seen, &everything, horizon, is_ahead);
    let over = |number: usize| {
        bootstrap(judging.clusters, judging.settings.seed.split(5), &|drawn: &[usize]| {
            index(seen, drawn, horizon, is_ahead, number)
        })
    };
    Some(Confusion {
        cars: all().count(),
        lost: mean(all().map(|change| f64::from(u8::from(change.dream.is_none()))))?,
        speed_mps: over(0)?,
        forward_m: over(1)?,
        truth_speed_mps: mean(all().map(|change| change.truth[0].abs()))?,
        truth_forward_m: mean(all().map(|change| change.truth[1].abs()))?,
    })
}

fn reaction(judging: &Judging<'_>, seen: &[Seen], horizon: usize) -> Option<Reaction> {
    let reacting = |change: &&Change| change.truth[0].abs() > REACTS_MPS && change.dream.is_some();
    let everything = judging.clusters.members.concat();
    let all = || changes(seen, &everything, horizon, false).filter(reacting);
    let ratio = bootstrap(judging.clusters, judging.settings.seed.split(5), &|drawn: &[usize]| {
        let (mut along, mut size) = (0.0, 0.0);
        for change in changes(seen, drawn, horizon, false).filter(reacting) {
            along += change.dream?[0] * change.truth[0].signum();
            size += change.truth[0].abs();
        }
        (size > 0.0).then(|| along / size)
    })?;
    Some(Reaction {
        cars: all().count(),
        ratio,
        truth_speed_mps: mean(all().map(|change| change.truth[0].abs()))?,
    })
}
