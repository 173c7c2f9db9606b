"""What a LeRobot set of ours with PNG pictures holds, read with pyarrow and Pillow and nothing of LeRobot.

The other scripts compare what foreign loaders answer with this.
"""

import glob
import io
import json
import os

import numpy as np
import pyarrow.parquet as pq
from PIL import Image


def info(root):
    """`meta/info.json`."""
    with open(os.path.join(root, "meta", "info.json"), encoding="utf-8") as file:
        return json.load(file)


def files(root, folder):
    """The parquet files of `data` or `meta/episodes`, in order."""
    return sorted(glob.glob(os.path.join(root, folder, "chunk-*", "file-*.parquet")))


def tasks(root):
    """Task texts in the order of their indexes."""
    table = pq.read_table(os.path.join(root, "meta", "tasks.parquet"))
    rows = sorted(zip(table["task_index"].to_pylist(), table["task"].to_pylist()))
    return [text for _, text in rows]


def cameras(root):
    """Columns of pictures, embedded or video."""
    return [key for key, feature in info(root)["features"].items() if feature["dtype"] in ("image", "video")]


def picture(cell):
    """`[height, width, 3]` bytes of an embedded PNG."""
    assert cell["bytes"][:8] == b"\x89PNG\r\n\x1a\n", "a PNG"
    return np.asarray(Image.open(io.BytesIO(cell["bytes"])).convert("RGB"))


class Rows:
    """All rows of a set, column by column; pictures are decoded when asked for."""

    def __init__(self, root):
        self.info = info(root)
        self.tasks = tasks(root)
        tables = [pq.read_table(path) for path in files(root, "data")]
        names = tables[0].column_names if tables else []
        self.columns = {name: sum((table[name].to_pylist() for table in tables), []) for name in names}
        self.episodes = sum((pq.read_table(path).to_pylist() for path in files(root, "meta/episodes")), [])

    def __len__(self):
        return len(self.columns["index"])

    def picture(self, camera, row):
        """`[height, width, 3]` bytes."""
        return picture(self.columns[camera][row])

    def bounds(self, row):
        """First row and end of the episode that the row is of."""
        episode = self.episodes[self.columns["episode_index"][row]]
        return episode["dataset_from_index"], episode["dataset_to_index"]


def psnr(found, expected):
    """Peak signal to noise in dB of `[height, width, 3]` bytes; infinite where they are equal."""
    error = np.mean((found.astype(np.float64) - expected.astype(np.float64)) ** 2)
    return float("inf") if error == 0 else 10 * np.log10(255.0**2 / error)


def cameras_embedded(rows):
    """Columns of embedded pictures."""
    return [key for key, feature in rows.info["features"].items() if feature["dtype"] == "image"]
