"""Reads the events of a run with the `tensorboard` package and holds them against its log.

    python -m venv venv && venv/bin/pip install tensorboard
    venv/bin/python checks/tensorboard_check.py runs/nano

Prints each tag with its number of points; ends with 1 where a point is missing, stale, or another number.
"""

import json
import pathlib
import struct
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def logged(run: pathlib.Path) -> dict[str, dict[int, float]]:
    """Points by tag and step, as `log.jsonl` has them."""
    points: dict[str, dict[int, float]] = {}
    for line in (run / "log.jsonl").read_text().splitlines():
        entry = json.loads(line)
        for kind in ("train", "validation"):
            for name, number in entry.get(kind, {}).items():
                points.setdefault(f"{kind}/{name}", {})[entry["step"]] = number
    return points


def main() -> int:
    run = pathlib.Path(sys.argv[1])
    events = EventAccumulator(str(run / "tensorboard"), size_guidance={"scalars": 0})
    events.Reload()
    found = {
        tag: [(event.step, event.value) for event in events.Scalars(tag)]
        for tag in events.Tags()["scalars"]
    }
    wrong = 0
    for tag, points in sorted(found.items()):
        print(f"{tag:24} {len(points)}")
    for tag, expected in sorted(logged(run).items()):
        # Events hold 32 bits.
        as_held = [(step, struct.unpack("f", struct.pack("f", x))[0]) for step, x in sorted(expected.items())]
        if found.get(tag) != as_held:
            print(f"{tag}: expected {len(as_held)} points as in log.jsonl, found {len(found.get(tag, []))} others")
            wrong += 1
    if "charts/SPS" not in found:
        print("charts/SPS: missing")
        wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
