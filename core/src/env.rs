//! The environment: batched first, resets explicit.

use burn::tensor::Tensor;

use crate::{Actions, EnvSpec, Error, LaneMask, Observation, Result, Scene, Seed, Timestep};

/// A picture of a lane, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// What the first camera sees.
    Camera,
    /// The ground from above, what carries the first camera in the middle, its heading up.
    Above,
}

/// Pictures of all lanes: `[lane, height, width, channel]`, RGB bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frames {
    /// Rows of a picture.
    pub height: usize,
    /// Columns of a picture.
    pub width: usize,
    /// The bytes, lane by lane.
    pub rgb: Vec<u8>,
}

/// The whole state of one lane, as bytes that can be kept and restored into any lane.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Snapshot {
    /// Who wrote it: the env's or the world's name; restoring elsewhere is an error.
    pub origin: String,
    /// The state, in the writer's own form.
    pub bytes: Vec<u8>,
}

/// Many episodes side by side. The caller resets finished lanes; nothing resets by itself.
pub trait Env: Send {
    /// Lanes, seats, spaces, steps per second.
    fn spec(&self) -> &EnvSpec;

    /// Begins a new episode in each marked lane; the other lanes stand still.
    ///
    /// `seeds` holds one seed per marked lane, in lane order. An episode is a function of its seed
    /// and of the actions, whatever the lane and whatever runs beside it.
    ///
    /// # Errors
    /// When a beginning cannot be drawn, for example from a data set that cannot be read.
    fn reset(&mut self, lanes: &LaneMask, seeds: &[Seed]) -> Result<Timestep>;

    /// Advances the running lanes; the others stand still and cost nothing.
    ///
    /// # Errors
    /// When the actions do not fit the spec, or the process behind the env fails.
    fn step(&mut self, actions: &Actions, running: &LaneMask) -> Result<Timestep>;

    /// The state of one lane.
    ///
    /// # Errors
    /// When the env cannot be saved.
    fn snapshot(&self, lane: usize) -> Result<Snapshot>;

    /// Puts a saved state into any lane; together with [`Env::snapshot`] this forks an episode.
    ///
    /// # Errors
    /// When the snapshot is of another env or is broken.
    fn restore(&mut self, lane: usize, from: &Snapshot) -> Result<()>;

    /// What each lane shows now, without advancing it.
    ///
    /// # Errors
    /// When the env has no such view.
    fn render(&mut self, view: View) -> Result<Frames>;

    /// What the rows see now, without advancing them.
    fn observe(&mut self) -> Observation;

    /// Where the episode of a lane began, for the record, such as the recording and frame of a dream's context.
    /// Empty where the seed says it all.
    fn beginning(&self, _lane: usize) -> &str {
        ""
    }

    /// What the rows did in the last step, `[row, width]`, as actions that would have done about the same: for those
    /// that were given none and drove themselves. What is recorded of them.
    ///
    /// # Errors
    /// When the env does not let rows drive themselves, or its actions cannot say what they did.
    fn driven(&self) -> Result<Tensor<2>> {
        Err(Error::Unsupported("telling what a row without an action did", self.spec().name.clone()))
    }

    /// Participants moved times ticks of the physics, over all lanes and episodes so far; 0 where that has no meaning.
    /// For measuring speed.
    fn moved(&self) -> u64 {
        0
    }

    /// Who is where in a lane now; none where the spec's `scenes` is false.
    fn scene(&self, _lane: usize) -> Option<Scene> {
        None
    }
}
