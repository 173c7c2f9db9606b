//! The state of one dreaming lane, which alone changes while the model stands still.

use burn::tensor::{Device, Tensor, TensorData};
use dreamlane_core::{Error, Result, Seed, Snapshot};
use dreamlane_nn::TimeMemory;
use serde::{Deserialize, Serialize};

use super::{actions::ActionHistory, doubt::Doubts};
use crate::host::numbers;

/// What a masked score becomes.
const FORBIDDEN: f32 = -1e9;
/// The form of a snapshot, with its version.
const ORIGIN: &str = "dit/2";
/// What a step's streams of noise are for: the frame that is drawn, the frame before as it is shown to it, and the
/// frame that is known as it is remembered.
pub(crate) const DRAWN: u64 = 0;
pub(crate) const BEFORE: u64 = 1;
pub(crate) const KNOWN: u64 = 2;

/// Sizes that a lane's tensors must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) memories: usize,
    pub(crate) frame_tokens: usize,
    pub(crate) heads: usize,
    pub(crate) head_dim: usize,
    /// Frames kept beside the newest.
    pub(crate) past: usize,
    pub(crate) tokens: usize,
    pub(crate) token_dim: usize,
    /// Past actions that condition a frame.
    pub(crate) reach: usize,
    pub(crate) width: usize,
}

/// One dream.
#[derive(Clone, Debug)]
pub(crate) struct Lane {
    seed: Seed,
    /// Frames lived so far, context included: the position of the next one.
    pub(crate) position: u64,
    pub(crate) history: ActionHistory,
    /// `[1, token, dim]`.
    pub(crate) latest: Tensor<3>,
    pub(crate) doubts: Doubts,
    /// Per time layer `[frame token, head, past, head_dim]`, the newest last; zeros where nothing was yet.
    pub(crate) memory: Vec<TimeMemory>,
}

/// A lane as numbers.
#[derive(Serialize, Deserialize)]
pub(super) struct Saved {
    pub(super) identity: u64,
    pub(super) seed: Seed,
    pub(super) position: u64,
    pub(super) history: Vec<f32>,
    pub(super) latest: Vec<f32>,
    pub(super) doubts: Doubts,
    /// Per time layer `[frame token, head, past, head_dim]`, the newest last; zeros where nothing was yet.
    pub(super) keys: Vec<Vec<f32>>,
    pub(super) values: Vec<Vec<f32>>,
}

impl Saved {
    pub(super) fn into_snapshot(self) -> Snapshot {
        // Numbers and arrays of numbers always serialise.
        Snapshot { origin: ORIGIN.into(), bytes: postcard::to_stdvec(&self).unwrap_or_default() }
    }

    /// What a snapshot holds, of the sizes that it must have.
    pub(super) fn read(from: &Snapshot, shape: &Shape, identity: u64) -> Result<Self> {
        if from.origin != ORIGIN {
            return Err(Error::mismatch("snapshot", "origin", ORIGIN, &from.origin));
        }
        let (saved, rest): (Self, _) =
            postcard::take_from_bytes(&from.bytes).map_err(|error| Error::broken("snapshot", error))?;
        if !rest.is_empty() {
            return Err(Error::broken("snapshot", format!("{} bytes too many", rest.len())));
        }
        if saved.identity != identity {
            let told = |identity: u64| format!("{identity:016x}");
            return Err(Error::mismatch("snapshot", "world", told(identity), told(saved.identity)));
        }
        let each = shape.memory_dims().iter().product::<usize>();
        let found = [saved.history.len(), saved.latest.len(), saved.keys.len(), saved.values.len()];
        let wanted = [
            ActionHistory::len(shape.reach, shape.width),
            shape.tokens * shape.token_dim,
            shape.memories,
            shape.memories,
        ];
        if found != wanted || saved.keys.iter().chain(&saved.values).any(|numbers| numbers.len() != each) {
            return Err(Error::mismatch("snapshot", "sizes", format!("{wanted:?}"), format!("{found:?}")));
        }
        Ok(saved)
    }
}

impl Shape {
    fn memory_dims(&self) -> [usize; 4] {
        [self.frame_tokens, self.heads, self.past, self.head_dim]
    }
}

impl Lane {
    pub(crate) fn new(shape: &Shape, seed: Seed, device: &Device) -> Self {
        let blank = || Tensor::zeros(shape.memory_dims(), device);
        Self {
            seed,
            position: 0,
            history: ActionHistory::new(shape.reach, shape.width),
            latest: Tensor::zeros([1, shape.tokens, shape.token_dim], device),
            doubts: Doubts::default(),
            memory: (0..shape.memories).map(|_| TimeMemory { keys: blank(), values: blank() }).collect(),
        }
    }

    /// Draws of this lane's stream at its position; `purpose` tells streams of one step apart.
    pub(crate) fn noise(&self, purpose: u64, len: usize) -> Vec<f32> {
        self.seed.split(self.position).split(purpose).normal(len)
    }

    /// The same dream with another stream of noise from here on.
    pub(crate) fn with_noise(self, seed: Seed) -> Self {
        Self { seed, ..self }
    }

    /// Scores to add for the past frames, oldest first, and for the new one: `[past + 1]`.
    pub(crate) fn mask(&self, shape: &Shape) -> Vec<f32> {
        let known = usize::try_from(self.position).unwrap_or(usize::MAX).min(shape.past);
        (0..=shape.past).map(|idx| if idx + known >= shape.past { 0.0 } else { FORBIDDEN }).collect()
    }

    /// Takes row `idx` of a tile as its next frame. `latents` `[lane, token, dim]`, `fresh` of one frame a lane.
    pub(crate) fn commit(&mut self, shape: &Shape, idx: usize, latents: &Tensor<3>, fresh: &[TimeMemory]) {
        self.latest = latents.clone().narrow(0, idx, 1);
        let row = |all: &Tensor<4>| all.clone().narrow(0, idx * shape.frame_tokens, shape.frame_tokens);
        let slid = |old: &Tensor<4>, new: &Tensor<4>| {
            Tensor::cat(vec![old.clone().narrow(2, 1, shape.past - 1), row(new)], 2)
        };
        for (memory, fresh) in self.memory.iter_mut().zip(fresh) {
            memory.keys = slid(&memory.keys, &fresh.keys);
            memory.values = slid(&memory.values, &fresh.values);
        }
        self.position += 1;
    }

    /// Takes the keys and values of a whole context of `time` frames, whose last latents are `latest`.
    pub(crate) fn adopt(&mut self, shape: &Shape, latest: Tensor<3>, fresh: Vec<TimeMemory>, time: usize) {
        self.latest = latest;
        let kept = time.min(shape.past);
        let newest = |blank: &Tensor<4>, all: Tensor<4>| {
            let new = all.narrow(2, time - kept, kept);
            match kept == shape.past {
                true => new,
                false => Tensor::cat(vec![blank.clone().narrow(2, 0, shape.past - kept), new], 2),
            }
        };
        for (memory, fresh) in self.memory.iter_mut().zip(fresh) {
            memory.keys = newest(&memory.keys, fresh.keys);
            memory.values = newest(&memory.values, fresh.values);
        }
    }

    /// `identity` tells the world's weights from others.
    pub(crate) fn snapshot(&self, identity: u64) -> Snapshot {
        Saved {
            identity,
            seed: self.seed,
            position: self.position,
            history: self.history.features().to_vec(),
            latest: numbers(&self.latest),
            doubts: self.doubts,
            keys: self.memory.iter().map(|memory| numbers(&memory.keys)).collect(),
            values: self.memory.iter().map(|memory| numbers(&memory.values)).collect(),
        }
        .into_snapshot()
    }

    pub(crate) fn restored(from: &Snapshot, shape: &Shape, identity: u64, device: &Device) -> Result<Self> {
        let saved = Saved::read(from, shape, identity)?;
        let dims = shape.memory_dims();
        let tensor = |numbers| Tensor::from_data(TensorData::new(numbers, dims), device);
        let latest = TensorData::new(saved.latest, [1, shape.tokens, shape.token_dim]);
        Ok(Self {
            seed: saved.seed,
            position: saved.position,
            history: ActionHistory::from_features(saved.history, shape.width),
            latest: Tensor::from_data(latest, device),
            doubts: saved.doubts,
            memory: saved
                .keys
                .into_iter()
                .zip(saved.values)
                .map(|(keys, values)| TimeMemory { keys: tensor(keys), values: tensor(values) })
                .collect(),
        })
    }
}
