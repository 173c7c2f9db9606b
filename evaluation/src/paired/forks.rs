//! Whether a dream still heeds its actions after many steps, where no truth is left to compare with: two forks must part
//! in the direction of their actions.

use std::sync::Arc;

use dreamlane_core::{Imagination, LaneMask, Policy, Result, WorldModel};
use serde::{Deserialize, Serialize};

use super::{
    Branch, Judging,
    branches::Act,
    dreams::{actions, begun, drawn},
    driving::seen,
    features::Shown,
    prediction::last_frame,
};
use crate::{Interval, bootstrap, horizontal_shift, tile::TILE, wheel::Wheel};

/// Forks of each dream.
const FORKED: [Act; 4] = [Act::Left, Act::Right, Act::Brake, Act::Accelerate];

/// How often two forks part in the direction of their actions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Directed {
    /// What is compared.
    pub by: String,
    /// Pairs of forks.
    pub cases: usize,
    /// Part of them that part in the right direction; none at all counts half.
    pub following: Interval,
    /// Mean difference in the right direction, in the unit of what is compared.
    pub difference: f64,
}

/// Forks at one step of long dreams.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForkScore {
    /// Steps that were dreamed before the fork; 0 is the context's last frame.
    pub step: usize,
    /// Steps that the changed action was held.
    pub horizon: usize,
    /// Left against right.
    pub steering: Option<Directed>,
    /// Accelerating against braking; absent where the world shows no speed.
    pub acceleration: Option<Directed>,
}

/// What a fork ends with.
#[derive(Clone, Copy, Debug, Default)]
struct End {
    speed_mps: Option<f64>,
    /// Place across the road, or where it is not shown how far things moved to the right.
    sideways: f64,
}

/// Dreams as far as the last fork, endings ignored, and forks on the way.
pub(super) fn fork_scores(
    judging: &Judging<'_>,
    world: &Arc<dyn WorldModel>,
    shown: &Shown,
    policy: &mut dyn Policy,
    done: &mut dyn FnMut(usize),
) -> Result<Vec<ForkScore>> {
    let forks = &judging.settings.forks;
    // `[fork][case][act]`.
    let mut ends: Vec<Vec<[End; 4]>> = vec![Vec::new(); forks.len()];
    let indices: Vec<usize> = (0..judging.cases.len()).collect();
    for chunk in indices.chunks(TILE / FORKED.len()).filter(|_| !forks.is_empty()) {
        let mut dream = begun(judging, world, chunk)?;
        let seeds = chunk.iter().map(|&idx| judging.settings.seed.split(7).split(idx as u64)).collect();
        let mut wheel = Wheel::new(&mut *policy, seeds, &judging.settings.device);
        let mut step = 0;
        // What is done at the fork but for what is changed: what was recorded there, later on the last action.
        let mut own: Vec<Vec<f32>> =
            chunk.iter().map(|&case_idx| played(judging, case_idx, 1).to_vec()).collect();
        for (place, &fork) in forks.iter().enumerate() {
            while step < fork {
                step += 1;
                let done = match shown {
                    Shown::State => wheel.act(world.decode(dream.latents()))?,
                    Shown::PicturesOnly => {
                        let rows = chunk.iter().map(|&case_idx| Some(played(judging, case_idx, step)));
                        actions(rows, judging.plans.width, judging)
                    }
                };
                dream.step(&done, &LaneMask::all(chunk.len()));
                let values: Vec<f32> = done.values.to_data().iter().collect();
                own = values.chunks(judging.plans.width).map(<[f32]>::to_vec).collect();
            }
            ends[place].extend(forked(judging, world, shown, dream.as_ref(), &own));
        }
        done(chunk.last().map_or(0, |last| last + 1));
    }
    let score = |(&step, ends): (&usize, &Vec<[End; 4]>)| score(judging, shown, step, ends);
    Ok(forks.iter().zip(&ends).map(score).collect())
}

/// The action of a long dream that nobody drives: recorded ones of one episode after the other, since none lasts that
/// long.
fn played<'a>(judging: &Judging<'a>, case_idx: usize, step: usize) -> &'a [f32] {
    let furthest = judging.settings.furthest();
    let donor = (case_idx + (step - 1) / furthest) % judging.cases.len();
    judging.plans.row(donor, Act::Own, (step - 1) % furthest + 1)
}

/// Forks each dream and holds its `own` action, changed.
fn forked(
    judging: &Judging<'_>,
    world: &Arc<dyn WorldModel>,
    shown: &Shown,
    dream: &dyn Imagination,
    own: &[Vec<f32>],
) -> Vec<[End; 4]> {
    let (following, plans) = (judging.settings.following, judging.plans);
    let lanes: Vec<usize> = (0..own.len() * FORKED.len()).map(|idx| idx / FORKED.len()).collect();
    let mut forks = dream.fork(&lanes, None);
    let planned: Vec<Vec<f32>> = (own.iter())
        .flat_map(|own| {
            let own = own.repeat(following);
            FORKED.map(|act| plans.changed(&own, act).unwrap_or_else(|| own.clone()))
        })
        .collect();
    let mut lives: Vec<Branch> = seen(&world.decode(forks.latents()))
        .into_iter()
        .map(|(frame, state)| Branch { frames: vec![Some(frame)], states: vec![state], trust: Vec::new() })
        .collect();
    let running = LaneMask::all(lanes.len());
    for step in 0..following {
        let rows = planned.iter().map(|row| Some(&row[step * plans.width..(step + 1) * plans.width]));
        let prediction = forks.step(&actions(rows, plans.width, judging), &running);
        for (life, (frame, state)) in lives.iter_mut().zip(drawn(world, &prediction, &running)) {
            life.frames.push(Some(frame));
            life.states.push(state);
        }
    }
    let ends: Vec<End> = lives.iter().map(|life| end(judging, shown, life)).collect();
    ends.as_chunks::<4>().0.to_vec()
}

/// What a branch, its beginning included, ends with.
fn end(judging: &Judging<'_>, shown: &Shown, life: &Branch) -> End {
    let state = life.states.last().filter(|_| *shown == Shown::State);
    let lateral = judging.features.find("ego.lateral").or_else(|| judging.features.find("ego.heading"));
    let shift = || {
        let frames: Vec<&[u8]> = life.frames.iter().flatten().map(Vec::as_slice).collect();
        frames.windows(2).map(|pair| horizontal_shift(pair[0], pair[1], judging.camera.width)).sum()
    };
    End {
        speed_mps: state.and_then(|state| judging.features.speed_mps(state)),
        sideways: match (state, lateral) {
            (Some(state), Some(lateral)) => lateral.of(state),
            _ => shift(),
        },
    }
}

/// The same of the truth, whose branches all begin where dreams do.
pub(super) fn truth_score(judging: &Judging<'_>, shown: &Shown) -> Option<ForkScore> {
    let following = judging.settings.following;
    let ends = (0..judging.cases.len()).map(|case_idx| {
        let ended = |act: Act| {
            let branch = &judging.truth[case_idx][act.idx()];
            let last = judging.features.last(&judging.cases[case_idx]).unwrap_or_default().to_vec();
            let mut life = Branch {
                frames: vec![Some(last_frame(judging, case_idx).to_vec())],
                states: vec![last],
                trust: Vec::new(),
            };
            life.frames.extend(branch.frames.iter().take(following).cloned());
            life.states.extend(branch.states.iter().take(following).cloned());
            (branch.states.len() >= following).then(|| end(judging, shown, &life))
        };
        let ends = FORKED.map(ended);
        // A truth that ended early counts as parting nowhere.
        let whole = ends.iter().all(Option::is_some);
        ends.map(|end| end.filter(|_| whole).unwrap_or_default())
    });
    (!judging.settings.forks.is_empty()).then(|| score(judging, shown, 0, &ends.collect::<Vec<_>>()))
}

fn score(judging: &Judging<'_>, shown: &Shown, step: usize, ends: &[[End; 4]]) -> ForkScore {
    let directed = |by: &str, difference: &dyn Fn(&[End; 4]) -> Option<f64>| {
        let found: Vec<Option<f64>> = ends.iter().map(difference).collect();
        let mean = |drawn: &[usize], of: &dyn Fn(f64) -> f64| {
            let found: Vec<f64> = drawn.iter().filter_map(|&idx| found[idx]).map(of).collect();
            (!found.is_empty()).then(|| found.iter().sum::<f64>() / found.len() as f64)
        };
        let right = |difference: f64| match difference.total_cmp(&0.0) {
            std::cmp::Ordering::Greater => 1.0,
            _ if difference == 0.0 => 0.5,
            _ => 0.0,
        };
        Some(Directed {
            by: by.to_owned(),
            cases: found.iter().flatten().count(),
            following: bootstrap(judging.clusters, judging.settings.seed.split(6), &|drawn: &[usize]| {
                mean(drawn, &right)
            })?,
            difference: mean(&judging.clusters.members.concat(), &|difference| difference)?,
        })
    };
    let sideways = match shown {
        Shown::State => "place across the road, left positive",
        Shown::PicturesOnly => "shift of the picture to the right, in pixels",
    };
    let [left, right, brake, accelerate] = [0, 1, 2, 3];
    ForkScore {
        step,
        horizon: judging.settings.following,
        steering: judging.plans.steering.and_then(|_| {
            directed(sideways, &|ends: &[End; 4]| Some(ends[left].sideways - ends[right].sideways))
        }),
        acceleration: judging.plans.acceleration.and_then(|_| {
            directed("speed in m/s", &|ends: &[End; 4]| {
                Some(ends[accelerate].speed_mps? - ends[brake].speed_mps?)
            })
        }),
    }
}
