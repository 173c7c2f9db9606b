//! Time attention one frame at a time: a ring of the placed keys and the values of a lane's past frames.
//!
//! Frame f of a lane lies in slot f modulo the number of slots, so nothing shifts, and sums over slots run in an order
//! that the lane's own history fixes. Keys lie transposed, so that one query's scores come out as whole vectors.

mod attend;

use pulp::{Arch, Simd, WithSimd};

use super::{
    padding::{Pieces, padded},
    qk::Placing,
};
use attend::Attend;

/// Sizes of a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RingSizes {
    /// Tokens of a frame.
    pub token: usize,
    /// Heads of a token.
    pub heads: usize,
    /// Numbers of a head, even.
    pub head_dim: usize,
    /// Past frames that are kept: the width of time attention less the new frame.
    pub past: usize,
}

impl RingSizes {
    /// Numbers of a token.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.heads * self.head_dim
    }

    /// Numbers of scratch that `Ring::attend` and `Ring::push` need.
    #[must_use]
    pub fn scratch_len(&self) -> usize {
        2 * padded(self.head_dim) + 2 * padded(self.past) + Pieces::SLACK
    }

    /// Numbers of the keys and values of one head: `[head_dim, padded(past)]`, then `[past, padded(head_dim)]`.
    fn head_len(&self) -> usize {
        self.head_dim * padded(self.past) + self.past * padded(self.head_dim)
    }

    /// Numbers of the keys, or of the values, of `[token, head, past, head_dim]`.
    fn list_len(&self) -> usize {
        self.token * self.dim() * self.past
    }

    fn check(&self, placing: &Placing<'_>, qkv: usize, scratch: usize) {
        placing.check(1, self.head_dim);
        assert_eq!(qkv, 3 * self.token * self.dim(), "numbers of a frame's qkv");
        assert!(scratch >= self.scratch_len(), "scratch of {scratch} numbers, not {}", self.scratch_len());
    }
}

/// Keys, normed and rotated, and values of the past frames of one lane and layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Ring {
    sizes: RingSizes,
    /// Frames stored so far, those that were overwritten included.
    pushed: u64,
    /// `[token, head, head_len]`.
    stored: Vec<f32>,
}

/// A ring as a plain list, the oldest frame first, zeros where nothing was yet.
#[derive(Clone, Debug, PartialEq)]
pub struct RingList {
    /// `[token, head, past, head_dim]`, placed.
    pub keys: Vec<f32>,
    /// `[token, head, past, head_dim]`.
    pub values: Vec<f32>,
    /// Frames stored so far: the last `min(pushed, past)` of the list are known.
    pub pushed: u64,
}

impl Ring {
    /// An empty ring.
    #[must_use]
    pub fn new(sizes: RingSizes) -> Self {
        Self { sizes, pushed: 0, stored: vec![0.0; sizes.token * sizes.heads * sizes.head_len()] }
    }

    /// Sizes it was made with.
    #[must_use]
    pub fn sizes(&self) -> RingSizes {
        self.sizes
    }

    /// Frames stored so far, those that were overwritten included.
    #[must_use]
    pub fn pushed(&self) -> u64 {
        self.pushed
    }

    /// Past frames that it holds.
    #[must_use]
    pub fn known(&self) -> usize {
        usize::try_from(self.pushed).unwrap_or(usize::MAX).min(self.sizes.past)
    }

    /// A new frame's attention over the past frames and itself, without storing it.
    ///
    /// `qkv` is `[token, 3, head, head_dim]`, `mixed` `[token, head * head_dim]`; `placing` holds one position, the frame's.
    /// `scratch` holds `RingSizes::scratch_len` numbers of any value.
    pub fn attend(&self, placing: &Placing<'_>, qkv: &[f32], scratch: &mut [f32], mixed: &mut [f32]) {
        self.sizes.check(placing, qkv.len(), scratch.len());
        assert_eq!(qkv.len(), 3 * mixed.len(), "numbers of qkv, and three times those of mixed");
        Arch::new().dispatch(Attend { ring: self, placing, qkv, scratch, mixed });
    }

    /// Stores a frame in place of the oldest; arguments as of `attend`.
    pub fn push(&mut self, placing: &Placing<'_>, qkv: &[f32], scratch: &mut [f32]) {
        self.sizes.check(placing, qkv.len(), scratch.len());
        if self.sizes.past > 0 {
            Arch::new().dispatch(Push { ring: self, placing, qkv, scratch });
        }
        self.pushed += 1;
    }

    /// The frames it holds, the oldest first.
    #[must_use]
    pub fn list(&self) -> RingList {
        let RingSizes { head_dim, past, .. } = self.sizes;
        let blank = || vec![0.0; self.sizes.list_len()];
        let mut list = RingList { keys: blank(), values: blank(), pushed: self.pushed };
        for (head_idx, stored) in self.stored.chunks_exact(self.sizes.head_len().max(1)).enumerate() {
            let (keys, values) = stored.split_at(head_dim * padded(past));
            for (place, slot) in self.places() {
                let row = (head_idx * past + place) * head_dim;
                for (dim_idx, key) in list.keys[row..row + head_dim].iter_mut().enumerate() {
                    *key = keys[dim_idx * padded(past) + slot];
                }
                list.values[row..row + head_dim]
                    .copy_from_slice(&values[slot * padded(head_dim)..][..head_dim]);
            }
        }
        list
    }

    /// The ring that gives `list`; it goes on exactly as the one that the list was taken from.
    #[must_use]
    pub fn from_list(sizes: RingSizes, list: &RingList) -> Self {
        let RingSizes { head_dim, past, .. } = sizes;
        let found = [list.keys.len(), list.values.len()];
        assert_eq!(found, [sizes.list_len(); 2], "keys and values of {sizes:?}");
        let mut ring = Self { pushed: list.pushed, ..Self::new(sizes) };
        let places = ring.places().collect::<Vec<_>>();
        for (head_idx, stored) in ring.stored.chunks_exact_mut(sizes.head_len().max(1)).enumerate() {
            let (keys, values) = stored.split_at_mut(head_dim * padded(past));
            for &(place, slot) in &places {
                let row = (head_idx * past + place) * head_dim;
                for (dim_idx, key) in list.keys[row..row + head_dim].iter().enumerate() {
                    keys[dim_idx * padded(past) + slot] = *key;
                }
                values[slot * padded(head_dim)..][..head_dim]
                    .copy_from_slice(&list.values[row..row + head_dim]);
            }
        }
        ring
    }

    /// Where each known frame stands in a list, and its slot.
    fn places(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (known, past, pushed) = (self.known(), self.sizes.past, self.pushed);
        (past - known..past).map(move |place| (place, slot(pushed - (past - place) as u64, past)))
    }
}

/// Slot of a frame.
fn slot(frame: u64, past: usize) -> usize {
    // The remainder is below `past`, a usize.
    (frame % past as u64) as usize
}

struct Push<'a, 'b> {
    ring: &'a mut Ring,
    placing: &'a Placing<'b>,
    qkv: &'a [f32],
    scratch: &'a mut [f32],
}

impl WithSimd for Push<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let RingSizes { heads, head_dim, past, .. } = self.ring.sizes;
        let (place, slot) = (self.placing.key(0), slot(self.ring.pushed, past));
        let placed = &mut Pieces::new(self.scratch).take(head_dim)[..head_dim];
        for (head_idx, stored) in
            self.ring.stored.chunks_exact_mut(self.ring.sizes.head_len().max(1)).enumerate()
        {
            let at = |part: usize| ((head_idx / heads * 3 + part) * heads + head_idx % heads) * head_dim;
            place.forward(simd, &self.qkv[at(1)..][..head_dim], placed);
            let (keys, values) = stored.split_at_mut(head_dim * padded(past));
            for (keys, key) in keys.chunks_exact_mut(padded(past)).zip(&*placed) {
                keys[slot] = *key;
            }
            values[slot * padded(head_dim)..][..head_dim].copy_from_slice(&self.qkv[at(2)..][..head_dim]);
        }
    }
}

#[cfg(test)]
mod tests;
