//! Checks of what a caller hands to an environment, before anything moves.

use dreamlane_core::{Actions, EnvSpec, Error, LaneMask, Result, RowMask, Seed};

use crate::status::LaneStatus;

/// Checks that a reset names lanes of this env and brings one seed for each.
pub(crate) fn check_reset(spec: &EnvSpec, lanes: &LaneMask, seeds: &[Seed]) -> Result<()> {
    check_mask(spec, lanes)?;
    if lanes.count() != seeds.len() {
        return Err(Error::Invalid(format!(
            "{}: {} lanes to reset but {} seeds",
            spec.name,
            lanes.count(),
            seeds.len()
        )));
    }
    Ok(())
}

/// Checks that a step fits the spec and runs only lanes whose episode goes on.
pub(crate) fn check_step<'a>(
    spec: &EnvSpec,
    actions: &Actions,
    running: &LaneMask,
    lanes: impl Iterator<Item = &'a LaneStatus>,
) -> Result<()> {
    check_mask(spec, running)?;
    let expected = [spec.rows(), spec.action.width()];
    let found = actions.values.dims();
    if found != expected || actions.given.len() != expected[0] {
        return Err(Error::Invalid(format!(
            "{}: expected actions {expected:?}, found {found:?} with {} given flags",
            spec.name,
            actions.given.len()
        )));
    }
    match lanes.enumerate().find(|(lane_idx, lane)| running.get(*lane_idx) && !lane.can_step()) {
        Some((lane_idx, lane)) if lane.begun => {
            Err(Error::Invalid(format!("{}: lane {lane_idx} is finished, reset it first", spec.name)))
        }
        Some((lane_idx, _)) => Err(Error::Invalid(format!("{}: lane {lane_idx} was never reset", spec.name))),
        None => Ok(()),
    }
}

/// Checks the action rows of the running lanes that were given one. `values` is `[row, width]`.
pub(crate) fn check_actions(
    spec: &EnvSpec,
    values: &[f32],
    given: &RowMask,
    running: &LaneMask,
) -> Result<()> {
    let width = spec.action.width();
    for lane_idx in running.indices() {
        let rows = lane_idx * spec.seats..(lane_idx + 1) * spec.seats;
        for row in
            rows.filter(|&row_idx| given.get(row_idx)).map(|idx| &values[idx * width..(idx + 1) * width])
        {
            if !spec.action.contains(row) {
                return Err(Error::Invalid(format!(
                    "{}: expected an action of {}, found {row:?} in lane {lane_idx}",
                    spec.name,
                    spec.action.told()
                )));
            }
        }
    }
    Ok(())
}

/// Checks that a lane exists.
pub(crate) fn check_lane(spec: &EnvSpec, lane_idx: usize) -> Result<()> {
    if lane_idx >= spec.lanes {
        return Err(Error::Invalid(format!("{}: lane {lane_idx} of {}", spec.name, spec.lanes)));
    }
    Ok(())
}

fn check_mask(spec: &EnvSpec, mask: &LaneMask) -> Result<()> {
    if mask.len() != spec.lanes {
        return Err(Error::Invalid(format!(
            "{}: expected a mask of {} lanes, found {}",
            spec.name,
            spec.lanes,
            mask.len()
        )));
    }
    Ok(())
}
