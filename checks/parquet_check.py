"""A LeRobot set of ours is what pyarrow and pandas expect of LeRobotDataset v3.0.

Usage: parquet_check.py SET
"""

import json
import os
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import truth
from tally import Tally

TYPES = {"float32": pa.float32(), "int64": pa.int64(), "bool": pa.bool_(), "string": pa.string()}
STATISTICS = ["min", "max", "mean", "std", "count", "q01", "q10", "q50", "q90", "q99"]


def check_schema(tally, root, info):
    features = {key: entry for key, entry in info["features"].items() if entry["dtype"] != "video"}
    for path in truth.files(root, "data"):
        file = pq.ParquetFile(path)
        schema = file.schema_arrow
        tally.equal("columns are the features of info.json", sorted(schema.names), sorted(features))
        tally.equal("one row group per episode", file.num_row_groups, 1)
        for key, entry in features.items():
            found = schema.field(key).type
            if entry["dtype"] == "image":
                expected = {"bytes": pa.binary(), "path": pa.string()}
                found = {field.name: field.type for field in found}
            elif entry["shape"] == [1]:
                expected = TYPES[entry["dtype"]]
            else:
                expected, width = TYPES[entry["dtype"]], entry["shape"][0]
                tally.equal("width of a vector", getattr(found, "list_size", None), width)
                found = found.value_type
            tally.equal("type of a column", found, expected)


def check_episodes(tally, root, info, rows):
    tally.equal("total_episodes", len(rows.episodes), info["total_episodes"])
    tally.equal("total_frames", len(rows), info["total_frames"])
    tally.equal("splits", info["splits"], {"train": f"0:{info['total_episodes']}"})
    end = 0
    for idx, episode in enumerate(rows.episodes):
        tally.equal("episodes count from 0", episode["episode_index"], idx)
        tally.equal("an episode begins where the last one ended", episode["dataset_from_index"], end)
        end = episode["dataset_to_index"]
        tally.equal("length", end - episode["dataset_from_index"], episode["length"])
        name = info["data_path"].format(
            chunk_index=episode["data/chunk_index"], file_index=episode["data/file_index"]
        )
        inside = pq.read_table(os.path.join(root, name))["index"].to_pylist()
        tally.equal("rows of its data file", inside, list(range(episode["dataset_from_index"], end)))
        used = {rows.tasks[task] for task in rows.columns["task_index"][episode["dataset_from_index"] : end]}
        tally.equal("tasks of an episode", set(episode["tasks"]), used)


def check_rows(tally, info, rows):
    columns = rows.columns
    for row in range(len(rows)):
        first, end = rows.bounds(row)
        tally.equal("index counts from 0", columns["index"][row], row)
        tally.equal("frame_index", columns["frame_index"][row], row - first)
        late = abs(columns["timestamp"][row] - (row - first) / info["fps"])
        tally.holds("timestamp within 1e-4 s of frame_index / fps", late < 1e-4, late)
        # The action that led to the end, and the final observation.
        tally.holds("done only at the end", not columns["next.done"][row] or row >= end - 2, row)
        tally.holds("truncated is done", not columns["next.truncated"][row] or columns["next.done"][row], row)
        if row == end - 1:
            tally.holds("nothing is done after the final observation", not any(columns["action"][row]), row)
    for camera in truth.cameras_embedded(rows):
        shape = tuple(info["features"][camera]["shape"])
        for row in range(len(rows)):
            tally.equal("a picture decodes to its shape", rows.picture(camera, row).shape, shape)


def check_tasks(tally, root, rows):
    frame = pd.read_parquet(os.path.join(root, "meta", "tasks.parquet"))
    tally.equal("pandas indexes tasks by text", list(frame.index), rows.tasks)
    tally.equal("task_index", list(frame["task_index"]), list(range(len(rows.tasks))))


def check_stats(tally, root, rows):
    with open(os.path.join(root, "meta", "stats.json"), encoding="utf-8") as file:
        stats = json.load(file)
    counted = [key for key, entry in rows.info["features"].items() if entry["dtype"] != "string"]
    tally.equal("features with statistics", sorted(stats), sorted(counted))
    for key, entry in stats.items():
        tally.equal("statistics", sorted(entry), sorted(STATISTICS))
        tally.equal("count", entry["count"], [len(rows)])
        if rows.info["features"][key]["dtype"] == "video":
            tally.equal("shape of a camera's mean", np.shape(entry["mean"]), (3, 1, 1))
            continue
        if key in truth.cameras_embedded(rows):
            pictures = np.stack([rows.picture(key, row) for row in range(len(rows))]) / 255.0
            mean, std = pictures.mean((0, 1, 2)), pictures.std((0, 1, 2))
            low, high = pictures.min((0, 1, 2)), pictures.max((0, 1, 2))
            mean, std, low, high = (value.reshape(3, 1, 1) for value in (mean, std, low, high))
        else:
            values = np.asarray(rows.columns[key], dtype=np.float64).reshape(len(rows), -1)
            mean, std, low, high = values.mean(0), values.std(0), values.min(0), values.max(0)
        for name, expected in {"mean": mean, "std": std, "min": low, "max": high}.items():
            found = np.asarray(entry[name])
            near = found.shape == expected.shape and np.allclose(found, expected, rtol=1e-5, atol=1e-6)
            tally.holds(f"{name} as numpy finds it", near, f"{key}: expected {expected}, found {found}")


def main(root):
    tally = Tally(f"parquet: pyarrow {pa.__version__}, pandas {pd.__version__}")
    rows = truth.Rows(root)
    info = rows.info
    check_schema(tally, root, info)
    check_episodes(tally, root, info, rows)
    check_rows(tally, info, rows)
    check_tasks(tally, root, rows)
    check_stats(tally, root, rows)
    tally.finish()


if __name__ == "__main__":
    main(sys.argv[1])
