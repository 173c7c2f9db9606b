"""Loads a Minari set that dreamlane wrote with Minari's own loader and compares every number.

    pip install "minari[arrow]==0.5.4" pillow
    python checks/minari_check.py SET [LEROBOT]

SET is the folder that `--format minari --out SET` made. Each table is read a second time with pyarrow alone, and
spaces, rewards, endings and infos must agree. LEROBOT, if given, is a LeRobot set with PNG pictures of the same
episodes (`dreamlane export SET --format lerobot --out LEROBOT`, or the set that SET was exported from): pictures,
state, actions, rewards and endings must be equal, bit by bit.
Prints what was verified; ends with 1 where something differs.
"""

import io
import json
import os
import pathlib
import shutil
import sys
import tempfile

import minari
import numpy as np
import pyarrow.parquet as pq
from PIL import Image


def fail(message):
    print(f"minari_check: {message}", file=sys.stderr)
    sys.exit(1)


def same(what, found, wanted):
    found, wanted = np.asarray(found), np.asarray(wanted)
    if found.shape != wanted.shape or found.dtype != wanted.dtype:
        fail(f"{what}: expected {wanted.dtype}{list(wanted.shape)}, found {found.dtype}{list(found.shape)}")
    if found.tobytes() != wanted.tobytes():
        fail(f"{what}: values differ")


def numbers(column):
    """A pyarrow column as [row, number]."""
    if hasattr(column, "combine_chunks"):
        column = column.combine_chunks()
    if hasattr(column, "chunks"):
        (column,) = column.chunks
    rows = len(column)
    values = column.flatten() if column.type.num_fields == 1 else column
    array = values.to_numpy(zero_copy_only=False)
    return array.reshape(rows, -1) if column.type.num_fields == 1 else array


def loaded(folder, metadata):
    """The set by its name, as a user of Minari loads it, and by its path."""
    with tempfile.TemporaryDirectory() as datasets:
        place = pathlib.Path(datasets) / metadata["dataset_id"]
        place.parent.mkdir(parents=True)
        place.symlink_to(folder.resolve(), target_is_directory=True)
        os.environ["MINARI_DATASETS_PATH"] = datasets
        listed = minari.list_local_datasets()
        if metadata["dataset_id"] not in listed:
            fail(f"`{metadata['dataset_id']}` is not among the local data sets: {sorted(listed)}")
        by_name = minari.load_dataset(metadata["dataset_id"])
        found = (by_name.total_episodes, by_name.total_steps)
        place.unlink()
    shutil.rmtree(datasets, ignore_errors=True)
    by_path = minari.MinariDataset(folder / "data")
    if found != (by_path.total_episodes, by_path.total_steps):
        fail(f"by name {found}, by path {(by_path.total_episodes, by_path.total_steps)}")
    return by_path


def check_table(what, folder, spec, episode):
    """Minari's view of an episode against its table."""
    table = pq.read_table(folder / "part-0.parquet")
    rows = table.num_rows
    observations = table.column("observations").combine_chunks()
    for camera in spec["cameras"]:
        shape = (rows, camera["height"], camera["width"], 3)
        wanted = numbers(observations.field(camera["name"])).astype(np.uint8).reshape(shape)
        same(f"{what}, {camera['name']}", episode.observations[camera["name"]], wanted)
    if spec["state"]:
        same(f"{what}, state", episode.observations["state"], numbers(observations.field("state")))
    same(f"{what}, actions", episode.actions, numbers(table.column("actions"))[:-1])
    for name in ["rewards", "terminations", "truncations"]:
        same(f"{what}, {name}", getattr(episode, name), numbers(table.column(name))[:-1])
    same(f"{what}, trust", episode.infos["trust"], numbers(table.column("infos").combine_chunks().field("trust")))
    if spec["scenes"] and any(len(json.loads(text)["bodies"]) < 1 for text in episode.infos["scene"] if text):
        fail(f"{what}: a scene without anyone")


def check_episode(folder, spec, dataset, episode):
    what = f"episode {episode.id}"
    entry = json.loads((folder / "metadata.json").read_text())
    ours = entry["dreamlane"]
    if entry["id"] != episode.id or entry["total_steps"] != len(episode):
        fail(f"{what}: description of {entry['id']} with {entry['total_steps']} steps, found {len(episode)}")
    if len(episode) != max(ours["observations"], 2) - 1:
        fail(f"{what}: {ours['observations']} observations, found {len(episode)} steps")
    check_table(what, folder, spec, episode)
    ends = [bool(ours["terminated"]), ours["truncated"] is not None]
    for name, flag in zip(["terminations", "truncations"], ends):
        wanted = np.zeros(len(episode), dtype=bool)
        wanted[-1] = flag
        same(f"{what}, {name}", getattr(episode, name), wanted)
    if not spec["rewards"] and not np.isnan(episode.rewards).all():
        fail(f"{what}: rewards where the env has none")
    space = dataset.observation_space
    for row in range(len(episode) + 1):
        seen = episode.observations
        seen = {name: values[row] for name, values in seen.items()} if isinstance(seen, dict) else seen[row]
        if not space.contains(seen):
            fail(f"{what}, row {row}: not in the observation space")
    for row, action in enumerate(episode.actions):
        if not dataset.action_space.contains(action):
            fail(f"{what}, row {row}: action {action} is not in {dataset.action_space}")


def check_lerobot(root, spec, episode):
    """An episode against the same one in a LeRobot set."""
    what = f"episode {episode.id} beside LeRobot's"
    table = pq.read_table(root / f"data/chunk-{episode.id // 1000:03}/file-{episode.id % 1000:03}.parquet")
    if table.num_rows == 1:
        return 0
    for camera in spec["cameras"]:
        pictures = table.column(f"observation.images.{camera['name']}").to_pylist()
        wanted = np.stack([np.asarray(Image.open(io.BytesIO(picture["bytes"]))) for picture in pictures])
        same(f"{what}, {camera['name']}", episode.observations[camera["name"]], wanted)
    if spec["state"]:
        state = np.stack(table.column("observation.state").to_numpy()).astype(np.float32)
        same(f"{what}, state", episode.observations["state"].reshape(state.shape), state)
    actions = np.stack(table.column("action").to_numpy())[:-1]
    if spec["action"]["kind"] == "discrete":
        actions = actions.argmax(axis=1).astype(np.int64)
    same(f"{what}, actions", episode.actions.reshape(actions.shape), actions)
    if spec["rewards"]:
        same(f"{what}, rewards", episode.rewards, table.column("next.reward").to_numpy()[:-1])
    done = table.column("next.done").to_numpy()[:-1]
    same(f"{what}, endings", episode.terminations | episode.truncations, done)
    same(f"{what}, truncations", episode.truncations, table.column("next.truncated").to_numpy()[:-1])
    return table.num_rows


def main():
    if len(sys.argv) not in (2, 3):
        fail("expected one Minari set, and perhaps a LeRobot set of the same episodes")
    folder = pathlib.Path(sys.argv[1])
    metadata = json.loads((folder / "data" / "metadata.json").read_text())
    spec = metadata["dreamlane"]["spec"]
    dataset = loaded(folder, metadata)
    steps, episodes, compared = 0, 0, 0
    for episode in dataset.iterate_episodes():
        if episode.id != episodes:
            fail(f"expected episode {episodes}, found {episode.id}")
        check_episode(folder / "data" / str(episode.id), spec, dataset, episode)
        if len(sys.argv) == 3:
            compared += check_lerobot(pathlib.Path(sys.argv[2]), spec, episode)
        steps, episodes = steps + len(episode), episodes + 1
    if (episodes, steps) != (metadata["total_episodes"], metadata["total_steps"]):
        fail(f"{episodes} episodes of {steps} steps, but the description says "
             f"{metadata['total_episodes']} of {metadata['total_steps']}")
    print(f"minari {minari.__version__} loads {metadata['dataset_id']}: {episodes} episodes, {steps} steps; "
          f"observations {dataset.observation_space.__class__.__name__}, actions {dataset.action_space}; every "
          f"picture, state, action, reward, flag and trust as in the tables")
    if len(sys.argv) == 3:
        print(f"{compared} rows are those of the LeRobot set, bit by bit")


main()
