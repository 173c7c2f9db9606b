//! A beginning from a recording, with what was done and seen after it.

use dreamlane_core::{Context, Error, Result, WorldSpec};

/// One recorded stretch: the context a dream starts from, and the recorded future it is held against.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Which unbroken run of the recording it comes from.
    pub run: usize,
    /// Index within that run of the context's last frame.
    pub frame: usize,
    /// The frames and actions that the world sees first.
    pub context: Context,
    /// `[horizon, width]`: the recorded actions; row 0 was taken at the context's last frame, and row k led to
    /// frame k of `truth`.
    pub actions: Vec<f32>,
    /// `[horizon, channel, height, width]`: what the camera recorded afterwards.
    pub truth: Vec<u8>,
    /// `[horizon, feature]`: the recorded state vectors afterwards; empty where there are none.
    pub state: Vec<f32>,
    /// `[horizon]`: the reward that each row of `actions` brought; empty where there are none.
    pub rewards: Vec<f32>,
    /// Whether the task ended with the last recorded frame.
    pub ended: bool,
}

/// Sizes that all cases of an evaluation share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) action_width: usize,
    /// Recorded frames after each context.
    pub(crate) horizon: usize,
    /// Numbers of the recorded state vector; 0 where none was recorded.
    pub(crate) features: usize,
    /// Whether rewards were recorded.
    pub(crate) rewards: bool,
}

impl Layout {
    /// Reads the sizes off the world's spec and checks every case against them.
    pub(crate) fn of(spec: &WorldSpec, cases: &[Case]) -> Result<Self> {
        let camera = match spec.cameras.as_slice() {
            [camera] if spec.draws => camera,
            _ => return Err(Error::Unsupported("judging the pictures of one camera", spec.world.clone())),
        };
        let first = cases.first().ok_or_else(|| Error::Invalid("there are no cases to judge".to_owned()))?;
        let layout = Self {
            height: camera.height,
            width: camera.width,
            action_width: spec.action.width(),
            horizon: first.truth.len() / camera.frame_len().max(1),
            features: match first.state.is_empty() {
                true => 0,
                false => first.context.state.len() / first.context.len.max(1),
            },
            rewards: !first.rewards.is_empty(),
        };
        cases.iter().try_for_each(|case| layout.check(case))?;
        Ok(layout)
    }

    fn check(&self, case: &Case) -> Result<()> {
        let expected = [
            ("recorded pixels", self.horizon * self.frame_len(), case.truth.len()),
            ("recorded action values", self.horizon * self.action_width, case.actions.len()),
            (
                "context pixels",
                case.context.len * self.frame_len(),
                case.context.images.first().map_or(0, Vec::len),
            ),
            ("context action values", case.context.len * self.action_width, case.context.actions.len()),
        ];
        let optional = [
            ("recorded numbers of the state", self.horizon * self.features, case.state.len()),
            ("recorded rewards", if self.rewards { self.horizon } else { 0 }, case.rewards.len()),
        ];
        for (what, expected, found) in optional {
            if expected != found {
                return Err(Error::mismatch(&case.context.source, what, expected, found));
            }
        }
        for (what, expected, found) in expected {
            if expected != found || expected == 0 {
                return Err(Error::mismatch(&case.context.source, what, expected, found));
            }
        }
        Ok(())
    }

    pub(crate) fn frame_len(&self) -> usize {
        3 * self.height * self.width
    }

    /// The frame `horizon` steps after the context; 0 is the context's last frame.
    pub(crate) fn recorded<'a>(&self, case: &'a Case, horizon: usize) -> &'a [u8] {
        let (bytes, end) = match horizon {
            0 => (&case.context.images[0], case.context.images[0].len()),
            _ => (&case.truth, horizon * self.frame_len()),
        };
        &bytes[end - self.frame_len()..end]
    }

    /// The recorded state vector `horizon` steps after the context; 0 is that of the context's last frame. Empty where
    /// none was recorded.
    pub(crate) fn state<'a>(&self, case: &'a Case, horizon: usize) -> &'a [f32] {
        let (values, end) = match (self.features, horizon) {
            (0, _) => return &[],
            (_, 0) => (&case.context.state, case.context.state.len()),
            _ => (&case.state, horizon * self.features),
        };
        &values[end - self.features..end]
    }

    /// One number of the recorded action `step` steps after the context's last frame; negative steps reach into
    /// the context.
    pub(crate) fn action(&self, case: &Case, step: isize, column: usize) -> Option<f32> {
        let at = |values: &[f32], row: usize| values.get(row * self.action_width + column).copied();
        match usize::try_from(step) {
            Ok(row) => at(&case.actions, row),
            Err(_) => at(&case.context.actions, (case.context.len - 1).checked_sub(step.unsigned_abs())?),
        }
    }
}
