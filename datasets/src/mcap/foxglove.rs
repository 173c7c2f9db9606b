//! The parts of Foxglove's messages that recordings fill. The whole messages are described in the module `schemas`.

pub(super) use prost_types::Timestamp;

/// One picture of a camera.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct CompressedImage {
    #[prost(message, optional, tag = "1")]
    pub(super) timestamp: Option<Timestamp>,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) data: Vec<u8>,
    #[prost(string, tag = "3")]
    pub(super) format: String,
    #[prost(string, tag = "4")]
    pub(super) frame_id: String,
}

/// How a camera projects: the matrices are row by row, `K` and `R` 3 x 3, `P` 3 x 4.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct CameraCalibration {
    #[prost(message, optional, tag = "1")]
    pub(super) timestamp: Option<Timestamp>,
    #[prost(fixed32, tag = "2")]
    pub(super) width: u32,
    #[prost(fixed32, tag = "3")]
    pub(super) height: u32,
    #[prost(string, tag = "4")]
    pub(super) distortion_model: String,
    #[prost(double, repeated, tag = "5")]
    pub(super) d: Vec<f64>,
    #[prost(double, repeated, tag = "6")]
    pub(super) k: Vec<f64>,
    #[prost(double, repeated, tag = "7")]
    pub(super) r: Vec<f64>,
    #[prost(double, repeated, tag = "8")]
    pub(super) p: Vec<f64>,
    #[prost(string, tag = "9")]
    pub(super) frame_id: String,
}

/// A place or a size.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct Vector3 {
    #[prost(double, tag = "1")]
    pub(super) x: f64,
    #[prost(double, tag = "2")]
    pub(super) y: f64,
    #[prost(double, tag = "3")]
    pub(super) z: f64,
}

/// A rotation.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct Quaternion {
    #[prost(double, tag = "1")]
    pub(super) x: f64,
    #[prost(double, tag = "2")]
    pub(super) y: f64,
    #[prost(double, tag = "3")]
    pub(super) z: f64,
    #[prost(double, tag = "4")]
    pub(super) w: f64,
}

/// Where the child's frame is in the parent's.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct FrameTransform {
    #[prost(message, optional, tag = "1")]
    pub(super) timestamp: Option<Timestamp>,
    #[prost(string, tag = "2")]
    pub(super) parent_frame_id: String,
    #[prost(string, tag = "3")]
    pub(super) child_frame_id: String,
    #[prost(message, optional, tag = "4")]
    pub(super) translation: Option<Vector3>,
    #[prost(message, optional, tag = "5")]
    pub(super) rotation: Option<Quaternion>,
}

/// All frames at one time.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct FrameTransforms {
    #[prost(message, repeated, tag = "1")]
    pub(super) transforms: Vec<FrameTransform>,
}

/// Where something is and how it is turned.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct Pose {
    #[prost(message, optional, tag = "1")]
    pub(super) position: Option<Vector3>,
    #[prost(message, optional, tag = "2")]
    pub(super) orientation: Option<Quaternion>,
}

/// Parts in [0, 1].
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct Color {
    #[prost(double, tag = "1")]
    pub(super) r: f64,
    #[prost(double, tag = "2")]
    pub(super) g: f64,
    #[prost(double, tag = "3")]
    pub(super) b: f64,
    #[prost(double, tag = "4")]
    pub(super) a: f64,
}

/// A box around its pose.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct CubePrimitive {
    #[prost(message, optional, tag = "1")]
    pub(super) pose: Option<Pose>,
    #[prost(message, optional, tag = "2")]
    pub(super) size: Option<Vector3>,
    #[prost(message, optional, tag = "3")]
    pub(super) color: Option<Color>,
}

/// A note on an entity.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct KeyValuePair {
    #[prost(string, tag = "1")]
    pub(super) key: String,
    #[prost(string, tag = "2")]
    pub(super) value: String,
}

/// Something in the scene; an entity with the id of an earlier one replaces it.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct SceneEntity {
    #[prost(message, optional, tag = "1")]
    pub(super) timestamp: Option<Timestamp>,
    #[prost(string, tag = "2")]
    pub(super) frame_id: String,
    #[prost(string, tag = "3")]
    pub(super) id: String,
    #[prost(message, repeated, tag = "6")]
    pub(super) metadata: Vec<KeyValuePair>,
    #[prost(message, repeated, tag = "8")]
    pub(super) cubes: Vec<CubePrimitive>,
}

/// An end of one entity, or of all.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct SceneEntityDeletion {
    #[prost(message, optional, tag = "1")]
    pub(super) timestamp: Option<Timestamp>,
    /// [`MATCHING_ID`] or [`ALL`].
    #[prost(int32, tag = "2")]
    pub(super) kind: i32,
    #[prost(string, tag = "3")]
    pub(super) id: String,
}

/// Deletes the entity with this id.
pub(super) const MATCHING_ID: i32 = 0;
/// Deletes every entity of the topic.
pub(super) const ALL: i32 = 1;

/// What changes in the scene.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct SceneUpdate {
    #[prost(message, repeated, tag = "1")]
    pub(super) deletions: Vec<SceneEntityDeletion>,
    #[prost(message, repeated, tag = "2")]
    pub(super) entities: Vec<SceneEntity>,
}
