//! The words of dreamlane: types and traits that every other crate speaks.
//!
//! Nothing here does I/O, starts a thread or knows a model.
//! Batched first: one environment is a batch of one *lane*, a lane has one or more *seats*,
//! and a *row* is one seat of one lane; tensors are row-major, lane by lane.

mod batch;
mod env;
mod episode;
mod error;
mod learner;
mod mask;
mod policy;
mod provenance;
mod scene;
mod seed;
mod spec;
mod timestep;
mod world;

pub use batch::{Batch, Window};
pub use env::{Env, Frames, Snapshot, View};
pub use episode::{Episode, EpisodeSink, EpisodeSource, Format, Repair, Step};
pub use error::{Error, Result, known_names};
pub use learner::{BatchShape, Learner, Measures, Metrics, Spread, TRAINING_STATE};
pub use mask::{LaneMask, RowMask};
pub use policy::Policy;
pub use provenance::{ContextOrigin, Origin, Provenance, Source};
pub use scene::{Body, BodyKind, Scene};
pub use seed::Seed;
pub use spec::{ActionSpace, CameraSpec, EnvSpec, Lens, WorldSpec};
pub use timestep::{Actions, Fault, Observation, Timestep, Truncation};
pub use world::{Context, Contexts, Imagination, Prediction, WorldModel};
