//! Rows of a timestep: which seed each draws from, and host values made into actions.

use burn::tensor::{Tensor, TensorData};
use dreamlane_core::{Actions, Error, Result, RowMask, Seed, Timestep};

/// The seed of each row: that of its lane, split by seat.
pub(crate) fn seeds_of_rows(now: &Timestep, seeds: &[Seed]) -> Result<Vec<Seed>> {
    let rows = now.first.len();
    if seeds.is_empty() && rows == 0 {
        return Ok(Vec::new());
    }
    if seeds.is_empty() || !rows.is_multiple_of(seeds.len()) {
        return Err(Error::Invalid(format!(
            "expected one seed per lane, found {} for {rows} rows",
            seeds.len()
        )));
    }
    let seats = rows / seeds.len();
    Ok((0..rows).map(|row| seeds[row / seats].split((row % seats) as u64)).collect())
}

/// Every row is given its values, `[row, width]`, on the device of the timestep.
pub(crate) fn actions(now: &Timestep, values: Vec<f32>) -> Actions {
    let rows = now.first.len();
    let width = values.len() / rows.max(1);
    let device = now.reward.device();
    Actions {
        values: Tensor::from_data(TensorData::new(values, [rows, width]), &device),
        given: RowMask::all(rows),
    }
}
