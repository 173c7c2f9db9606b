//! Scenes as Foxglove's entities, one box per body, and back; and the frames that follow from them.
//!
//! Numbers that a box cannot show exactly (heading, speed) stand beside it as text, so scenes come back bit by bit.

use dreamlane_core::{Body, BodyKind, EnvSpec, Lens, Scene};
use prost::Message as _;

use super::{
    channels::{BODY, MAP, camera_frame},
    clock::timestamp,
    foxglove::{
        ALL, Color, CubePrimitive, FrameTransform, FrameTransforms, KeyValuePair, MATCHING_ID, Pose,
        Quaternion, SceneEntity, SceneEntityDeletion, SceneUpdate, Vector3,
    },
};
use crate::Checked;

/// Largest message of a scene; about three thousand bodies.
pub(super) const MAX_SCENE_BYTES: usize = 1 << 20;

/// Turns the axes ahead, left, up into those of a picture: right, down, ahead.
const OPTICAL: Quaternion = Quaternion { x: -0.5, y: 0.5, z: -0.5, w: 0.5 };

/// Names and colours of kinds.
const KINDS: [(BodyKind, &str, [f64; 3]); 6] = [
    (BodyKind::Car, "car", [0.30, 0.55, 0.85]),
    (BodyKind::Truck, "truck", [0.85, 0.60, 0.25]),
    (BodyKind::Motorcycle, "motorcycle", [0.65, 0.40, 0.75]),
    (BodyKind::Cyclist, "cyclist", [0.30, 0.70, 0.45]),
    (BodyKind::Pedestrian, "pedestrian", [0.90, 0.35, 0.45]),
    (BodyKind::Other, "other", [0.60, 0.60, 0.60]),
];
/// The participant that acts.
const EGO_COLOR: [f64; 3] = [0.95, 0.80, 0.20];

/// The update from the scene before, none at the beginning of an episode, to this one.
pub(super) fn update(scene: &Scene, before: Option<&Scene>, time_ns: u64) -> SceneUpdate {
    let deletion = |kind, id| SceneEntityDeletion { timestamp: Some(timestamp(time_ns)), kind, id };
    let deletions = match before {
        // A file may hold episodes one after another: nobody of the last one stays.
        None => vec![deletion(ALL, String::new())],
        Some(before) => {
            let gone = |body: &&Body| !scene.bodies.iter().any(|other| other.id == body.id);
            before.bodies.iter().filter(gone).map(|body| deletion(MATCHING_ID, body.id.to_string())).collect()
        }
    };
    let entities = scene.bodies.iter().enumerate().map(|(idx, body)| {
        let (_, kind, color) =
            KINDS[KINDS.iter().position(|(kind, ..)| *kind == body.kind).unwrap_or(KINDS.len() - 1)];
        let note = |key: &str, value: String| KeyValuePair { key: key.to_owned(), value };
        SceneEntity {
            timestamp: Some(timestamp(time_ns)),
            frame_id: MAP.to_owned(),
            id: body.id.to_string(),
            metadata: vec![
                note("kind", kind.to_owned()),
                note("heading_rad", body.heading_rad.to_string()),
                note("speed_mps", body.speed_mps.to_string()),
            ],
            cubes: vec![cube(body, if idx == 0 { EGO_COLOR } else { color })],
        }
    });
    SceneUpdate { deletions, entities: entities.collect() }
}

fn cube(body: &Body, [r, g, b]: [f64; 3]) -> CubePrimitive {
    let [x, y] = body.place_m.map(f64::from);
    let [length, width, height] = body.size_m.map(f64::from);
    let position = Vector3 { x, y, z: height / 2.0 };
    CubePrimitive {
        pose: Some(Pose { position: Some(position), orientation: Some(turn(body)) }),
        size: Some(Vector3 { x: length, y: width, z: height }),
        color: Some(Color { r, g, b, a: 1.0 }),
    }
}

/// The scene in an update's bytes.
pub(super) fn decode(bytes: &[u8]) -> Checked<Scene> {
    if bytes.len() > MAX_SCENE_BYTES {
        return Err(format!("scene of {} bytes, more than {MAX_SCENE_BYTES}", bytes.len()));
    }
    let update = SceneUpdate::decode(bytes).map_err(|error| error.to_string())?;
    let bodies = update.entities.iter().map(|entity| {
        body(entity).ok_or_else(|| format!("entity `{}` is no box with kind, heading and speed", entity.id))
    });
    Ok(Scene { bodies: bodies.collect::<Checked<_>>()? })
}

fn body(entity: &SceneEntity) -> Option<Body> {
    let note =
        |key: &str| entity.metadata.iter().find(|pair| pair.key == key).map(|pair| pair.value.as_str());
    let [cube] = entity.cubes.as_slice() else { return None };
    let (place, size) = (cube.pose?.position?, cube.size?);
    let kind = note("kind")?;
    Some(Body {
        id: entity.id.parse().ok()?,
        kind: KINDS.iter().find(|(_, name, _)| *name == kind)?.0,
        place_m: [place.x, place.y].map(|metres| metres as f32),
        heading_rad: note("heading_rad")?.parse().ok()?,
        speed_mps: note("speed_mps")?.parse().ok()?,
        size_m: [size.x, size.y, size.z].map(|metres| metres as f32),
    })
}

/// The body's frame in the map, where the scene tells it, and the cameras' frames on the body.
/// All of them every time, because a viewer that jumps into the file has only the last message.
pub(super) fn transforms(spec: &EnvSpec, scene: Option<&Scene>, time_ns: u64) -> FrameTransforms {
    let transform = |parent: &str, child: String, translation, rotation| FrameTransform {
        timestamp: Some(timestamp(time_ns)),
        parent_frame_id: parent.to_owned(),
        child_frame_id: child,
        translation: Some(translation),
        rotation: Some(rotation),
    };
    let ego = scene.and_then(|scene| scene.bodies.first()).map(|body| {
        let [x, y] = body.place_m.map(f64::from);
        transform(MAP, BODY.to_owned(), Vector3 { x, y, z: 0.0 }, turn(body))
    });
    let cameras = spec.cameras.iter().filter_map(|camera| {
        let Lens { place_m: [x, y, z], .. } = camera.lens?;
        Some(transform(BODY, camera_frame(&camera.name), Vector3 { x, y, z }, OPTICAL))
    });
    FrameTransforms { transforms: ego.into_iter().chain(cameras).collect() }
}

/// The heading as a rotation about the axis that points up.
fn turn(body: &Body) -> Quaternion {
    let (z, w) = (f64::from(body.heading_rad) / 2.0).sin_cos();
    Quaternion { x: 0.0, y: 0.0, z, w }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn body(id: u32, kind: usize, numbers: [f32; 7]) -> Body {
        let [x, y, heading_rad, speed_mps, length, width, height] = numbers;
        let (kind, ..) = KINDS[kind];
        Body { id, kind, place_m: [x, y], heading_rad, speed_mps, size_m: [length, width, height] }
    }

    proptest! {
        #[test]
        fn scenes_come_back_exactly(bodies in prop::collection::vec((any::<u32>(), 0usize..6, any::<[f32; 7]>()), 0..9)) {
            let scene = Scene { bodies: bodies.into_iter().map(|(id, kind, numbers)| body(id, kind, numbers)).collect() };
            prop_assert_eq!(decode(&update(&scene, None, 7).encode_to_vec()).unwrap(), scene);
        }
    }

    #[test]
    fn those_that_vanish_are_deleted_and_a_beginning_deletes_everyone() {
        let scene = |ids: &[u32]| Scene { bodies: ids.iter().map(|&id| body(id, 0, [1.0; 7])).collect() };
        let deleted = |update: SceneUpdate| {
            update.deletions.into_iter().map(|deletion| (deletion.kind, deletion.id)).collect::<Vec<_>>()
        };
        assert_eq!(deleted(update(&scene(&[0, 2]), None, 0)), [(ALL, String::new())]);
        assert_eq!(
            deleted(update(&scene(&[0, 2]), Some(&scene(&[0, 1, 2])), 0)),
            [(MATCHING_ID, "1".to_owned())]
        );
    }

    #[test]
    fn the_axes_of_a_picture_are_right_down_and_ahead() {
        let rotate = |axis: [f64; 3]| {
            let Quaternion { x, y, z, w } = OPTICAL;
            let cross = |[a, b, c]: [f64; 3]| [y * c - z * b, z * a - x * c, x * b - y * a];
            let once = cross(axis).map(|part| 2.0 * part);
            let twice = cross(once);
            [0, 1, 2].map(|idx| axis[idx] + w * once[idx] + twice[idx])
        };
        assert_eq!(rotate([1.0, 0.0, 0.0]), [0.0, -1.0, 0.0]);
        assert_eq!(rotate([0.0, 1.0, 0.0]), [0.0, 0.0, -1.0]);
        assert_eq!(rotate([0.0, 0.0, 1.0]), [1.0, 0.0, 0.0]);
    }
}
