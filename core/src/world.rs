//! Learned worlds, in LeCun's form: h(t) = Enc(x(t)), s(t+1) = Pred(h(t), s(t), z(t), a(t)), and a way
//! back, x = Dec(latent). The model is constant; what moves is an [`Imagination`].

use std::sync::Arc;

use burn::tensor::Tensor;

use crate::{Actions, LaneMask, Observation, Result, Seed, Snapshot, Window, WorldSpec};

/// The real frames and actions that a dream starts from. Host bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Context {
    /// Number of frames.
    pub len: usize,
    /// Per camera `[time, channel, height, width]`.
    pub images: Vec<Vec<u8>>,
    /// `[time, feature]`.
    pub state: Vec<f32>,
    /// `[time, width]`: the action taken at each frame but the last, whose row is not read:
    /// that action is the first one given to the dream.
    pub actions: Vec<f32>,
    /// Where it was taken from, for the record.
    pub source: String,
}

/// Where beginnings come from. A beginning is a function of its seed.
pub trait Contexts: Send + Sync {
    /// Draws one context.
    ///
    /// # Errors
    /// When the source cannot be read.
    fn draw(&self, seed: Seed) -> Result<Context>;
}

/// What one step of a dream gives.
#[derive(Clone, Debug)]
pub struct Prediction {
    /// `[lane, token, dim]`, what [`WorldModel::decode`] draws from.
    pub latent: Tensor<3>,
    /// `[lane]`; zeros where the spec has no rewards.
    pub reward: Tensor<1>,
    /// `[lane]`, the chance that the task ends with this step; zeros where the spec has no rewards.
    pub ending: Tensor<1>,
    /// `[lane]` in [0, 1].
    pub trust: Tensor<1>,
}

/// A learned model of dynamics. Its arithmetic does not fail: a wrong shape is a bug and panics with both shapes.
pub trait WorldModel: Send + Sync + 'static {
    /// Spaces, steps per second, context, and what the world can do.
    fn spec(&self) -> &WorldSpec;

    /// Enc: `[batch, time, …]` frames to `[batch, time, token, dim]` latents.
    fn encode(&self, seen: &Window) -> Tensor<4>;

    /// Dec: `[batch, token, dim]` to pictures and state. Only where the spec says `draws`.
    fn decode(&self, latents: Tensor<3>) -> Observation;

    /// Floating point operations of one step of one lane, the drawing of its picture included; a multiply-add is two,
    /// and what only pads a batch does not count. None where it is not known.
    fn flops(&self) -> Option<f64> {
        None
    }

    /// Begins one dream per context.
    ///
    /// # Errors
    /// When a context does not fit the spec.
    fn imagine(self: Arc<Self>, contexts: &[Context], seeds: &[Seed]) -> Result<Box<dyn Imagination>>;
}

/// A world in motion: the state s(t) and the stream of z(t) for some lanes.
pub trait Imagination: Send {
    /// Advances the running lanes by one frame; rows of other lanes in the answer are not meaningful.
    fn step(&mut self, actions: &Actions, running: &LaneMask) -> Prediction;

    /// Takes real frames `seen` as the outcome of `actions` in the marked lanes, instead of dreaming them.
    ///
    /// What it says of reward and ending is read off the real frame; its trust is 1. Rows of other lanes in the answer
    /// are not meaningful.
    ///
    /// # Errors
    /// When the frames do not fit the spec.
    fn observe(&mut self, actions: &Actions, seen: &Observation, lanes: &LaneMask) -> Result<Prediction>;

    /// Begins anew in the named lanes; the others stand still.
    ///
    /// # Errors
    /// When a context does not fit the spec.
    fn replace(&mut self, lanes: &[usize], contexts: &[Context], seeds: &[Seed]) -> Result<()>;

    /// New dreams that begin where the named lanes are; a lane may be named several times.
    ///
    /// With equal actions a fork dreams on exactly as its lane does. `noise` gives each fork a stream of its own instead.
    fn fork(&self, lanes: &[usize], noise: Option<&[Seed]>) -> Box<dyn Imagination>;

    /// The latents now: `[lane, token, dim]`.
    fn latents(&self) -> Tensor<3>;

    /// The state of one lane, noise stream included.
    fn snapshot(&self, lane: usize) -> Snapshot;

    /// Puts a saved state into a lane.
    ///
    /// # Errors
    /// When the snapshot is of another world or is broken.
    fn restore(&mut self, lane: usize, from: &Snapshot) -> Result<()>;
}
