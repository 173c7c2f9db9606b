"""A LeRobot set of ours loads in the `lerobot` package, every frame at its time, every value as it was recorded.

Usage: lerobot_check.py SET [TRUTH]
TRUTH is a set of the same episodes with PNG pictures; the set itself when not given.
"""

import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_OFFLINE"] = "1"

import importlib.metadata
import importlib.util
import tempfile

# The loader keeps arrow copies of what it reads; they must not outlive the set that they were made of.
os.environ["HF_DATASETS_CACHE"] = tempfile.mkdtemp()

import numpy as np
import torch
from lerobot.datasets.lerobot_dataset import LeRobotDataset

import truth
from tally import Tally

# Lossy pictures must come back at least this near, in dB.
LEAST_PSNR = 38.0
SCALARS = ["next.reward", "next.done", "next.truncated", "dreamlane.trust"]
VECTORS = ["observation.state", "action"]


def as_bytes(picture):
    """`[channel, height, width]` in [0, 1] as `[height, width, channel]` bytes."""
    return (picture.permute(1, 2, 0) * 255.0).round().to(torch.uint8).numpy()


def check_picture(tally, key, kind, found, expected):
    if kind == "image":
        tally.holds("a PNG is exactly the picture", np.array_equal(as_bytes(found), expected), key)
    else:
        near = truth.psnr(as_bytes(found), expected)
        tally.holds(f"a video frame is above {LEAST_PSNR} dB", near > LEAST_PSNR, f"{key}: {near:.2f} dB")
    return truth.psnr(as_bytes(found), expected)


def check_rows(tally, data, rows):
    """Every row, in order."""
    worst = float("inf")
    for row in range(len(rows)):
        item = data[row]
        first, _ = rows.bounds(row)
        late = abs(item["timestamp"].item() - (row - first) / data.fps)
        tally.holds("a frame at its time within 1e-4 s", late < 1e-4, late)
        for key in ["index", "frame_index", "episode_index", "task_index"]:
            tally.equal(key, item[key].item(), rows.columns[key][row])
        tally.equal("the text of the task", item["task"], rows.tasks[rows.columns["task_index"][row]])
        for key in SCALARS:
            if key in data.features:
                expected = torch.tensor(rows.columns[key][row]).item()
                tally.equal(key, item[key].item(), expected)
        for key in VECTORS:
            if key in data.features:
                tally.equal(key, item[key].tolist(), rows.columns[key][row])
        for key in data.meta.camera_keys:
            kind = data.features[key]["dtype"]
            tally.equal("shape of a picture", list(item[key].permute(1, 2, 0).shape), list(data.features[key]["shape"]))
            worst = min(worst, check_picture(tally, key, kind, item[key], rows.picture(key, row)))
    return worst


def check_windows(tally, root, data, rows):
    """Frames before and actions after each row, padded at the ends of its episode."""
    step = 1 / data.fps
    past, future = [-2, -1, 0], [0, 1, 2, 3]
    wanted = {key: [n * step for n in past] for key in data.meta.camera_keys}
    wanted["action"] = [n * step for n in future]
    windows = LeRobotDataset("dreamlane/check", root=root, delta_timestamps=wanted, video_backend=data.video_backend)
    for row in range(0, len(rows), 3):
        item = windows[row]
        first, end = rows.bounds(row)
        inside = [min(max(row + n, first), end - 1) for n in future]
        tally.equal("actions of a window", item["action"].tolist(), [rows.columns["action"][at] for at in inside])
        padded = [not first <= row + n < end for n in future]
        tally.equal("padding of a window", item["action_is_pad"].tolist(), padded)
        for key in data.meta.camera_keys:
            for found, n in zip(item[key], past):
                at = min(max(row + n, first), end - 1)
                check_picture(tally, key, data.features[key]["dtype"], found, rows.picture(key, at))


def check_batches(tally, data, rows):
    """A shuffled DataLoader gives every row once."""
    order = torch.Generator().manual_seed(1)
    seen = []
    for batch in torch.utils.data.DataLoader(data, batch_size=32, shuffle=True, generator=order):
        seen += batch["index"].tolist()
        tally.equal("width of a batch's actions", batch["action"].shape[1], len(rows.columns["action"][0]))
        tally.equal("texts of a batch", len(batch["task"]), len(batch["index"]))
    tally.equal("every row in one batch", sorted(seen), list(range(len(rows))))


def check_subset(tally, root, data, rows):
    """Some of the episodes."""
    episodes = [len(rows.episodes) - 1] if len(rows.episodes) < 3 else [1, len(rows.episodes) - 1]
    part = LeRobotDataset("dreamlane/check", root=root, episodes=episodes, video_backend=data.video_backend)
    tally.equal("frames of chosen episodes", len(part), sum(rows.episodes[idx]["length"] for idx in episodes))
    tally.equal("rows of chosen episodes", part[0]["episode_index"].item(), episodes[0])
    # A loader of one frame at a time finds its video by the same index.
    for key in data.meta.camera_keys:
        expected = rows.picture(key, rows.episodes[episodes[0]]["dataset_from_index"])
        check_picture(tally, key, data.features[key]["dtype"], part[0][key], expected)


def check_meta(tally, data, rows):
    tally.equal("episodes", data.num_episodes, len(rows.episodes))
    tally.equal("frames", len(data), len(rows))
    tally.equal("texts of tasks", list(data.meta.tasks.index), rows.tasks)
    for idx, episode in enumerate(rows.episodes):
        tally.equal("tasks of an episode", data.meta.episodes[idx]["tasks"], episode["tasks"])
    for key, entry in data.meta.stats.items():
        if key not in data.features:
            continue
        shape = (3, 1, 1) if key in data.meta.camera_keys else (data.features[key]["shape"][0],)
        tally.equal("shape of a mean", np.shape(entry["mean"]), shape)
        if key in rows.columns and key not in data.meta.camera_keys:
            values = np.asarray(rows.columns[key], dtype=np.float64).reshape(len(rows), -1)
            near = np.allclose(entry["mean"], values.mean(0), rtol=1e-5, atol=1e-6)
            tally.holds("a mean as numpy finds it", near, f"{key}: {entry['mean']}")


def main(root, truth_root):
    rows = truth.Rows(truth_root)
    version = importlib.metadata.version("lerobot")
    kinds = sorted({entry["dtype"] for entry in truth.info(root)["features"].values()} & {"image", "video"})
    tally = Tally(f"lerobot {version}: {', '.join(kinds)}")
    backends = ["pyav"]
    if "video" in kinds and importlib.util.find_spec("torchcodec"):
        backends.append("torchcodec")
    for backend in backends:
        data = LeRobotDataset("dreamlane/check", root=root, video_backend=backend)
        check_meta(tally, data, rows)
        worst = check_rows(tally, data, rows)
        check_windows(tally, root, data, rows)
        check_batches(tally, data, rows)
        check_subset(tally, root, data, rows)
        if "video" in kinds:
            print(f"decoded with {backend}: worst frame {worst:.2f} dB")
    tally.finish()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else sys.argv[1])
