//! The state of one dreaming lane on the host.

use std::sync::Arc;

use dreamlane_core::{Result, Seed, Snapshot};
use dreamlane_nn::kernels::cpu::attention::ring::{Ring, RingList, RingSizes};

use super::super::{
    actions::ActionHistory,
    doubt::Doubts,
    lane::{Saved, Shape},
};

/// One dream. Clones share the past until one of them goes on.
#[derive(Clone, Debug)]
pub(in super::super) struct Lane {
    pub(super) seed: Seed,
    /// Frames lived so far, context included: the position of the next one.
    pub(super) position: u64,
    pub(super) history: ActionHistory,
    /// `[token, dim]`.
    pub(in super::super) latest: Vec<f32>,
    pub(in super::super) doubts: Doubts,
    /// One per layer of time attention.
    pub(super) rings: Vec<Arc<Ring>>,
}

impl Lane {
    pub(super) fn new(shape: &Shape, seed: Seed) -> Self {
        let sizes = ring_sizes(shape);
        Self {
            seed,
            position: 0,
            history: ActionHistory::new(shape.reach, shape.width),
            latest: vec![0.0; shape.tokens * shape.token_dim],
            doubts: Doubts::default(),
            rings: (0..shape.memories).map(|_| Arc::new(Ring::new(sizes))).collect(),
        }
    }

    /// Draws of this lane's stream at its position; `purpose` tells streams of one step apart.
    pub(super) fn noise(&self, purpose: u64) -> Vec<f32> {
        self.seed.split(self.position).split(purpose).normal(self.latest.len())
    }

    /// What a lane of tensors saves, so that either goes on from the other.
    pub(super) fn snapshot(&self, identity: u64) -> Snapshot {
        let (keys, values) =
            self.rings.iter().map(|ring| ring.list()).map(|list| (list.keys, list.values)).unzip();
        Saved {
            identity,
            seed: self.seed,
            position: self.position,
            history: self.history.features().to_vec(),
            latest: self.latest.clone(),
            doubts: self.doubts,
            keys,
            values,
        }
        .into_snapshot()
    }

    pub(super) fn restored(from: &Snapshot, shape: &Shape, identity: u64) -> Result<Self> {
        let saved = Saved::read(from, shape, identity)?;
        let sizes = ring_sizes(shape);
        let lists = saved.keys.into_iter().zip(saved.values);
        let lists = lists.map(|(keys, values)| RingList { keys, values, pushed: saved.position });
        Ok(Self {
            seed: saved.seed,
            position: saved.position,
            history: ActionHistory::from_features(saved.history, shape.width),
            latest: saved.latest,
            doubts: saved.doubts,
            rings: lists.map(|list| Arc::new(Ring::from_list(sizes, &list))).collect(),
        })
    }
}

fn ring_sizes(shape: &Shape) -> RingSizes {
    RingSizes { token: shape.frame_tokens, heads: shape.heads, head_dim: shape.head_dim, past: shape.past }
}
