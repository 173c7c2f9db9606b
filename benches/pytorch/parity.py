"""Is this the same model? Runs what Rust dumped through PyTorch, and the ring of a dream against whole passes.

Usage: parity.py CHECKPOINT [DUMP.safetensors]

The dump holds float32 tensors, of one batch of clips and of some pictures; any group may be absent:

    trunk.noisy, trunk.previous  [clip, time, token, token_dim]   `Pass::noisy`, `Pass::previous`
    trunk.actions                [clip * time, features]          `Pass::actions`
    trunk.levels, trunk.shares   [clip * time]                    `Pass::levels`, `Pass::shares`
    trunk.predicted              [clip, time, token, token_dim]   `Outcome::predicted`
    trunk.readout                [clip * time, 2 + bins]          `Outcome::readout`

        with `positions` 0..time, `mask` = band_mask(time, context) and no `past`

    codec.pictures               [picture, 3, height, width]      in [-1, 1]
    codec.latents                [picture, token, token_dim]      `Network::encode` of the pictures
    codec.decoded                [picture, 3, height, width]      `Network::decode` of the latents

    loss.latents                 [clip, time, token, token_dim]
    loss.predicted, loss.readout as the trunk's
    loss.levels                  [clip * time]
    loss.rewards, loss.ends      [clip, time]                     where there are rewards
    loss.value                   [1]                              `objective::loss`

    reconstruction.drawn, reconstruction.pictures                 [picture, 3, height, width]
    reconstruction.value         [1]                              `reconstruction_loss`
"""

import sys

import torch
from safetensors.torch import load_file

from codec import to_unit
from dream import Dream
from model import load, noised
from objective import clip_features, noise_beside, previous_frames, reconstruction_loss, weighted_loss
from trunk import Clip
from training import bytes_of

MOST = 1e-3


class Parity:
    """Largest differences by name."""

    def __init__(self):
        self.passed, self.failed = 0, 0

    def near(self, what, found, expected):
        """One comparison; shapes must be equal too."""
        if found.shape != expected.shape:
            return self.count(what, False, f"shape {list(found.shape)}, expected {list(expected.shape)}")
        off, size = (found - expected).abs().max().item(), expected.abs().max().item()
        self.count(what, off < MOST and size > 0.0, f"off by {off:.1e} of {size:.2f}")

    def count(self, what, holds, told):
        print(f"{'' if holds else 'WRONG '}{what}: {told}")
        self.passed, self.failed = self.passed + holds, self.failed + (not holds)


def check_trunk(parity, world, dump):
    clips, time = dump["noisy"].shape[:2]
    times = Clip(clips, time, world.config["trunk"]["context"], world.head_dim)
    noisy, previous = dump["noisy"].flatten(0, 1), dump["previous"].flatten(0, 1)
    told = dump["levels"], dump["shares"]
    predicted, readout = world.trunk(noisy, previous, dump["actions"], told, times)
    parity.near("trunk, predicted", predicted.view_as(dump["noisy"]), dump["predicted"])
    parity.near("trunk, readout", readout, dump["readout"])


def check_codec(parity, world, dump):
    parity.near("codec, latents", world.encode(dump["pictures"]), dump["latents"])
    parity.near("codec, decoded", world.decode(dump["latents"]), dump["decoded"])


def check_loss(parity, world, dump):
    latents, levels = dump["latents"], dump["levels"].view(dump["latents"].shape[:2])
    loss = weighted_loss(world, latents, levels, dump, dump["predicted"], dump["readout"])
    parity.near("loss of the trunk", loss.view(1), dump["value"])


def check_reconstruction(parity, world, dump):
    loss = reconstruction_loss(dump["drawn"], dump["pictures"], world.config["learning"])
    parity.near("loss of the codec", loss.view(1), dump["value"])


def check_ring(parity, world, time, lanes=3):
    """A dream after a context of `time` frames, each step against uncached passes over the whole history."""
    draws = []

    def noise(shape):
        draws.append(torch.randn(shape))
        return draws[-1]

    trunk, level = world.config["trunk"], world.observed_level
    pictures = to_unit(bytes_of(lanes * time, world.size)).unflatten(0, (lanes, time))
    actions = torch.randn(lanes, time, world.width)
    dream = Dream(world, pictures, actions, noise)
    latents = world.encode(pictures.flatten(0, 1)).unflatten(0, (lanes, time))
    noisy = noised(latents, draws[0], level)
    previous = previous_frames(latents, draws[1], level)
    levels, shares = torch.full((lanes, time), level), torch.full((lanes, time), world.finest_share)
    append = lambda all, one: torch.cat((all, one[:, None]), dim=1)
    known, unknown = actions[:, :-1], torch.zeros(lanes, 1, world.width)
    found, expected = [], []
    for _ in range(trunk["context"] + 3):
        latest, taken = dream.latest, torch.randn(lanes, world.width)
        found.append(dream.step(taken)[0])
        z, previous_noise, known_noise = draws[-3:]
        known = append(known, taken)
        previous = append(previous, latest + previous_noise * noise_beside(level))
        count = previous.shape[1]
        features = clip_features(torch.cat((known, unknown), 1), torch.ones(lanes, count).bool(), world.reach)
        times = Clip(lanes, count, trunk["context"], world.head_dim)
        for done in range(trunk["passes"]):
            now = world.told(lanes, done / trunk["passes"], 1.0 / trunk["passes"])
            told = [append(all, one).flatten() for all, one in zip((levels, shares), now)]
            predicted, _ = world.trunk(append(noisy, z).flatten(0, 1), previous.flatten(0, 1), features, told, times)
            z = torch.lerp(z, predicted.unflatten(0, (lanes, count))[:, -1], 1.0 / (trunk["passes"] - done))
        expected.append(world.bounded(z))
        noisy = append(noisy, noised(expected[-1], known_noise, level))
        now = world.told(lanes, level, world.finest_share)
        levels, shares = (append(all, one) for all, one in zip((levels, shares), now))
    parity.near(f"ring after {time} frames", torch.stack(found), torch.stack(expected))


CHECKS = {
    "trunk": check_trunk,
    "codec": check_codec,
    "loss": check_loss,
    "reconstruction": check_reconstruction,
}


@torch.inference_mode()
def main(checkpoint, dump=None):
    # One thread is fast enough, and does not suffer where others use the cores.
    torch.set_num_threads(1)
    torch.manual_seed(1)
    world, parity = load(checkpoint), Parity()
    for time in (1, 5, world.config["trunk"]["context"], world.config["trunk"]["context"] + 4):
        check_ring(parity, world, time)
    dumped = load_file(dump) if dump else {}
    for group, check in CHECKS.items():
        part = {name.split(".", 1)[1]: x for name, x in dumped.items() if name.startswith(f"{group}.")}
        if part:
            check(parity, world, part)
    print(f"{parity.failed} checks failed, {parity.passed} checks passed" if parity.failed
          else f"{parity.passed} checks passed")
    return parity.failed > 0 or parity.passed == 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
