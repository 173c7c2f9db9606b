//! Fixed tiles of rows, so that what a row becomes does not depend on how many rows there are.
//!
//! Matrix kernels choose their path by the number of rows; a tile always has the same number,
//! the last one padded with its own last row. Tiles run in parallel.

use burn::tensor::{Int, Tensor};
use rayon::prelude::*;

/// Applies `draw` to tiles of `tile` rows. `rows` is `[row, token, dim]`, the answer `[row, …]`.
pub(crate) fn mapped(
    rows: Tensor<3>,
    tile: usize,
    draw: impl Fn(Tensor<3>) -> Tensor<4, Int> + Sync,
) -> Tensor<4, Int> {
    let count = rows.dims()[0];
    let drawn = (0..count.div_ceil(tile))
        .into_par_iter()
        .map(|idx| {
            let from = idx * tile;
            let len = tile.min(count - from);
            let part = padded(rows.clone().narrow(0, from, len), tile);
            draw(part).narrow(0, 0, len)
        })
        .collect();
    Tensor::cat(drawn, 0)
}

/// Repeats the last row up to `tile` rows.
pub(crate) fn padded<const D: usize>(rows: Tensor<D>, tile: usize) -> Tensor<D> {
    let len = rows.dims()[0];
    if len == tile {
        return rows;
    }
    let last = rows.clone().narrow(0, len - 1, 1).repeat_dim(0, tile - len);
    Tensor::cat(vec![rows, last], 0)
}
