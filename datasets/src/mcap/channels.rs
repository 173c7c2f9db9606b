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

/// A channel and its schema.
#[derive(Clone, Debug)]
pub(super) struct Channel {
    pub(super) content: Content,
    pub(super) topic: String,
    pub(super) schema: String,
    /// How the schema is written: `protobuf` or `jsonschema`.
    pub(super) schema_encoding: &'static str,
    /// How messages are written: `protobuf` or `json`.
    pub(super) encoding: &'static str,
    pub(super) description: Vec<u8>,
}

/// The frame of a camera, axes right, down and ahead.
pub(super) fn camera_frame(name: &str) -> String {
    format!("camera/{name}")
}

/// The channels of a spec, in the order of a step's messages.
pub(super) fn channels(spec: &EnvSpec) -> Vec<Channel> {
    let mut channels = vec![event()];
    for (camera_idx, camera) in spec.cameras.iter().enumerate() {
        let topic = |what: &str| format!("/camera/{}/{what}", camera.name);
        channels.push(foxglove(Content::Image(camera_idx), topic("image"), "CompressedImage"));
        if camera.lens.is_some() {
            channels.push(foxglove(Content::Calibration(camera_idx), topic("calibration"), "CameraCalibration"));
        }
    }
    if spec.scenes || spec.cameras.iter().any(|camera| camera.lens.is_some()) {
        channels.push(foxglove(Content::Transforms, "/tf".to_owned(), "FrameTransforms"));
    }
    if spec.scenes {
        channels.push(foxglove(Content::Scene, "/scene".to_owned(), "SceneUpdate"));
    }
    let value = ["value".to_owned()];
    if !spec.state.is_empty() {
        channels.push(numbers(Content::State, "State", &spec.state));
    }
    channels.push(numbers(Content::Action, "Action", spec.action.names()));
    if spec.rewards {
        channels.push(numbers(Content::Reward, "Reward", &value));
    }
    channels.push(numbers(Content::Trust, "Trust", &value));
    channels
}

fn foxglove(content: Content, topic: String, message: &str) -> Channel {
    let schema = format!("foxglove.{message}");
    let description = schemas::descriptor_of(&schema);
    Channel { content, topic, schema, schema_encoding: "protobuf", encoding: "protobuf", description }
}

fn numbers(content: Content, name: &str, fields: &[String]) -> Channel {
    Channel {
        content,
        topic: format!("/{}", name.to_lowercase()),
        schema: format!("dreamlane.{name}"),
        schema_encoding: "protobuf",
        encoding: "protobuf",
        description: scalars::descriptor(name, fields),
    }
}

fn event() -> Channel {
    const SCHEMA: &str = r#"{
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
    Channel {
        content: Content::Event,
        topic: "/episode".to_owned(),
        schema: "dreamlane.Event".to_owned(),
        schema_encoding: "jsonschema",
        encoding: "json",
        description: SCHEMA.as_bytes().to_vec(),
    }
}
