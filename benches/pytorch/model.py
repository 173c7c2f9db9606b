"""The same `dit` as worlds/src/dit/mod.rs in plain PyTorch, read from a checkpoint that dreamlane wrote."""

import pathlib

import torch
from safetensors.torch import load_file
from torch import nn

from codec import Codec, from_tokens, to_tokens
from trunk import BINS, ENDING, Trunk

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib

SIDE = 16
# Pictures that go through the codec at once: more of them leave the caches, which costs a quarter of the time.
PART = 16


class World(nn.Module):
    """All weights, and what the folder says of them."""

    def __init__(self, config, spec):
        super().__init__()
        if len(spec["cameras"]) != 1 or spec["state"]:
            cameras, state = len(spec["cameras"]), len(spec["state"])
            raise SystemExit(f"expected one camera and no state vector, found {cameras} and {state} numbers")
        (camera,) = spec["cameras"]
        trunk = config["trunk"]
        self.config, self.spec = config, spec
        self.size = (camera["height"], camera["width"])
        self.grid = (camera["height"] // SIDE, camera["width"] // SIDE)
        self.tokens = self.grid[0] * self.grid[1]
        self.token_dim = 4 * config["codec"]["latent"]
        self.width = len(spec["action"]["names"])
        self.reach = trunk["actions"]
        self.head_dim = trunk["dim"] // trunk["heads"]
        self.features = self.reach * (self.width + 1)
        if config["codec"]["patch"] != 2 or not trunk["anchored"]:
            raise SystemExit("expected codec.patch 2 and an anchored trunk, found another kind of world")
        self.codec = Codec(**{name: size for name, size in config["codec"].items() if name != "patch"})
        self.trunk = Trunk(trunk, self.grid, self.token_dim, self.features, spec["rewards"])
        # `[1, 1, token_dim]`: what latents are moved and scaled by. Measured, not learned.
        self.latent_mean = nn.Parameter(torch.zeros(1, 1, self.token_dim), requires_grad=False)
        self.latent_scale = nn.Parameter(torch.ones(1, 1, self.token_dim), requires_grad=False)
        # Least and largest reward, how the logit of an ending becomes its chance, and the judge of trust.
        measured = {"rewards": [-1.0, 1.0], "ending": [1.0, 0.0, 0.0], "judge": [0.0] * 9}
        for name, numbers in measured.items():
            self.register_parameter(name, nn.Parameter(torch.tensor(numbers), requires_grad=False))

    @property
    def observed_level(self):
        """τ of frames that are known."""
        return 1.0 - self.config["trunk"]["context_noise"]

    @property
    def finest_share(self):
        """What frames that are known are told to go."""
        return 1.0 / self.config["trunk"]["finest"]

    def told(self, frames, level, share):
        """The same level and share for all frames."""
        return torch.full((frames,), level), torch.full((frames,), share)

    def bins(self):
        """What each bin of a reward is worth: even in symlog, from the least to the largest reward."""
        low, high = self.rewards.sign() * self.rewards.abs().log1p()
        wider = (0.1 - (high - low)).clamp(min=0.0) / 2
        share = torch.linspace(0.0, 1.0, self.config["trunk"]["bins"])
        places = low - wider + (high - low + 2 * wider) * share
        return places.sign() * places.abs().expm1()

    def said(self, readout):
        """Rewards and chances of ending, `[frame]` each; nothing where there are no rewards."""
        if not self.spec["rewards"]:
            return None, None
        slope, added, _ = self.ending
        return readout[:, BINS:].softmax(1) @ self.bins(), (slope * readout[:, ENDING] + added).sigmoid()

    def encode(self, pictures):
        """`[picture, 3, height, width]` in [-1, 1] to normalised tokens `[picture, token, token_dim]`."""
        tokens = torch.cat([to_tokens(self.codec.encode(part)) for part in pictures.split(PART)])
        return (tokens - self.latent_mean) / self.latent_scale

    def decode(self, tokens):
        """The inverse of `encode`."""
        latents = from_tokens(tokens * self.latent_scale + self.latent_mean, self.grid)
        return torch.cat([self.codec.decode(part) for part in latents.split(PART)])

    def bounded(self, tokens):
        """Tokens drawn back to where the codec's own latents lie."""
        mean, scale = self.latent_mean, self.latent_scale
        return ((tokens * scale + mean).clamp(-1.0, 1.0) - mean) / scale


def noised(x, noise, level):
    """The path from noise at τ = 0 to data at τ = 1."""
    return torch.lerp(noise, x, level)


def locate(path):
    """The checkpoint itself, or what a run calls its last one."""
    path = pathlib.Path(path)
    last = path / "checkpoints" / "last"
    if last.is_file():
        last = last.parent / last.read_text().strip()
    for folder in (path, last):
        if (folder / "spec.toml").is_file():
            return folder
    raise SystemExit(f"expected `spec.toml` in {path} or in its `checkpoints/last`, found none")


def load(path):
    """The world of a checkpoint folder or of a run; a weight too many or too few is an error."""
    folder = locate(path)
    config, spec = (tomllib.loads((folder / name).read_text()) for name in ("config.toml", "spec.toml"))
    world = World(config, spec)
    world.load_state_dict(load_file(folder / "model.safetensors"))
    return world.to(memory_format=torch.channels_last)
