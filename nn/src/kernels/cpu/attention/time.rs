//! Causal attention of each token over the same token of earlier frames of a clip, `width` frames at most, its own included.
//!
//! A (batch, token) group is independent of all others, so neither their number nor the number of threads changes a result.

use rayon::prelude::*;

use super::{
    group::{self, Band, Group},
    qk::{GainGradients, Placing},
};

/// Groups handled by one task; also the unit in which gradients of gains are summed, so it must not depend on the machine.
const CHUNK: usize = 4;

/// Sizes of attention of each token over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeSizes {
    /// Frames of a clip.
    pub time: usize,
    /// Tokens of a frame.
    pub token: usize,
    /// Frames that a frame sees, itself among them; at least 1.
    pub width: usize,
    /// Heads of a token.
    pub heads: usize,
    /// Numbers of a head, even.
    pub head_dim: usize,
}

impl TimeSizes {
    /// Numbers of a token.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.heads * self.head_dim
    }

    /// Asserts that all fits; gives the number of clips.
    fn check(&self, qkv: usize, mixed: usize, placing: &Placing<'_>) -> usize {
        assert!(self.width > 0, "a width of 0 frames");
        placing.check(self.time, self.head_dim);
        let clip = self.time * self.token * self.dim();
        assert_eq!(qkv, 3 * mixed, "numbers of qkv, and three times those of mixed");
        assert!(clip > 0 || mixed == 0, "{mixed} numbers of clips of none");
        assert!(mixed.is_multiple_of(clip.max(1)), "{mixed} numbers of clips of {clip}");
        mixed / clip.max(1)
    }

    fn group<'a>(&self, placing: &Placing<'a>, band: &'a Band) -> Group<'a> {
        Group {
            rows: self.time,
            keys: self.time,
            step: self.token,
            heads: self.heads,
            head_dim: self.head_dim,
            placing: *placing,
            band: Some(band),
        }
    }

    /// The rows of `values` `[batch, time, token, row]` as `[batch * token][time]`.
    fn rows_by_group<'a>(&self, values: &'a mut [f32], row: usize) -> Vec<Vec<&'a mut [f32]>> {
        let clips = values.chunks_exact_mut(self.time * self.token * row);
        let mut groups = Vec::with_capacity(clips.len() * self.token);
        for clip in clips {
            let first = groups.len();
            groups.resize_with(first + self.token, || Vec::with_capacity(self.time));
            for frame in clip.chunks_exact_mut(self.token * row) {
                for (group, row) in groups[first..].iter_mut().zip(frame.chunks_exact_mut(row)) {
                    group.push(row);
                }
            }
        }
        groups
    }

    /// What is left of `values` `[batch, time, token, row]` from the first row of a group on.
    fn since_group<'a>(&self, values: &'a [f32], group_idx: usize, row: usize) -> &'a [f32] {
        let (clip, token) = (group_idx / self.token, group_idx % self.token);
        &values[(clip * self.time * self.token + token) * row..]
    }
}

/// `qkv` `[batch, time, token, 3, head, head_dim]` to `mixed` `[batch, time, token, head * head_dim]`; positions are times.
pub fn attend_time(sizes: TimeSizes, placing: &Placing<'_>, qkv: &[f32], mixed: &mut [f32]) {
    if sizes.check(qkv.len(), mixed.len(), placing) == 0 {
        return;
    }
    let (dim, band) = (sizes.dim(), Band::new(sizes.time, sizes.width));
    let group = sizes.group(placing, &band);
    let mut outputs = sizes.rows_by_group(mixed, dim);
    outputs.par_chunks_mut(CHUNK).enumerate().for_each_init(
        || vec![0.0; group::scratch_len(sizes.time, sizes.head_dim)],
        |scratch, (chunk_idx, outputs)| {
            for (idx, mixed) in outputs.iter_mut().enumerate() {
                let group_idx = chunk_idx * CHUNK + idx;
                group.forward(sizes.since_group(qkv, group_idx, 3 * dim), scratch, mixed);
            }
        },
    );
}

/// Gradient `d_qkv` `[batch, time, token, 3, head, head_dim]` from `d_mixed` `[batch, time, token, head * head_dim]`.
///
/// Adds to the gradients of the gains.
pub fn attend_time_backward(
    sizes: TimeSizes,
    placing: &Placing<'_>,
    qkv: &[f32],
    d_mixed: &[f32],
    d_qkv: &mut [f32],
    d_gains: &mut GainGradients<'_>,
) {
    assert_eq!(qkv.len(), d_qkv.len(), "qkv and its gradient");
    d_gains.check(sizes.head_dim);
    if sizes.check(qkv.len(), d_mixed.len(), placing) == 0 {
        return;
    }
    let (dim, band) = (sizes.dim(), Band::new(sizes.time, sizes.width));
    let group = sizes.group(placing, &band);
    let mut outputs = sizes.rows_by_group(d_qkv, 3 * dim);
    let mut partial = vec![0.0; outputs.len().div_ceil(CHUNK) * 2 * sizes.head_dim];
    let partials = partial.par_chunks_mut(2 * sizes.head_dim);
    outputs.par_chunks_mut(CHUNK).zip(partials).enumerate().for_each_init(
        || vec![0.0; group::backward_scratch_len(sizes.time, sizes.head_dim)],
        |scratch, (chunk_idx, (outputs, partial))| {
            for (idx, d_qkv) in outputs.iter_mut().enumerate() {
                let group_idx = chunk_idx * CHUNK + idx;
                let (qkv, d_mixed) =
                    (sizes.since_group(qkv, group_idx, 3 * dim), sizes.since_group(d_mixed, group_idx, dim));
                group.backward(qkv, d_mixed, scratch, partial, d_qkv);
            }
        },
    );
    d_gains.add(&partial);
}

#[cfg(test)]
mod tests;
