//! The truth is driven to where dreams begin, and from there along every branch.

use burn::tensor::{Tensor, TensorData};
use dreamlane_core::{
    Actions, Context, Env, Error, LaneMask, Observation, Policy, Result, RowMask, Seed, Snapshot, Timestep,
};

use super::{
    Branch, Branches, PairedSettings,
    branches::{Act, Plans},
};
use crate::{Case, tile::image_bytes};

/// Dreams begin up to so many steps after the first possible one, so that they do not all begin in the same situation.
const SPREAD_STEPS: usize = 20;

/// How many episodes are tried for each one that is wanted: a bad driver's may be over too soon.
const TRIES: u64 = 6;

/// Episodes of the truth up to where dreams begin, and on under the driver's own actions.
pub(super) struct Driven {
    /// One per episode. `actions` has as many rows as the furthest horizon; `truth` is left to `own`.
    pub(super) cases: Vec<Case>,
    /// Where dreams begin.
    snapshots: Vec<Snapshot>,
    own: Vec<Branch>,
    /// Episodes that were over before a dream could begin.
    pub(super) ended_early: usize,
}

/// What was recorded of one lane.
#[derive(Default)]
struct Tape {
    /// Frames at which the dream begins: its context ends with the last of them.
    begin: usize,
    frames: Vec<Vec<u8>>,
    states: Vec<Vec<f32>>,
    actions: Vec<Vec<f32>>,
    snapshot: Option<Snapshot>,
}

impl Driven {
    /// Plays episodes until enough of them lasted for a context of so many frames.
    pub(super) fn play(
        truth: &mut dyn Env,
        policy: &mut dyn Policy,
        context: usize,
        settings: &PairedSettings,
        done: &mut dyn FnMut(usize),
    ) -> Result<Self> {
        let mut driven = Self { cases: Vec::new(), snapshots: Vec::new(), own: Vec::new(), ended_early: 0 };
        let lanes = truth.spec().lanes as u64;
        let most = TRIES * settings.episodes as u64;
        let mut first = 0;
        while driven.cases.len() < settings.episodes {
            if first >= most {
                return Err(Error::Invalid(format!(
                    "{}: expected {} episodes that last {context} frames and more, found {} among {first}",
                    truth.spec().name,
                    settings.episodes,
                    driven.cases.len()
                )));
            }
            let ids: Vec<u64> = (first..first + lanes).collect();
            let tapes = tapes(truth, policy, &ids, context, settings)?;
            for (id, tape) in ids.into_iter().zip(tapes) {
                if driven.cases.len() < settings.episodes {
                    driven.add(id, tape, context, settings);
                }
            }
            first += lanes;
            done(driven.cases.len());
        }
        Ok(driven)
    }

    fn add(&mut self, id: u64, tape: Tape, context: usize, settings: &PairedSettings) {
        // At least one frame after the context.
        let Some(snapshot) = tape.snapshot.filter(|_| tape.frames.len() > tape.begin) else {
            self.ended_early += 1;
            return;
        };
        let seen = tape.begin - context..tape.begin;
        let mut actions = tape.actions[tape.begin - 1..].to_vec();
        // Where the episode ended early nothing is judged, so any action does.
        let last = actions.last().cloned().unwrap_or_default();
        actions.resize(settings.furthest(), last);
        self.cases.push(Case {
            run: id as usize,
            frame: tape.begin - 1,
            context: Context {
                len: context,
                images: vec![tape.frames[seen.clone()].concat()],
                state: tape.states[seen.clone()].concat(),
                actions: tape.actions[seen].concat(),
                source: format!("episode {id}, frame {}", tape.begin - context),
            },
            actions: actions.concat(),
            truth: Vec::new(),
            state: Vec::new(),
            rewards: Vec::new(),
            ended: false,
        });
        self.snapshots.push(snapshot);
        self.own.push(Branch {
            frames: kept(tape.frames, tape.begin, settings),
            states: tape.states[tape.begin..].to_vec(),
            trust: Vec::new(),
        });
    }
}

/// The frames from `begin` on, those away that no figure asks for.
fn kept(frames: Vec<Vec<u8>>, begin: usize, settings: &PairedSettings) -> Vec<Option<Vec<u8>>> {
    let later = frames.into_iter().skip(begin).enumerate();
    later.map(|(idx, frame)| settings.keeps(idx + 1).then_some(frame)).collect()
}

/// Drives one episode per lane.
fn tapes(
    truth: &mut dyn Env,
    policy: &mut dyn Policy,
    ids: &[u64],
    context: usize,
    settings: &PairedSettings,
) -> Result<Vec<Tape>> {
    let seeds: Vec<Seed> = ids.iter().map(|&id| settings.seed.split(2).split(id)).collect();
    let begin = |seed: &Seed| context + seed.split(2).below(SPREAD_STEPS);
    let mut tapes: Vec<Tape> =
        seeds.iter().map(|seed| Tape { begin: begin(seed), ..Tape::default() }).collect();
    let mut running = LaneMask::all(ids.len());
    let mut now = truth.reset(&running, &seeds.iter().map(|seed| seed.split(0)).collect::<Vec<_>>())?;
    note(&mut tapes, &now, &running);
    for step in 0.. {
        let over = now.finished();
        for (lane, tape) in tapes.iter_mut().enumerate().filter(|(lane, _)| running.get(*lane)) {
            if over.get(lane) || tape.frames.len() == tape.begin + settings.furthest() {
                continue;
            }
            if tape.frames.len() == tape.begin {
                tape.snapshot = Some(truth.snapshot(lane)?);
            }
        }
        let goes_on = |(lane, tape): (usize, &Tape)| {
            running.get(lane) && !over.get(lane) && tape.frames.len() < tape.begin + settings.furthest()
        };
        running = tapes.iter().enumerate().map(goes_on).collect::<Vec<_>>().into();
        if !running.any() {
            return Ok(tapes);
        }
        let chance: Vec<Seed> = seeds.iter().map(|seed| seed.split(1).split(step)).collect();
        let actions = policy.act(&now, &chance)?;
        now = truth.step(&actions, &running)?;
        // Who was given no action drove itself, and is known by what it did.
        let all_given = running.indices().all(|lane| actions.given.get(lane));
        let values = if all_given { actions.values } else { truth.driven()? };
        let width = values.dims()[1];
        let values: Vec<f32> = values.to_data().iter().collect();
        running
            .indices()
            .for_each(|lane| tapes[lane].actions.push(values[lane * width..(lane + 1) * width].to_vec()));
        note(&mut tapes, &now, &running);
    }
    Ok(tapes)
}

/// Adds what the marked lanes see to their tapes.
fn note(tapes: &mut [Tape], now: &Timestep, lanes: &LaneMask) {
    let seen = seen(&now.observation);
    for (lane, (frame, state)) in seen.into_iter().enumerate().filter(|(lane, _)| lanes.get(*lane)) {
        tapes[lane].frames.push(frame);
        tapes[lane].states.push(state);
    }
}

/// Per row the picture of the first camera and the state.
pub(super) fn seen(observation: &Observation) -> Vec<(Vec<u8>, Vec<f32>)> {
    let rows = observation.state.dims()[0];
    let bytes = image_bytes(observation.images[0].clone());
    let state: Vec<f32> = observation.state.to_data().iter().collect();
    let (frame, width) = (bytes.len() / rows, state.len() / rows);
    let row = |row: usize| {
        (bytes[row * frame..(row + 1) * frame].to_vec(), state[row * width..(row + 1) * width].to_vec())
    };
    (0..rows).map(row).collect()
}

/// Every branch of every case, from its snapshot.
pub(super) fn branches(
    truth: &mut dyn Env,
    driven: &Driven,
    plans: &Plans,
    settings: &PairedSettings,
    done: &mut dyn FnMut(usize),
) -> Result<Vec<Branches>> {
    let mut all: Vec<Branches> = driven
        .own
        .iter()
        .map(|own| {
            let mut branches = vec![Branch::default(); Act::ALL.len()];
            branches[Act::Own.idx()] = own.clone();
            branches
        })
        .collect();
    let wanted: Vec<(usize, Act)> = (0..driven.cases.len())
        .flat_map(|case_idx| Act::ALL[1..].iter().map(move |&act| (case_idx, act)))
        .filter(|&(case_idx, act)| plans.steps(case_idx, act) > 0)
        .collect();
    for chunk in wanted.chunks(truth.spec().lanes) {
        for (lane, &(case_idx, _)) in chunk.iter().enumerate() {
            truth.restore(lane, &driven.snapshots[case_idx])?;
        }
        go_on(truth, chunk, plans, settings, &mut all)?;
        done(chunk.last().map_or(0, |&(case_idx, _)| case_idx + 1));
    }
    Ok(all)
}

fn go_on(
    truth: &mut dyn Env,
    chunk: &[(usize, Act)],
    plans: &Plans,
    settings: &PairedSettings,
    all: &mut [Branches],
) -> Result<()> {
    let (lanes, width) = (truth.spec().lanes, plans.width);
    let device = &settings.device;
    let mut running = LaneMask::only(lanes, &(0..chunk.len()).collect::<Vec<_>>());
    for step in 1.. {
        let mut values = vec![0.0; lanes * width];
        for (lane, &(case_idx, act)) in chunk.iter().enumerate() {
            if step > plans.steps(case_idx, act) {
                running.set(lane, false);
            } else {
                values[lane * width..(lane + 1) * width].copy_from_slice(plans.row(case_idx, act, step));
            }
        }
        if !running.any() {
            return Ok(());
        }
        let values = Tensor::from_data(TensorData::new(values, [lanes, width]), device);
        let now = truth.step(&Actions { values, given: RowMask::all(lanes) }, &running)?;
        let over = now.finished();
        for (lane, (frame, state)) in seen(&now.observation).into_iter().enumerate() {
            if !running.get(lane) {
                continue;
            }
            let (case_idx, act) = chunk[lane];
            let branch = &mut all[case_idx][act.idx()];
            branch.frames.push(settings.keeps(step).then_some(frame));
            branch.states.push(state);
            running.set(lane, !over.get(lane));
        }
    }
    Ok(())
}
