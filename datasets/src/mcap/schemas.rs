//! The Foxglove messages that recordings hold, with all that they refer to, as published at
//! <https://github.com/foxglove/foxglove-sdk/tree/main/schemas/proto/foxglove>.
//!
//! `checks/mcap_check.py` compares them with the published ones, field by field.

use super::descriptor::{
    Field,
    Kind::{Bool, Bytes, Double, Enum, Fixed32, Int32, Int64, Message as Of, Text},
    Message, descriptor_set, many, one,
};

const TIME: super::descriptor::Kind = Of("google.protobuf.Timestamp");
const VECTOR: super::descriptor::Kind = Of("foxglove.Vector3");
const COLOR: super::descriptor::Kind = Of("foxglove.Color");
const POSE: super::descriptor::Kind = Of("foxglove.Pose");
const POINT: super::descriptor::Kind = Of("foxglove.Point3");

/// The description of a message named in full, such as `foxglove.SceneUpdate`.
pub(super) fn descriptor_of(full_name: &str) -> Vec<u8> {
    let name = full_name.strip_prefix("foxglove.").unwrap_or(full_name);
    let message = MESSAGES.iter().find(|message| message.name == name);
    descriptor_set(message.unwrap_or_else(|| panic!("no table describes {full_name}")), MESSAGES)
}

const fn foxglove<'a>(name: &'a str, fields: &'a [Field<'a>]) -> Message<'a> {
    Message { package: "foxglove", name, fields, types: &[] }
}

const fn google<'a>(name: &'a str, fields: &'a [Field<'a>]) -> Message<'a> {
    Message { package: "google.protobuf", name, fields, types: &[] }
}

static MESSAGES: &[Message<'static>] = &[
    google("Timestamp", &[one(1, "seconds", Int64), one(2, "nanos", Int32)]),
    google("Duration", &[one(1, "seconds", Int64), one(2, "nanos", Int32)]),
    foxglove("Vector3", &[one(1, "x", Double), one(2, "y", Double), one(3, "z", Double)]),
    foxglove("Point3", &[one(1, "x", Double), one(2, "y", Double), one(3, "z", Double)]),
    foxglove(
        "Quaternion",
        &[one(1, "x", Double), one(2, "y", Double), one(3, "z", Double), one(4, "w", Double)],
    ),
    foxglove("Color", &[one(1, "r", Double), one(2, "g", Double), one(3, "b", Double), one(4, "a", Double)]),
    foxglove("Pose", &[one(1, "position", VECTOR), one(2, "orientation", Of("foxglove.Quaternion"))]),
    foxglove("KeyValuePair", &[one(1, "key", Text), one(2, "value", Text)]),
    foxglove(
        "CompressedImage",
        &[one(1, "timestamp", TIME), one(4, "frame_id", Text), one(2, "data", Bytes), one(3, "format", Text)],
    ),
    foxglove(
        "CameraCalibration",
        &[
            one(1, "timestamp", TIME),
            one(9, "frame_id", Text),
            one(2, "width", Fixed32),
            one(3, "height", Fixed32),
            one(4, "distortion_model", Text),
            many(5, "D", Double),
            many(6, "K", Double),
            many(7, "R", Double),
            many(8, "P", Double),
        ],
    ),
    foxglove(
        "FrameTransform",
        &[
            one(1, "timestamp", TIME),
            one(2, "parent_frame_id", Text),
            one(3, "child_frame_id", Text),
            one(4, "translation", VECTOR),
            one(5, "rotation", Of("foxglove.Quaternion")),
        ],
    ),
    foxglove("FrameTransforms", &[many(1, "transforms", Of("foxglove.FrameTransform"))]),
    foxglove(
        "SceneUpdate",
        &[
            many(1, "deletions", Of("foxglove.SceneEntityDeletion")),
            many(2, "entities", Of("foxglove.SceneEntity")),
        ],
    ),
    Message {
        package: "foxglove",
        name: "SceneEntityDeletion",
        fields: &[
            one(1, "timestamp", TIME),
            one(2, "type", Enum("foxglove.SceneEntityDeletion.Type")),
            one(3, "id", Text),
        ],
        types: &["MATCHING_ID", "ALL"],
    },
    foxglove(
        "SceneEntity",
        &[
            one(1, "timestamp", TIME),
            one(2, "frame_id", Text),
            one(3, "id", Text),
            one(4, "lifetime", Of("google.protobuf.Duration")),
            one(5, "frame_locked", Bool),
            many(6, "metadata", Of("foxglove.KeyValuePair")),
            many(7, "arrows", Of("foxglove.ArrowPrimitive")),
            many(8, "cubes", Of("foxglove.CubePrimitive")),
            many(9, "spheres", Of("foxglove.SpherePrimitive")),
            many(10, "cylinders", Of("foxglove.CylinderPrimitive")),
            many(11, "lines", Of("foxglove.LinePrimitive")),
            many(12, "triangles", Of("foxglove.TriangleListPrimitive")),
            many(13, "texts", Of("foxglove.TextPrimitive")),
            many(14, "models", Of("foxglove.ModelPrimitive")),
        ],
    ),
    foxglove("CubePrimitive", &[one(1, "pose", POSE), one(2, "size", VECTOR), one(3, "color", COLOR)]),
    foxglove("SpherePrimitive", &[one(1, "pose", POSE), one(2, "size", VECTOR), one(3, "color", COLOR)]),
    foxglove(
        "CylinderPrimitive",
        &[
            one(1, "pose", POSE),
            one(2, "size", VECTOR),
            one(3, "bottom_scale", Double),
            one(4, "top_scale", Double),
            one(5, "color", COLOR),
        ],
    ),
    foxglove(
        "ArrowPrimitive",
        &[
            one(1, "pose", POSE),
            one(2, "shaft_length", Double),
            one(3, "shaft_diameter", Double),
            one(4, "head_length", Double),
            one(5, "head_diameter", Double),
            one(6, "color", COLOR),
        ],
    ),
    Message {
        package: "foxglove",
        name: "LinePrimitive",
        fields: &[
            one(1, "type", Enum("foxglove.LinePrimitive.Type")),
            one(2, "pose", POSE),
            one(3, "thickness", Double),
            one(4, "scale_invariant", Bool),
            many(5, "points", POINT),
            one(6, "color", COLOR),
            many(7, "colors", COLOR),
            many(8, "indices", Fixed32),
        ],
        types: &["LINE_STRIP", "LINE_LOOP", "LINE_LIST"],
    },
    foxglove(
        "TriangleListPrimitive",
        &[
            one(1, "pose", POSE),
            many(2, "points", POINT),
            one(3, "color", COLOR),
            many(4, "colors", COLOR),
            many(5, "indices", Fixed32),
        ],
    ),
    foxglove(
        "TextPrimitive",
        &[
            one(1, "pose", POSE),
            one(2, "billboard", Bool),
            one(3, "font_size", Double),
            one(4, "scale_invariant", Bool),
            one(5, "color", COLOR),
            one(6, "text", Text),
        ],
    ),
    foxglove(
        "ModelPrimitive",
        &[
            one(1, "pose", POSE),
            one(2, "scale", VECTOR),
            one(3, "color", COLOR),
            one(4, "override_color", Bool),
            one(5, "url", Text),
            one(6, "media_type", Text),
            one(7, "data", Bytes),
        ],
    ),
];
