"""Writes a nano checkpoint with random weights, where no trained run is at hand.

Usage: untrained.py FOLDER [--no-rewards]
Every layer draws something, so that parity is not a comparison of zeros.
"""

import pathlib
import sys

import torch
from safetensors.torch import save_file

from model import World, tomllib

CONFIG = """
[codec]
fine = 64
coarse = 96
blocks = 1
latent = 8
patch = 2

[trunk]
dim = 128
depth = 6
heads = 4
hidden = 384
registers = 2
context = 32
wants = 16
actions = 8
passes = 2
finest = 4
context_noise = 0.1
bins = 41
anchored = true
foresees = false

[learning]
codec_steps = 2500
steps = 4000
codec_batch = 32
batch = 8
ends = 0.2
clip = 40
shards = 4
codec_rate = 2e-3
rate = 4e-3
weight_decay = 0.02
muon = true
warm_up = 100
action_dropout = 0.1
known = 0.5
direct = 0.75
shortcut_every = 6
dream_every = 6
readout_weight = 0.1
doubt_weight = 0.05
ending_weight = 5.0
state_weight = 0.5
square_weight = 0.0
gradient_weight = 1.0
energy_weight = 1.5
latent_noise = 0.05
change_weight = 3.0
feature_weight = 0.5
average = 0.995
calibrated_on = 128
shuffle_actions = false
"""

SPEC = """
world = "dit"
steps_per_second = 10
context = 16
draws = true
rewards = REWARDS
state = []

[[cameras]]
name = "front"
height = 64
width = 64

[action]
kind = "continuous"
names = ["steering", "throttle"]
low = [-1.0, -1.0]
high = [1.0, 1.0]
"""


def main(folder, rewards):
    spec = SPEC.replace("REWARDS", str(rewards).lower())
    world = World(tomllib.loads(CONFIG), tomllib.loads(spec))
    chance = torch.Generator().manual_seed(1)
    draws = lambda weight, scale: torch.randn(weight.shape, generator=chance) * scale
    for name, weight in world.state_dict().items():
        if name in ("rewards", "ending", "judge"):
            continue  # measured, and fine as they are
        if name.endswith("_gain") or name == "latent_scale":
            weight.copy_(1.0 + draws(weight, 0.1).clamp(-0.5, 0.5))
        elif name.endswith("offsets"):
            weight.copy_(draws(weight, 0.1) + torch.tensor([0.0, 0.0, 1.0] * 3)[:, None])
        elif weight.dim() == 2 or weight.dim() == 4:
            weight.copy_(draws(weight, 0.7 * weight[0].numel() ** -0.5))
        else:
            weight.copy_(draws(weight, 0.1))
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.toml").write_text(CONFIG.lstrip())
    (folder / "spec.toml").write_text(spec.lstrip())
    weights = {name: weight.contiguous() for name, weight in world.state_dict().items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


if __name__ == "__main__":
    main(sys.argv[1], "--no-rewards" not in sys.argv[2:])
