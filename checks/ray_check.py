"""A LeRobot set of ours is what `ray.data.read_lerobot` reads.

Usage: ray_check.py SET [TRUTH]
TRUTH is a set of the same episodes with PNG pictures; the set itself when not given.
"""

import os
import sys

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"] = "0"

import numpy as np
import ray
import ray.data

import truth
from tally import Tally

LEAST_PSNR = 38.0


def check_rows(tally, items, rows, features):
    tally.equal("rows", len(items), len(rows))
    for item in sorted(items, key=lambda item: item["index"]):
        row = int(item["index"])
        first, _ = rows.bounds(row)
        late = abs(float(item["timestamp"]) - (row - first) / rows.info["fps"])
        tally.holds("a frame at its time within 1e-4 s", late < 1e-4, late)
        tally.equal("the text of the task", item["task"], rows.tasks[rows.columns["task_index"][row]])
        for key in ["frame_index", "episode_index", "next.reward", "next.done", "next.truncated"]:
            if key in rows.columns:
                tally.equal(key, np.asarray(item[key]).item(), rows.columns[key][row])
        for key in ["observation.state", "action"]:
            if key in rows.columns:
                tally.equal(key, np.asarray(item[key]).tolist(), rows.columns[key][row])
        for key in truth.cameras_embedded(rows):
            found, expected = np.asarray(item[key]), rows.picture(key, row)
            if found.shape != expected.shape and found.ndim == 3:
                found = found.transpose(1, 2, 0)
            if features[key]["dtype"] == "image":
                tally.holds("a PNG is exactly the picture", np.array_equal(found, expected), found.shape)
            else:
                near = truth.psnr(found, expected)
                tally.holds(f"a video frame is above {LEAST_PSNR} dB", near > LEAST_PSNR, f"{near:.2f} dB")


def main(root, truth_root):
    rows = truth.Rows(truth_root)
    tally = Tally(f"ray.data.read_lerobot, Ray {ray.__version__}")
    ray.init(num_cpus=2, include_dashboard=False, logging_level="ERROR", log_to_driver=False)
    ray.data.DataContext.get_current().enable_progress_bars = False
    for granularity in ["file", "episode"]:
        data = ray.data.read_lerobot(root, read_granularity=granularity)
        check_rows(tally, data.take_all(), rows, truth.info(root)["features"])
    ray.shutdown()
    tally.finish()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else sys.argv[1])
