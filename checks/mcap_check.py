"""Opens a recording of the format `mcap` as others would and checks what is in it.

    python checks/mcap_check.py SET

SET is a folder that dreamlane wrote or a single `.mcap` file.
Needs the packages mcap, mcap-protobuf-support and pillow; with foxglove-schemas-protobuf, the schemas in the files
are compared with the published ones.
"""

import io
import json
import math
import pathlib
import sys
from collections import Counter

from google.protobuf import descriptor_pb2, descriptor_pool
from mcap.reader import make_reader
from mcap_protobuf.decoder import DecoderFactory
from PIL import Image


class JsonFactory:
    """Decodes the messages of `/episode`."""

    def decoder_for(self, message_encoding, schema):
        return json.loads if message_encoding == "json" else None


def expect(what, found, expected):
    if found != expected:
        sys.exit(f"FAILED: {what}: expected {expected!r}, found {found!r}")


def files_of(path):
    """The files of a set, with what `dreamlane.json` says of each where there is one."""
    if path.is_file():
        return [(path, None)]
    manifest = json.loads((path / "dreamlane.json").read_text())
    return [(path / f"episode-{idx:06}.mcap", kept) for idx, kept in enumerate(manifest["episodes"])]


def camera_of(topic):
    return topic.split("/")[2]


def check_message(topic, schema, message, time_ns, spec, seen):
    """Checks one decoded message; numbers go into `seen`."""
    cameras = {camera["name"]: camera for camera in spec["cameras"]}
    if hasattr(message, "timestamp"):
        stamp = message.timestamp
        expect(f"timestamp on {topic}", stamp.seconds * 10**9 + stamp.nanos, time_ns)
    if schema == "foxglove.CompressedImage":
        camera = cameras[camera_of(topic)]
        expect("format", message.format, "png")
        picture = Image.open(io.BytesIO(message.data))
        picture.load()
        expect(f"picture on {topic}", (picture.format, picture.mode, picture.size),
               ("PNG", "RGB", (camera["width"], camera["height"])))
    elif schema == "foxglove.CameraCalibration":
        camera = cameras[camera_of(topic)]
        (fx, fy), (cx, cy) = camera["lens"]["focal_px"], camera["lens"]["centre_px"]
        expect("calibrated size", (message.width, message.height), (camera["width"], camera["height"]))
        expect("K", list(message.K), [fx, 0, cx, 0, fy, cy, 0, 0, 1])
        expect("P", list(message.P), [fx, 0, cx, 0, 0, fy, cy, 0, 0, 0, 1, 0])
        expect("R", list(message.R), [1, 0, 0, 0, 1, 0, 0, 0, 1])
        expect("D", list(message.D), [0] * 5)
    elif schema == "foxglove.FrameTransforms":
        for transform in message.transforms:
            rotation = transform.rotation
            norm = math.hypot(rotation.x, rotation.y, rotation.z, rotation.w)
            expect("unit rotation", abs(norm - 1) < 1e-9, True)
            seen[f"{transform.parent_frame_id} -> {transform.child_frame_id}"] += 1
    elif schema == "foxglove.SceneUpdate":
        for entity in message.entities:
            expect("frame of an entity", entity.frame_id, "map")
            expect("boxes of an entity", len(entity.cubes), 1)
        seen["boxes"] += len(message.entities)
        seen["deletions"] += len(message.deletions)
    elif schema in ("dreamlane.Action", "dreamlane.State"):
        names = spec["action"]["names"] if schema == "dreamlane.Action" else spec["state"]
        expect(f"fields of {schema}", len(message.DESCRIPTOR.fields), len(names))
        seen["numbers"] += len([getattr(message, field.name) for field in message.DESCRIPTOR.fields])
    elif schema in ("dreamlane.Reward", "dreamlane.Trust"):
        seen["numbers"] += len([message.value])
        if schema == "dreamlane.Trust":
            expect("trust in [0, 1]", 0 <= message.value <= 1, True)


def check_published(schemas):
    """Compares the Foxglove schemas in a file with the published ones, field by field."""
    try:
        import foxglove_schemas_protobuf  # noqa: F401
    except ImportError:
        print("foxglove-schemas-protobuf is not installed: schemas were decoded, not compared")
        return
    import importlib

    compared = set()
    for schema in schemas:
        if not schema.name.startswith("foxglove."):
            continue
        importlib.import_module(f"foxglove_schemas_protobuf.{schema.name.split('.')[1]}_pb2")
        for ours in descriptor_pb2.FileDescriptorSet.FromString(schema.data).file:
            theirs = descriptor_pb2.FileDescriptorProto()
            descriptor_pool.Default().FindFileByName(ours.name).CopyToProto(theirs)
            for file in (ours, theirs):
                file.ClearField("options")
                for message in file.message_type:
                    for field in message.field:
                        field.ClearField("json_name")
            theirs.dependency.sort()
            expect(f"schema {ours.name}", ours.SerializeToString(), theirs.SerializeToString())
            compared.add(ours.name)
    print(f"schemas equal to the published ones: {len(compared)} files")


def check_episodes(metadata, counts, times, events, spec):
    """Checks the number of messages, their times and the events of every episode of a file."""
    rate = spec["steps_per_second"]
    entries = json.loads(metadata["episodes"])
    expected = [
        entry["start_ns"] + step * 10**9 // rate for entry in entries for step in range(entry["length"])
    ]
    scalars = ["/action", "/trust"] + (["/state"] if spec["state"] else []) + (["/reward"] if spec["rewards"] else [])
    images = [f"/camera/{camera['name']}/image" for camera in spec["cameras"]]
    for topic in scalars + images:
        expect(f"times on {topic}", times.get(topic, []), expected)
    for camera in spec["cameras"]:
        topic = f"/camera/{camera['name']}/calibration"
        expect(f"messages on {topic}", counts[topic], len(expected) if camera.get("lens") else 0)
    expect("events", [event["event"] for event in events], ["begin", "end"] * len(entries))
    expect("ids", [event["id"] for event in events[::2]], [entry["id"] for entry in entries])
    return entries


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    total, seen, frames, episodes = Counter(), Counter(), 0, 0
    known = {}
    for path, kept in files_of(pathlib.Path(sys.argv[1])):
        with open(path, "rb") as file:
            reader = make_reader(file, validate_crcs=True, decoder_factories=[DecoderFactory(), JsonFactory()])
            ours = [record.metadata for record in reader.iter_metadata() if record.name == "dreamlane"]
            expect(f"metadata records `dreamlane` in {path.name}", len(ours), 1)
            spec = json.loads(ours[0]["spec"])
            counts, times, events = Counter(), {}, []
            for schema, channel, record, message in reader.iter_decoded_messages():
                expect("publish time", record.publish_time, record.log_time)
                counts[channel.topic] += 1
                times.setdefault(channel.topic, []).append(record.log_time)
                known[schema.name] = schema
                if channel.topic == "/episode":
                    events.append(message)
                else:
                    check_message(channel.topic, schema.name, message, record.log_time, spec, seen)
            entries = check_episodes(ours[0], counts, times, events, spec)
            if kept is not None:
                expect("episode of the manifest", [(kept["id"], kept["length"])],
                       [(entry["id"], entry["length"]) for entry in entries])
        total.update(counts)
        episodes += len(entries)
        frames += sum(entry["length"] for entry in entries)
    check_published(known.values())
    print(f"{episodes} episodes, {frames} steps; every message decodes, every step is at k / rate")
    for topic, count in sorted(total.items()):
        print(f"  {topic:32} {count}")
    for what, count in sorted(seen.items()):
        print(f"  {what:32} {count}")


if __name__ == "__main__":
    main()
