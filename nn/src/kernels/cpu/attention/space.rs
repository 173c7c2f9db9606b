//! Attention among the tokens of one frame; the last tokens may be readers, which see all and are seen by nobody.
//!
//! Frames are independent of each other, so their number and the number of threads change no result.

use rayon::prelude::*;

use super::{
    group::{self, Group},
    padding::Contiguous,
    qk::{GainGradients, Placing},
};

/// Frames handled by one task; also the unit in which gradients of gains are summed, so it must not depend on the machine.
const CHUNK: usize = 4;

/// Sizes of attention among the tokens of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpaceSizes {
    /// Tokens of a frame.
    pub token: usize,
    /// How many of the last tokens nobody sees.
    pub readers: usize,
    /// Heads of a token.
    pub heads: usize,
    /// Numbers of a head, even.
    pub head_dim: usize,
}

impl SpaceSizes {
    /// Numbers of a token.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.heads * self.head_dim
    }

    /// Numbers of scratch that `attend_space_block` needs, whatever the number of frames.
    #[must_use]
    pub fn scratch_len(&self) -> usize {
        group::scratch_len(self.token, self.head_dim)
    }

    /// Asserts that all fits; gives the number of frames.
    fn check(&self, qkv: usize, mixed: usize, placing: &Placing<'_>) -> usize {
        assert!(self.readers < self.token.max(1), "{} readers of {} tokens", self.readers, self.token);
        placing.check(self.token, self.head_dim);
        let frame = self.token * self.dim();
        assert_eq!(qkv, 3 * mixed, "numbers of qkv, and three times those of mixed");
        assert!(frame > 0 || mixed == 0, "{mixed} numbers of frames of none");
        assert!(mixed.is_multiple_of(frame.max(1)), "{mixed} numbers of frames of {frame}");
        mixed / frame.max(1)
    }

    fn group<'a>(&self, placing: &Placing<'a>) -> Group<'a> {
        Group {
            rows: self.token,
            keys: self.token - self.readers,
            step: 1,
            heads: self.heads,
            head_dim: self.head_dim,
            placing: *placing,
            band: None,
        }
    }
}

/// `qkv` `[frame, token, 3, head, head_dim]` to `mixed` `[frame, token, head * head_dim]`; positions are tokens.
pub fn attend_space(sizes: SpaceSizes, placing: &Placing<'_>, qkv: &[f32], mixed: &mut [f32]) {
    if sizes.check(qkv.len(), mixed.len(), placing) == 0 {
        return;
    }
    let chunk = CHUNK * sizes.token * sizes.dim();
    mixed.par_chunks_mut(chunk).zip(qkv.par_chunks(3 * chunk)).for_each_init(
        || vec![0.0; sizes.scratch_len()],
        |scratch, (mixed, qkv)| attend_space_block(sizes, placing, qkv, scratch, mixed),
    );
}

/// `attend_space` on this thread, without allocation; `scratch` holds `SpaceSizes::scratch_len` numbers of any value.
pub fn attend_space_block(
    sizes: SpaceSizes,
    placing: &Placing<'_>,
    qkv: &[f32],
    scratch: &mut [f32],
    mixed: &mut [f32],
) {
    if sizes.check(qkv.len(), mixed.len(), placing) == 0 {
        return;
    }
    let needed = sizes.scratch_len();
    assert!(scratch.len() >= needed, "scratch of {} numbers, not {needed}", scratch.len());
    let (frame, group) = (sizes.token * sizes.dim(), sizes.group(placing));
    for (mixed, qkv) in mixed.chunks_exact_mut(frame).zip(qkv.chunks_exact(3 * frame)) {
        group.forward(qkv, scratch, &mut Contiguous { values: mixed, width: sizes.dim() });
    }
}

/// Gradient `d_qkv` `[frame, token, 3, head, head_dim]` from `d_mixed` `[frame, token, head * head_dim]`.
///
/// Adds to the gradients of the gains.
pub fn attend_space_backward(
    sizes: SpaceSizes,
    placing: &Placing<'_>,
    qkv: &[f32],
    d_mixed: &[f32],
    d_qkv: &mut [f32],
    d_gains: &mut GainGradients<'_>,
) {
    assert_eq!(qkv.len(), d_qkv.len(), "qkv and its gradient");
    d_gains.check(sizes.head_dim);
    let frames = sizes.check(qkv.len(), d_mixed.len(), placing);
    if frames == 0 {
        return;
    }
    let (frame, group) = (sizes.token * sizes.dim(), sizes.group(placing));
    let mut partial = vec![0.0; frames.div_ceil(CHUNK) * 2 * sizes.head_dim];
    let inputs = qkv.par_chunks(3 * CHUNK * frame).zip(d_mixed.par_chunks(CHUNK * frame));
    let outputs = d_qkv.par_chunks_mut(3 * CHUNK * frame).zip(partial.par_chunks_mut(2 * sizes.head_dim));
    outputs.zip(inputs).for_each_init(
        || vec![0.0; group::backward_scratch_len(sizes.token, sizes.head_dim)],
        |scratch, ((d_qkv, partial), (qkv, d_mixed))| {
            let inputs = qkv.chunks_exact(3 * frame).zip(d_mixed.chunks_exact(frame));
            for (d_qkv, (qkv, d_mixed)) in d_qkv.chunks_exact_mut(3 * frame).zip(inputs) {
                let mut d_qkv = Contiguous { values: d_qkv, width: 3 * sizes.dim() };
                group.backward(qkv, d_mixed, scratch, partial, &mut d_qkv);
            }
        },
    );
    d_gains.add(&partial);
}

#[cfg(test)]
mod tests;
