//! The channels that a recording has, by its spec: topic, message and what of a step goes there.

use dreamlane_core::EnvSpec;

use super::{scalars, schemas};

/// The map, in which the scene stands: x ahead of nobody in particular, y to the left of x, z up, metres.
pub(super) const MAP: &str = "map";
/// The participant that acts, on the ground below its middle: x ahead, y left, z up.
pub(super) const BODY: &str = "body";

/// What a channel carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Where an episode begins and ends.
    Event,
    /// Pictures of the camera with this index.
    Image(usize),
    /// The lens of the camera with this index.
    Calibration(usize),
    /// Where the body and the cameras are.
    Transforms,
    /// Who is where.
    Scene,
    State,
    Action,
    Reward,
    Trust,
}

/// A channel of a spec.
#[derive(Clone, Debug)]
pub(super) struct Channel {
    pub(super) content: Content,
    pub(super) topic: String,
    /// The name of its messages, in full.
    pub(super) schema: &'static str,
}

/// The frame of a camera, axes right, down and ahead.
pub(super) fn camera_frame(name: &str) -> String {
    format!("camera/{name}")
}

/// The channels of a spec, in the order of a step's messages.
pub(super) fn channels(spec: &EnvSpec) -> Vec<Channel> {
    let channel = |content, topic: &str, schema| Channel { content, topic: topic.to_owned(), schema };
    let mut channels = vec![channel(Content::Event, "/episode", "dreamlane.Event")];
    for (camera_idx, camera) in spec.cameras.iter().enumerate() {
        let topic = |what: &str| format!("/camera/{}/{what}", camera.name);
        channels.push(channel(Content::Image(camera_idx), &topic("image"), "foxglove.CompressedImage"));
        if camera.lens.is_some() {
            let content = Content::Calibration(camera_idx);
            channels.push(channel(content, &topic("calibration"), "foxglove.CameraCalibration"));
        }
    }
    if spec.scenes || spec.cameras.iter().any(|camera| camera.lens.is_some()) {
        channels.push(channel(Content::Transforms, "/tf", "foxglove.FrameTransforms"));
    }
    if spec.scenes {
        channels.push(channel(Content::Scene, "/scene", "foxglove.SceneUpdate"));
    }
    if !spec.state.is_empty() {
        channels.push(channel(Content::State, "/state", "dreamlane.State"));
    }
    channels.push(channel(Content::Action, "/action", "dreamlane.Action"));
    if spec.rewards {
        channels.push(channel(Content::Reward, "/reward", "dreamlane.Reward"));
    }
    channels.push(channel(Content::Trust, "/trust", "dreamlane.Trust"));
    channels
}

impl Channel {
    /// How messages and their description are written.
    pub(super) fn encodings(&self) -> (&'static str, &'static str) {
        match self.content {
            Content::Event => ("json", "jsonschema"),
            _ => ("protobuf", "protobuf"),
        }
    }

    /// The description of its messages.
    pub(super) fn description(&self, spec: &EnvSpec) -> Vec<u8> {
        let value = ["value".to_owned()];
        match self.content {
            Content::Event => EVENT.as_bytes().to_vec(),
            Content::State => scalars::descriptor("State", &spec.state),
            Content::Action => scalars::descriptor("Action", spec.action.names()),
            Content::Reward => scalars::descriptor("Reward", &value),
            Content::Trust => scalars::descriptor("Trust", &value),
            Content::Image(_) | Content::Calibration(_) | Content::Transforms | Content::Scene => {
                schemas::descriptor_of(self.schema)
            }
        }
    }
}

const EVENT: &str = r#"{
  "title": "dreamlane.Event",
  "type": "object",
  "properties": {
    "event": {"type": "string", "enum": ["begin", "end"]},
    "id": {"type": "integer"},
    "task": {"type": "string"},
    "beginning": {"type": "string"},
    "terminated": {"type": "boolean"},
    "truncated": {"type": ["string", "null"], "enum": ["clock", "horizon", "trust", null]}
  },
  "required": ["event"]
}"#;
