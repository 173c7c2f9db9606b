//! The actions that a caller asks for, checked against the spec and put row by row.

use dreamlane_core::{Actions, EnvSpec, LaneMask, Result};

use super::{actions::WIDEST, seat::Row};
use crate::request::check_actions;

/// The action of each row, `None` where the seat drives itself.
pub(super) fn rows(spec: &EnvSpec, actions: &Actions, running: &LaneMask) -> Result<Vec<Option<Row>>> {
    let values: Vec<f32> = actions.values.to_data().iter::<f32>().collect();
    check_actions(spec, &values, &actions.given, running)?;
    let width = spec.action.width();
    let mut rows = vec![None; spec.rows()];
    for lane_idx in running.indices() {
        for row_idx in lane_idx * spec.seats..(lane_idx + 1) * spec.seats {
            if actions.given.get(row_idx) {
                let mut padded = [0.0; WIDEST];
                padded[..width].copy_from_slice(&values[row_idx * width..(row_idx + 1) * width]);
                rows[row_idx] = Some(padded);
            }
        }
    }
    Ok(rows)
}
