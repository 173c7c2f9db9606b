//! Dreams of every branch of every case: one beginning per case, forked once per action sequence with the same noise.

use std::sync::Arc;

use burn::tensor::{Int, Tensor, TensorData};
use dreamlane_core::{
    Actions, Context, Imagination, LaneMask, Prediction, Result, RowMask, Seed, WorldModel,
};

use super::{Branch, Branches, Judging, branches::Act, driving::seen, features::Shown};
use crate::{Case, tile::TILE};

/// Dreams all branches. `done` hears how many cases are through.
pub(super) fn dream_all(
    judging: &Judging<'_>,
    world: &Arc<dyn WorldModel>,
    shown: &Shown,
    done: &mut dyn FnMut(usize),
) -> Result<Vec<Branches>> {
    let per_tile = TILE / Act::ALL.len();
    let mut all: Vec<Branches> = Vec::with_capacity(judging.cases.len());
    let indices: Vec<usize> = (0..judging.cases.len()).collect();
    for chunk in indices.chunks(per_tile) {
        all.extend(dream_chunk(judging, world, shown, chunk)?);
        done(all.len());
    }
    Ok(all)
}

fn dream_chunk(
    judging: &Judging<'_>,
    world: &Arc<dyn WorldModel>,
    shown: &Shown,
    chunk: &[usize],
) -> Result<Vec<Branches>> {
    let Judging { settings, plans, .. } = *judging;
    let begun = begun(judging, world, chunk)?;
    let branches: Vec<(usize, Act)> =
        chunk.iter().flat_map(|&case_idx| Act::ALL.map(|act| (case_idx, act))).collect();
    let lanes: Vec<usize> = (0..branches.len()).map(|idx| idx / Act::ALL.len()).collect();
    let mut dream = begun.fork(&lanes, None);
    let mut dreamed = vec![Branch::default(); branches.len()];
    for step in 1..=settings.furthest() {
        let planned = |&(case_idx, act): &(usize, Act)| step <= plans.steps(case_idx, act);
        let running: LaneMask = branches.iter().map(planned).collect::<Vec<_>>().into();
        let rows = branches.iter().map(|&(case_idx, act)| {
            (step <= plans.steps(case_idx, act)).then(|| plans.row(case_idx, act, step))
        });
        let actions = actions(rows, plans.width, judging);
        let prediction = dream.step(&actions, &running);
        let keeps = settings.keeps(step);
        let trust: Vec<f32> = prediction.trust.to_data().iter().collect();
        let shows_state = *shown == Shown::State;
        let drawn = if keeps || shows_state { drawn(world, &prediction, &running) } else { Vec::new() };
        let mut drawn = drawn.into_iter();
        for lane in running.indices() {
            let branch = &mut dreamed[lane];
            let (frame, state) =
                drawn.next().map_or((None, Vec::new()), |(frame, state)| (Some(frame), state));
            branch.frames.push(frame.filter(|_| keeps));
            branch.states.push(state);
            branch.trust.push(trust[lane]);
        }
    }
    Ok(dreamed.chunks(Act::ALL.len()).map(<[Branch]>::to_vec).collect())
}

/// One dream per case, from its context, of which a world that wants less is given the end.
pub(super) fn begun(
    judging: &Judging<'_>,
    world: &Arc<dyn WorldModel>,
    cases: &[usize],
) -> Result<Box<dyn Imagination>> {
    let wanted = world.spec().context.max(1);
    let contexts: Vec<Context> = cases.iter().map(|&idx| newest(&judging.cases[idx], wanted)).collect();
    let seeds: Vec<Seed> = cases.iter().map(|&idx| judging.settings.noise(idx)).collect();
    Arc::clone(world).imagine(&contexts, &seeds)
}

/// The last `wanted` frames of a context.
fn newest(case: &Case, wanted: usize) -> Context {
    let context = &case.context;
    let from = |len: usize| len - len / context.len * wanted;
    Context {
        len: wanted,
        images: context.images.iter().map(|bytes| bytes[from(bytes.len())..].to_vec()).collect(),
        state: context.state[from(context.state.len())..].to_vec(),
        actions: context.actions[from(context.actions.len())..].to_vec(),
        source: context.source.clone(),
    }
}

/// Action rows side by side; lanes without one are not run.
pub(super) fn actions<'a>(
    rows: impl ExactSizeIterator<Item = Option<&'a [f32]>>,
    width: usize,
    judging: &Judging<'_>,
) -> Actions {
    let lanes = rows.len();
    let mut values = vec![0.0; lanes * width];
    for (place, row) in values.chunks_mut(width).zip(rows) {
        if let Some(row) = row {
            place.copy_from_slice(row);
        }
    }
    let values = Tensor::from_data(TensorData::new(values, [lanes, width]), &judging.settings.device);
    Actions { values, given: RowMask::all(lanes) }
}

/// Pictures and states of the running lanes, in their order.
pub(super) fn drawn(
    world: &Arc<dyn WorldModel>,
    prediction: &Prediction,
    running: &LaneMask,
) -> Vec<(Vec<u8>, Vec<f32>)> {
    if !running.any() {
        return Vec::new();
    }
    let lanes: Vec<i64> = running.indices().map(|lane| lane as i64).collect();
    let count = lanes.len();
    let lanes = Tensor::<1, Int>::from_data(TensorData::new(lanes, [count]), &prediction.latent.device());
    seen(&world.decode(prediction.latent.clone().select(0, lanes)))
}
